"""How much of a block is used today: its ledger, and what unbilled work will take out of it.

Bills that are due but not yet written are reckoned in, so the answer is what those bills will say.
Work on open tickets counts as done today: it is an estimate until the ticket is resolved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from atera_invoicing import money
from atera_invoicing.models import Installation

from . import facts as reading
from . import periods, rounding, terms
from .models import BlockMovement, Contract, Ticket, TimeEntry
from .terms.base import ZERO, Entry, Owed, Period, TicketFacts, Work

ALERTS = (95, 80)
Kind = BlockMovement.Kind
Ledger = defaultdict[tuple[int, dt.date], list[tuple[str, Decimal]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A block in the running period, in hours or money. `overage` goes beyond the block."""

    period: Period
    opening: Decimal
    included: Decimal
    used: Decimal
    overage: Decimal

    @property
    def available(self) -> Decimal:
        """What the alerts are measured by: included and carried in."""
        return self.opening + self.included

    @property
    def left(self) -> Decimal:
        return self.available - self.used

    @property
    def percent(self) -> Decimal:
        """How much of what is available is needed, with one decimal; above 100 beyond the block."""
        needed = self.used + self.overage
        if self.available <= 0:
            return Decimal(100) if needed else ZERO
        return (needed * 100 / self.available).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def alert(self) -> int | None:
        """95 or 80 once that many percent are used, else None."""
        needed = (self.used + self.overage) * 100
        reached = (limit for limit in ALERTS if needed and needed >= limit * self.available)
        return next(reached, None)


def of(contract: Contract, *, today: dt.date, options: Installation) -> Standing | None:
    """The standing of a block contract; None before its first day."""
    one = Contract.objects.filter(pk=contract.pk)
    return of_all(one, today=today, options=options).get(contract.pk)


def of_all(
    contracts: QuerySet[Contract], *, today: dt.date, options: Installation
) -> dict[int, Standing]:
    """The standings of the blocks among these contracts, by contract id, in a few queries."""
    blocks = contracts.filter(type__in=[Contract.Type.BLOCK_HOURS, Contract.Type.BLOCK_MONEY])
    zone = ZoneInfo(timezone.get_default_timezone_name())
    found = reading.read(blocks, through=today, by=options.ticket_period, zone=zone)
    by_id = {facts.contract_id: facts for facts in found}
    _add_open_work(by_id, today, zone)
    ledger = _ledger(by_id)
    result = {facts.contract_id: _standing(facts, today, ledger) for facts in found}
    return {id: standing for id, standing in result.items() if standing}


def _standing(facts: reading.Facts, today: dt.date, ledger: Ledger) -> Standing | None:
    begun = periods.all_periods(facts.start, facts.end, facts.every, facts.anchor, until=today)
    if not begun:
        return None
    running = begun[-1]
    last = running.start if facts.advance else running.start - dt.timedelta(days=1)
    settled, rest = _settle(facts, [p for p in begun if p.start <= last])
    booked = _booked(ledger[facts.contract_id, running.start], settled.get(running.start))
    included = booked.get(Kind.INCLUDED) or _sum(_owed(facts, running, (), ZERO), Kind.INCLUDED)
    opening = (
        facts.balance(running.end) + _total(settled.values()) - booked.get(Kind.INCLUDED, ZERO)
    )
    used = ZERO
    if not facts.advance:  # then the ledger has them only if this period was billed early
        used = -booked.get(Kind.USED, ZERO)
        opening += used - booked.get(Kind.EXPIRED, ZERO)
    more = _consume(facts, running, rest, opening + included - used)
    overage = _overage(more, in_hours=facts.terms.type == Contract.Type.BLOCK_HOURS)
    return Standing(running, opening, included, used - _sum(more, Kind.USED), overage)


