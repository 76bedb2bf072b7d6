"""The export plan: what an export would create, change, leave alone or refuse, value by value.

Nothing is written to make one. Its hash covers every value and a digest of each document; it goes
with the order to export, which is refused when anything that the plan showed has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from atera_invoicing.errors import Refused
from invoices.models import Invoice

from . import connected, documents, readiness, remotes, values
from .models import Connection, Export, Link, RemoteInvoice
from .providers.port import Kind, Operation
from .readiness import Ready
from .values import Change, Names


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one thing. `why` says it for what is skipped or blocked, `note` who gets an
    invoice and why, `digest` is of the whole document. `there` is the `RemoteInvoice` that can be
    sent anew.
    """

    action: Action
    kind: str  # customer, item, invoice
    name: str
    local_id: int
    changes: tuple[Change, ...] = ()
    why: tuple[str, ...] = ()
    note: str = ""
    digest: str = ""
    there: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; `hash` is SHA-256 over all of it, in hex. `ready` are the invoices that it
    looked at, with the documents that its rows show.
    """

    rows: tuple[Row, ...]
    hash: str
    ready: tuple[Ready, ...] = field(default=(), repr=False, compare=False)

    def of(self, action: str) -> list[Row]:
        return [row for row in self.rows if row.action == action]


def make(connection: Connection, ids: Collection[int]) -> Plan:
    """The plan for these invoices, whatever state they are in."""
    invoices = list(Invoice.objects.filter(pk__in=ids).order_by("id"))
    there = {
        remote.invoice_id: remote
        for remote in RemoteInvoice.objects.filter(
            connection=connection, invoice__in=ids
        ).select_related("connection", "invoice")
    }
    on_the_way = set(
        Export.objects.filter(invoice__in=ids, state__in=Export.OPEN).values_list(
            "invoice_id", flat=True
        )
    )
    skipped = {i.pk: _skipped(i, there.get(i.pk), i.pk in on_the_way) for i in invoices}
    ready = readiness.check(connection, [pk for pk, row in skipped.items() if row is None])
    rows = {row.local_id: row for row in _creations(connection, ready)}
    return _plan(
        [
            *_records(connection, ready),
            *(skipped[invoice.pk] or rows[invoice.pk] for invoice in invoices),
        ],
        ready,
    )


def resend(connection: Connection, remote: RemoteInvoice) -> Plan:
    """The plan for an invoice that was sent before: old and new value of what will be different
    there, or the whole of it where it was deleted.
    """
    ready = readiness.check(connection, [remote.invoice_id])
    if remote.status == RemoteInvoice.Status.DELETED:
        why = remotes.why_not_anew(remote)
        rows = [_blocked(one, why) for one in ready] if why else _creations(connection, ready)
    else:
        rows = [_update(connection, one, remote) for one in ready]
    return _plan([*_records(connection, ready), *rows], ready)


def refuse_unless(plan: Plan, hash: str) -> None:
    """Refuse an order that was given with the hash of another plan."""
    if hash and hash != plan.hash:
        raise changed()


def changed() -> Refused:
    """What was shown no longer holds."""
    return Refused(
        "plan_changed",
        "Something that the export plan showed has changed since. Look at the new plan.",
    )


def _skipped(invoice: Invoice, remote: RemoteInvoice | None, on_the_way: bool) -> Row | None:
    there = None
    if invoice.is_draft:
        why = "It is a draft. Issue it first."
    elif invoice.voided_at:
        why = "It is voided."
    elif on_the_way:
        why = "It is on its way already."
    elif remote is None:
        return None
    elif remote.status == RemoteInvoice.Status.DELETED:
        why = remotes.why_not_anew(remote)
        if not why:
            there, why = remote.pk, "Deleted there. It goes again only when somebody sends it anew."
    else:
        why = f"It is there already, as {remote.number or remote.remote_id}."
    return Row(Action.SKIP, "invoice", str(invoice), invoice.pk, why=(why,), there=there)


def _records(connection: Connection, ready: Sequence[Ready]) -> list[Row]:
    """Customers and items that have to be created there first."""
    wanted = {pk for one in ready if one.document for pk in documents.pending(one.document)}
    links = Link.objects.filter(pk__in=wanted).select_related("customer", "item").order_by("id")
    account = Change(connected.words(connection).account, "", _account(connection))
    return [_record(link, account) for link in links]


def _record(link: Link, account: Change) -> Row:
    changes = [Change("name", "", str(link.local))]
    if link.item:
        changes.append(Change("price", "", f"{link.item.unit_price.normalize():f}"))
        changes.append(account)
    return Row(
        Action.CREATE, link.kind, str(link.local), getattr(link.local, "pk", 0), tuple(changes)
    )


def _account(connection: Connection) -> str:
    """The account that new items sell to, by its name there."""
    id = connection.income_account_id
    rows = connection.records.filter(kind=Kind.ACCOUNT, remote_id=id)
    return rows.values_list("name", flat=True).first() or id


def _creations(connection: Connection, ready: Sequence[Ready]) -> list[Row]:
    written = [one.document for one in ready if one.document]
    contents = [values.preview(connection, each, Operation.CREATE) for each in written]
    dumps = [documents.dump(each) for each in written]
    names = Names(connection, [*contents, *dumps])
    told = {
        document.uid: (values.new(content, document, names), documents.digest(data))
        for document, content, data in zip(written, contents, dumps, strict=True)
    }
    return [
        _row(Action.CREATE, one, *told[one.document.uid]) if one.document else _blocked(one)
        for one in ready
    ]


def _update(connection: Connection, ready: Ready, remote: RemoteInvoice) -> Row:
    if ready.document is None:
        return _blocked(ready)
    document = documents.changing(ready.document, remote)
    content = values.preview(connection, document, Operation.UPDATE)
    changes = values.changed(remote.content, content, Names(connection, [remote.content, content]))
    return _row(Action.UPDATE, ready, changes, documents.digest(documents.dump(document)))


def _blocked(ready: Ready, *more: str) -> Row:
    invoice, why = ready.invoice, (*more, *(missing.message for missing in ready.missing))
    return Row(Action.BLOCKED, "invoice", str(invoice), invoice.pk, why=why)


def _row(action: Action, ready: Ready, changes: tuple[Change, ...], digest: str) -> Row:
    invoice, note = ready.invoice, ready.recipient.reason
    return Row(action, "invoice", str(invoice), invoice.pk, changes, ready.warnings, note, digest)


def _plan(rows: Sequence[Row], ready: Sequence[Ready]) -> Plan:
    return Plan(tuple(rows), _hash(rows), tuple(ready))


def _hash(rows: Sequence[Row]) -> str:
    """`asdict` would copy all of it first, and a plan can have half a million values."""
    text = json.dumps(
        [
            [
                row.action, row.kind, row.name, row.local_id, row.why, row.note, row.digest,
                row.there, [(each.field, each.old, each.new) for each in row.changes],
            ]
            for row in rows
        ]
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()
