"""Blocks of hours and of money: what they cover, where entries are cut, what the ledger gets."""

import datetime as dt
from decimal import Decimal

import pytest

from contracts import terms as contract_terms
from contracts.terms.base import Period, Source, Work

from .values import (
    GST,
    OCTOBER,
    balance,
    codes,
    entry,
    moved,
    period_source,
    rate,
    rows,
    terms,
    totals,
    used,
    work,
)

BLOCK = rate("block", "95", "Block", id=1, tax=GST)
OVERAGE = rate("overage", "130", "Extra", id=2)
AMOUNT = rate("fee", "1000", "Prepaid", id=1, unit="period")
STANDARD = rate("primary", "100", "Standard", id=2)
NIGHT = rate("additional", "150", "Night", id=3)

BETA_WORK = (
    entry(1, "4.00", ticket=1),
    entry(2, "2.00", ticket=1),
    entry(3, "5.00", ticket=2),
    entry(4, "1.50", ticket=3),
    entry(5, "1.50", ticket=3),
)


def owed(contract, done, period=OCTOBER):
    return contract_terms.owed(contract, period, done)


def beta(**fields):
    return terms("block_hours", BLOCK, OVERAGE, included="10", **fields)


def money_block(*extra, **fields):
    return terms("block_money", AMOUNT, STANDARD, NIGHT, *extra, **fields)


def test_hours_carried_in_with_rollover_as_in_the_second_worked_example():
    result = owed(beta(rollover=True), work(*BETA_WORK, opening="2"))
    assert rows(result) == [
        "fee, Block 10 h, 10 x 95",
        "covered, Covered, 4.00 x 0",
        "covered, Covered, 2.00 x 0",
        "covered, Covered, 5.00 x 0",
        "covered, Covered, 1.00 x 0",
        "overage, Overage, 0.50 x 130",
        "overage, Overage, 1.50 x 130",
    ]
    assert totals(result)[0] == "1210.00"
    assert moved(result) == {"included": 10, "used": -12}
    assert balance(Decimal(2), result.movements) == 0


def test_the_same_without_rollover():
    result = owed(beta(), work(*BETA_WORK))
    assert totals(result)[0] == "1470.00"
    assert moved(result) == {"included": 10, "used": -10}


def test_the_entry_that_crosses_the_limit_is_split_in_two_parts():
    charges = owed(beta(), work(*BETA_WORK, opening="2")).charges
    assert charges[0].sources == (period_source("10"),)
    assert [charge.sources for charge in charges[4:]] == [
        (Source("entry", 4, 0, Decimal("1.00")),),
        (Source("entry", 4, 1, Decimal("0.50")),),
        (Source("entry", 5, 0, Decimal("1.50")),),
    ]


def test_the_fee_has_the_blocks_tax_and_overage_its_own():
    charges = owed(beta(tax=None), work(entry(1, "11.00"))).charges
    assert [charge.tax for charge in charges] == [GST, None, None]
    assert charges[0].unit == "hour"


def test_unused_hours_expire_without_rollover_and_stay_with_it():
    done = work(entry(1, "7.00"), entry(2, "9.00", billable=False))
    lost, kept = owed(beta(), done), owed(beta(rollover=True), done)
    assert moved(lost) == {"included": 10, "used": -7, "expired": -3}
    assert moved(kept) == {"included": 10, "used": -7}
    assert totals(lost) == totals(kept)
    assert totals(kept)[0] == "950.00"


def test_movements_say_what_happened():
    result = owed(beta(), work(entry(1, "7.50")))
    assert [movement.note for movement in result.movements] == [
        "10 h included in the period",
        "7.5 h used",
        "2.5 h not used, no rollover",
    ]


def test_entries_use_up_the_block_by_start_then_id():
    late = entry(1, "6.00")._replace(started_at=entry(9, "1").started_at)
    result = owed(beta(), work(late, entry(3, "6.00"), entry(2, "1.00")))
    parts = [source[1:] for charge in result.charges[1:] for source in charge.sources]
    assert parts == [(2, 0, 1), (3, 0, 6), (1, 0, 3), (1, 1, 3)]


def test_without_an_overage_rate_the_blocks_price_counts_and_a_warning_says_so():
    contract = terms("block_hours", BLOCK, included="10")
    result = owed(contract, work(entry(1, "12.00")))
    assert rows(result)[-1] == "overage, Overage, 2.00 x 95"
    assert codes(result) == [("overage_rate_missing", False)]
    assert owed(contract, work(entry(1, "10.00"))).issues == ()


def test_a_balance_below_zero_is_made_up_for_first():
    result = owed(beta(rollover=True), work(entry(1, "8.00"), opening="-3"))
    assert rows(result)[1:] == ["covered, Covered, 7 x 0", "overage, Overage, 1.00 x 130"]
    assert balance(Decimal(-3), result.movements) == 0


