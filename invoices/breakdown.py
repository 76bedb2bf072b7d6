"""A bill piece by piece: each time entry, product and charge of its own, and what it comes to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from atera_invoicing import money
from contracts.terms.base import Charge, Entry, TicketFacts, Used

from . import paper
from .bills import Bill
from .wording import day

NO_RATE = "no rate"
NOT_BILLABLE = "not billable"
COVERED = "covered"


class Piece(NamedTuple):
    """One thing on a bill. `source` ("entry:7") is empty for what can't be left out.

    `size` is its quantity as printed; `amount` is without tax; where it would be 0.00, `remark`
    says why.
    """

    source: str
    text: str
    note: str
    size: str
    amount: Decimal
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What is billed of one ticket; without one, the contract's own charges."""

    ticket: TicketFacts | None
    pieces: tuple[Piece, ...]


def groups(bill: Bill, tickets: dict[int, TicketFacts]) -> list[Group]:
    """The contract's own charges first, then ticket by ticket in the order of the work."""
    charges = _by_source(bill.owed.charges)
    own = [_charge(c) for c in bill.owed.charges if c.ticket_id is None and c.quantity]
    found: defaultdict[int, list[Piece]] = defaultdict(list)
    for entry in bill.entries:
        found[entry.ticket_id].append(_entry(entry, charges[f"entry:{entry.id}"]))
    for item in bill.used:
        found[item.ticket_id].append(_item(item, charges[f"item:{item.id}"]))
    work = [Group(tickets[id], tuple(pieces)) for id, pieces in found.items()]
    return [Group(None, tuple(own)), *work] if own else work


def _by_source(charges: tuple[Charge, ...]) -> defaultdict[str, list[Charge]]:
    found: defaultdict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        for source in charge.sources:
            found[f"{source.kind}:{source.id}"].append(charge)
    return found


def _charge(charge: Charge) -> Piece:
    return Piece("", charge.label, "", paper.quantity(charge.quantity, charge.unit), _net(charge))


def _entry(entry: Entry, charges: list[Charge]) -> Piece:
    amount = money.total(_net(charge) for charge in charges)
    remark = ""
    if not entry.billable:
        remark = NOT_BILLABLE
    elif not charges:
        remark = NO_RATE
    elif not amount and any(charge.kind == "covered" for charge in charges):
        remark = COVERED
    note = " · ".join(part for part in (day(entry.work_date), entry.technician) if part)
    source = f"entry:{entry.id}" if entry.billable else ""
    return Piece(
        source, entry.description, note, paper.quantity(entry.hours, "hour"), amount, remark
    )


def _item(item: Used, charges: list[Charge]) -> Piece:
    amount = money.total(_net(charge) for charge in charges)
    note = " · ".join(part for part in (day(item.used_on), item.description) if part)
    return Piece(
        f"item:{item.id}", item.name, note, paper.quantity(item.quantity, item.unit), amount
    )


def _net(charge: Charge) -> Decimal:
    return money.line_net(charge.quantity, charge.unit_price, charge.discount_percent)
