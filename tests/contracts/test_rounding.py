"""How minutes become hours."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atera_invoicing.money import cents
from contracts.models import Contract
from contracts.rounding import GROUPS, hours

MONDAY = dt.date(2026, 10, 12)
TUESDAY = dt.date(2026, 10, 13)


def rounded(*rows, increment=1, minimum=0, scope="entry") -> list[str]:
    """The hours of rows (ticket, work date, minutes), numbered from 1."""
    numbered = [(i, *row) for i, row in enumerate(rows, 1)]
    result = hours(numbered, increment=increment, minimum=minimum, scope=scope)
    return [str(result[i]) for i in range(1, len(rows) + 1)]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(1, "0.02"), (20, "0.33"), (40, "0.67"), (45, "0.75"), (60, "1.00"), (6000, "100.00")],
)
def test_without_a_policy_hours_are_minutes_by_60(minutes, expected):
    assert rounded((1, MONDAY, minutes)) == [expected]


@pytest.mark.parametrize(
    ("minutes", "increment", "minimum", "expected"),
    [
        (1, 15, 0, "0.25"),
        (15, 15, 0, "0.25"),
        (16, 15, 0, "0.50"),
        (7, 6, 0, "0.20"),
        (5, 15, 30, "0.50"),
        (31, 15, 30, "0.75"),
        (5, 15, 20, "0.50"),
        (10, 1, 25, "0.42"),
    ],
)
def test_minutes_are_raised_to_the_minimum_then_to_the_increment(
    minutes, increment, minimum, expected
):
    assert rounded((1, MONDAY, minutes), increment=increment, minimum=minimum) == [expected]


def test_a_minimum_per_ticket_is_charged_once_not_per_entry():
    rows = [(1, MONDAY, 45), (1, MONDAY, 45), (1, MONDAY, 5)]
    policy = {"increment": 60, "minimum": 60}
    assert rounded(*rows, **policy, scope="ticket") == ["0.75", "0.75", "0.50"]
    assert rounded(*rows, **policy, scope="entry") == ["1.00", "1.00", "1.00"]


def test_each_day_of_a_ticket_has_its_own_minimum():
    rows = [(1, MONDAY, 10), (1, TUESDAY, 10), (2, TUESDAY, 10)]
    policy = {"increment": 30, "minimum": 30}
    assert rounded(*rows, **policy, scope="ticket_day") == ["0.50", "0.50", "0.50"]
    assert rounded(*rows, **policy, scope="ticket") == ["0.17", "0.33", "0.50"]


def test_what_the_policy_adds_goes_to_the_latest_work_not_the_latest_row():
    rows = [(1, TUESDAY, 15), (1, MONDAY, 15)]
    assert rounded(*rows, increment=60, scope="ticket") == ["0.75", "0.25"]


def test_a_group_loses_no_hundredth_to_its_entries():
    assert rounded(*[(1, MONDAY, 20)] * 3, increment=15, scope="ticket") == ["0.33", "0.34", "0.33"]


def test_many_short_entries_never_make_the_last_one_negative():
    result = rounded(*[(1, MONDAY, 1)] * 20, increment=5, scope="ticket")
    assert sum(map(Decimal, result)) == Decimal("0.33")
    assert min(map(Decimal, result)) > 0


def test_every_choice_of_the_contract_is_known():
    assert set(Contract.RoundingScope.values) == set(GROUPS)


row = st.tuples(
    st.integers(1, 4),
    st.sampled_from([MONDAY, TUESDAY]),
    st.integers(1, 6000),
)
policy = st.fixed_dictionaries(
    {
        "increment": st.sampled_from([1, 5, 6, 10, 15, 30, 60]),
        "minimum": st.integers(0, 240),
        "scope": st.sampled_from(["entry", "ticket", "ticket_day"]),
    }
)


@settings(deadline=None)
@given(st.lists(row, max_size=12), policy, st.randoms(use_true_random=False))
def test_entries_add_up_to_their_group_in_any_order(
    rows: list[tuple[int, dt.date, int]], policy: dict, shuffle: random.Random
):
    numbered = [(i, *row) for i, row in enumerate(rows)]
    result = hours(numbered, **policy)
    keys = {
        "entry": lambda row: row[0],
        "ticket": lambda row: row[1],
        "ticket_day": lambda row: row[1:3],
    }
    groups = defaultdict(list)
    for each in numbered:
        groups[keys[policy["scope"]](each)].append(each)
    plain = policy["increment"] == 1 and policy["minimum"] == 0
    for group in groups.values() if not plain else []:
        minutes = max(sum(each[3] for each in group), policy["minimum"])
        minutes = -(-minutes // policy["increment"]) * policy["increment"]
        assert sum(result[each[0]] for each in group) == cents(Decimal(minutes) / 60)
    assert all(amount > 0 and amount == cents(amount) for amount in result.values())
    shuffle.shuffle(numbered)
    assert hours(numbered, **policy) == result
