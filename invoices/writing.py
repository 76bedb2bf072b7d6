"""Stores many planned invoices at once: invoices, lines, claims, block movements and diary.

A handful of statements for any number of rows, inside the caller's transaction. Unique indexes on
the claims refuse work that somebody else has billed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.db.models import Model

from atera_invoicing import bulk, money
from atera_invoicing.models import Installation, User
from contracts import blocks
from contracts.facts import Facts
from contracts.terms.base import Source
from customers.models import Customer

from .bills import Bill
from .models import Batch, Claim, Event, Invoice, InvoiceLine
from .plan import PlannedInvoice, PlannedLine

M = TypeVar("M", bound=Model)
INVOICE = (
    "id", "uid", "number", "number_key", "batch", "customer", "contract", "period_start",
    "period_end", "level",
    "currency", "tax_method", "invoice_date", "payment_days", "due_date", "po_number", "message",
    "bill_to_name",
    "bill_to_address", "bill_to_tax_number", "email", "subtotal", "tax", "total", "paid",
    "refunded", "balance",
    "void_reason", "version", "created_at", "created_by",
)  # fmt: skip
LINE = (
    "id", "invoice", "position", "kind", "item", "ticket", "description", "quantity", "unit",
    "unit_price",
    "discount_percent", "tax_rate", "tax_name", "tax_percent", "net", "tax", "total",
)  # fmt: skip
CLAIM = (
    "invoice",
    "line",
    "time_entry",
    "part",
    "ticket_item",
    "contract",
    "period_start",
    "quantity",
)
EVENT = ("invoice", "batch", "code", "text", "facts", "at", "by")


def write(
    bills: Sequence[tuple[Facts, Bill]],
    *,
    batch: Batch,
    options: Installation,
    by: User | None,
    now: dt.datetime,
) -> list[int]:
    """Store these bills as drafts of a batch; the ids of the invoices, in the same order.

    Call inside a transaction.
    """
    planned = [(facts, bill.invoice) for facts, bill in bills if bill.invoice]
    invoice_ids = list(bulk.reserve_ids(Invoice, len(planned)))
    uids = [uuid.uuid4() for _ in planned]
    customers = Customer.objects.in_bulk({facts.customer_id for facts, _ in planned})
    bulk.insert(
        Invoice,
        INVOICE,
        [
            _invoice(
                id,
                uid,
                facts,
                invoice,
                customer=customers[facts.customer_id],
                batch=batch,
                options=options,
                by=by,
                now=now,
            )
            for id, uid, (facts, invoice) in zip(invoice_ids, uids, planned, strict=True)
        ],
    )
    _write_lines(invoice_ids, planned)
    blocks.write_many(
        [
            (facts.contract_id, bill.period.start, movement, uid)
            for uid, (facts, bill) in zip(uids, bills, strict=True)
            for movement in bill.owed.movements
        ],
        by=by,
        now=now,
    )
    text = f"Written by batch “{batch.name}”."
    bulk.insert(
        Event,
        EVENT,
        [(id, None, "created", text, "{}", now, by.pk if by else None) for id in invoice_ids],
    )
    return invoice_ids


def unsaved(
    facts: Facts, invoice: PlannedInvoice, *, batch: Batch, options: Installation, now: dt.datetime
) -> tuple[Invoice, list[InvoiceLine]]:
    """The rows that `write` would store for a bill, as objects that are not stored."""
    customer = Customer.objects.get(pk=facts.customer_id)
    header = _invoice(
        None, uuid.uuid4(), facts, invoice,
        customer=customer, batch=batch, options=options, by=None, now=now,
    )  # fmt: skip
    lines = [_line(None, None, place, line) for place, line in enumerate(invoice.lines, 1)]
    return _object(Invoice, INVOICE, header), [_object(InvoiceLine, LINE, row) for row in lines]


def _object(model: type[M], columns: Sequence[str], values: tuple) -> M:
    names = (model._meta.get_field(column).attname for column in columns)  # type: ignore[union-attr]
    return model(**dict(zip(names, values, strict=True)))


def _invoice(
    id: int | None,
    uid: uuid.UUID,
    facts: Facts,
    invoice: PlannedInvoice,
    *,
    customer: Customer,
    batch: Batch,
    options: Installation,
    by: User | None,
    now: dt.datetime,
) -> tuple:
    days = options.payment_days if customer.payment_days is None else customer.payment_days
    due = batch.invoice_date + dt.timedelta(days=days)
    return (
        id, uid, "", "", batch.pk, customer.pk, facts.contract_id, invoice.period.start,
        invoice.period.end,
        invoice.level, options.currency, options.tax_method, batch.invoice_date, days, due, "", "",
        customer.name,
        customer.address, customer.tax_number, "", invoice.subtotal, invoice.tax, invoice.total,
        money.ZERO, money.ZERO,
        invoice.total, "", 1, now, by.pk if by else None,
    )  # fmt: skip


def _write_lines(
    invoice_ids: Sequence[int], planned: Sequence[tuple[Facts, PlannedInvoice]]
) -> None:
    count = sum(len(invoice.lines) for _, invoice in planned)
    line_ids = list(bulk.reserve_ids(InvoiceLine, count))
    bulk.insert(
        InvoiceLine,
        LINE,
        (
            _line(id, invoice_id, position, line)
            for id, invoice_id, _, position, line in _placed(line_ids, invoice_ids, planned)
        ),
    )
    bulk.insert(
        Claim,
        CLAIM,
        (
            _claim(invoice_id, line_id, start, source)
            for line_id, invoice_id, start, _, line in _placed(line_ids, invoice_ids, planned)
            for source in line.sources
        ),
    )


def _placed(
    line_ids: Iterable[int],
    invoice_ids: Sequence[int],
    planned: Sequence[tuple[Facts, PlannedInvoice]],
) -> Iterator[tuple[int, int, dt.date, int, PlannedLine]]:
    """Each line with its id, its invoice's id and first day, and its position there."""
    ids = iter(line_ids)
    for invoice_id, (_, invoice) in zip(invoice_ids, planned, strict=True):
        for position, line in enumerate(invoice.lines, 1):
            yield next(ids), invoice_id, invoice.period.start, position, line


def _line(id: int | None, invoice_id: int | None, position: int, line: PlannedLine) -> tuple:
    tax = line.tax
    return (
        id, invoice_id, position, line.kind, line.item_id, line.ticket_id, line.description,
        line.quantity, line.unit,
        line.unit_price, line.discount_percent, tax.id if tax else None, tax.name if tax else "",
        tax.percent if tax else money.ZERO, line.net, line.tax_amount, line.net + line.tax_amount,
    )  # fmt: skip


def _claim(invoice_id: int, line_id: int, start: dt.date, source: Source) -> tuple:
    entry = source.id if source.kind == "entry" else None
    item = source.id if source.kind == "item" else None
    contract = source.id if source.kind == "period" else None
    return (
        invoice_id,
        line_id,
        entry,
        source.part,
        item,
        contract,
        start if contract else None,
        source.quantity,
    )
