"""What the accounting system would refuse, said before it is asked.

The same list stands beside an invoice that is about to be issued, in the export plan, and decides
what is queued.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from customers import recipients
from customers.recipients import Recipient
from invoices.models import Invoice, InvoiceLine
from invoices.wording import day

from . import documents, links
from .documents import Missing
from .models import Connection
from .providers.port import Document

MOST_TAXED_LINES = 750
LONGEST_NUMBER = 21


@dataclass(frozen=True, slots=True)
class Ready:
    """An invoice as it would go out. `document` is None when something in `missing` keeps it here;
    `warnings` are for people only.
    """

    invoice: Invoice
    document: Document | None
    recipient: Recipient
    missing: tuple[Missing, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def certain(self) -> Document:
        """The document; refused with the first reason that keeps it here."""
        if self.document is None:
            raise Refused(self.missing[0].code, self.missing[0].message)
        return self.document


def check(connection: Connection, ids: Collection[int]) -> list[Ready]:
    """These invoices, in order of their ids, in a fixed number of queries."""
    rows = (
        Invoice.objects.filter(pk__in=ids)
        .select_related("customer")
        .prefetch_related("lines")
        .order_by("id")
    )
    return _check(connection, list(rows))


def _check(connection: Connection, invoices: Sequence[Invoice]) -> list[Ready]:
    customer_ids = {invoice.customer_id for invoice in invoices}
    tables = links.of(connection, customer_ids=customer_ids)
    rule = Installation.current().recipient_rule
    found = recipients.for_customers(customer_ids, rule)
    ready = []
    for invoice in invoices:
        recipient = (
            recipients.resolve([], rule, override=invoice.email)
            if invoice.email
            else found[invoice.customer_id]
        )
        lines = list(invoice.lines.all())
        document, missing = documents.build(
            invoice, lines, connection=connection, tables=tables, recipient=recipient
        )
        missing += _rules(connection, invoice, lines)
        warnings = (recipient.warning,) if recipient.warning else ()
        ready.append(
            Ready(invoice, None if missing else document, recipient, tuple(missing), warnings)
        )
    return ready


def _rules(connection: Connection, invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Missing]:
    """What is known to be refused there, whatever it is linked with."""
    found: list[Missing] = []
    ours = connection.numbering == Connection.Numbering.OURS
    if ours and len(invoice.number) > LONGEST_NUMBER:
        found.append(
            Missing("number_too_long", f"The number has more than {LONGEST_NUMBER} characters.")
        )
    if invoice.total < 0:
        found.append(Missing("negative_total", "The total is negative: that is a credit note."))
    if connection.currency and invoice.currency != connection.currency:
        text = f"The invoice is in {invoice.currency}, {connection} keeps {connection.currency}."
        found.append(Missing("currency", text))
    found += _dates(connection, invoice.invoice_date)
    taxed = sum(1 for line in lines if line.tax != Decimal(0))
    if taxed > MOST_TAXED_LINES:
        text = (
            f"It has {taxed} taxed lines; {MOST_TAXED_LINES} are possible. Bill this contract at"
            " ticket or contract level."
        )
        found.append(Missing("too_many_lines", text))
    return found


def _dates(connection: Connection, date: dt.date) -> list[Missing]:
    closed, live = connection.closed_through, connection.go_live
    if closed and date <= closed:
        text = f"The books are closed through {day(closed)}. Void it, and issue it at a later date."
        return [Missing("period_closed", text)]
    if live and date < live:
        text = f"It is dated before {day(live)}, the day from which invoices are exported."
        return [Missing("before_go_live", text)]
    return []
