"""Plain builders: each makes one believable object, with what a test does not care about filled
in.
"""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from django.utils import timezone

from atera_invoicing.models import User
from atera_invoicing.roles import Role
from contracts.models import (
    BlockMovement,
    CatalogItem,
    Category,
    Contract,
    ContractRate,
    TaxRate,
    Ticket,
    TicketItem,
    TimeEntry,
    UsageCount,
)
from customers.models import Contact, Customer
from invoices.models import Claim, Invoice, InvoiceLine
from whitelabel.models import Branding

_count = itertools.count(1)


def n() -> int:
    return next(_count)


def at(day: str, clock: str = "09:00") -> dt.datetime:
    """A moment in UTC: at("2026-10-05", "14:30")."""
    return dt.datetime.fromisoformat(f"{day}T{clock}:00+00:00")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def user(role: str = Role.BILLING, **fields: Any) -> User:
    fields.setdefault("email", f"person{n()}@msp.example")
    fields.setdefault("first_name", "Robin")
    fields.setdefault("last_name", f"Person {n()}")
    return User.objects.create_user(role=role, **fields)


def customer(name: str = "", **fields: Any) -> Customer:
    return Customer.objects.create(name=name or f"Customer {n()}", **fields)


def contact(customer: Customer, **fields: Any) -> Contact:
    fields.setdefault("first_name", "Ana")
    fields.setdefault("last_name", f"Ruiz {n()}")
    fields.setdefault("email", f"ana{n()}@customer.example")
    return Contact.objects.create(customer=customer, **fields)


def tax(name: str = "", percent: str = "8", **fields: Any) -> TaxRate:
    return TaxRate.objects.create(name=name or f"Tax {n()}", percent=Decimal(percent), **fields)


def item(name: str = "", price: str = "100", kind: str = "service", **fields: Any) -> CatalogItem:
    if isinstance(fields.get("category"), str):
        fields["category"] = Category.objects.get_or_create(name=fields["category"])[0]
    fields.setdefault("unit", "hour" if kind == "service" else "each")
    return CatalogItem.objects.create(
        name=name or f"Item {n()}", unit_price=Decimal(price), kind=kind, **fields
    )


def contract(type: str = "hourly", **fields: Any) -> Contract:
    """A contract without rates; `hourly` and the like below make it complete."""
    fields.setdefault("customer", None)
    if fields["customer"] is None:
        fields["customer"] = customer()
    fields.setdefault("name", f"Contract {n()}")
    fields.setdefault("start_date", day("2026-01-01"))
    if isinstance(fields["start_date"], str):
        fields["start_date"] = day(fields["start_date"])
    if isinstance(fields.get("end_date"), str):
        fields["end_date"] = day(fields["end_date"])
    if type.startswith("project"):
        fields.setdefault("period", "once")
    for name in ("quantity", "included"):
        if isinstance(fields.get(name), str):
            fields[name] = Decimal(fields[name])
    return Contract.objects.create(type=type, **fields)


def rate(
    contract: Contract, role: str, price: str = "100", name: str = "", **fields: Any
) -> ContractRate:
    units = {"device": "device", "storage": "GB", "fee": "period"}
    if "item" not in fields:
        fields["item"] = item(name or f"{role} {n()}", price, unit=units.get(role, "hour"))
    return ContractRate.objects.create(contract=contract, role=role, **fields)


def hourly(price: str = "100", **fields: Any) -> Contract:
    result = contract("hourly", **fields)
    rate(result, "primary", price, name=f"Standard {n()}")
    return result


def retainer(price: str = "800", **fields: Any) -> Contract:
    result = contract("retainer", **fields)
    rate(result, "fee", price)
    return result


def block_hours(
    hours: str = "10", price: str = "95", overage: str | None = "130", **fields: Any
) -> Contract:
    result = contract("block_hours", included=hours, **fields)
    rate(result, "block", price)
    if overage is not None:
        rate(result, "overage", overage)
    return result


def block_money(
    amount: str = "1000", price: str = "100", overage: str | None = None, **fields: Any
) -> Contract:
    result = contract("block_money", **fields)
    rate(result, "fee", amount)
    rate(result, "primary", price)
    if overage is not None:
        rate(result, "overage", overage)
    return result


def monitoring(prices: dict[str, str] | None = None, **fields: Any) -> Contract:
    result = contract("monitoring", **fields)
    for counted, price in (prices or {"servers": "40", "pcs": "9"}).items():
        rate(result, "device", price, counted=counted)
    return result


