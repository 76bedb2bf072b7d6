"""Periods: where they start and end, when they can be billed, what was cut off."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.models import Contract
from contracts.periods import all_periods, is_due, whole_days
from contracts.terms.base import Period

DAY = dt.timedelta(days=1)
STEPS = ["weekly", "biweekly", "monthly", "quarterly", "half_yearly", "yearly"]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def texts(
    every: str, start: str, until: str, end: str | None = None, anchor: str = "start"
) -> list[str]:
    found = all_periods(day(start), day(end) if end else None, every, anchor, until=day(until))
    return [f"{period.start} {period.end}" for period in found]


def test_months_follow_the_start_date():
    assert texts("monthly", "2026-01-10", "2026-03-10") == [
        "2026-01-10 2026-02-09",
        "2026-02-10 2026-03-09",
        "2026-03-10 2026-04-09",
    ]


def test_months_from_the_31st_are_clamped_and_come_back():
    assert texts("monthly", "2026-01-31", "2026-05-31") == [
        "2026-01-31 2026-02-27",
        "2026-02-28 2026-03-30",
        "2026-03-31 2026-04-29",
        "2026-04-30 2026-05-30",
        "2026-05-31 2026-06-29",
    ]


def test_a_year_from_a_leap_day_returns_to_it():
    assert texts("yearly", "2024-02-29", "2028-03-01")[-2:] == [
        "2027-02-28 2028-02-28",
        "2028-02-29 2029-02-27",
    ]


@pytest.mark.parametrize(
    ("every", "second"),
    [
        ("weekly", "2026-08-22 2026-08-28"),
        ("biweekly", "2026-08-29 2026-09-11"),
        ("monthly", "2026-09-15 2026-10-14"),
        ("quarterly", "2026-11-15 2027-02-14"),
        ("half_yearly", "2027-02-15 2027-08-14"),
        ("yearly", "2027-08-15 2028-08-14"),
    ],
)
def test_each_step_from_the_start_date(every, second):
    assert texts(every, "2026-08-15", "2027-12-31")[1] == second


@pytest.mark.parametrize(
    ("every", "first", "second"),
    [
        ("weekly", "2026-08-15 2026-08-16", "2026-08-17 2026-08-23"),
        ("biweekly", "2026-08-15 2026-08-23", "2026-08-24 2026-09-06"),
        ("monthly", "2026-08-15 2026-08-31", "2026-09-01 2026-09-30"),
        ("quarterly", "2026-08-15 2026-09-30", "2026-10-01 2026-12-31"),
        ("half_yearly", "2026-08-15 2026-12-31", "2027-01-01 2027-06-30"),
        ("yearly", "2026-08-15 2026-12-31", "2027-01-01 2027-12-31"),
    ],
)
def test_the_calendar_cuts_the_first_period_only(every, first, second):
    assert texts(every, "2026-08-15", "2027-12-31", anchor="calendar")[:2] == [first, second]


def test_calendar_fortnights_keep_their_rhythm_over_a_year_of_53_weeks():
    assert texts("biweekly", "2026-12-14", "2027-01-11", anchor="calendar") == [
        "2026-12-14 2026-12-27",
        "2026-12-28 2027-01-10",
        "2027-01-11 2027-01-24",
    ]


def test_the_last_period_is_cut_at_the_end():
    assert texts("monthly", "2026-01-01", "2026-12-31", end="2026-02-14") == [
        "2026-01-01 2026-01-31",
        "2026-02-01 2026-02-14",
    ]


def test_a_contract_of_one_day_has_one_period():
    assert texts("monthly", "2026-01-31", "2027-01-01", end="2026-01-31") == [
        "2026-01-31 2026-01-31"
    ]


@pytest.mark.parametrize("every", [*STEPS, "whole", "on_demand", "once"])
def test_nothing_before_the_start(every):
    assert texts(every, "2026-05-01", "2026-04-30", end="2027-04-30") == []


def test_the_whole_contract_is_one_period():
    assert texts("whole", "2026-05-01", "2026-05-02", end="2027-04-30") == ["2026-05-01 2027-04-30"]


def test_on_demand_reaches_to_the_day_asked_for_or_the_end():
    assert texts("on_demand", "2026-05-01", "2026-06-12") == ["2026-05-01 2026-06-12"]
    assert texts("on_demand", "2026-05-01", "2026-06-12", end="2026-05-31") == [
        "2026-05-01 2026-05-31"
    ]


def test_a_project_is_one_period_to_its_end_or_the_day_asked_for():
    assert texts("once", "2026-05-01", "2026-06-12") == ["2026-05-01 2026-06-12"]
    assert texts("once", "2026-05-01", "2026-06-12", end="2026-12-31") == ["2026-05-01 2026-12-31"]


OCTOBER = Period(day("2026-10-01"), day("2026-10-31"))


@pytest.mark.parametrize(
    ("timing", "every", "today", "due"),
    [
        ("arrears", "monthly", "2026-10-31", False),
        ("arrears", "monthly", "2026-11-01", True),
        ("arrears", "whole", "2026-10-31", False),
        ("advance", "monthly", "2026-09-30", False),
        ("advance", "monthly", "2026-10-01", True),
        ("arrears", "on_demand", "2026-10-01", True),
        ("arrears", "once", "2026-10-01", True),
    ],
)
def test_when_a_period_can_be_billed(timing, every, today, due):
    assert is_due(OCTOBER, timing=timing, every=every, today=day(today)) is due


@pytest.mark.parametrize(
    ("first", "last", "start", "anchor", "expected"),
    [
        ("2026-10-01", "2026-10-31", "2026-10-01", "start", None),
        ("2026-10-20", "2026-10-31", "2026-10-20", "calendar", 31),
        ("2026-10-10", "2026-10-20", "2026-09-10", "start", 31),
        ("2024-02-01", "2024-02-12", "2024-02-01", "start", 29),
        ("2026-02-28", "2026-03-10", "2026-01-31", "start", 31),
    ],
)
def test_the_length_of_the_period_that_was_cut(first, last, start, anchor, expected):
    period = Period(day(first), day(last))
    assert whole_days(period, start=day(start), every="monthly", anchor=anchor) == expected


@pytest.mark.parametrize("every", ["whole", "on_demand", "once"])
def test_what_has_no_steps_is_never_a_part(every):
    assert whole_days(OCTOBER, start=OCTOBER.start, every=every, anchor="start") is None


def test_every_choice_of_the_contract_is_known():
    assert set(Contract.Period.values) == {*STEPS, "whole", "on_demand", "once"}


days = st.dates(dt.date(1999, 1, 1), dt.date(2040, 12, 31))


@settings(deadline=None)
@given(
    days,
    st.none() | st.integers(0, 2000),
    st.sampled_from(STEPS),
    st.sampled_from(["start", "calendar"]),
    st.integers(0, 2000),
)
def test_periods_cover_every_day_exactly_once(start, length, every, anchor, reach):
    end = None if length is None else start + length * DAY
    until = start + reach * DAY
    found = all_periods(start, end, every, anchor, until=until)
    assert found[0].start == start
    assert found[-1].start <= until
    assert all(period.start <= period.end for period in found)
    assert all(a.end + DAY == b.start for a, b in itertools.pairwise(found))
    assert found[-1].end == end or found[-1].end >= until
    assert end is None or found[-1].end <= end


@settings(deadline=None)
@given(days, st.integers(0, 800), st.sampled_from(STEPS), st.sampled_from(["start", "calendar"]))
def test_only_the_first_and_the_last_period_can_be_parts(start, length, every, anchor):
    end = start + length * DAY
    found = all_periods(start, end, every, anchor, until=end)
    wholes = [whole_days(p, start=start, every=every, anchor=anchor) for p in found]
    assert all(days is None for days in wholes[1:-1])
    assert all(
        days is None or days > period.days for days, period in zip(wholes, found, strict=True)
    )
