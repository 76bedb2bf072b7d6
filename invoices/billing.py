"""What can be billed: contracts, their periods, and the invoices these would become.

Reads and computes, writes nothing. The batch page, the API preview and the background writer all
use `bills`, so a preview is exactly what will be written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from atera_invoicing.models import Installation
from contracts import facts as reading
from contracts import periods
from contracts.facts import Facts
from contracts.models import Contract
from contracts.terms import owed
from contracts.terms.base import Charge, Entry, Issue, Owed, Period, Source, Work

from . import placing, wording
from .bills import Bill, Row
from .placing import Placed
from .plan import plan
from .wording import Style


def rows(
    contracts: QuerySet[Contract],
    *,
    through: dt.date,
    today: dt.date,
    options: Installation,
    level: str = "",
    left_out: Collection[str] = (),
    say: Callable[..., str] = wording.describe,
) -> Iterator[Row]:
    """These contracts with every period that has begun and is unbilled, and its invoice.

    Each is worked out when it is asked for, and what was read for it is not kept here.

    `through` is the last day of work and periods to look at; `level` overrides each contract's own.
    Sources in `left_out` ("entry:7", "item:9") are passed over. `say` words the lines.
    """
    zone = zone_in_force()
    found = reading.read(
        contracts, through=through, by=options.ticket_period, zone=zone, left_out=left_out
    )
    found.reverse()
    while found:
        yield _row(found.pop(), through=through, today=today, options=options, level=level, say=say)


def zone_in_force() -> ZoneInfo:
    """The installation's time zone, which decides what a day is."""
    return ZoneInfo(timezone.get_default_timezone_name())


def _row(
    facts: Facts,
    *,
    through: dt.date,
    today: dt.date,
    options: Installation,
    level: str,
    say: Callable[..., str],
) -> Row:
    row = Row(facts, level or facts.level or options.level)
    open_periods = [
        period
        for period in periods.all_periods(
            facts.start, facts.end, facts.every, facts.anchor, until=through
        )
        if period.start not in facts.billed
    ]
    placed = placing.place(row, open_periods)
    carried = Decimal(0)
    for period in open_periods:
        entries, used = placed[period.start]
        if not facts.claims_period and not entries and not used:
            continue
        due = _is_due(facts, period, through, today)
        bill = _bill(
            row, period, placed[period.start], due=due, carried=carried, options=options, say=say
        )
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


def _bill(
    row: Row,
    period: Period,
    placed: Placed,
    *,
    due: bool,
    carried: Decimal,
    options: Installation,
    say: Callable[..., str],
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
        say=say,
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
