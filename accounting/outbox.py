"""What is to be exported: queue it, take it back, try it again.

Each verb is one short transaction and calls nobody. A row in the outbox is a promise that
delivery.py keeps; the unique indexes of `Export` make a second one for the same thing impossible.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import exporting
from invoices.models import Claim, Invoice

from . import amendments, connected, documents, money_there, planning, readiness
from .models import Connection, Export, RemoteInvoice, Run
from .readiness import Ready

CHUNK = 500
State, Priority = Export.State, Export.Priority


def queue(
    connection: Connection,
    ids: Collection[int],
    *,
    by: User | None,
    now: dt.datetime,
    plan_hash: str = "",
    uid: uuid.UUID | None = None,
) -> Run:
    """Queue these issued invoices. Those that are not ready, or are there already, are passed over:
    the plan says why. With the hash of a plan it is refused when that plan no longer holds. The
    same `uid` again returns the same run.
    """
    if uid and (known := Run.objects.filter(uid=uid).first()):
        return known
    connected.refuse_unless_active(connection)
    if plan_hash and planning.make(connection, ids).hash != plan_hash:
        raise Refused(
            "plan_changed",
            "Something that the export plan showed has changed since. Look at the new plan.",
        )
    run = Run.objects.create(
        uid=uid or uuid.uuid4(),
        connection=connection,
        plan_hash=plan_hash,
        total=0,
        created_at=now,
        created_by=by,
    )
    priority = Priority.URGENT if len(ids) == 1 else Priority.NORMAL
    queued = 0
    for some in bulk.chunks(sorted(ids), CHUNK):
        queued += _queue_chunk(run, some, priority, by, now)
    Run.objects.filter(pk=run.pk).update(total=queued)
    run.total = queued
    if not queued:
        run.delete()
        raise Refused(
            "nothing_to_export",
            "Nothing was queued: these invoices are there already, on their way, or not ready. The"
            " export plan says which and why.",
        )
    return run


@transaction.atomic
def _queue_chunk(
    run: Run, ids: Sequence[int], priority: int, by: User | None, now: dt.datetime
) -> int:
    connection = Connection.objects.get(pk=run.connection_id)
    connected.refuse_unless_active(connection)
    free = exportable(connection).filter(pk__in=ids)
    ready = [
        one
        for one in readiness.check(connection, list(free.values_list("pk", flat=True)))
        if one.document
    ]
    if not ready:
        return 0
    exporting.begin(
        [one.invoice.pk for one in ready], where=connected.where(connection), by=by, now=now
    )
    born = _generations(one.invoice.pk for one in ready)
    rows = [
        _row(connection, one, born[one.invoice.pk], run=run, priority=priority, by=by, now=now)
        for one in ready
    ]
    try:
        bulk.insert_new(rows)
    except IntegrityError:
        raise Refused(
            "already_queued", "One of these invoices was queued a moment ago. Look again."
        ) from None
    return len(ready)


def exportable(connection: Connection) -> QuerySet[Invoice]:
    """Issued invoices that are neither there nor on their way."""
    created = connection.exports.filter(
        operation=Export.Operation.CREATE, state=State.SENT, invoice__isnull=False
    )
    return (
        Invoice.objects.filter(
            issued_at__isnull=False, voided_at__isnull=True, export_queued_at__isnull=True
        )
        .exclude(pk__in=created.values("invoice"))
        .exclude(remotes__connection=connection)
    )


@transaction.atomic
def queue_anew(
    connection: Connection, remote: RemoteInvoice, *, by: User | None, now: dt.datetime
) -> Export:
    """Send an invoice again that was deleted there, as a new document of the next generation."""
    connected.refuse_unless_active(connection)
    rows = RemoteInvoice.objects.select_for_update(of=("self",))
    remote = rows.select_related("invoice", "connection", "leftover").get(pk=remote.pk)
    if remote.status != RemoteInvoice.Status.DELETED:
        raise Refused("still_there", f"{remote.number} is still there and is not sent again.")
    money_there.clear(remote, now=now)
    Export.objects.filter(
        invoice=remote.invoice_id, operation=Export.Operation.CREATE, state=State.SENT,
        remote_id=remote.remote_id,
    ).update(state=State.REPLACED)  # fmt: skip
    remote.delete()
    return queue(connection, [remote.invoice_id], by=by, now=now).exports.get()


@transaction.atomic
def retry(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Try again what was rejected, with the invoice as it can be written now. A document that comes
    out differently is a new generation.
    """
    export = _locked(export, State.REJECTED, State.WAITING)
    if export.state == State.REJECTED:
        _renew(export)
    export.state, export.run_at, export.attempts = State.QUEUED, now, 0
    export.priority, export.code, export.message, export.field = Priority.URGENT, "", "", ""
    export.call = None
    export.place = ""
    export.save()
    return export


