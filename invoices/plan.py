"""Charges and a level become an invoice: pure values, shared by preview, API and batch.

Levels differ only in which charges share a line and in the wording. Charges of different rates,
taxes or discounts never share one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from atera_invoicing import money
from contracts.terms.base import Charge, Owed, Period, Source, Tax, Terms, TicketFacts

from . import wording
from .wording import CONTRACT, ENTRY, Style

TIME = ("labour", "covered", "overage")
COVERED = "covered"


class PlannedLine(NamedTuple):
    """A line as it will be stored."""

    kind: str
    item_id: int | None
    ticket_id: int | None
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    discount_percent: Decimal
    tax: Tax | None
    net: Decimal
    tax_amount: Decimal
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class PlannedInvoice:
    """An invoice as it will be stored. `hours` are the billable hours that it bills or covers."""

    period: Period
    level: str
    lines: tuple[PlannedLine, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    hours: Decimal

    @property
    def ticket_ids(self) -> frozenset[int]:
        return frozenset(line.ticket_id for line in self.lines if line.ticket_id)


def plan(
    owed: Owed,
    *,
    terms: Terms,
    period: Period,
    tickets: dict[int, TicketFacts],
    level: str,
    tax_method: str = money.PER_LINE,
    style: Style | None = None,
    say: Callable[..., str] = wording.describe,
) -> PlannedInvoice | None:
    """The invoice for what is owed in a period; None when there is nothing to put on one.

    `say` words a line; whoever wants amounts alone passes `wording.nothing`.
    """
    groups = _grouped(owed.charges, level, tickets)
    if not groups:
        return None
    primary = next((f"Labor – {rate.name}" for rate in terms.in_role("primary")), "")
    drafts = [
        _line(
            group,
            level=level,
            contract=terms.name,
            tickets=tickets,
            primary=primary,
            style=style or Style(),
            say=say,
        )
        for group in groups
    ]
    percents = [line.tax.percent if line.tax else money.ZERO for line in drafts]
    taxes = money.taxes(
        [(line.net, p) for line, p in zip(drafts, percents, strict=True)], tax_method
    )
    lines = tuple(line._replace(tax_amount=tax) for line, tax in zip(drafts, taxes, strict=True))
    subtotal, tax = money.total(line.net for line in lines), money.total(taxes)
    hours = sum((c.quantity for c in owed.charges if c.kind in TIME), Decimal(0))
    return PlannedInvoice(period, level, lines, subtotal, tax, subtotal + tax, hours)


def _grouped(
    charges: Sequence[Charge], level: str, tickets: dict[int, TicketFacts]
) -> list[list[Charge]]:
    """Charges that share a line, in the order of the lines.

    Fees come first. At contract level covered work has no line of its own and goes with the first
    one, so that its claims have a home; then time by rate, then products. At the other levels a
    ticket's time and products stay together.
    """
    groups: dict[tuple[object, ...], list[Charge]] = {}
    hidden: list[Charge] = []
    for charge in charges:
        if not charge.quantity or (charge.kind == COVERED and level == CONTRACT):
            hidden.append(charge)
        else:
            groups.setdefault(_key(charge, level), []).append(charge)
    ordered = sorted(groups.values(), key=_order(charges, level))
    if not ordered:
        # A fee of 0 still claims its period; without any fee there is no invoice to put covered
        # work on.
        return [hidden] if any(charge.kind not in TIME for charge in hidden) else []
    ordered[0].extend(hidden)
    return ordered


def _key(charge: Charge, level: str) -> tuple[object, ...]:
    if charge.kind not in TIME or charge.entry is None:
        return (charge.sources or id(charge), charge.label)
    price = (
        charge.kind,
        charge.label,
        charge.item_id,
        charge.unit_price,
        charge.tax,
        charge.discount_percent,
    )
    if level == CONTRACT:
        return price
    if level == ENTRY:
        return (charge.entry.id, *price)
    return (charge.ticket_id, *price)


def _order(charges: Sequence[Charge], level: str) -> Callable[[list[Charge]], tuple[int, int, int]]:
    places: dict[int | None, int] = {}
    for charge in charges:
        if charge.ticket_id is not None:
            places.setdefault(charge.ticket_id, len(places))

    def place(group: list[Charge]) -> tuple[int, int, int]:
        first = group[0]
        if first.ticket_id is None and first.kind not in TIME:
            return (0, 0, 0)
        if level == CONTRACT:
            return (1 + TIME.index(first.kind), 0, 0) if first.kind in TIME else (9, 0, 0)
        return (1, places.get(first.ticket_id, 0), 0 if first.kind in TIME else 1)

    return place


def _line(
    group: list[Charge],
    *,
    level: str,
    contract: str,
    tickets: dict[int, TicketFacts],
    primary: str,
    style: Style,
    say: Callable[..., str],
) -> PlannedLine:
    first = group[0]
    counted = [charge.quantity for charge in group if charge.kind == first.kind]
    quantity = counted[0] if len(counted) == 1 else sum(counted, Decimal(0))
    one_ticket = level != CONTRACT or first.kind not in TIME
    return PlannedLine(
        kind=first.kind,
        item_id=first.item_id,
        ticket_id=first.ticket_id if one_ticket else None,
        description=say(
            first,
            level=level,
            contract=contract,
            ticket=tickets.get(first.ticket_id) if first.ticket_id else None,
            primary=primary,
            style=style,
        ),
        quantity=quantity,
        unit=first.unit,
        unit_price=first.unit_price,
        discount_percent=first.discount_percent,
        tax=first.tax,
        net=money.line_net(quantity, first.unit_price, first.discount_percent),
        tax_amount=money.ZERO,
        sources=first.sources
        if len(group) == 1
        else tuple(chain.from_iterable(charge.sources for charge in group)),
    )
