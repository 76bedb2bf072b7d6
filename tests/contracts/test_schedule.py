"""When a contract is billed next."""

from __future__ import annotations

import pytest

from contracts import schedule
from tests import make

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-10-15")


def following(contract):
    return schedule.next_bill(contract, schedule.slots(contract, today=TODAY), today=TODAY)


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
    assert schedule.slots(contract, today=TODAY)[1].state == "due"
