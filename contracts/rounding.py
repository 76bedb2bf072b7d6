"""How minutes become hours: the contract's rounding policy."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from atera_invoicing.money import cents

SIXTY = Decimal(60)


class Row(NamedTuple):
    """What rounding needs of a time entry."""

    entry_id: int
    ticket_id: int
    work_date: dt.date
    minutes: int


GROUPS: dict[str, Callable[[Row], Hashable]] = {
    "entry": lambda row: row.entry_id,
    "ticket": lambda row: row.ticket_id,
    "ticket_day": lambda row: (row.ticket_id, row.work_date),
}


def hours(
    rows: Iterable[tuple[int, int, dt.date, int]], *, increment: int, minimum: int, scope: str
) -> dict[int, Decimal]:
    """Hours of each entry by its id, 2 decimals; rows are (entry, ticket, work date, minutes).

    The minutes of each entry, ticket, or ticket and day (`scope`) count as at least `minimum`, then
    are rounded up to a multiple of `increment`. Entries of a group add up to the group's hours
    exactly; the last one (by work date, then id) carries what the policy adds. Increment 1 without
    a minimum is plainly minutes / 60, half-up. In a group, leaving an entry out changes what the
    others count.
    """
    if increment == 1 and minimum == 0:
        return {entry_id: _plain(minutes) for entry_id, _, _, minutes in rows}
    groups: defaultdict[Hashable, list[Row]] = defaultdict(list)
    for row in map(Row._make, rows):
        groups[GROUPS[scope](row)].append(row)
    return {
        entry_id: amount
        for group in groups.values()
        for entry_id, amount in _spread(group, increment=increment, minimum=minimum)
    }


@cache
def _plain(minutes: int) -> Decimal:
    return cents(minutes / SIXTY)


def _spread(group: list[Row], *, increment: int, minimum: int) -> Iterable[tuple[int, Decimal]]:
    """Give each entry what the running total grows by in hours, so that no hundredth is lost."""
    group.sort(key=lambda row: (row.work_date, row.entry_id))
    counted = max(sum(row.minutes for row in group), minimum)
    counted += -counted % increment
    minutes, before = 0, Decimal("0.00")
    for row in group:
        minutes = counted if row is group[-1] else minutes + row.minutes
        after = cents(minutes / SIXTY)
        yield row.entry_id, after - before
        before = after
