"""What is to be exported: queue it, take it back, try it again.

Each verb is one short transaction and calls nobody. A row in the outbox is a promise that
delivery.py keeps; the unique indexes of `Export` make a second one for the same thing impossible.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import exporting
from invoices.models import Invoice

from . import (
    amendments,
    claimed,
    connected,
    documents,
    money_there,
    planning,
    readiness,
    remotes,
    timepush,
)
from .models import Connection, Export, Finding, RemoteInvoice, Run
from .planning import Row
from .providers.port import Document, TimeDocument
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
) -> Run:
    """Queue these issued invoices. Those that are not ready, or are there already, are passed over:
    the plan says why. With the hash of a plan it is refused when that plan no longer holds: nothing
    is queued but what it showed.
    """
    connected.refuse_unless_active(connection)
    shown: frozenset[Row] | None = None
    if plan_hash:
        plan = planning.make(connection, ids)
        planning.refuse_unless(plan, plan_hash)
        shown = frozenset(plan.rows)
    priority = Priority.URGENT if len(ids) == 1 else Priority.NORMAL
    run = Run(connection=connection, plan_hash=plan_hash, total=0, created_at=now, created_by=by)
    for some in bulk.chunks(sorted(set(ids)), CHUNK):
        _queue_chunk(run, some, priority, shown)
    if not run.total:
        raise Refused(
            "nothing_to_export",
            "Nothing was queued: these invoices are there already, on their way, or not ready. The"
            " export plan says which and why.",
        )
    return run


@transaction.atomic
def _queue_chunk(run: Run, ids: Sequence[int], priority: int, shown: frozenset[Row] | None) -> None:
    """What of these can go; the run is stored with the first of them. Their rows are locked before
    their documents are written, so that what is frozen is the invoice as it stays.
    """
    connection = Connection.objects.get(pk=run.connection_id)
    connected.refuse_unless_active(connection)
    list(Invoice.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    ready = [one for one in _look(connection, ids, shown) if one.document]
    if not ready:
        return
    by, now = run.created_by, run.created_at
    exporting.begin(
        [one.invoice.pk for one in ready], where=connected.where(connection), by=by, now=now
    )
    run.total += len(ready)
    run.save()
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


def _look(
    connection: Connection, ids: Sequence[int], shown: frozenset[Row] | None
) -> Sequence[Ready]:
    """These as they stand now; refused when somebody was shown something else."""
    if shown is None:
        free = exportable(connection).filter(pk__in=ids)
        return readiness.check(connection, list(free.values_list("pk", flat=True)))
    plan = planning.make(connection, ids)
    if not shown.issuperset(plan.rows):
        raise planning.changed()
    return plan.ready


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


def waiting(connection: Connection) -> QuerySet[Invoice]:
    """Those of them that are of the day from which invoices are exported, or later."""
    rows, start = exportable(connection), connection.go_live
    return rows.filter(invoice_date__gte=start) if start else rows


@transaction.atomic
def queue_anew(
    connection: Connection,
    remote: RemoteInvoice,
    *,
    by: User | None,
    now: dt.datetime,
    plan_hash: str = "",
) -> Export:
    """Send an invoice again that was deleted there, as a new document of the next generation;
    refused where its number stays taken.
    """
    connected.refuse_unless_active(connection)
    rows = RemoteInvoice.objects.select_for_update(of=("self",))
    remote = rows.select_related("invoice", "connection", "remainder").get(pk=remote.pk)
    invoice = Invoice.objects.select_for_update().get(pk=remote.invoice_id)
    if remote.status != RemoteInvoice.Status.DELETED:
        raise Refused("still_there", f"{remote.number} is still there and is not sent again.")
    if why := remotes.why_not_anew(remote):
        raise Refused("number_stays_taken", why)
    plan = planning.resend(connection, remote)
    planning.refuse_unless(plan, plan_hash)
    for ready in plan.ready:
        ready.certain()
    money_there.clear(remote, now=now)
    Export.objects.filter(
        invoice=invoice, operation=Export.Operation.CREATE, state=State.SENT,
        remote_id=remote.remote_id,
    ).update(state=State.REPLACED)  # fmt: skip
    remote.delete()
    export = queue(connection, [invoice.pk], by=by, now=now).exports.get()
    connection.findings.filter(
        invoice=invoice, kind=Finding.Kind.DELETED, answered_at__isnull=True
    ).update(answer=Finding.Answer.PUSHED, answered_at=now, answered_by=by)
    return export


@transaction.atomic
def retry(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Try again what was rejected, with the invoice as it can be written now. A document that comes
    out differently is a new generation. What is unclear is looked for again, and not sent.
    """
    export = held(export, State.REJECTED, State.WAITING)
    if not export.is_unclear:
        return send_again(export, by=by, now=now)
    export.state, export.run_at, export.attempts, export.unknown_since = State.UNKNOWN, now, 0, now
    export.save()
    return export


def send_again(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Queue once more what surely did not arrive. Call with the row held."""
    if export.state == State.REJECTED:
        _renew(export)
    export.state, export.run_at, export.attempts = State.QUEUED, now, 0
    export.queued_at, export.queued_by = now, by
    export.priority, export.code, export.message, export.field = Priority.URGENT, "", "", ""
    export.call = None
    export.place = ""
    export.save()
    return export


@transaction.atomic
def cancel(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Take back what was not sent. What may have arrived can't be taken back: it is looked for."""
    export = held(export, State.QUEUED, State.WAITING, State.REJECTED)
    if export.is_unclear:
        raise Refused("may_be_there", "It may have arrived. Say first whether it is there.")
    export.state, export.settled_at, export.run_at = State.CANCELLED, now, None
    export.save()
    claimed.free([export.uid], now=now)
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
    claimed.free([uid for _, uid, _ in ids], now=now)
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
    return documents.outgoing(
        connection, dataclasses.replace(ready.certain(), marker=marker),
        operation=Export.Operation.CREATE, by=by, now=now,
        run=run, invoice=ready.invoice, priority=priority, generation=generation,
    )  # fmt: skip


def _generations(ids: Iterable[int]) -> Counter[int]:
    """Which document of each invoice the next one is: those that were deleted there, and one."""
    born = Counter(ids)
    born.update(
        Export.objects.filter(
            invoice__in=list(born), operation=Export.Operation.CREATE, state=State.REPLACED
        ).values_list("invoice", flat=True)
    )
    return born


def _renew(export: Export) -> None:
    """Write the document anew; a different one gets the next generation."""
    connection = export.connection
    document: Document | TimeDocument
    if export.takes_time_back:
        return  # what stands there is looked at before it goes
    if export.invoice is None:
        document = timepush.rewritten(export)
    elif export.operation == Export.Operation.CREATE:
        (ready,) = readiness.check(connection, [export.invoice.pk])
        document = dataclasses.replace(ready.certain(), marker=export.marker)
    else:
        remote = connection.invoices.get(invoice=export.invoice)
        if export.operation == Export.Operation.UPDATE:
            amendments.refuse_update(remote)
            amendments.refuse_undecided(remote)
        document = amendments.document(connection, remote, export.invoice, export.operation)
    data = documents.dump(document)
    if (digest := documents.digest(data)) != export.digest:
        export.document, export.digest = data, digest
        export.generation += 1


def held(export: Export, *states: str) -> Export:
    """The row, held until the transaction ends; refused when it is in another state by now."""
    export = Export.objects.select_for_update().get(pk=export.pk)
    if export.state not in states:
        raise Refused(
            "export_moved_on",
            f"This export is {export.get_state_display().lower()} by now. Look again.",
        )
    return export
