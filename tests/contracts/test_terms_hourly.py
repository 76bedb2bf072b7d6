"""Hourly contracts and hourly projects: time at its rates."""

from decimal import Decimal

import pytest

from contracts import terms as contract_terms
from contracts.terms.base import Source, Work

from .values import (
    EXEMPT,
    GST,
    HARDWARE,
    OCTOBER,
    SALES,
    codes,
    entry,
    period_source,
    rate,
    rows,
    terms,
    totals,
    used,
    work,
)

STANDARD = rate("primary", "100", "Standard", id=1)
AFTER_HOURS = rate("additional", "150", "After-hours", id=2)


def owed(contract, done):
    return contract_terms.owed(contract, OCTOBER, done)


def acme(**fields):
    return terms("hourly", STANDARD, AFTER_HOURS, tax=SALES, **fields)


def test_two_rates_and_a_product_as_in_the_first_worked_example():
    dock = used(1, "Dock", "180", ticket_id=2, discount_percent=Decimal(10), tax=HARDWARE)
    result = owed(
        acme(),
        work(
            entry(1, "1.50"),
            entry(2, "0.75", rate_id=2),
            entry(3, "0.50", billable=False),
            entry(4, "1.25", ticket=2),
            entry(5, "0.75", ticket=2),
            items=(dock,),
        ),
    )
    assert rows(result) == [
        "labour, Labor – Standard, 1.50 x 100",
        "labour, Labor – After-hours, 0.75 x 150",
        "labour, Labor – Standard, 1.25 x 100",
        "labour, Labor – Standard, 0.75 x 100",
        "product, Dock, 1 x 180",
    ]
    assert totals(result) == ("624.50", "45.10")


def test_entries_and_items_are_the_only_sources_of_an_hourly_contract():
    result = owed(acme(), work(entry(4, "1.25"), items=(used(9, "Dock", "180"),)))
    assert [charge.sources for charge in result.charges] == [
        (Source("entry", 4, 0, Decimal("1.25")),),
        (Source("item", 9, 0, Decimal(1)),),
    ]


def test_a_labour_charge_knows_its_entry_ticket_and_rate():
    done = entry(4, "1.25", ticket=8)
    (charge,) = owed(acme(), work(done)).charges
    assert (charge.entry, charge.ticket_id, charge.item_id) == (done, 8, STANDARD.item_id)
    assert (charge.unit, charge.tax) == ("hour", SALES)


def test_an_entry_may_name_the_primary_rate_itself():
    result = owed(acme(), work(entry(1, "1.00", rate_id=STANDARD.id)))
    assert rows(result) == ["labour, Labor – Standard, 1.00 x 100"]


def test_work_that_is_not_billable_leaves_no_trace():
    result = owed(
        acme(),
        work(entry(1, "2.00", billable=False), items=(used(1, "Dock", "1", billable=False),)),
    )
    assert result.charges == ()
    assert result.issues == ()


def test_time_without_a_rate_blocks_and_names_each_ticket_once():
    result = owed(
        terms("hourly", AFTER_HOURS),
        work(entry(1, "1.00"), entry(2, "1.00"), entry(3, "1.00", ticket=2, rate_id=99)),
    )
    assert codes(result) == [("rate_missing", True), ("rate_missing", True)]
    assert result.blocked
    assert "#T-1 Title 1" in result.issues[0].message
    assert "#T-2 Title 2" in result.issues[1].message
    assert result.charges == ()


def test_the_items_own_tax_wins_over_the_contracts():
    own = STANDARD._replace(tax=EXEMPT)
    items = (used(1, "Dock", "180", tax=HARDWARE), used(2, "Travel", "45", kind="expense"))
    charges = owed(terms("hourly", own, tax=GST), work(entry(1, "1.00"), items=items)).charges
    assert [charge.tax for charge in charges] == [EXEMPT, HARDWARE, GST]


def test_without_any_tax_a_line_has_none():
    (charge,) = owed(terms("hourly", STANDARD), work(entry(1, "1.00"))).charges
    assert charge.tax is None


def test_an_expense_carries_its_text_and_the_contracts_tax():
    travel = used(3, "Travel", "45.00", kind="expense", description="Train", unit="each")
    (charge,) = owed(acme(), work(items=(travel,))).charges
    assert (charge.kind, charge.label, charge.description) == ("expense", "Travel", "Train")
    assert (charge.item_id, charge.ticket_id, charge.entry) == (503, 1, None)


def test_the_extra_hours_of_the_third_worked_example():
    contract = terms(
        "hourly",
        rate("primary", "120", "Standard", id=1),
        rate("additional", "180", "After-hours", id=2),
        tax=GST,
    )
    travel = used(1, "Travel", "45", kind="expense", ticket_id=3, tax=EXEMPT)
    result = owed(
        contract,
        work(
            entry(1, "1.50", ticket=2),
            entry(2, "1.00", ticket=2),
            entry(3, "1.00", ticket=3, rate_id=2),
            items=(travel,),
        ),
    )
    assert totals(result) == ("525.00", "48.00")


def test_an_hourly_project_claims_itself_with_its_first_charge_only():
    contract = terms("project_hourly", STANDARD)
    result = owed(contract, work(entry(1, "2.00"), entry(2, "1.00")))
    assert [charge.sources for charge in result.charges] == [
        (Source("entry", 1, 0, Decimal("2.00")), period_source("2.00")),
        (Source("entry", 2, 0, Decimal("1.00")),),
    ]


def test_an_hourly_project_with_products_only_is_claimed_too():
    result = owed(terms("project_hourly", STANDARD), work(items=(used(1, "Dock", "180"),)))
    assert period_source("1") in result.charges[0].sources


@pytest.mark.parametrize("type", ["hourly", "project_hourly"])
def test_without_work_nothing_is_owed_and_nothing_claimed(type):
    assert owed(terms(type, STANDARD), Work()).charges == ()
