"""The export plan: what an export would create, leave alone or refuse there, value by value.

Nothing is written to make one. Its hash goes with the order to export, which is refused when
anything that the plan showed has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from invoices.models import Invoice
from invoices.wording import day

from . import documents, readiness
from .models import Connection, Export, Link, RemoteInvoice
from .providers.port import Document, Kind
from .readiness import Ready


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Change:
    """One field there: what it is now ("" where there is nothing yet) and what it will be."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one thing. `why` says it for what is skipped or blocked."""

    action: Action
    kind: str  # customer, item, invoice
    name: str
    local_id: int
    changes: tuple[Change, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """What each field will be there."""
        return {
            change.field.replace("-", "").replace(" ", "_"): change.new for change in self.changes
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; `hash` is SHA-256 over all of it, in hex."""

    rows: tuple[Row, ...]
    hash: str

    def of(self, action: str) -> list[Row]:
        return [row for row in self.rows if row.action == action]


def make(connection: Connection, ids: Collection[int]) -> Plan:
    """The plan for these invoices, whatever state they are in."""
    invoices = list(Invoice.objects.filter(pk__in=ids).order_by("id"))
    there = {
        remote.invoice_id: remote
        for remote in RemoteInvoice.objects.filter(connection=connection, invoice__in=ids)
    }
    on_the_way = set(
        Export.objects.filter(invoice__in=ids, state__in=Export.OPEN).values_list(
            "invoice_id", flat=True
        )
    )
    free = [i for i in invoices if not _why_skipped(i, there.get(i.pk), i.pk in on_the_way)]
    ready = {one.invoice.pk: one for one in readiness.check(connection, [i.pk for i in free])}
    rows = _records(connection, list(ready.values()))
    for invoice in invoices:
        if invoice.pk in ready:
            rows.append(_invoice(connection, ready[invoice.pk]))
        else:
            why = _why_skipped(invoice, there.get(invoice.pk), invoice.pk in on_the_way)
            rows.append(Row(Action.SKIP, "invoice", str(invoice), invoice.pk, why=(why,)))
    return Plan(tuple(rows), _hash(rows))


def _why_skipped(invoice: Invoice, remote: RemoteInvoice | None, on_the_way: bool) -> str:
    if invoice.is_draft:
        return "It is a draft. Issue it first."
    if invoice.voided_at:
        return "It is voided."
    if remote:
        return f"It is there already, as {remote.number or remote.remote_id}."
    return "It is on its way already." if on_the_way else ""


def _records(connection: Connection, ready: Sequence[Ready]) -> list[Row]:
    """Customers and items that have to be created there first."""
    wanted = {pk for one in ready if one.document for pk in documents.pending(one.document)}
    links = Link.objects.filter(pk__in=wanted).select_related("customer", "item").order_by("id")
    return [_record(connection, link) for link in links]


def _record(connection: Connection, link: Link) -> Row:
    changes = [Change("name", "", str(link.local))]
    if link.item:
        changes.append(Change("price", "", f"{link.item.unit_price.normalize():f}"))
        changes.append(Change("income account", "", _account(connection)))
    return Row(
        Action.CREATE, link.kind, str(link.local), getattr(link.local, "pk", 0), tuple(changes)
    )


def _account(connection: Connection) -> str:
    """The account that new items sell to, by its name there."""
    id = connection.income_account_id
    rows = connection.records.filter(kind=Kind.ACCOUNT, remote_id=id)
    return rows.values_list("name", flat=True).first() or id


def _invoice(connection: Connection, ready: Ready) -> Row:
    invoice = ready.invoice
    if ready.document is None:
        why = tuple(missing.message for missing in ready.missing)
        return Row(Action.BLOCKED, "invoice", str(invoice), invoice.pk, why=why)
    return Row(
        Action.CREATE,
        "invoice",
        str(invoice),
        invoice.pk,
        tuple(_values(ready.document, ready)),
        ready.warnings,
    )


def _values(document: Document, ready: Ready) -> list[Change]:
    values = {
        "number": document.number or "given there",
        "customer": str(ready.invoice.customer),
        "date": day(document.date),
        "due date": day(document.due_date),
        "e-mail": f"{document.email or 'none'} ({ready.recipient.reason})",
        "lines": str(len(document.lines)),
        "net": str(document.subtotal),
        "tax": str(document.tax) if document.tax_mode == "codes" else "computed there",
        "total": f"{document.total} {document.currency}",
    }
    return [Change(name, "", value) for name, value in values.items()]


def _hash(rows: Sequence[Row]) -> str:
    text = json.dumps([asdict(row) for row in rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
