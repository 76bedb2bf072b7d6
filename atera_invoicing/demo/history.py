"""The months before: billed, issued, mostly paid. The month that is shown is left to be billed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from atera_invoicing.models import User
from atera_invoicing.money import cents
from contracts.models import CatalogItem, Contract, TaxRate
from customers.models import Customer
from invoices import batch_work, batches, lifecycle, paying
from invoices.choosing import Choice
from invoices.drafting import LineInput
from invoices.models import Invoice, Payment

from .dates import Month, at

# How likely an invoice is paid by now, by how many months before the shown one it was issued.
PAID = {0: 0.62, 1: 0.9, 2: 0.98}
WRONG_ADDRESS = "Billed to the wrong address"
HALF_NOW = "Nisqually Timber Co."  # pays in two halves


def bill(month: Month, contracts: Sequence[Contract], *, by: User) -> None:
    """What a person does on the second of the next month: bill everything, then issue it."""
    day = month.plus(1).first + dt.timedelta(days=1)
    now = at(day, 9, 30)
    batch = batches.start(
        [
            Choice(contract.pk)
            for contract in contracts
            if contract.start_date <= month.last and contract.type != Contract.Type.PROJECT_HOURLY
        ],
        uid=uuid.uuid5(uuid.NAMESPACE_OID, f"demo {month.first}"),
        name=f"{month.first:%B %Y}",
        through=month.last,
        invoice_date=month.plus(1).first,
        by=by,
        now=now,
    )  # fmt: skip
    batch_work.work(batch.pk, now=now, today=day)
    issued = now + dt.timedelta(minutes=40)
    batches.issue_all(batch, by=by, now=issued)
    batch_work.work(batch.pk, now=issued, today=day)


def sell(
    customers: dict[str, Customer],
    items: dict[str, CatalogItem],
    tax: TaxRate,
    month: Month,
    *,
    today: dt.date,
    by: User,
) -> None:
    """Freestyle invoices for hardware: one of them voided, and one that is still a draft."""
    sales = [
        ("Gasworks Brewing", -2, [("Laptop 14″", 2), ("Docking station", 2)]),
        ("Tacoma Harbor Supply", -1, [("Firewall", 1), ("Network cable, 3 m", 12)]),
        ("Queen Anne Bakehouse", -1, [("Uninterruptible power supply", 1)]),
        ("Ballard Boatworks", 0, [("Monitor 27″", 4), ("Headset", 4)]),
        ("Fremont Family Law", 1, [("Docking station", 3)]),
    ]
    for customer, since, things in sales:
        day = min(month.plus(since).first + dt.timedelta(days=16), today)
        lines = [_line(items[name], quantity, tax) for name, quantity in things]
        invoice = lifecycle.create(
            customers[customer], lines=lines, invoice_date=day, by=by, now=at(day, 14),
            message="Thank you for your order.",
        )  # fmt: skip
        if since:
            lifecycle.issue(invoice, by=by, now=at(day, 14, 10))
        if customer == "Queen Anne Bakehouse":
            lifecycle.void(invoice, reason=WRONG_ADDRESS, by=by, now=at(day, 16))


def _line(item: CatalogItem, quantity: int, tax: TaxRate) -> LineInput:
    return LineInput(
        description=item.name,
        quantity=Decimal(quantity),
        unit_price=item.unit_price,
        item=item,
        tax_rate=tax,
    )


def pay(month: Month, *, today: dt.date, dice: Random, by: User) -> None:
    """Money that came in: older invoices are mostly paid, some in part, and one was paid back."""
    unpaid = Invoice.objects.open().select_related("customer").order_by("id")
    methods = [Payment.Method.BANK, Payment.Method.BANK, Payment.Method.CARD, Payment.Method.CHECK]
    for invoice in list(unpaid):
        age = (month.first.year - invoice.invoice_date.year) * 12
        age += month.first.month - invoice.invoice_date.month
        if dice.random() > PAID.get(max(age, 0), 1.0):
            continue
        day = min(invoice.invoice_date + dt.timedelta(days=dice.randint(4, 26)), today)
        halves = invoice.customer.name == HALF_NOW
        part = cents(invoice.balance / 2) if halves else invoice.balance
        paying.record(
            invoice, amount=part, received_on=day, by=by, now=at(day, 11),
            method=dice.choice(methods),
        )  # fmt: skip
    _pay_back(by)


def _pay_back(by: User) -> None:
    """The first paid yearly fee: the customer left that service and got its money back."""
    invoice = Invoice.objects.filter(settled_at__isnull=False, contract__period="yearly").first()
    if invoice:
        day = invoice.invoice_date + dt.timedelta(days=28)
        paying.record(
            invoice,
            amount=invoice.paid,
            received_on=day,
            by=by,
            now=at(day, 10),
            kind=Payment.Kind.REFUND,
        )


def void_one(by: User, month: Month) -> None:
    """The newest mailbox bill had last month's count: voided, so it waits to be billed again."""
    invoice = (
        Invoice.objects.open()
        .filter(contract__name="Microsoft 365", paid=0)
        .order_by("-id")
        .first()
    )
    if invoice:
        day = month.first + dt.timedelta(days=4)
        lifecycle.void(invoice, reason="Two mailboxes too many", by=by, now=at(day, 10))
