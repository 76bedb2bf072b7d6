"""Reads contracts and their unbilled work into the plain values that `terms` computes with.

Everything is set-based: a constant number of queries for any number of contracts.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import F, FilteredRelation, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from atera_invoicing import bulk

from . import rounding
from .models import BlockMovement, Contract, ContractRate, Ticket, TicketItem, TimeEntry, UsageCount
from .terms.base import Entry, Rate, Tax, Terms, TicketFacts, Used

M = TypeVar("M", bound=Model)
RESOLVED = "resolved"


class Policy(NamedTuple):
    """How a contract's billable minutes become hours."""

    increment: int
    minimum: int
    scope: str


PLAIN = Policy(1, 0, "entry")


@dataclass(slots=True)
class Facts:
    """What billing a contract needs to know. `billed` holds first days of billed periods."""

    contract_id: int
    customer_id: int
    customer_name: str
    terms: Terms
    start: dt.date
    end: dt.date | None
    every: str
    anchor: str
    timing: str
    level: str
    policy: Policy
    billed: set[dt.date] = field(default_factory=set)
    entries: list[tuple[dt.date, Entry]] = field(default_factory=list)
    used: list[tuple[dt.date, Used]] = field(default_factory=list)
    tickets: dict[int, TicketFacts] = field(default_factory=dict)
    counts: dict[str, list[tuple[dt.date, Decimal]]] = field(default_factory=dict)
    movements: list[tuple[dt.date, Decimal]] = field(default_factory=list)

    @property
    def is_block(self) -> bool:
        return self.terms.type in (Contract.Type.BLOCK_HOURS, Contract.Type.BLOCK_MONEY)

    @property
    def claims_period(self) -> bool:
        """Whether each of its periods is billed once, as a whole."""
        return self.terms.type != Contract.Type.HOURLY

    @property
    def advance(self) -> bool:
        return self.terms.advance

    def count(self, counted: str, day: dt.date) -> tuple[Decimal, dt.date] | None:
        """The latest count on or before a day, as (quantity, day)."""
        known = [row for row in self.counts.get(counted, ()) if row[0] <= day]
        return (known[-1][1], known[-1][0]) if known else None

    def balance(self, day: dt.date) -> Decimal:
        """A block's balance from every movement up to a day."""
        return sum((quantity for on, quantity in self.movements if on <= day), Decimal(0))


def unbilled(rows: QuerySet[M]) -> QuerySet[M]:
    """Work that no live claim points at."""
    return rows.annotate(  # type: ignore[return-value]
        live=FilteredRelation("claims", condition=Q(claims__released_at__isnull=True))
    ).filter(live__isnull=True)


def has_unbilled_work() -> Q:
    """Of tickets: whether billable time or items are on them that no live invoice bills.

    Each is a single value rather than EXISTS, for which PostgreSQL would join all work with all
    claims, though the tickets that are asked for are mostly among the newest.
    """
    here = {"ticket": OuterRef("pk"), "billable": True}
    entry, item = (
        Subquery(unbilled(model._default_manager.filter(**here)).values("pk")[:1])
        for model in (TimeEntry, TicketItem)
    )
    return Q(IsNull(entry, False)) | Q(IsNull(item, False))


def read(
    contracts: QuerySet[Contract],
    *,
    through: dt.date,
    by: str,
    zone: ZoneInfo,
    left_out: Collection[str] = (),
) -> list[Facts]:
    """The facts of these contracts, with done and unbilled work up to `through`, in order of
    `contracts`.

    `by` is "resolved" or "work_date": which day of a ticket decides its period. Work named in
    `left_out` ("entry:7", "item:9") is passed over.
    """
    result = _terms(contracts)
    by_id = {facts.contract_id: facts for facts in result}
    _add_entries(by_id, through, by, zone, _ids(left_out, "entry"))
    _add_items(by_id, through, by, zone, _ids(left_out, "item"))
    _add_tickets(by_id)
    _add_ledgers(by_id)
    return result


def _ids(sources: Collection[str], kind: str) -> set[int]:
    return {
        int(id) for name, _, id in (source.partition(":") for source in sources) if name == kind
    }


