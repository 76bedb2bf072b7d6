"""Plain values for tests of terms: no database, what a test does not care about is filled in."""

import datetime as dt
from decimal import Decimal
from typing import Any

from atera_invoicing import money
from contracts.terms.base import (
    Charge,
    Entry,
    Movement,
    Owed,
    Period,
    Rate,
    Source,
    Tax,
    Terms,
    TicketFacts,
    Used,
    Work,
)

OCTOBER = Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
CONTRACT_ID = 77
SALES = Tax(1, "Sales 8 %", Decimal(8))
GST = Tax(2, "GST 10 %", Decimal(10))
HARDWARE = Tax(3, "Hardware 5 %", Decimal(5))
EXEMPT = Tax(4, "Exempt", Decimal(0))


def rate(role: str, price: str, name: str = "", **fields: Any) -> Rate:
    values: dict[str, Any] = {
        "id": 1,
        "role": role,
        "item_id": 100 + fields.get("id", 1),
        "name": name or role.title(),
        "description": "",
        "unit": "hour",
        "price": Decimal(price),
        "tax": None,
        "counted": "",
    }
    return Rate(**values | fields)


def terms(type: str, *rates: Rate, included: str | None = None, **fields: Any) -> Terms:
    values: dict[str, Any] = {
        "contract_id": CONTRACT_ID,
        "name": "Contract",
        "quantity": Decimal(1),
        "rollover": False,
        "prorate": False,
        "tax": None,
    }
    return Terms(
        type=type, included=Decimal(included) if included else None, rates=rates, **values | fields
    )


def entry(id: int, hours: str | Decimal, ticket: int = 1, **fields: Any) -> Entry:
    """An entry that starts `id` hours after the month did."""
    started_at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC) + dt.timedelta(hours=id)
    values: dict[str, Any] = {
        "started_at": started_at,
        "work_date": started_at.date(),
        "minutes": int(Decimal(hours) * 60),
        "billable": True,
        "rate_id": None,
        "description": "",
        "technician": "Robin",
    }
    return Entry(id=id, ticket_id=ticket, hours=Decimal(hours), **values | fields)


def used(id: int, name: str, price: str, kind: str = "product", **fields: Any) -> Used:
    values: dict[str, Any] = {
        "ticket_id": 1,
        "item_id": 500 + id,
        "sku": "",
        "unit": "each",
        "used_on": dt.date(2026, 10, 12),
        "quantity": Decimal(1),
        "discount_percent": Decimal(0),
        "tax": None,
        "description": "",
        "billable": True,
    }
    return Used(id=id, name=name, kind=kind, unit_price=Decimal(price), **values | fields)


def work(*entries: Entry, items: tuple[Used, ...] = (), **fields: Any) -> Work:
    """Work on tickets numbered T-<id>, titled "Title <id>"."""
    ids = {each.ticket_id for each in (*entries, *items)}
    tickets = {id: TicketFacts(id, f"T-{id}", f"Title {id}", "") for id in ids}
    if isinstance(fields.get("opening"), str):
        fields["opening"] = Decimal(fields["opening"])
    return Work(entries=entries, used=items, tickets=tickets, **fields)


def counts(on: str = "2026-10-31", **quantities: str) -> dict[str, tuple[Decimal, dt.date]]:
    day = dt.date.fromisoformat(on)
    return {counted: (Decimal(quantity), day) for counted, quantity in quantities.items()}


def period_source(quantity: str) -> Source:
    return Source("period", CONTRACT_ID, 0, Decimal(quantity))


def rows(owed: Owed) -> list[str]:
    """Each charge as "kind, label, quantity x price"."""
    return [f"{c.kind}, {c.label}, {c.quantity} x {c.unit_price}" for c in owed.charges]


def net(charge: Charge) -> Decimal:
    return money.line_net(charge.quantity, charge.unit_price, charge.discount_percent)


def totals(owed: Owed) -> tuple[str, str]:
    """Net and tax, as strings, if each charge were a line of its own."""
    nets = money.total(net(charge) for charge in owed.charges)
    tax = money.total(
        money.line_tax(net(charge), charge.tax.percent) for charge in owed.charges if charge.tax
    )
    return str(nets), str(tax)


def moved(owed: Owed) -> dict[str, Decimal]:
    """Each movement's quantity by kind."""
    assert len({movement.kind for movement in owed.movements}) == len(owed.movements)
    return {movement.kind: movement.quantity for movement in owed.movements}


def balance(opening: Decimal, movements: tuple[Movement, ...]) -> Decimal:
    return opening + sum((movement.quantity for movement in movements), Decimal(0))


def codes(owed: Owed) -> list[tuple[str, bool]]:
    return [(issue.code, issue.blocking) for issue in owed.issues]
