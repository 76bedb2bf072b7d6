"""Blocks that run low are seen in time: 80 and 95 % of opening balance and new block."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atera_invoicing.models import Installation
from contracts.models import Contract
from invoices import gauges
from tests import make

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-10-25")


def gauge():
    (found,) = gauges.read(Contract.objects.all(), today=TODAY, options=Installation.current())
    return found


def work(contract, minutes):
    make.entry(make.ticket(contract), minutes)


@pytest.mark.parametrize(
    ("minutes", "percent", "tone"),
    [
        (0, 0, ""),
        (570, Decimal("79.17"), ""),
        (576, 80, "warn"),
        (684, 95, "bad"),
        (900, 100, "bad"),
    ],
)
def test_a_block_warns_at_80_and_95_percent_of_what_it_has(minutes, percent, tone):
    block = make.block_hours("10", rollover=True, start_date="2026-10-01")
    make.movement(block, "2")
    if minutes:
        work(block, minutes)
    found = gauge()
    assert found.available == 12
    assert round(found.percent, 2) == percent
    assert found.tone == tone


def test_a_block_of_money_is_measured_in_money():
    block = make.block_money("1000", "100", start_date="2026-10-01")
    work(block, 510)
    found = gauge()
    assert (found.available, found.used, found.left, found.tone) == (1000, 850, 150, "warn")


def test_an_unbilled_earlier_period_is_counted_first():
    block = make.block_hours("10", rollover=True, start_date="2026-09-01")
    make.entry(make.ticket(block, resolved="2026-09-20"), 240, "2026-09-20")
    work(block, 600)
    found = gauge()
    assert (found.available, found.used) == (16, 10)


def test_other_contracts_have_no_gauge():
    make.hourly()
    assert gauges.read(Contract.objects.all(), today=TODAY, options=Installation.current()) == []


def test_the_home_page_names_blocks_that_run_low(client_as, settings):
    import datetime as dt

    import time_machine

    block = make.block_hours("10", name="Support block", start_date="2026-10-01")
    work(block, 540)
    with time_machine.travel(dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC)):
        text = client_as("owner").get("/").text
    assert "Support block" in text
    assert "1 h of 10 h left" in text