def _terms(contracts: QuerySet[Contract]) -> list[Facts]:
    columns = (
        "id", "customer_id", "customer__name", "name", "type", "quantity", "included", "rollover",
        "prorate",
        "tax_rate_id", "tax_rate__name", "tax_rate__percent", "start_date", "end_date", "period",
        "anchor",
        "timing", "level", "rounding_increment", "rounding_minimum", "rounding_scope",
    )  # fmt: skip
    rows = list(contracts.values_list(*columns))
    rates = _rates([row[0] for row in rows])
    return [
        Facts(
            contract_id=row[0],
            customer_id=row[1],
            customer_name=row[2],
            terms=Terms(
                contract_id=row[0],
                name=row[3],
                type=row[4],
                quantity=row[5],
                included=row[6],
                rollover=row[7],
                prorate=row[8],
                tax=_tax(*row[9:12]),
                rates=tuple(rates[row[0]]),
                advance=row[16] == Contract.Timing.ADVANCE,
            ),
            start=row[12],
            end=row[13],
            every=row[14],
            anchor=row[15],
            timing=row[16],
            level=row[17],
            policy=Policy(*row[18:]),
        )
        for row in rows
    ]


def _tax(id: int | None, name: str | None, percent: Decimal | None) -> Tax | None:
    return None if id is None or name is None or percent is None else Tax(id, name, percent)


def _own_tax(row: tuple, start: int) -> Tax | None:
    """The first of several (id, name, percent) column triples that is set."""
    triples = (row[i : i + 3] for i in range(start, len(row), 3))
    return next((tax for triple in triples if (tax := _tax(*triple))), None)


def _rates(contract_ids: Iterable[int]) -> dict[int, list[Rate]]:
    found: dict[int, list[Rate]] = defaultdict(list)
    rows = ContractRate.objects.filter(contract_id__in=contract_ids).order_by("id").values_list(
        "contract_id", "id", "role", "item_id", "item__name", "item__description", "item__unit",
        "unit_price",
        "item__unit_price", "counted",
        "item__tax_rate_id", "item__tax_rate__name", "item__tax_rate__percent",
        "item__category__tax_rate_id", "item__category__tax_rate__name",
        "item__category__tax_rate__percent",
    )  # fmt: skip
    for row in rows:
        price = row[8] if row[7] is None else row[7]
        found[row[0]].append(Rate(*row[1:7], price, _own_tax(row, 10), row[9]))
    return found


def _done(
    rows: QuerySet, contract_ids: Iterable[int], through: dt.date, by: str, zone: ZoneInfo
) -> QuerySet:
    """Unbilled work on done tickets, up to the end of a day."""
    rows = unbilled(
        rows.filter(ticket__contract_id__in=contract_ids, ticket__status__in=Ticket.DONE)
    )
    if by == RESOLVED:
        return rows.filter(ticket__resolved_at__lt=midnight_after(through, zone))
    return rows


