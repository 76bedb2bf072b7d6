"""Retainers, fixed projects, monitoring and backup: what a period costs whatever work was done."""

import datetime as dt
from decimal import Decimal

import pytest

from contracts import terms as contract_terms
from contracts.models import Contract, ContractRate
from contracts.terms.base import Period, Source, Work
from contracts.terms.counted import NAMES

from .values import (
    EXEMPT,
    GST,
    OCTOBER,
    codes,
    counts,
    entry,
    period_source,
    rate,
    rows,
    terms,
    totals,
    used,
    work,
)

FEE = rate("fee", "800", "Care", unit="period", description="All you need")
SERVERS = rate("device", "40", "Watch", id=1, counted="servers", unit="device")
PCS = rate("device", "9", "Watch", id=2, counted="pcs", unit="device")
STORAGE = rate("storage", "0.35", "Backup", counted="total_gb", unit="GB")


def owed(contract, done=Work(), period=OCTOBER):  # noqa: B008 - an immutable value
    return contract_terms.owed(contract, period, done)


def test_every_type_of_contract_has_terms():
    assert set(contract_terms.BY_TYPE) == set(Contract.Type.values)


def test_classes_are_named_as_in_the_forms():
    assert {value: str(label) for value, label in ContractRate.Counted.choices} == NAMES


def test_a_retainer_costs_its_fee_and_covers_time():
    result = owed(
        terms("retainer", FEE, tax=GST),
        work(entry(1, "2.00"), entry(2, "1.00"), entry(3, "9", billable=False)),
    )
    assert rows(result) == [
        "fee, Care, 1 x 800",
        "covered, Covered, 2.00 x 0",
        "covered, Covered, 1.00 x 0",
    ]
    assert totals(result) == ("800.00", "80.00")
    assert result.charges[0].sources == (period_source("1"),)
    assert result.charges[1].sources == (Source("entry", 1, 0, Decimal("2.00")),)


def test_a_fee_carries_its_items_text_unit_and_tax():
    (charge,) = owed(terms("retainer", FEE._replace(tax=EXEMPT), tax=GST)).charges
    assert (charge.description, charge.unit, charge.tax) == ("All you need", "period", EXEMPT)
    assert charge.item_id == FEE.item_id


def test_a_flat_fee_is_charged_as_often_as_its_quantity():
    mailboxes = terms("retainer", FEE._replace(price=Decimal(15)), quantity=Decimal(10))
    result = owed(mailboxes)
    assert totals(result)[0] == "150.00"
    assert result.charges[0].sources == (period_source("10"),)


def test_a_quantity_of_zero_still_claims_the_period():
    (charge,) = owed(terms("retainer", FEE, quantity=Decimal(0))).charges
    assert (charge.quantity, charge.sources) == (0, (period_source("0"),))


def test_products_on_a_retainers_ticket_are_charged():
    result = owed(terms("retainer", FEE), work(items=(used(1, "Dock", "180"),)))
    assert totals(result)[0] == "980.00"


def test_a_fixed_project_costs_its_fee_once_and_covers_time():
    result = owed(terms("project_fixed", FEE), work(entry(1, "20.00")))
    assert rows(result) == ["fee, Care, 1 x 800", "covered, Covered, 20.00 x 0"]
    assert result.charges[0].sources == (period_source("1"),)


@pytest.mark.parametrize("type", ["retainer", "project_fixed", "monitoring", "backup"])
def test_a_contract_without_its_rate_blocks(type):
    result = owed(terms(type), work(entry(1, "1.00")))
    assert codes(result) == [("fee_missing", True)]


def test_each_class_of_devices_is_charged_and_the_period_claimed_once():
    result = owed(
        terms("monitoring", SERVERS, PCS),
        work(entry(1, "1.00"), usage=counts(servers="4", pcs="31")),
    )
    assert rows(result) == [
        "device, Servers – Watch, 4 x 40",
        "device, PCs – Watch, 31 x 9",
        "covered, Covered, 1.00 x 0",
    ]
    assert totals(result)[0] == "439.00"
    assert [charge.sources for charge in result.charges[:2]] == [(period_source("4"),), ()]


def test_a_missing_count_blocks_and_says_what_to_record():
    result = owed(terms("monitoring", SERVERS, PCS), Work(usage=counts(pcs="31")))
    assert codes(result) == [("count_missing", True)]
    message = result.issues[0].message
    assert message == "There is no count for Servers on or before 2026-10-31: record it."


def test_an_older_count_is_used_and_named():
    result = owed(terms("monitoring", SERVERS), Work(usage=counts("2026-09-30", servers="4")))
    assert codes(result) == [("count_old", False)]
    assert "the count of 2026-09-30 is used" in result.issues[0].message
    assert totals(result)[0] == "160.00"


def test_a_count_of_the_first_day_is_not_old():
    result = owed(terms("monitoring", SERVERS), Work(usage=counts("2026-10-01", servers="4")))
    assert result.issues == ()


def test_a_count_of_zero_costs_nothing_and_leaves_the_claim_to_the_others():
    result = owed(terms("monitoring", SERVERS, PCS), Work(usage=counts(servers="0", pcs="31")))
    assert rows(result) == ["device, PCs – Watch, 31 x 9"]
    assert result.charges[0].sources == (period_source("31"),)


def test_when_nothing_is_left_to_count_the_period_is_claimed_all_the_same():
    result = owed(terms("monitoring", SERVERS, PCS), Work(usage=counts(servers="0", pcs="0")))
    assert rows(result) == ["device, Servers – Watch, 0 x 40"]
    assert result.charges[0].sources == (period_source("0"),)


def test_backup_is_charged_by_the_gigabyte():
    result = owed(terms("backup", STORAGE, tax=GST), Work(usage=counts(total_gb="1234.5")))
    assert rows(result) == ["storage, Total GB – Backup, 1234.5 x 0.35"]
    assert totals(result) == ("432.08", "43.21")
    assert result.charges[0].unit == "GB"


LAST_DAYS = Period(dt.date(2026, 9, 19), dt.date(2026, 9, 30))


def test_a_fee_is_charged_by_the_day_where_the_contract_says_so():
    result = owed(terms("retainer", FEE, prorate=True), Work(whole_days=30), LAST_DAYS)
    assert rows(result) == ["fee, Care (12 of 30 days), 0.4000 x 800"]
    assert result.charges[0].sources == (period_source("0.4"),)


def test_without_the_option_an_incomplete_period_costs_the_full_fee():
    assert rows(owed(terms("retainer", FEE), Work(whole_days=30), LAST_DAYS)) == [
        "fee, Care, 1 x 800"
    ]


def test_a_complete_period_is_never_prorated():
    assert rows(owed(terms("retainer", FEE, prorate=True))) == ["fee, Care, 1 x 800"]


def test_shares_have_4_decimals_half_up():
    ten_days = Period(dt.date(2026, 10, 22), dt.date(2026, 10, 31))
    (charge,) = owed(terms("retainer", FEE, prorate=True), Work(whole_days=31), ten_days).charges
    assert charge.quantity == Decimal("0.3226")


def test_devices_are_prorated_too():
    done = Work(usage=counts("2026-09-20", servers="10"), whole_days=30)
    result = owed(terms("monitoring", SERVERS, prorate=True), done, LAST_DAYS)
    assert rows(result) == ["device, Servers – Watch (12 of 30 days), 4.0000 x 40"]
