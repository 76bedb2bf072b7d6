"""What can be billed: contracts, their periods, and the invoices these would become.

Reads and computes, writes nothing. The batch page, the API preview and the background writer all
use `bills`, so a preview is exactly what will be written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from atera_invoicing import money
from atera_invoicing.models import Installation
from contracts import facts as reading
from contracts import periods
from contracts.facts import Facts
from contracts.models import Contract
from contracts.terms import owed
from contracts.terms.base import Charge, Entry, Issue, Owed, Period, Source, Used, Work

from .plan import PlannedInvoice, plan
from .wording import Style


@dataclass(slots=True)
class Bill:
    """One contract's period: what it owes and the invoice that this makes. `due` = may be billed
    now.
    """

    period: Period
    due: bool
    owed: Owed
    invoice: PlannedInvoice | None
    entries: tuple[Entry, ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def ticket_ids(self) -> frozenset[int]:
        return frozenset(charge.ticket_id for charge in self.owed.charges if charge.ticket_id)

    @property
    def total(self) -> Decimal:
        """Total with tax; 0.00 for nothing."""
        return self.invoice.total if self.invoice else money.ZERO


@dataclass(slots=True)
class Row:
    """One contract on the batch page. `left` is work without a period to go on, and why."""

    facts: Facts
    level: str
    bills: list[Bill] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)

    def chosen(self, starts: Collection[dt.date] = (), *, early: bool = False) -> list[Bill]:
        """The bills that a choice of periods selects; all that are due when it names none."""
        return [
            bill
            for bill in self.bills
            if (bill.due or early) and (not starts or bill.period.start in starts)
        ]

    @property
    def balance(self) -> Decimal:
        """Everything that is due now, without tax."""
        return money.total(
            bill.invoice.subtotal for bill in self.bills if bill.due and bill.invoice
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """The sums of a selection."""

    invoices: int = 0
    tickets: int = 0
    hours: Decimal = Decimal("0.00")
    billable: Decimal = money.ZERO
    tax: Decimal = money.ZERO

    @property
    def total(self) -> Decimal:
        return self.billable + self.tax


def rows(
    contracts: QuerySet[Contract],
    *,
    through: dt.date,
    today: dt.date,
    options: Installation,
    level: str = "",
    left_out: Collection[str] = (),
) -> list[Row]:
    """These contracts with every period that has begun and is unbilled, and its invoice.

    `through` is the last day of work and periods to look at; `level` overrides each contract's own.
    Sources in `left_out` ("entry:7", "item:9") are passed over.
    """
    zone = zone_in_force()
    found = reading.read(
        contracts, through=through, by=options.ticket_period, zone=zone, left_out=left_out
    )
    return [_row(facts, through, today, options, level) for facts in found]


def zone_in_force() -> ZoneInfo:
    """The installation's time zone, which decides what a day is."""
    return ZoneInfo(timezone.get_default_timezone_name())


def panel(bills: Iterable[Bill], *, zero_invoices: bool) -> Panel:
    """The sums of these bills, leaving out those that will make no invoice."""
    kept = [bill for bill in bills if writable(bill, zero_invoices=zero_invoices)]
    invoices = [bill.invoice for bill in kept if bill.invoice]
    return Panel(
        invoices=len(invoices),
        tickets=len(frozenset().union(*(bill.ticket_ids for bill in kept))),
        hours=sum((invoice.hours for invoice in invoices), Decimal("0.00")),
        billable=money.total(invoice.subtotal for invoice in invoices),
        tax=money.total(invoice.tax for invoice in invoices),
    )


def writable(bill: Bill, *, zero_invoices: bool) -> bool:
    """Whether a bill will make an invoice: not blocked, and not of 0.00 unless that is wanted."""
    if bill.owed.blocked or bill.invoice is None:
        return False
    return zero_invoices or bill.invoice.total != 0


