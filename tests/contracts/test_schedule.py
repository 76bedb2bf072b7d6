"""When a contract is billed next."""

from __future__ import annotations

import pytest

from atera_invoicing.models import Installation
from contracts import schedule
from tests import make

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-10-15")


def slots(contract):
    return schedule.slots(contract, today=TODAY, options=Installation.current())


def following(contract):
    return schedule.next_bill(contract, slots(contract), today=TODAY)


def states(contract):
    return [slot.state for slot in slots(contract)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start_date": "2026-10-01"}, "2026-11-01"),
        ({"start_date": "2026-09-01"}, "2026-10-15"),
        ({"start_date": "2026-12-01"}, "2027-01-01"),
        ({"start_date": "2026-12-01", "timing": "advance"}, "2026-12-01"),
        ({"start_date": "2026-10-01", "timing": "advance"}, "2026-10-15"),
        ({"start_date": "2026-10-01", "end_date": "2026-10-20"}, "2026-10-21"),
        ({"start_date": "2026-10-01", "period": "whole", "end_date": "2026-12-31"}, "2027-01-01"),
    ],
)
def test_the_next_bill_comes_when_a_period_can_be_billed(fields, expected):
    assert following(make.retainer(**fields)) == make.day(expected)


def test_a_billed_period_in_advance_waits_for_the_next_one():
    contract = make.retainer(start_date="2026-10-01", timing="advance")
    make.claim(contract, "INV-1", "2026-10-01")
    assert following(contract) == make.day("2026-11-01")


def test_a_running_period_billed_early_waits_for_the_end_of_the_next_one():
    contract = make.retainer(start_date="2026-10-01")
    make.claim(contract, "INV-1", "2026-10-01")
    assert following(contract) == make.day("2026-12-01")


def test_a_contract_that_is_over_and_billed_has_no_next_bill():
    contract = make.retainer(start_date="2026-09-01", end_date="2026-09-30")
    make.claim(contract, "INV-1", "2026-09-01")
    assert following(contract) is None


def test_a_project_is_billed_once_on_any_day():
    project = make.project_fixed(start_date="2026-09-01")
    assert following(project) == TODAY
    make.claim(project, "INV-1", "2026-09-01")
    assert following(project) is None


def test_an_hourly_contract_on_demand_can_be_billed_today():
    assert following(make.hourly(start_date="2026-09-01", period="on_demand")) == TODAY


def test_an_hourly_contract_is_billed_after_its_period():
    assert following(make.hourly(start_date="2026-09-01")) == make.day("2026-11-01")


def test_a_released_bill_makes_the_period_due_again():
    contract = make.retainer(start_date="2026-09-01")
    make.claim(contract, "INV-1", "2026-09-01", released_at=make.at("2026-10-02"))
    assert states(contract)[1] == "due"


def test_an_hourly_period_is_due_while_work_in_it_waits():
    contract = make.hourly(start_date="2026-07-01")
    entry = make.entry(make.ticket(contract, "2026-08-20"))
    make.entry(make.ticket(contract, "2026-09-20"), billable=False)
    make.entry(make.ticket(contract, resolved=None))
    assert states(contract) == ["open", "empty", "due", "empty"]
    assert following(contract) == TODAY
    make.claim(entry)
    assert states(contract) == ["open", "empty", "empty", "empty"]
    assert following(contract) == make.day("2026-11-01")


def test_an_hourly_period_names_its_invoice_and_late_work_makes_it_due_again():
    contract = make.hourly(start_date="2026-09-01")
    claim = make.claim(make.entry(make.ticket(contract, "2026-09-20")), "INV-7")
    claim.invoice.period_start = make.day("2026-09-01")
    claim.invoice.save()
    assert slots(contract)[1][1:] == ("billed", claim.invoice_id, "INV-7")
    make.entry(make.ticket(contract, "2026-09-25"))
    assert slots(contract)[1][1:] == ("due", claim.invoice_id, "INV-7")


def test_products_make_an_hourly_period_due_too():
    contract = make.hourly(start_date="2026-09-01", period="on_demand")
    assert states(contract) == ["empty"]
    make.used(make.ticket(contract, "2026-09-20"))
    assert states(contract) == ["due"]