def test_a_prorated_block_has_fewer_hours_for_less_money():
    period = Period(dt.date(2026, 9, 19), dt.date(2026, 9, 30))
    result = owed(beta(prorate=True), work(entry(1, "5.00"), whole_days=30), period)
    assert rows(result) == [
        "fee, Block 4 h (12 of 30 days), 4.0000 x 95",
        "covered, Covered, 4.0000 x 0",
        "overage, Overage, 1.0000 x 130",
    ]
    assert moved(result) == {"included": 4, "used": -4}


def test_in_advance_work_draws_on_the_opening_balance_and_the_new_block_comes_after():
    result = owed(beta(advance=True), work(entry(1, "7.00"), opening="10"))
    assert [(m.kind, m.quantity) for m in result.movements] == [
        ("used", -7),
        ("expired", -3),
        ("included", 10),
    ]
    first = owed(beta(advance=True), Work())
    assert moved(first) == {"included": 10}
    over = owed(beta(advance=True), work(entry(1, "1.00")))
    assert rows(over)[1] == "overage, Overage, 1.00 x 130"


def test_products_never_use_up_a_block():
    result = owed(beta(rollover=True), work(items=(used(1, "Dock", "180"),)))
    assert rows(result)[1] == "product, Dock, 1 x 180"
    assert moved(result) == {"included": 10}


@pytest.mark.parametrize(
    ("type", "what"), [("block_hours", "block price"), ("block_money", "amount")]
)
def test_a_block_without_its_price_blocks(type, what):
    result = owed(terms(type, included="10"), work(entry(1, "1.00")))
    assert codes(result) == [("fee_missing", True)]
    assert what in result.issues[0].message


def test_money_is_used_up_at_the_rate_of_each_entry():
    contract = terms("block_money", AMOUNT._replace(price=Decimal(5000)), NIGHT, rollover=True)
    result = owed(contract, work(entry(1, "12.00", rate_id=3), entry(2, "8.00", rate_id=3)))
    assert moved(result) == {"included": 5000, "used": -3000}
    assert balance(Decimal(0), result.movements) == 2000
    assert rows(result) == [
        "fee, Prepaid, 1 x 5000",
        "covered, Covered, Night, 12.00 x 0",
        "covered, Covered, Night, 8.00 x 0",
    ]
    assert result.charges[0].sources == (period_source("1"),)


def test_the_entry_that_money_does_not_cover_is_cut_in_whole_hundredths():
    night = NIGHT._replace(price=Decimal("130"))
    extra = rate("overage", "160", "Extra", id=4)
    contract = terms("block_money", AMOUNT, night, extra, rollover=True)
    result = owed(contract, work(entry(1, "8.00", rate_id=3), entry(2, "0.10", rate_id=3)))
    assert rows(result)[1:] == [
        "covered, Covered, Night, 7.69 x 0",
        "overage, Overage, 0.31 x 160",
        "overage, Overage, 0.10 x 160",
    ]
    assert moved(result) == {"included": 1000, "used": Decimal("-999.70")}
    assert balance(Decimal(0), result.movements) == Decimal("0.30")


def test_money_left_over_by_the_cut_is_not_spent_on_a_cheaper_entry():
    cheap = rate("additional", "1", "Phone", id=5)
    contract = terms(
        "block_money", AMOUNT, NIGHT._replace(price=Decimal(130)), cheap, rollover=True
    )
    result = owed(contract, work(entry(1, "8.00", rate_id=3), entry(2, "0.10", rate_id=5)))
    assert rows(result)[-1] == "overage, Overage, Phone, 0.10 x 1"


def test_without_an_overage_rate_money_blocks_charge_the_entrys_own_with_a_warning():
    result = owed(money_block(), work(entry(1, "9.00"), entry(2, "2.00", rate_id=3)))
    assert rows(result)[1:] == [
        "covered, Covered, Standard, 9.00 x 0",
        "covered, Covered, Night, 0.66 x 0",
        "overage, Overage, Night, 1.34 x 150",
    ]
    assert codes(result) == [("overage_rate_missing", False)]
    assert moved(result)["expired"] == Decimal("-1.00")


def test_time_without_a_rate_blocks_a_money_block():
    result = owed(money_block(), work(entry(1, "1.00", rate_id=99)))
    assert codes(result) == [("rate_missing", True)]
    assert "#T-1" in result.issues[0].message


def test_the_amount_counts_as_often_as_the_quantity_and_net_of_tax():
    result = owed(money_block(quantity=Decimal(3), tax=GST), Work())
    assert totals(result) == ("3000.00", "300.00")
    assert moved(result) == {"included": 3000, "expired": -3000}
    assert result.movements[0].note == "3000.00 included in the period"


def test_a_prorated_amount_enters_the_ledger_as_it_is_charged():
    period = Period(dt.date(2026, 10, 22), dt.date(2026, 10, 31))
    result = owed(money_block(prorate=True), Work(whole_days=31), period)
    assert rows(result) == ["fee, Prepaid (10 of 31 days), 0.3226 x 1000"]
    assert moved(result)["included"] == Decimal("322.60")
