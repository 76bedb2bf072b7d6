"""Which periods a contract is billed by: pure dates, both ends of a period included.

Periods follow each other without gap or overlap from the contract's first day to its last. `every`,
`anchor` and `timing` are values of `Contract.Period`, `.Anchor` and `.Timing`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterator

from contracts.terms.base import Period

DAY = dt.timedelta(days=1)
DAYS = {"weekly": 7, "biweekly": 14}
MONTHS = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
# Calendar fortnights are counted from this Monday, the first day of an ISO year, and never restart:
# pairing week numbers within each year would leave week 53 alone.
FIRST_MONDAY = dt.date(2024, 1, 1)


def all_periods(
    start: dt.date, end: dt.date | None, every: str, anchor: str, *, until: dt.date
) -> list[Period]:
    """The periods that began on or before `until`, in order.

    Anchored at "start", the k-th begins k steps after the contract's first day, clamped to the
    end of the month (31 Jan, 28 Feb, 31 Mar). Anchored at "calendar", the first one is cut to what
    is left of its week, month, quarter, half or year. The last one is cut at `end`. "on_demand" is
    one period up to `until`; "once" and "whole" are one period over the whole contract.
    """
    if until < start:
        return []
    if every == "on_demand":
        return [Period(start, min(end or until, until))]
    if every in ("once", "whole"):
        return [Period(start, end or until)]
    stop = min(end or until, until)
    begun = itertools.takewhile(
        lambda period: period.start <= stop, _complete_periods(start, every, anchor)
    )
    return [Period(max(first, start), min(last, end or last)) for first, last in begun]


def is_due(period: Period, *, timing: str, every: str, today: dt.date) -> bool:
    """Whether a period can be billed on `today`: once it is over or, in advance, once it has begun.

    On-demand contracts and projects can be billed on any day.
    """
    if every in ("on_demand", "once"):
        return True
    return period.start <= today if timing == "advance" else period.end < today


def whole_days(period: Period, *, start: dt.date, every: str, anchor: str) -> int | None:
    """The days of the complete period from which `period` was cut; None if nothing was cut off."""
    if every not in DAYS and every not in MONTHS:
        return None
    complete = next(
        whole for whole in _complete_periods(start, every, anchor) if whole.end >= period.start
    )
    return None if complete == period else complete.days


def _complete_periods(start: dt.date, every: str, anchor: str) -> Iterator[Period]:
    """Without end, from the one that contains `start`; nothing is cut off."""
    origin = _calendar_origin(start, every) if anchor == "calendar" else start
    firsts = (_after(origin, every, steps) for steps in itertools.count())
    for first, following in itertools.pairwise(firsts):
        yield Period(first, following - DAY)


def _after(origin: dt.date, every: str, steps: int) -> dt.date:
    """The day `steps` periods after `origin`, reckoned from there each time so as not to drift."""
    if every in DAYS:
        return origin + steps * DAYS[every] * DAY
    years, month = divmod(origin.month - 1 + steps * MONTHS[every], 12)
    year, month = origin.year + years, month + 1
    return dt.date(year, month, min(origin.day, calendar.monthrange(year, month)[1]))


def _calendar_origin(day: dt.date, every: str) -> dt.date:
    """First day of the calendar week, fortnight, month, quarter, half or year around `day`."""
    if every in DAYS:
        return day - (day - FIRST_MONDAY).days % DAYS[every] * DAY
    months = MONTHS[every]
    return dt.date(day.year, (day.month - 1) // months * months + 1, 1)