@transaction.atomic
def cancel(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Take back what was not sent. What may have arrived can't be taken back: it is looked for."""
    export = _locked(export, State.QUEUED, State.WAITING, State.REJECTED)
    export.state, export.settled_at, export.run_at = State.CANCELLED, now, None
    export.save()
    _free_time([export.uid])
    if export.invoice_id:
        exporting.end([export.invoice_id], where=connected.where(export.connection), by=by, now=now)
    return export


@transaction.atomic
def cancel_all(connection: Connection, *, by: User | None, now: dt.datetime) -> int:
    """Take back everything that was not sent, before a connection is cut. Refused while an answer
    is still out.
    """
    out = connection.exports.filter(state__in=[State.SENDING, State.UNKNOWN]).count()
    if out:
        raise Refused(
            "export_under_way",
            f"{out} invoices were sent and their answers are still being looked for. Wait a few"
            " minutes.",
            count=out,
        )
    rows = connection.exports.select_for_update().filter(
        state__in=[State.QUEUED, State.WAITING, State.REJECTED]
    )
    ids = list(rows.values_list("pk", "uid", "invoice_id"))
    Export.objects.filter(pk__in=[pk for pk, _, _ in ids]).update(
        state=State.CANCELLED, settled_at=now, run_at=None
    )
    _free_time([uid for _, uid, _ in ids])
    invoices = [invoice for _, _, invoice in ids if invoice]
    exporting.end(invoices, where=connected.where(connection), by=by, now=now)
    return len(ids)


def _row(
    connection: Connection,
    ready: Ready,
    generation: int,
    *,
    run: Run,
    priority: int,
    by: User | None,
    now: dt.datetime,
) -> Export:
    marker = documents.marker(ready.invoice, generation)
    data = documents.dump(dataclasses.replace(ready.certain(), marker=marker))
    return Export(
        connection=connection,
        run=run,
        invoice=ready.invoice,
        operation=Export.Operation.CREATE,
        priority=priority,
        document=data,
        digest=documents.digest(data),
        generation=generation,
        marker=marker,
        run_at=now,
        queued_at=now,
        queued_by=by,
    )


def _generations(ids: Iterable[int]) -> Counter[int]:
    """Which document of each invoice the next one is: those that were deleted there, and one."""
    born = Counter(ids)
    born.update(
        Export.objects.filter(
            invoice__in=list(born), operation=Export.Operation.CREATE, state=State.REPLACED
        ).values_list("invoice", flat=True)
    )
    return born


def _free_time(uids: Collection[uuid.UUID]) -> None:
    """Time that was to go without an invoice can be billed again."""
    Claim.objects.filter(pushed__in=uids).delete()


def _renew(export: Export) -> None:
    """Write the document anew; a different one gets the next generation."""
    if export.invoice is None:
        return
    connection = export.connection
    if export.operation == Export.Operation.CREATE:
        (ready,) = readiness.check(connection, [export.invoice.pk])
        document = dataclasses.replace(ready.certain(), marker=export.marker)
    else:
        remote = connection.invoices.get(invoice=export.invoice)
        if export.operation == Export.Operation.UPDATE:
            amendments.refuse_update(remote)
        document = amendments.document(connection, remote, export.invoice, export.operation)
    data = documents.dump(document)
    if (digest := documents.digest(data)) != export.digest:
        export.document, export.digest = data, digest
        export.generation = F("generation") + 1


def _locked(export: Export, *states: str) -> Export:
    export = Export.objects.select_for_update().get(pk=export.pk)
    if export.state not in states:
        raise Refused(
            "export_moved_on",
            f"This export is {export.get_state_display().lower()} by now. Look again.",
        )
    return export
