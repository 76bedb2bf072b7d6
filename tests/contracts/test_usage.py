"""Counts of devices and gigabytes: recorded, replaced, and fixed by a bill."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atera_invoicing.errors import Refused
from contracts import usage
from contracts.models import UsageCount

from .. import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    """Monthly from 1 January, counting servers and PCs."""
    return make.monitoring()


def record(contract, day: str, quantity: str = "5", counted: str = "servers", by=None):
    return usage.record(contract, counted, make.day(day), Decimal(quantity), by=by)


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


def test_a_count_is_recorded_and_says_by_whom(owner, contract):
    count = record(contract, "2026-10-31", by=owner)

    assert (count.quantity, count.created_by) == (5, owner)


def test_a_second_count_of_a_day_replaces_the_first(contract):
    record(contract, "2026-10-31", "5")
    record(contract, "2026-10-31", "7")
    record(contract, "2026-10-31", "40", counted="pcs")

    assert [c.quantity for c in UsageCount.objects.filter(counted="servers")] == [7]


def test_a_class_that_the_contract_does_not_count_is_refused_with_those_it_does(contract):
    refused = refusal(record, contract, "2026-10-31", counted="macs")

    assert (refused.code, refused.field) == ("not_counted", "counted")
    assert "Servers, PCs only" in refused.message


def test_a_contract_that_counts_nothing_takes_no_count():
    refused = refusal(record, make.hourly(), "2026-10-31", counted="pcs")

    assert refused.code == "not_counted"
    assert "counts nothing" in refused.message


def test_a_count_below_zero_is_refused_and_zero_is_a_count(contract):
    assert refusal(record, contract, "2026-10-31", "-1").field == "quantity"
    assert record(contract, "2026-10-31", "0").quantity == 0


@pytest.mark.parametrize("day", ["2026-10-31", "2026-10-01", "2026-09-15"])
def test_a_count_that_a_billed_period_would_use_is_refused(contract, day):
    make.claim(contract, number="INV-00012", period_start="2026-10-01")

    refused = refusal(record, contract, day)

    assert (refused.code, refused.facts["invoice"]) == ("billed", "INV-00012")
    assert not UsageCount.objects.exists()


def test_a_count_after_the_billed_period_is_taken(contract):
    make.claim(contract, period_start="2026-10-01")

    assert record(contract, "2026-11-01").pk


def test_an_old_count_is_taken_if_the_bill_used_a_later_one(contract):
    record(contract, "2026-10-20", "8")
    make.claim(contract, period_start="2026-10-01")

    assert record(contract, "2026-10-10").pk
    assert refusal(record, contract, "2026-10-20", "9").code == "billed"
    assert refusal(record, contract, "2026-10-25").code == "billed"


def test_the_later_count_of_another_class_protects_nothing(contract):
    record(contract, "2026-10-20", "8", counted="pcs")
    make.claim(contract, period_start="2026-10-01")

    assert refusal(record, contract, "2026-10-10").code == "billed"


def test_a_bill_in_advance_uses_the_count_of_the_periods_first_day():
    contract = make.monitoring(timing="advance")
    make.claim(contract, period_start="2026-10-01")

    assert refusal(record, contract, "2026-10-01").code == "billed"
    assert record(contract, "2026-10-02").pk


def test_a_voided_bill_frees_its_counts(contract):
    make.claim(contract, number="INV-00012", released_at=make.at("2026-11-05"))

    assert record(contract, "2026-10-15").pk


def test_an_unbilled_count_can_be_removed_and_a_billed_one_can_not(owner, contract):
    used, free = record(contract, "2026-10-20"), record(contract, "2026-11-20")
    make.claim(contract, number="INV-00012", period_start="2026-10-01")

    usage.remove(free, by=owner)
    refused = refusal(usage.remove, used, by=owner)

    assert refused.code == "billed"
    assert UsageCount.objects.get() == used
