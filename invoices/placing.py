"""Which of a contract's unbilled periods bills a piece of work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from contracts.facts import Facts
from contracts.models import Contract
from contracts.terms.base import Entry, Period, Used

from . import wording
from .bills import Row

Placed = tuple[tuple[Entry, ...], tuple[Used, ...]]


def place(row: Row, open_periods: Sequence[Period]) -> dict[dt.date, Placed]:
    """The work of each period by its first day; what is late goes to the next unbilled one.

    Work that no period takes is noted on the row, with the reason.
    """
    facts = row.facts
    entries: dict[dt.date, list[Entry]] = {period.start: [] for period in open_periods}
    used: dict[dt.date, list[Used]] = {period.start: [] for period in open_periods}
    for day, entry in facts.entries:
        if start := _start_for(row, open_periods, day, entry.ticket_id):
            entries[start].append(entry)
    for day, item in facts.used:
        if start := _start_for(row, open_periods, day, item.ticket_id):
            used[start].append(item)
    return {p.start: (tuple(entries[p.start]), tuple(used[p.start])) for p in open_periods}


def _start_for(
    row: Row, open_periods: Sequence[Period], day: dt.date, ticket_id: int
) -> dt.date | None:
    """First day of the period that bills work of a day; None, with a note on the row, if there is
    none.
    """
    facts = row.facts
    if facts.advance and facts.claims_period:
        fitting = [period for period in open_periods if period.start > day]
    else:
        fitting = [period for period in open_periods if period.end >= day]
    if fitting:
        return fitting[0].start
    ended = facts.end is not None and day > facts.end
    if open_periods and ended and not facts.advance:
        return open_periods[-1].start
    row.left.append((ticket_id, _why_left(facts, day)))
    return None


def _why_left(facts: Facts, day: dt.date) -> str:
    if facts.every == Contract.Period.ONCE and facts.billed:
        return (
            "The project is already invoiced. Move the ticket to another contract, or void that"
            " invoice."
        )
    if facts.end is not None and day > facts.end:
        ended = wording.day(facts.end)
        return f"The contract ended on {ended} and is billed. Move the ticket to another contract."
    return "It comes with the contract's next bill."
