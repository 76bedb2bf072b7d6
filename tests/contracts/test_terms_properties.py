"""What holds for every type of contract and any work: thousands of generated months."""

import random
from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import terms as contract_terms
from contracts.terms.base import Owed, Terms, Work

from .values import CONTRACT_ID, OCTOBER, balance, counts, entry, rate, terms, used, work

any_price = st.decimals("0", "500", places=2)
price = any_price.map(str)
hours = st.decimals("0.01", "12", places=2)
opening = st.decimals("0", "300", places=4)
TYPES = sorted(contract_terms.BY_TYPE)


@st.composite
def contracts(draw: st.DrawFn, types: list[str] = TYPES) -> Terms:
    """A complete contract; the rates in roles that its type does not know do no harm."""
    rates = [
        rate("fee", draw(price), id=1),
        rate("block", draw(price), id=2),
        rate("primary", draw(price), id=3),
        rate("additional", draw(price), id=4),
        rate("device", draw(price), id=5, counted="servers"),
        rate("storage", draw(price), id=6, counted="total_gb"),
    ]
    if draw(st.booleans()):
        rates.append(rate("overage", draw(price), id=7))
    return terms(
        draw(st.sampled_from(types)),
        *rates,
        included=str(draw(st.decimals("0.25", "30", places=2))),
        quantity=draw(st.decimals("0", "3", places=1)),
        rollover=draw(st.booleans()),
        prorate=draw(st.booleans()),
        advance=draw(st.booleans()),
    )


@st.composite
def months(draw: st.DrawFn) -> Work:
    entries = [
        entry(
            i,
            draw(hours),
            ticket=draw(st.integers(1, 3)),
            rate_id=draw(st.sampled_from([None, 4])),
            billable=draw(st.integers(0, 3)) > 0,
        )._replace(started_at=entry(draw(st.integers(0, 3)), "1").started_at)
        for i in range(draw(st.integers(0, 8)))
    ]
    items = [used(i, "Dock", draw(price)) for i in range(draw(st.integers(0, 3)))]
    return work(
        *entries,
        items=tuple(items),
        opening=draw(opening),
        usage=counts(servers=draw(st.sampled_from(["0", "3"])), total_gb="12.5"),
        whole_days=draw(st.sampled_from([None, 40])),
    )


def owed(contract: Terms, month: Work) -> Owed:
    return contract_terms.owed(contract, OCTOBER, month)


@settings(deadline=None)
@given(contracts(), months())
def test_every_billable_entry_is_charged_to_the_hundredth_in_parts_from_0(contract, month):
    parts = defaultdict(list)
    for charge in owed(contract, month).charges:
        for source in charge.sources:
            if source.kind == "entry":
                assert charge.quantity == source.quantity > 0
                parts[source.id].append((source.part, source.quantity))
    billable = {each.id: each.hours for each in month.entries if each.billable}
    assert {id: sum(amount for _, amount in own) for id, own in parts.items()} == billable
    assert all([part for part, _ in own] == list(range(len(own))) for own in parts.values())
    assert sum(len(own) == 2 for own in parts.values()) <= 1


@settings(deadline=None)
@given(contracts(), months())
def test_a_period_is_claimed_once_and_items_are_charged_once(contract, month):
    sources = [source for charge in owed(contract, month).charges for source in charge.sources]
    periods = [source for source in sources if source.kind == "period"]
    items = sorted(source.id for source in sources if source.kind == "item")
    assert items == sorted(each.id for each in month.used)
    if contract.type == "hourly":
        assert periods == []
    elif contract.type != "project_hourly":
        assert [source.id for source in periods] == [CONTRACT_ID]
    else:
        assert len(periods) == (1 if sources else 0)


@settings(deadline=None)
@given(contracts(), months(), st.randoms(use_true_random=False))
def test_the_order_in_which_work_is_given_does_not_matter(contract, month, shuffle: random.Random):
    entries, items = list(month.entries), list(month.used)
    shuffle.shuffle(entries)
    shuffle.shuffle(items)
    again = Work(
        entries=tuple(entries),
        used=tuple(items),
        tickets=month.tickets,
        opening=month.opening,
        usage=month.usage,
        whole_days=month.whole_days,
    )
    assert owed(contract, again) == owed(contract, month)


@settings(deadline=None)
@given(contracts(["block_hours", "block_money"]), months())
def test_a_blocks_balance_is_explained_and_never_falls_below_zero(contract, month):
    result = owed(contract, month)
    closing = balance(month.opening, result.movements)
    included = sum((m.quantity for m in result.movements if m.kind == "included"), Decimal(0))
    assert closing >= 0
    assert all(m.quantity < 0 for m in result.movements if m.kind in ("used", "expired"))
    if not contract.rollover:
        assert closing == (included if contract.advance else 0)


@settings(deadline=None)
@given(contracts(["block_hours"]), months())
def test_a_block_of_hours_covers_all_it_can_before_overage(contract, month):
    result = owed(contract, month)
    charged = defaultdict(Decimal)
    for charge in result.charges:
        charged[charge.kind] += charge.quantity
    used_up = -sum((m.quantity for m in result.movements if m.kind == "used"), Decimal(0))
    billable = sum((each.hours for each in month.entries if each.billable), Decimal(0))
    available = month.opening + (0 if contract.advance else charged["fee"])
    assert charged["covered"] == used_up == min(billable, available)
    assert charged["overage"] == billable - charged["covered"]


@settings(deadline=None)
@given(contracts(["block_money"]), months())
def test_a_block_of_money_pays_for_what_it_covers_and_not_more(contract, month):
    result = owed(contract, month)
    prices = {None: contract.rates[2].price, 4: contract.rates[3].price}
    spent = -sum((m.quantity for m in result.movements if m.kind == "used"), Decimal(0))
    worth = Decimal(0)
    for charge in result.charges:
        if charge.kind == "covered":
            worth += charge.quantity * prices[charge.entry.rate_id]
    covered = sum(charge.kind == "covered" for charge in result.charges)
    assert abs(spent - worth) <= Decimal("0.005") * covered
    over = [charge for charge in result.charges if charge.kind == "overage"]
    if over:
        included = sum((m.quantity for m in result.movements if m.kind == "included"), Decimal(0))
        left = month.opening + (0 if contract.advance else included) - spent
        assert left < prices[over[0].entry.rate_id] * Decimal("0.01") + Decimal("0.01")