def _row(facts: Facts, through: dt.date, today: dt.date, options: Installation, level: str) -> Row:
    row = Row(facts, level or facts.level or options.level)
    open_periods = [
        period
        for period in periods.all_periods(
            facts.start, facts.end, facts.every, facts.anchor, until=through
        )
        if period.start not in facts.billed
    ]
    placed = _place(row, open_periods)
    carried = Decimal(0)
    for period in open_periods:
        entries, used = placed[period.start]
        if not facts.claims_period and not entries and not used:
            continue
        due = _is_due(facts, period, through, today)
        bill = _bill(row, period, placed[period.start], due=due, carried=carried, options=options)
        carried += sum((movement.quantity for movement in bill.owed.movements), Decimal(0))
        row.bills.append(bill)
    _block_after_gap(row)
    return row


def _is_due(facts: Facts, period: Period, through: dt.date, today: dt.date) -> bool:
    last_needed = period.start if facts.advance else period.end
    if facts.every in (Contract.Period.ON_DEMAND, Contract.Period.ONCE):
        return True
    due = periods.is_due(period, timing=facts.timing, every=facts.every, today=today)
    return due and last_needed <= through


def _place(
    row: Row, open_periods: Sequence[Period]
) -> dict[dt.date, tuple[tuple[Entry, ...], tuple[Used, ...]]]:
    """Give each piece of work to a period; what is late goes to the next unbilled one."""
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
        return (
            f"The contract ended on {facts.end} and is billed. Move the ticket to another contract."
        )
    return "It comes with the contract's next bill."


def _bill(
    row: Row,
    period: Period,
    placed: tuple[tuple[Entry, ...], tuple[Used, ...]],
    *,
    due: bool,
    carried: Decimal,
    options: Installation,
) -> Bill:
    facts, (entries, used) = row.facts, placed
    counted_by = period.start if facts.advance else period.end
    usage = {
        rate.counted: count
        for rate in facts.terms.rates
        if rate.counted and (count := facts.count(rate.counted, counted_by))
    }
    work = Work(
        entries=entries,
        used=used,
        tickets=facts.tickets,
        usage=usage,
        opening=facts.balance(period.end) + carried if facts.is_block else Decimal(0),
        whole_days=(
            periods.whole_days(period, start=facts.start, every=facts.every, anchor=facts.anchor)
            if facts.terms.prorate
            else None
        ),
    )
    result = owed(facts.terms, period, work)
    if options.show_no_charge:
        result = _with_no_charge(result, entries)
    invoice = plan(
        result,
        terms=facts.terms,
        period=period,
        tickets=facts.tickets,
        level=row.level,
        tax_method=options.tax_method,
        style=Style(options.show_dates, options.show_technician),
    )
    return Bill(period, due, result, invoice, entries, used)


def _with_no_charge(result: Owed, entries: tuple[Entry, ...]) -> Owed:
    """Show non-billable time as well, at price 0."""
    free = tuple(
        Charge(
            kind="covered",
            label="No charge",
            item_id=None,
            quantity=entry.hours,
            unit="hour",
            unit_price=Decimal(0),
            discount_percent=Decimal(0),
            tax=None,
            sources=(Source("entry", entry.id, 0, entry.hours),),
            ticket_id=entry.ticket_id,
            entry=entry,
        )
        for entry in entries
        if not entry.billable
    )
    return Owed(result.charges + free, result.movements, result.issues)


def _block_after_gap(row: Row) -> None:
    """A block's bill needs the balance that the one before leaves, so nothing follows a blocked
    one.
    """
    if not row.facts.is_block:
        return
    blocked = False
    for bill in row.bills:
        if blocked:
            issue = Issue(
                "earlier_blocked",
                "An earlier period of this block can't be billed yet.",
                blocking=True,
            )
            bill.owed = Owed(bill.owed.charges, bill.owed.movements, (*bill.owed.issues, issue))
        blocked = blocked or bill.owed.blocked
