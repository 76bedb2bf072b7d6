"""Charges for time: at its rate, covered by a fee, or cut in two where a block ends."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from . import fees
from .base import ZERO, Charge, Entry, Issue, Rate, Source, Terms, Work

HOUR = "hour"


def billable(work: Work) -> list[Entry]:
    """The entries that count, in the order in which they use up a block: by start, then id."""
    entries = (entry for entry in work.entries if entry.billable)
    return sorted(entries, key=lambda entry: (entry.started_at, entry.id))


def at_rates(terms: Terms, work: Work) -> tuple[list[Charge], list[Issue]]:
    """Every billable entry at its rate. Those whose rate can't be found block, never count as 0."""
    charges, unpriced = [], []
    rates: dict[int | None, tuple[Rate | None, str]] = {}
    for entry in billable(work):
        if entry.rate_id not in rates:
            found = rate_of(entry, terms=terms)
            rates[entry.rate_id] = found, f"Labor – {found.name}" if found else ""
        rate, label = rates[entry.rate_id]
        if rate is None:
            unpriced.append(entry)
            continue
        charges.append(
            _priced(entry, entry.hours, terms=terms, rate=rate, kind="labour", label=label)
        )
    return charges, rates_missing(unpriced, work=work)


def all_covered(terms: Terms, work: Work) -> list[Charge]:
    """Every billable entry, covered by the fee."""
    return [_covered(entry, entry.hours, terms=terms) for entry in billable(work)]


def rate_of(entry: Entry, *, terms: Terms) -> Rate | None:
    """The rate that prices an entry: its own, else the contract's primary one."""
    if entry.rate_id is None:
        return terms.rate("primary")
    rates = terms.in_role("primary", "additional")
    return next((rate for rate in rates if rate.id == entry.rate_id), None)


def rates_missing(unpriced: Iterable[Entry], *, work: Work) -> list[Issue]:
    """A blocking issue per ticket with time that has no rate."""
    tickets = dict.fromkeys(entry.ticket_id for entry in unpriced)
    return [
        Issue(
            "rate_missing",
            f"Time on #{work.tickets[id].number} {work.tickets[id].title} has no rate: "
            "choose one of the contract's rates for it.",
            blocking=True,
            ticket_id=id,
        )
        for id in tickets
    ]


def split(
    entry: Entry,
    *,
    terms: Terms,
    covered_hours: Decimal,
    covered_label: str,
    overage: Rate,
    overage_label: str,
) -> list[Charge]:
    """An entry cut where the block ends: its covered hours first, the others at the overage rate.

    The first charge is part 0 of the entry, the second, if there are two, part 1.
    """
    parts = []
    if covered_hours or not entry.hours:
        parts.append(_covered(entry, covered_hours, terms=terms, label=covered_label))
    if covered_hours < entry.hours:
        parts.append(
            _priced(
                entry,
                entry.hours - covered_hours,
                terms=terms,
                rate=overage,
                kind="overage",
                label=overage_label,
                part=len(parts),
            )
        )
    return parts


def _covered(entry: Entry, hours: Decimal, *, terms: Terms, label: str = "Covered") -> Charge:
    return Charge(
        kind="covered",
        label=label,
        item_id=None,
        quantity=hours,
        unit=HOUR,
        unit_price=ZERO,
        discount_percent=ZERO,
        tax=terms.tax,
        sources=(Source("entry", entry.id, 0, hours),),
        ticket_id=entry.ticket_id,
        entry=entry,
    )


def _priced(
    entry: Entry,
    hours: Decimal,
    *,
    terms: Terms,
    rate: Rate,
    kind: str,
    label: str,
    part: int = 0,
) -> Charge:
    return Charge(
        kind=kind,
        label=label,
        item_id=rate.item_id,
        quantity=hours,
        unit=HOUR,
        unit_price=rate.price,
        discount_percent=ZERO,
        tax=fees.tax(rate, terms=terms),
        sources=(Source("entry", entry.id, part, hours),),
        ticket_id=entry.ticket_id,
        entry=entry,
        description=rate.description,
    )