def backup(prices: dict[str, str] | None = None, **fields: Any) -> Contract:
    result = contract("backup", **fields)
    for counted, price in (prices or {"total_gb": "0.35"}).items():
        rate(result, "storage", price, counted=counted)
    return result


def project_fixed(price: str = "5000", **fields: Any) -> Contract:
    result = contract("project_fixed", **fields)
    rate(result, "fee", price)
    return result


def project_hourly(price: str = "110", **fields: Any) -> Contract:
    result = contract("project_hourly", **fields)
    rate(result, "primary", price)
    return result


def ticket(
    contract: Contract | None = None, resolved: str | None = "2026-10-20", **fields: Any
) -> Ticket:
    """A ticket, resolved on a day; `resolved=None` leaves it open."""
    fields.setdefault("customer", contract.customer if contract else None)
    if fields["customer"] is None:
        fields["customer"] = customer()
    fields.setdefault("number", f"T-{n() + 5000}")
    fields.setdefault("title", "VPN down")
    fields.setdefault("opened_at", at(resolved or "2026-10-02", "08:00"))
    if resolved:
        fields.setdefault("status", "resolved")
        fields.setdefault("resolved_at", at(resolved, "17:00"))
    return Ticket.objects.create(contract=contract, **fields)


def entry(
    ticket: Ticket,
    minutes: int = 60,
    started: str = "2026-10-12",
    clock: str = "09:00",
    **fields: Any,
) -> TimeEntry:
    if "technician" not in fields:
        fields["technician"] = User.objects.filter(role=Role.TECHNICIAN).first() or user(
            Role.TECHNICIAN
        )
    return TimeEntry.objects.create(
        ticket=ticket, minutes=minutes, started_at=at(started, clock), **fields
    )


def used(ticket: Ticket, price: str = "180", quantity: str = "1", **fields: Any) -> TicketItem:
    if "item" not in fields:
        fields["item"] = item(price=price, kind="product")
    for name in ("discount_percent",):
        if isinstance(fields.get(name), str):
            fields[name] = Decimal(fields[name])
    fields.setdefault("used_on", day("2026-10-12"))
    return TicketItem.objects.create(
        ticket=ticket, unit_price=Decimal(price), quantity=Decimal(quantity), **fields
    )


def usage(contract: Contract, counted: str, quantity: str, on: str = "2026-10-31") -> UsageCount:
    return UsageCount.objects.create(
        contract=contract, counted=counted, quantity=Decimal(quantity), counted_on=day(on)
    )


def movement(
    contract: Contract,
    quantity: str,
    kind: str = "adjustment",
    period_start: str = "2026-09-01",
    **fields: Any,
) -> BlockMovement:
    fields.setdefault("created_at", timezone.now())
    return BlockMovement.objects.create(
        contract=contract,
        kind=kind,
        quantity=Decimal(quantity),
        period_start=day(period_start),
        **fields,
    )


def claim(
    source: TimeEntry | TicketItem | Contract,
    number: str = "",
    period_start: str = "2026-10-01",
    part: int = 0,
    **fields: Any,
) -> Claim:
    """A bill for work or a contract's period: a draft, or the invoice issued as `number`."""
    agreed = source if isinstance(source, Contract) else source.ticket.contract
    customer = agreed.customer if agreed else source.ticket.customer
    issued = (
        {"number_key": number.upper(), "branding": Branding.current(), "issued_at": timezone.now()}
        if number
        else {}
    )
    invoice = Invoice.objects.create(
        customer=customer,
        contract=agreed,
        currency="USD",
        invoice_date=day("2026-11-01"),
        due_date=day("2026-12-01"),
        bill_to_name=customer.name,
        number=number,
        created_at=timezone.now(),
        **issued,
    )
    line = InvoiceLine.objects.create(
        invoice=invoice, position=1, description="Work", quantity=1, unit_price=0, net=0, tax=0
    )
    return Claim.objects.create(
        invoice=invoice, line=line, part=part, quantity=1, **_source(source, period_start), **fields
    )


def _source(source: TimeEntry | TicketItem | Contract, period_start: str) -> dict[str, Any]:
    if isinstance(source, Contract):
        return {"contract": source, "period_start": day(period_start)}
    return {"time_entry" if isinstance(source, TimeEntry) else "ticket_item": source}