def midnight_after(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The first moment that no longer belongs to a day."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)


def _add_entries(
    by_id: dict[int, Facts], through: dt.date, by: str, zone: ZoneInfo, passed: set[int]
) -> None:
    rows = _done(TimeEntry.objects.all(), by_id, through, by, zone)
    if by != RESOLVED:
        rows = rows.filter(started_at__lt=midnight_after(through, zone))
    found: dict[int, list[_EntryRow]] = defaultdict(list)
    resolved: dict[int, dt.date] = {}
    names: dict[tuple[str, str], str] = {}  # what many entries share is held once
    days: dict[dt.date, dt.date] = {}
    for row in bulk.read(rows.order_by("started_at", "id").values_list(*ENTRY_COLUMNS)):
        contract_id, resolved_at, first, last, id, ticket_id, started_at, *rest = row
        if ticket_id not in resolved:
            resolved[ticket_id] = resolved_at.astimezone(zone).date()
        name = names.setdefault((first, last), f"{first} {last}".strip())
        day = started_at.astimezone(zone).date()
        day = days.setdefault(day, day)
        found[contract_id].append(_EntryRow(id, ticket_id, started_at, day, *rest, name))  # type: ignore[call-arg]
    while found:
        contract_id, mine = found.popitem()
        hours = _hours(mine, by_id[contract_id].policy)
        by_id[contract_id].entries += [
            (resolved[row.ticket_id] if by == RESOLVED else row.work_date, row.entry(hours[row.id]))
            for row in mine
            if row.id not in passed
        ]


class _EntryRow(NamedTuple):
    """A time entry as it is read, with the day of work in the installation's zone."""

    id: int
    ticket_id: int
    started_at: dt.datetime
    work_date: dt.date
    minutes: int
    billable: bool
    rate_id: int | None
    description: str
    technician: str

    def entry(self, hours: Decimal) -> Entry:
        return Entry(*self[:5], hours, *self[5:])


ENTRY_COLUMNS = (
    "ticket__contract_id", "ticket__resolved_at", "technician__first_name", "technician__last_name",
    "id", "ticket_id", "started_at", "minutes", "billable", "rate_id", "description",
)  # fmt: skip


def _hours(rows: list[_EntryRow], policy: Policy) -> dict[int, Decimal]:
    """Rounded hours by entry. The policy is for billable time; the rest is plain minutes / 60.

    It runs over all unbilled entries, also those left out of a bill, so that leaving one out takes
    off exactly its own hours.
    """
    result: dict[int, Decimal] = {}
    for billable, rule in ((True, policy), (False, PLAIN)):
        result |= rounding.hours(
            [(r.id, r.ticket_id, r.work_date, r.minutes) for r in rows if r.billable == billable],
            **rule._asdict(),
        )
    return result


def _add_items(
    by_id: dict[int, Facts], through: dt.date, by: str, zone: ZoneInfo, passed: set[int]
) -> None:
    rows = _done(TicketItem.objects.filter(billable=True), by_id, through, by, zone)
    if by != RESOLVED:
        rows = rows.filter(used_on__lte=through)
    for row in rows.order_by("id").values_list(
        "ticket__contract_id", "ticket__resolved_at", "id", "ticket_id", "item_id", "item__kind",
        "item__name",
        "item__sku", "item__unit", "used_on", "quantity", "unit_price", "discount_percent",
        "description", "billable",
        "tax_rate_id", "tax_rate__name", "tax_rate__percent",
        "item__tax_rate_id", "item__tax_rate__name", "item__tax_rate__percent",
        "item__category__tax_rate_id", "item__category__tax_rate__name",
        "item__category__tax_rate__percent",
    ):  # fmt: skip
        if row[2] in passed:
            continue
        day = row[1].astimezone(zone).date() if by == RESOLVED else row[9]
        used = Used(*row[2:13], _own_tax(row, 15), *row[13:15])  # type: ignore[call-arg]
        by_id[row[0]].used.append((day, used))


def _add_tickets(by_id: dict[int, Facts]) -> None:
    needed = {
        ticket_id: facts
        for facts in by_id.values()
        for ticket_id in {e.ticket_id for _, e in facts.entries}
        | {u.ticket_id for _, u in facts.used}
    }
    for some in bulk.chunks(sorted(needed), 5000):
        rows = Ticket.objects.filter(id__in=some)
        for row in rows.values_list("id", "number", "title", "description"):
            needed[row[0]].tickets[row[0]] = TicketFacts(*row)


def _add_ledgers(by_id: dict[int, Facts]) -> None:
    claims = (
        Contract.objects.filter(id__in=by_id)
        .alias(live=FilteredRelation("claims", condition=Q(claims__released_at__isnull=True)))
        .filter(live__isnull=False)
    )
    for contract_id, day in claims.values_list("id", F("live__period_start")):
        by_id[contract_id].billed.add(day)
    blocks = [facts.contract_id for facts in by_id.values() if facts.is_block]
    movements = BlockMovement.objects.filter(contract_id__in=blocks)
    for contract_id, day, quantity in movements.values_list(
        "contract_id", "period_start", "quantity"
    ):
        by_id[contract_id].movements.append((day, quantity))
    counted = [
        facts.contract_id
        for facts in by_id.values()
        if any(rate.counted for rate in facts.terms.rates)
    ]
    counts = UsageCount.objects.filter(contract_id__in=counted).order_by("counted_on")
    for contract_id, name, day, quantity in counts.values_list(
        "contract_id", "counted", "counted_on", "quantity"
    ):
        by_id[contract_id].counts.setdefault(name, []).append((day, quantity))
