"""Contracts: made, changed, ended, and what a bill fixes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from atera_invoicing.errors import Refused
from contracts import agreements
from contracts.models import Contract, ContractRate

from .. import make

pytestmark = pytest.mark.django_db


def draft(type: str = "hourly", **fields) -> Contract:
    fields.setdefault("customer", None)
    fields["customer"] = fields["customer"] or make.customer()
    fields.setdefault("start_date", make.day("2026-01-01"))
    fields.setdefault("period", "once" if type.startswith("project") else "monthly")
    if type == "block_hours":
        fields.setdefault("included", Decimal(10))
    return Contract(type=type, name="Care", **fields)


def rate(role: str, counted: str = "", **fields) -> ContractRate:
    if "item" not in fields:
        fields["item"] = make.item()
    return ContractRate(role=role, counted=counted, **fields)


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


@pytest.mark.parametrize(
    "fields",
    [
        {"end_date": dt.date(2025, 12, 31)},
        {"period": "once"},
        {"period": "whole"},
        {"type": "retainer", "period": "on_demand"},
        {"type": "project_fixed", "period": "monthly"},
        {"type": "block_hours", "included": None},
        {"type": "block_hours", "included": Decimal(0)},
        {"rounding_increment": 7},
        {"name": ""},
        {"quantity": Decimal(-1)},
    ],
)
def test_fields_that_contradict_each_other_are_errors(owner, fields):
    contract = draft(fields.pop("type", "hourly"))
    for name, value in fields.items():
        setattr(contract, name, value)

    with pytest.raises(ValidationError):
        agreements.create(contract, [], by=owner)

    assert not Contract.objects.exists()


def test_an_archived_customer_gets_no_contract(owner):
    customer = make.customer(archived_at=make.at("2026-11-01"))

    refused = refusal(agreements.create, draft(customer=customer), [rate("primary")], by=owner)

    assert refused.code == "customer_archived"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-01", "2028-12-31"),
        ("2026-11-24", "2029-11-23"),
        ("2026-03-01", "2029-02-28"),
        ("2028-02-29", "2031-02-28"),
        ("2025-03-01", "2028-02-29"),
    ],
)
def test_a_new_contract_is_suggested_three_whole_years(start, end):
    assert agreements.default_end(make.day(start)) == make.day(end)


def test_a_new_default_takes_it_from_the_other_contract_of_the_customer(owner):
    old = make.hourly(is_default=True)
    elsewhere = make.hourly(is_default=True)

    new = agreements.create(
        draft(customer=old.customer, is_default=True), [rate("primary")], by=owner
    )

    assert Contract.objects.filter(is_default=True).order_by("pk")[0] == elsewhere
    assert Contract.objects.filter(is_default=True).order_by("pk")[1] == new
    assert old.history.latest().history_user == owner


def test_a_change_can_make_a_contract_the_default(owner):
    old = make.hourly(is_default=True)
    new = make.hourly(customer=old.customer)
    new.is_default = True

    agreements.change(new, by=owner)

    assert old.customer.contracts.get(is_default=True) == new


def test_the_type_never_changes(owner):
    contract = make.hourly()
    contract.type = "retainer"

    refused = refusal(agreements.change, contract, by=owner)

    assert (refused.code, refused.field) == ("type_fixed", "type")


def test_a_contract_stays_with_its_customer(owner):
    contract = make.hourly()
    contract.customer = make.customer()

    assert refusal(agreements.change, contract, by=owner).field == "customer"


SCHEDULE = {
    "start_date": dt.date(2026, 1, 15),
    "period": "weekly",
    "anchor": "calendar",
    "timing": "advance",
}


@pytest.mark.parametrize("name", agreements.SCHEDULE)
def test_the_schedule_may_change_before_the_first_bill(owner, name):
    contract = make.retainer()
    setattr(contract, name, SCHEDULE[name])

    agreements.change(contract, by=owner)

    contract.refresh_from_db()
    assert getattr(contract, name) == SCHEDULE[name]


@pytest.mark.parametrize("name", agreements.SCHEDULE)
def test_the_schedule_is_fixed_once_a_period_is_billed(owner, name):
    contract = make.retainer()
    make.claim(contract, number="INV-00012")
    setattr(contract, name, SCHEDULE[name])

    refused = refusal(agreements.change, contract, by=owner)

    assert (refused.code, refused.field) == ("contract_billed", "")
    assert "invoice INV-00012" in refused.message
    assert "End this contract and start a new one" in refused.message


@pytest.mark.parametrize("build", [make.entry, make.used])
def test_the_schedule_is_fixed_once_work_is_billed(owner, build):
    contract = make.hourly()
    make.claim(build(make.ticket(contract)))
    contract.period = "weekly"

    assert refusal(agreements.change, contract, by=owner).code == "contract_billed"


def test_a_voided_invoice_sets_the_schedule_free(owner):
    contract = make.retainer()
    make.claim(contract, number="INV-00012", released_at=make.at("2026-11-05"))
    contract.period = "quarterly"

    assert agreements.change(contract, by=owner).period == "quarterly"


def test_words_prices_and_rounding_may_change_after_a_bill(owner):
    contract = make.hourly()
    make.claim(make.entry(make.ticket(contract)))
    primary = contract.rates.get()
    contract.name, contract.rounding_increment, primary.unit_price = "Care+", 15, Decimal(120)

    agreements.change(contract, [primary], by=owner)

    contract.refresh_from_db()
    assert (contract.name, contract.rounding_increment) == ("Care+", 15)
    assert contract.rates.get().price == 120


def test_a_contract_ends_on_a_day(owner):
    contract = agreements.end(make.retainer(), on=make.day("2026-11-15"), by=owner)

    contract.refresh_from_db()
    assert contract.end_date == make.day("2026-11-15")
    assert contract.history.latest().history_user == owner


def test_a_contract_can_not_end_before_it_starts(owner):
    refused = refusal(agreements.end, make.retainer(), on=make.day("2025-12-31"), by=owner)

    assert refused.field == "end_date"


def test_a_contract_can_not_end_before_a_billed_period(owner):
    contract = make.retainer()
    make.claim(contract, number="INV-00012", period_start="2026-10-01")

    refused = refusal(agreements.end, contract, on=make.day("2026-09-30"), by=owner)
    assert (refused.code, refused.facts["invoice"]) == ("billed", "INV-00012")

    agreements.end(contract, on=make.day("2026-10-31"), by=owner)


def test_a_billed_last_period_can_not_become_longer(owner):
    contract = make.retainer(end_date="2026-10-15")
    make.claim(contract, period_start="2026-10-01")
    contract.end_date = make.day("2026-12-31")

    refused = refusal(agreements.change, contract, by=owner)

    assert (refused.code, refused.field) == ("last_period_billed", "end_date")


def test_a_contract_that_ends_with_a_period_can_go_on_after_its_bill(owner):
    contract = make.retainer(end_date="2026-10-31")
    make.claim(contract, period_start="2026-10-01")
    contract.end_date = None

    assert agreements.change(contract, by=owner).end_date is None


def test_a_contract_billed_as_a_whole_keeps_its_end(owner):
    contract = make.retainer(period="whole", end_date="2026-10-31")
    make.claim(contract, period_start="2026-01-01")

    refused = refusal(agreements.end, contract, on=make.day("2026-11-30"), by=owner)

    assert refused.code == "billed"