def _add_open_work(by_id: dict[int, reading.Facts], today: dt.date, zone: ZoneInfo) -> None:
    """Billable time on open tickets, as of today."""
    rows: defaultdict[Contract, list[TimeEntry]] = defaultdict(list)
    for row in (
        TimeEntry.objects.filter(ticket__contract__in=by_id, billable=True)
        .exclude(ticket__status__in=Ticket.DONE)
        .select_related("ticket__contract")
    ):
        if row.ticket.contract:
            rows[row.ticket.contract].append(row)
    for contract, entries in rows.items():
        facts = by_id[contract.pk]
        for entry in _as_values(contract, entries, zone):
            facts.entries.append((today, entry))
        for ticket in {row.ticket for row in entries}:
            facts.tickets[ticket.pk] = TicketFacts(ticket.pk, ticket.number, ticket.title, "")


def _as_values(contract: Contract, rows: list[TimeEntry], zone: ZoneInfo) -> list[Entry]:
    """Time entries of one contract after its rounding policy."""
    days = {row.pk: row.started_at.astimezone(zone).date() for row in rows}
    hours = rounding.hours(
        [(row.pk, row.ticket_id, days[row.pk], row.minutes) for row in rows],
        increment=contract.rounding_increment,
        minimum=contract.rounding_minimum,
        scope=contract.rounding_scope,
    )
    return [
        Entry(
            row.pk, row.ticket_id, row.started_at, days[row.pk], row.minutes, hours[row.pk], True,
            row.rate_id, "", "",
        )
        for row in rows
    ]  # fmt: skip


def _settle(facts: reading.Facts, begun: list[Period]) -> tuple[dict[dt.date, Owed], list[Entry]]:
    """What the missing bills of these periods will say, and the time that is left."""
    settled: dict[dt.date, Owed] = {}
    rest = list(facts.entries)
    for period in begun:
        if period.start in facts.billed:
            continue
        limit = period.start - dt.timedelta(days=1) if facts.advance else period.end
        mine = [entry for day, entry in rest if day <= limit]
        rest = [(day, entry) for day, entry in rest if day > limit]
        opening = facts.balance(period.end) + _total(settled.values())
        settled[period.start] = _owed(facts, period, mine, opening)
    return settled, [entry for _, entry in rest]


def _owed(facts: reading.Facts, period: Period, entries: Iterable[Entry], opening: Decimal) -> Owed:
    whole = None
    if facts.terms.prorate:
        whole = periods.whole_days(
            period, start=facts.start, every=facts.every, anchor=facts.anchor
        )
    work = Work(tuple(entries), tickets=facts.tickets, opening=opening, whole_days=whole)
    return terms.owed(facts.terms, period, work)


def _consume(
    facts: reading.Facts, period: Period, entries: list[Entry], available: Decimal
) -> Owed:
    """What time takes out of a block that holds this much, with nothing added or lost meanwhile."""
    held = replace(facts.terms, advance=True, rollover=True)
    return terms.owed(held, period, Work(tuple(entries), tickets=facts.tickets, opening=available))


def _ledger(contract_ids: Iterable[int]) -> Ledger:
    """What bills wrote, by contract and first day of the period."""
    found: Ledger = defaultdict(list)
    rows = BlockMovement.objects.filter(contract__in=contract_ids, invoice_uid__isnull=False)
    for id, start, kind, quantity in rows.values_list(
        "contract_id", "period_start", "kind", "quantity"
    ):
        found[id, start].append((kind, quantity))
    return found


def _booked(written: list[tuple[str, Decimal]], to_come: Owed | None) -> dict[str, Decimal]:
    """The movements of the running period's own bill, by kind: in the ledger, or to come."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for kind, quantity in written:
        sums[kind] += quantity
    for movement in to_come.movements if to_come else ():
        sums[movement.kind] += movement.quantity
    return dict(sums)


def _sum(owed: Owed, kind: str) -> Decimal:
    return sum((m.quantity for m in owed.movements if m.kind == kind), ZERO)


def _total(bills: Iterable[Owed]) -> Decimal:
    return sum((movement.quantity for owed in bills for movement in owed.movements), ZERO)


def _overage(owed: Owed, *, in_hours: bool) -> Decimal:
    """Hours, or net money, beyond the block."""
    over = [charge for charge in owed.charges if charge.kind == "overage"]
    if in_hours:
        return sum((charge.quantity for charge in over), ZERO)
    return money.total(money.line_net(charge.quantity, charge.unit_price) for charge in over)
