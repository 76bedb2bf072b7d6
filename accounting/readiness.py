"""What the accounting system would refuse, said before it is asked.

The same list stands beside an invoice that is about to be issued, in the export plan, and decides
what is queued. What an accounting system refuses its provider knows; here is only what is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, RecipientRule
from customers import recipients
from customers.recipients import Recipient
from invoices.models import Invoice
from invoices.wording import day

from . import currencies, documents, links
from .documents import Missing
from .models import Connection
from .providers import registry
from .providers.port import Document, Provider, Reason, Rejected, TimeDocument


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


def refusals(connection: Connection, document: Document | TimeDocument) -> list[Missing]:
    """What the provider says of a document without being asked over the wire."""
    provider = registry.get(connection.provider)
    return [_told(each) for each in provider.check(document, facts=connection.known)]


def _told(refusal: Rejected) -> Missing:
    named = refusal.reason != Reason.OTHER
    return Missing(refusal.reason if named else refusal.code or Reason.OTHER, refusal.message)


def _check(connection: Connection, invoices: Sequence[Invoice]) -> list[Ready]:
    customer_ids = {invoice.customer_id for invoice in invoices}
    tables = links.of(connection, customer_ids=customer_ids)
    provider = registry.get(connection.provider)
    rule = Installation.current().recipient_rule
    if "email" not in provider.holds:
        rule = RecipientRule.ACCOUNTING_SYSTEM
    found = recipients.for_customers(customer_ids, rule)
    kept = currencies.of(connection, tables.customers.values()) if provider.one_currency else {}
    ready = []
    for invoice in invoices:
        recipient = (
            recipients.resolve([], rule, override=invoice.email)
            if invoice.email and "email" in provider.holds
            else found[invoice.customer_id]
        )
        document, missing = documents.build(
            invoice,
            list(invoice.lines.all()),
            connection=connection,
            tables=tables,
            recipient=recipient,
        )
        if document:
            missing = refusals(connection, document)
            if provider.one_currency and not missing:
                missing = _currency(invoice, kept)
        missing += _dates(connection, invoice)
        warnings = tuple(filter(None, (recipient.warning, *_left_out(invoice, provider))))
        ready.append(
            Ready(invoice, None if missing else document, recipient, tuple(missing), warnings)
        )
    return ready


def _left_out(invoice: Invoice, provider: Provider) -> Iterator[str]:
    """What was written on an invoice and has no place there."""
    for name, word in (("email", "e-mail address"), ("message", "message")):
        if name not in provider.holds and getattr(invoice, name):
            yield f"The {word} on this invoice stays here: {provider.name} has no place for it."


def _currency(invoice: Invoice, kept: dict[int, str]) -> list[Missing]:
    """A customer has one currency there. One that is still to be created gets that of its first
    invoice.
    """
    theirs = kept.setdefault(invoice.customer_id, invoice.currency)
    if theirs == invoice.currency:
        return []
    text = (
        f"The invoice is in {invoice.currency}, and {invoice.customer} is kept in {theirs} there."
        f" Bill it in {theirs}, or link the customer with one there that is kept in"
        f" {invoice.currency}."
    )
    return [Missing("customer_currency", text, "customer", invoice.customer_id)]


def _dates(connection: Connection, invoice: Invoice) -> list[Missing]:
    live = connection.go_live
    if live and invoice.invoice_date < live:
        text = f"It is dated before {day(live)}, the day from which invoices are exported."
        return [Missing("before_go_live", text)]
    return []
