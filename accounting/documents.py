"""From our invoice to the document that goes to the provider, and back and forth as JSON.

A frozen document names records there by id. A record that the first delivery is to create has no id
yet: it stands as "link:<pk>" until `resolve` puts the id in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from atera_invoicing.models import User
from customers.recipients import Recipient
from invoices.models import Invoice, InvoiceLine

from . import connected, moves
from .links import Tables
from .models import Connection, Export, Link, RemoteInvoice
from .providers import registry
from .providers.port import Document, Line, TaxMode, TimeDocument

PENDING = "link:"
MARKER = "Atera Invoicing "
_FIELDS = {
    kind: [each.name for each in dataclasses.fields(kind)]
    for kind in (Document, TimeDocument, Line)
}


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """Something that keeps an invoice from being written as a document. `code` is stable."""

    code: str
    message: str
    kind: str = ""
    local_id: int | None = None


def build(
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    *,
    connection: Connection,
    tables: Tables,
    recipient: Recipient,
) -> tuple[Document | None, list[Missing]]:
    """The document of an invoice, or everything that is missing for it."""
    missing: list[Missing] = []
    customer_id = _customer(invoice, tables, missing)
    mode = TaxMode(connection.tax_mode)
    rows = tuple(_line(line, connection, tables, mode, missing) for line in lines)
    if missing:
        return None, _once(missing)
    ours = connection.numbering == Connection.Numbering.OURS
    holds = registry.get(connection.provider).holds
    return Document(
        uid=str(invoice.uid),
        number=invoice.number if ours else "",
        customer_id=customer_id,
        date=invoice.invoice_date,
        due_date=invoice.due_date or invoice.invoice_date,
        currency=invoice.currency,
        email=recipient.email if "email" in holds else "",
        message=invoice.message if "message" in holds else "",
        tax_mode=mode,
        lines=rows,
        subtotal=invoice.subtotal,
        tax=invoice.tax,
        total=invoice.total,
        marker=marker(invoice),
    ), []


def name_only(invoice: Invoice, connection: Connection) -> Document:
    """A document that only says which invoice is meant, for voiding it."""
    return Document(
        uid=str(invoice.uid),
        number=invoice.number,
        customer_id="",
        date=invoice.invoice_date,
        due_date=invoice.due_date or invoice.invoice_date,
        currency=invoice.currency,
        email="",
        message="",
        tax_mode=TaxMode(connection.tax_mode),
        lines=(),
        subtotal=invoice.subtotal,
        tax=invoice.tax,
        total=invoice.total,
        marker=marker(invoice),
    )


def changing(document: Document, remote: RemoteInvoice) -> Document:
    """The document as an update or voiding of what is there, as we last saw it."""
    return dataclasses.replace(
        document,
        remote_id=remote.remote_id,
        remote_version=remote.version,
        number=remote.number,
        marker=_marker_there(remote),
    )


def _marker_there(remote: RemoteInvoice) -> str:
    """The one that stands there, if we sent it."""
    sent = Export.objects.filter(
        invoice=remote.invoice_id, operation=Export.Operation.CREATE, remote_id=remote.remote_id
    ).values_list("marker", flat=True)
    return sent.first() or marker(remote.invoice)


def outgoing(
    connection: Connection,
    document: Document | TimeDocument,
    *,
    operation: str,
    by: User | None,
    now: dt.datetime,
    **fields: Any,
) -> Export:
    """A row of the outbox, not stored yet, with the document frozen in it."""
    data = dump(document)
    return Export(
        connection=connection,
        operation=operation,
        document=data,
        digest=digest(data),
        marker=document.marker,
        remote_id=document.remote_id,
        run_at=now,
        queued_at=now,
        queued_by=by,
        **fields,
    )


def marker(invoice: Invoice, generation: int = 1) -> str:
    """By this an invoice is recognised at the provider, whatever happens to its number. A document
    that takes the place of one that was deleted there is of the next generation.
    """
    return f"{MARKER}{invoice.uid}" + (f" {generation}" if generation > 1 else "")


def invoice_of(marker: str) -> Invoice | None:
    """The invoice that a document with this marker is of."""
    uid = marker.removeprefix(MARKER).partition(" ")[0]
    try:
        return Invoice.objects.filter(uid=UUID(uid)).first()
    except ValueError:
        return None


def dump(document: Document | TimeDocument) -> dict[str, Any]:
    """JSON-ready, and the same for the same document."""
    return {"type": type(document).__name__, **_plain(document)}


def load(data: Mapping[str, Any]) -> Document | TimeDocument:
    """What `dump` took."""
    values = {name: value for name, value in data.items() if name != "type"}
    if data["type"] == TimeDocument.__name__:
        return TimeDocument(
            **values
            | {
                "date": dt.date.fromisoformat(values["date"]),
                "hourly_rate": Decimal(values["hourly_rate"]),
            }
        )
    return Document(
        **values
        | {
            "date": dt.date.fromisoformat(values["date"]),
            "due_date": dt.date.fromisoformat(values["due_date"]),
            "tax_mode": TaxMode(values["tax_mode"]),
            "lines": tuple(_load_line(line) for line in values["lines"]),
            **{name: Decimal(values[name]) for name in ("subtotal", "tax", "total")},
        }
    )


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of a dumped document, in hex."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def pending(document: Document | TimeDocument) -> set[int]:
    """Primary keys of the links whose records must be created first."""
    names = {document.customer_id}
    if isinstance(document, Document):
        names |= {line.item_id for line in document.lines}
    else:
        names.add(document.item_id)
    return {int(name.removeprefix(PENDING)) for name in names if name.startswith(PENDING)}


def is_pending(data: Mapping[str, Any]) -> bool:
    """Whether a dumped document names a record that is still to be created."""
    names = [data["customer_id"], data.get("item_id", "")]
    names += [line["item_id"] for line in data.get("lines", ())]
    return any(name.startswith(PENDING) for name in names)


def resolve(
    document: Document | TimeDocument, created: Mapping[int, str]
) -> Document | TimeDocument:
    """The document with the ids of records that were created meanwhile, by link."""
    if not created:
        return document

    def known(name: str) -> str:
        pk = name.removeprefix(PENDING)
        return created[int(pk)] if name.startswith(PENDING) else name

    if isinstance(document, TimeDocument):
        return dataclasses.replace(
            document, customer_id=known(document.customer_id), item_id=known(document.item_id)
        )
    lines = tuple(dataclasses.replace(line, item_id=known(line.item_id)) for line in document.lines)
    return dataclasses.replace(document, customer_id=known(document.customer_id), lines=lines)


def name_there(link: Link | None) -> str:
    """What a document calls a linked record: its id there, or the link that is to create it; "" for
    one that is left out, not linked, nowhere any more, or only like the one there.
    """
    if link is None or link.action == Link.Action.SKIP or moves.is_gone(link.remote_id):
        return ""
    if link.origin == Link.Origin.FUZZY and not link.confirmed:
        return ""
    return link.remote_id or f"{PENDING}{link.pk}"


def _customer(invoice: Invoice, tables: Tables, missing: list[Missing]) -> str:
    name = name_there(tables.customers.get(invoice.customer_id))
    if not name:
        message = f"{invoice.customer} is not linked with a customer there."
        missing.append(Missing("customer_missing", message, "customer", invoice.customer_id))
    return name


def _line(
    line: InvoiceLine,
    connection: Connection,
    tables: Tables,
    mode: TaxMode,
    missing: list[Missing],
) -> Line:
    return Line(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        net=line.net,
        tax=line.tax,
        item_id=_item(line, connection, tables, missing),
        tax_id=_tax(line, connection, tables, missing) if mode == TaxMode.CODES else "",
        taxable=line.tax_rate_id is not None and line.tax_percent > 0,
    )


def _item(line: InvoiceLine, connection: Connection, tables: Tables, missing: list[Missing]) -> str:
    """A line without an amount is text; one that was typed in goes to the fallback item."""
    if not line.net and not line.unit_price:
        return ""
    if line.item_id is None:
        if not connection.fallback_item_id:
            message = "A line was typed in, and nothing there is chosen for such lines."
            missing.append(Missing("fallback_missing", message, "item"))
        return connection.fallback_item_id
    name = name_there(tables.items.get(line.item_id))
    if not name:
        message = f"{line.item} is not linked with any {connected.words(connection).item} there."
        missing.append(Missing("item_missing", message, "item", line.item_id))
    return name


def _tax(line: InvoiceLine, connection: Connection, tables: Tables, missing: list[Missing]) -> str:
    if line.tax_rate_id is None:
        if not connection.untaxed_id:
            tax = connected.words(connection).tax
            message = f"A line has no tax, and no {tax} there is chosen for such lines."
            missing.append(Missing("untaxed_missing", message, "tax"))
        return connection.untaxed_id
    name = name_there(tables.taxes.get(line.tax_rate_id))
    if not name:
        message = f"The tax {line.tax_name} is not linked with a tax there."
        missing.append(Missing("tax_missing", message, "tax", line.tax_rate_id))
    return name


def _once(missing: list[Missing]) -> list[Missing]:
    return list(dict.fromkeys(missing))


def _load_line(line: Mapping[str, Any]) -> Line:
    amounts = ("quantity", "unit_price", "discount_percent", "net", "tax")
    return Line(**{**line, **{name: Decimal(line[name]) for name in amounts}})


def _plain(values: Document | TimeDocument | Line) -> dict[str, Any]:
    """`asdict` would copy all of it first, which takes ten times as long."""
    return {name: _text(getattr(values, name)) for name in _FIELDS[type(values)]}


def _text(value: Any) -> Any:
    match value:
        case str() | int():
            return value
        case Decimal():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case _:
            return [_plain(part) for part in value]
