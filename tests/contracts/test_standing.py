"""How much of a block is used, with open work and unwritten bills reckoned in."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from atera_invoicing.models import Installation
from contracts import blocks, standing
from contracts.terms.base import Movement, Period

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-02")
TODAY = make.day("2026-10-20")
OCTOBER = Period(make.day("2026-10-01"), make.day("2026-10-31"))


def of(contract, today=TODAY):
    return standing.of(contract, today=today, options=Installation.current())


def work(contract, minutes: int, resolved: str | None = "2026-10-12", **fields):
    return make.entry(make.ticket(contract, resolved), minutes, **fields)


def bill(contract, start: str, *movements: tuple[str, str]) -> None:
    """Claim a period and write its movements, as a batch does."""
    invoice = make.claim(contract, number=f"INV-{uuid.uuid4().hex[:6]}", period_start=start).invoice
    rows = [
        (contract.pk, make.day(start), Movement(kind, Decimal(quantity), ""), invoice.uid)
        for kind, quantity in movements
    ]
    blocks.write_many(rows, by=None, now=NOW)


def test_a_fresh_block_is_unused():
    found = of(make.block_hours("10", start_date="2026-10-01"))

    assert found.period == OCTOBER
    assert (found.opening, found.included, found.used, found.left) == (0, 10, 0, 10)
    assert (found.percent, found.alert) == (0, None)


def test_a_block_that_has_not_begun_has_no_standing():
    assert of(make.block_hours(start_date="2026-11-01")) is None


def test_resolved_and_open_work_count_and_work_without_charge_does_not():
    block = make.block_hours("10", start_date="2026-10-01")
    work(block, 120)
    work(block, 90, resolved=None)
    work(block, 600, billable=False)
    work(block, 600, resolved=None, billable=False)

    assert (of(block).used, of(block).left) == (Decimal("3.5"), Decimal("6.5"))


def test_open_work_is_rounded_as_it_will_be_billed():
    block = make.block_hours("10", start_date="2026-10-01", rounding_increment=60)
    work(block, 5, resolved=None)

    assert of(block).used == 1


@pytest.mark.parametrize(
    ("minutes", "percent", "alert"),
    [
        (575, "79.8", None),
        (576, "80.0", 80),
        (683, "94.8", 80),
        (684, "95.0", 95),
        (720, "100.0", 95),
        (840, "116.7", 95),
    ],
)
def test_the_alerts_are_measured_by_hours_and_rollover(minutes, percent, alert):
    block = make.block_hours("10", start_date="2026-10-01", rollover=True)
    make.movement(block, "2", period_start="2026-10-01")
    work(block, minutes)

    assert (of(block).percent, of(block).alert) == (Decimal(percent), alert)


def test_what_the_block_does_not_cover_is_overage():
    block = make.block_hours("10", start_date="2026-10-01")
    work(block, 14 * 60)

    found = of(block)

    assert (found.used, found.overage, found.left) == (10, 4, 0)


def test_an_empty_block_with_work_is_over_its_limit():
    block = make.block_hours("10", start_date="2026-10-01")
    make.movement(block, "-10", period_start="2026-10-01")
    assert (of(block).percent, of(block).alert) == (0, None)

    work(block, 60)

    assert (of(block).percent, of(block).alert) == (100, 95)


def test_the_balance_of_billed_periods_is_carried_in():
    block = make.block_hours("10", start_date="2026-09-01", rollover=True)
    bill(block, "2026-09-01", ("included", "10"), ("used", "-4"))
    work(block, 60)

    found = of(block)

    assert (found.opening, found.included, found.used) == (6, 10, 1)


@pytest.mark.parametrize(("rollover", "opening"), [(True, 7), (False, 0)])
def test_a_bill_that_is_due_but_not_written_is_reckoned_in(rollover, opening):
    block = make.block_hours("10", start_date="2026-09-01", rollover=rollover)
    work(block, 180, resolved="2026-09-15")
    work(block, 60)

    found = of(block)

    assert (found.opening, found.included, found.used) == (opening, 10, 1)


def test_a_period_that_was_billed_early_counts_what_its_bill_used():
    block = make.block_hours("10", start_date="2026-10-01", rollover=True)
    make.movement(block, "2", period_start="2026-10-01")
    bill(block, "2026-10-01", ("included", "10"), ("used", "-4"))
    work(block, 60, resolved=None)

    found = of(block)

    assert (found.opening, found.included, found.used, found.left) == (2, 10, 5, 7)


@pytest.mark.parametrize("billed", [True, False])
def test_in_advance_work_draws_on_the_block_that_is_paid(billed):
    block = make.block_hours("10", start_date="2026-09-01", timing="advance", rollover=True)
    bill(block, "2026-09-01", ("included", "10"))
    done = work(block, 240, resolved="2026-09-15")
    if billed:
        make.claim(done, number="INV-77")
        bill(block, "2026-10-01", ("used", "-4"), ("included", "10"))
    work(block, 60)

    found = of(block)

    assert (found.opening, found.included, found.used, found.left) == (6, 10, 1, 15)


def test_a_voided_bill_leaves_no_trace():
    block = make.block_hours("10", start_date="2026-10-01")
    before = of(block)
    uid = uuid.uuid4()
    moved = Movement("included", Decimal(10), "")
    blocks.write_many([(block.pk, OCTOBER.start, moved, uid)], by=None, now=NOW)
    blocks.reverse(uid, by=None, now=NOW)

    assert of(block) == before


def test_block_money_is_used_up_at_the_rates_of_the_time():
    block = make.block_money("1000", "100", start_date="2026-10-01")
    late = make.rate(block, "additional", "150")
    work(block, 120)
    work(block, 60, rate=late)

    found = of(block)

    assert (found.included, found.used, found.left, found.percent) == (1000, 350, 650, 35)


def test_money_beyond_the_block_is_overage():
    block = make.block_money("1000", "100", overage="130", start_date="2026-10-01")
    work(block, 12 * 60)

    assert (of(block).used, of(block).overage) == (1000, 260)


def test_an_ended_block_stands_as_in_its_last_period():
    block = make.block_hours("10", start_date="2026-09-01", end_date="2026-09-30")

    assert of(block).period.end == make.day("2026-09-30")
