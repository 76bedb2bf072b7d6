"""What billing works out: a contract's bills with all their lines, and briefs of them.

A brief is a bill without its lines, small enough to keep while somebody chooses. What is chosen and
what it adds up to is decided on either alike (`Billable`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from atera_invoicing import money
from contracts.facts import Facts
from contracts.terms.base import Entry, Issue, Owed, Period, Used

from .plan import PlannedInvoice


class Billable(Protocol):
    """A contract's period and what it comes to. `due` = may be billed now."""

    @property
    def period(self) -> Period: ...
    @property
    def due(self) -> bool: ...
    @property
    def issues(self) -> tuple[Issue, ...]: ...
    @property
    def has_invoice(self) -> bool: ...
    @property
    def subtotal(self) -> Decimal: ...
    @property
    def tax(self) -> Decimal: ...
    @property
    def hours(self) -> Decimal: ...
    @property
    def ticket_ids(self) -> Collection[int]: ...


B = TypeVar("B", bound=Billable)


@dataclass(slots=True)
class Bill:
    """One contract's period: what it owes and the invoice that this makes."""

    period: Period
    due: bool
    owed: Owed
    invoice: PlannedInvoice | None
    entries: tuple[Entry, ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def issues(self) -> tuple[Issue, ...]:
        return self.owed.issues

    @property
    def has_invoice(self) -> bool:
        return self.invoice is not None

    @property
    def subtotal(self) -> Decimal:
        return self.invoice.subtotal if self.invoice else money.ZERO

    @property
    def tax(self) -> Decimal:
        return self.invoice.tax if self.invoice else money.ZERO

    @property
    def total(self) -> Decimal:
        """Total with tax; 0.00 for nothing."""
        return self.subtotal + self.tax

    @property
    def hours(self) -> Decimal:
        return self.invoice.hours if self.invoice else money.ZERO

    @property
    def ticket_ids(self) -> frozenset[int]:
        return frozenset(charge.ticket_id for charge in self.owed.charges if charge.ticket_id)

    def brief(self) -> Brief:
        return Brief(
            self.period, self.due, self.issues, self.has_invoice, self.subtotal, self.tax,
            self.hours, tuple(self.ticket_ids),
        )  # fmt: skip


class Brief(NamedTuple):
    """A bill without its lines."""

    period: Period
    due: bool
    issues: tuple[Issue, ...]
    has_invoice: bool
    subtotal: Decimal
    tax: Decimal
    hours: Decimal
    ticket_ids: tuple[int, ...]


@dataclass(slots=True)
class Row:
    """One contract with its unbilled periods. `left` is work without a period to go on, and why."""

    facts: Facts
    level: str
    bills: list[Bill] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)

    def chosen(self, starts: Collection[dt.date] = (), *, early: bool = False) -> list[Bill]:
        """The bills that a choice of periods selects; all that are due when it names none."""
        return selected(self.bills, starts, early=early)

    @property
    def balance(self) -> Decimal:
        """Everything that is due now, without tax."""
        return balance(self.bills)

    def let_go(self) -> None:
        """Keep what is written and no more: the planned lines stay, the work behind them goes."""
        self.facts.entries.clear()
        self.facts.used.clear()
        for bill in self.bills:
            bill.entries, bill.used = (), ()
            bill.owed = replace(bill.owed, charges=())


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


def selected(bills: Iterable[B], starts: Collection[dt.date] = (), *, early: bool) -> list[B]:
    """The bills that a choice of first days selects, all when it names none. Only those that are
    due, unless `early`.
    """
    return [
        bill
        for bill in bills
        if (bill.due or early) and (not starts or bill.period.start in starts)
    ]


def balance(bills: Iterable[Billable]) -> Decimal:
    """Everything that is due now, without tax."""
    return money.total(bill.subtotal for bill in bills if bill.due)


def panel(bills: Iterable[Billable], *, zero_invoices: bool) -> Panel:
    """The sums of these bills, leaving out those that will make no invoice."""
    kept = [bill for bill in bills if writable(bill, zero_invoices=zero_invoices)]
    return Panel(
        invoices=len(kept),
        tickets=len({ticket for bill in kept for ticket in bill.ticket_ids}),
        hours=sum((bill.hours for bill in kept), Decimal("0.00")),
        billable=money.total(bill.subtotal for bill in kept),
        tax=money.total(bill.tax for bill in kept),
    )


def writable(bill: Billable, *, zero_invoices: bool) -> bool:
    """Whether a bill will make an invoice: not blocked, and not of 0.00 unless that is wanted."""
    if not bill.has_invoice or is_blocked(bill):
        return False
    return zero_invoices or bill.subtotal + bill.tax != 0


def is_blocked(bill: Billable) -> bool:
    """Whether something must be mended before the bill can be written."""
    return any(issue.blocking for issue in bill.issues)
