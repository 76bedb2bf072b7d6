"""The values that go into and come out of a contract's terms. No database, no clock.

Hours, quantities and prices are `Decimal`; dates are whole days, both ends of a period included.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
ONE = Decimal(1)


class Tax(NamedTuple):
    """A tax as it stands on a line. `percent` 8 is 8 %."""

    id: int
    name: str
    percent: Decimal


class Rate(NamedTuple):
    """A rate of the contract with its price in force; `tax` is the item's own or its category's."""

    id: int  # of the ContractRate
    role: str  # ContractRate.Role
    item_id: int
    name: str
    description: str
    unit: str
    price: Decimal
    tax: Tax | None
    counted: str  # ContractRate.Counted, "" unless it counts something


class Period(NamedTuple):
    """First and last day."""

    start: dt.date
    end: dt.date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1


class Entry(NamedTuple):
    """A time entry of a done ticket, billable or not. `hours` follow the contract's rounding."""

    id: int
    ticket_id: int
    started_at: dt.datetime
    work_date: dt.date  # in the installation's time zone
    minutes: int
    hours: Decimal
    billable: bool
    rate_id: int | None  # of the ContractRate; None = the primary one
    description: str
    technician: str


class Used(NamedTuple):
    """A product or expense used on a ticket."""

    id: int
    ticket_id: int
    item_id: int
    kind: str  # "product" or "expense" ("service" counts as product)
    name: str
    sku: str
    unit: str
    used_on: dt.date
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    tax: Tax | None  # override of the ticket item, else the item's own, else its category's
    description: str
    billable: bool


class TicketFacts(NamedTuple):
    id: int
    number: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract as its terms need it.

    With `advance`, a bill charges the period that begins and settles the work done before it: a
    block's work then draws on the opening balance alone, and the new block is added after that.
    """

    contract_id: int
    name: str
    type: str  # Contract.Type
    quantity: Decimal
    included: Decimal | None
    rollover: bool
    prorate: bool
    tax: Tax | None
    rates: tuple[Rate, ...]
    advance: bool = False

    def rate(self, role: str) -> Rate | None:
        """The rate in a role that exists once."""
        return next((rate for rate in self.rates if rate.role == role), None)

    def in_role(self, *roles: str) -> tuple[Rate, ...]:
        return tuple(rate for rate in self.rates if rate.role in roles)


@dataclass(frozen=True, slots=True)
class Work:
    """What was done and counted in one period of one contract.

    `opening` is a block's balance before the period (hours or money). `usage` maps a counted class
    to (quantity, day of the count). `whole_days` is the length of the complete period of which this
    one may be a part, for proration; None when it is complete.
    """

    entries: tuple[Entry, ...] = ()
    used: tuple[Used, ...] = ()
    tickets: dict[int, TicketFacts] = field(default_factory=dict)
    usage: dict[str, tuple[Decimal, dt.date]] = field(default_factory=dict)
    opening: Decimal = ZERO
    whole_days: int | None = None


class Source(NamedTuple):
    """What a charge consumes. `kind` is "entry", "item" or "period" (with the contract's `id`)."""

    kind: str
    id: int
    part: int
    quantity: Decimal


class Charge(NamedTuple):
    """Something that is owed, at the finest grain: one entry (part), one item, one fee.

    `kind` is a value of InvoiceLine.Kind. `label` names it on a line ("Labor – Standard", "Dock").
    A covered charge has unit price 0. `tax` is final by the precedence item > category > contract.
    """

    kind: str
    label: str
    item_id: int | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    discount_percent: Decimal
    tax: Tax | None
    sources: tuple[Source, ...]
    ticket_id: int | None = None
    entry: Entry | None = None
    description: str = ""


class Movement(NamedTuple):
    """A ledger movement that billing the period adds. `kind` is BlockMovement.Kind."""

    kind: str
    quantity: Decimal
    note: str


class Issue(NamedTuple):
    """Something a person should know. A blocking one keeps the period from being billed.

    It is mended on the ticket that it names, else on the contract.
    """

    code: str
    message: str
    blocking: bool
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a contract owes for a period."""

    charges: tuple[Charge, ...] = ()
    movements: tuple[Movement, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def blocked(self) -> bool:
        return any(issue.blocking for issue in self.issues)
