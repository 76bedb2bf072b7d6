"""Status back: what became of our invoices at the provider, asked for and never just believed.

A notice or the clock says when to look; what is written comes from the answer to a question.
Answers may come twice and out of order: only one that was asked for after the last one counts.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from atera_invoicing import bulk
from atera_invoicing.leases import Clock

from . import calling, comparing, findings, money_there, remotes
from .models import Connection, Finding, RemoteInvoice
from .providers.port import Changes, Rejected, State, Status

EVERY = dt.timedelta(minutes=15)
CHUNK = 200
MOST_ROUNDS = 20


def poll(connection_id: int, *, now: dt.datetime) -> bool:
    """Ask what changed since the last time. False when it is not time yet or somebody else asks."""
    due = Connection.objects.active().filter(lost_at__isnull=True, poll_at__lte=now)
    if not due.filter(pk=connection_id).update(poll_at=now + EVERY):
        return False
    connection = Connection.objects.get(pk=connection_id)
    clock = Clock(now)
    for _ in range(MOST_ROUNDS):
        asked_at, cursor = clock.now(), connection.cursor
        try:
            changes = calling.ask(connection, "changes", cursor, at=asked_at, now=asked_at)
        except Rejected as error:
            if error.code != "cursor_too_old":
                raise
            return _begin_anew(connection, clock)
        _apply(connection, changes, asked_at)
        if changes.complete:
            break
    Connection.objects.filter(pk=connection_id).update(polled_at=clock.now())
    return True


def sweep(connection: Connection, *, now: dt.datetime) -> int:
    """Look at every invoice that is there, as if nobody had ever told us anything."""
    clock = Clock(now)
    looked = 0
    rows = RemoteInvoice.objects.filter(connection=connection).exclude(
        status__in=RemoteInvoice.GONE
    )
    ids = list(rows.order_by("id").values_list("remote_id", flat=True))
    for chunk in bulk.chunks(ids, CHUNK):
        asked_at = clock.now()
        found = calling.ask(connection, "get", chunk, now=asked_at)
        for remote_id in chunk:
            status = found.get(remote_id) or Status(remote_id, State.DELETED)
            apply(connection, status, asked_at=asked_at)
        looked += len(chunk)
    Connection.objects.filter(pk=connection.pk).update(swept_at=clock.now())
    return looked


@transaction.atomic
def apply(connection: Connection, status: Status, *, asked_at: dt.datetime) -> bool:
    """Write down how an invoice stands there. False when it is not ours, or the answer is old."""
    remote = (
        RemoteInvoice.objects.select_for_update(of=("self",))
        .select_related("invoice", "connection")
        .filter(connection=connection, remote_id=status.id)
        .first()
    )
    if remote is None or remote.seen_at > asked_at:
        return False
    _store(remote, status, asked_at)
    invoice = remote.invoice
    if status.state in (State.VOIDED, State.DELETED):
        kind = Finding.Kind(status.state.value)
        if not invoice.voided_at:
            findings.report(remote, kind, [], now=asked_at)
        money_there.take_back_all(remote, now=asked_at)
        return True
    findings.gone(remote, Finding.Kind.VOIDED, Finding.Kind.DELETED, now=asked_at)
    drift = comparing.differences(remote.baseline, remote.content)
    findings.report(remote, Finding.Kind.DRIFT, drift, now=asked_at)
    remotes.compare_totals(remote, invoice, now=asked_at)
    if not invoice.voided_at:
        money_there.settle(remote, status.settlements, now=asked_at)
    return True


def _apply(connection: Connection, changes: Changes, asked_at: dt.datetime) -> None:
    for status in changes.statuses:
        apply(connection, status, asked_at=asked_at)
    money_there.payments_gone(connection, changes.payments_gone, now=asked_at)
    Connection.objects.filter(pk=connection.pk).update(cursor=changes.cursor)
    connection.cursor = changes.cursor


def _begin_anew(connection: Connection, clock: Clock) -> bool:
    """We were away for too long to be told what changed: look at everything, then begin now."""
    now = clock.now()
    changes = calling.ask(connection, "changes", "", at=now, now=now)
    sweep(connection, now=now)
    Connection.objects.filter(pk=connection.pk).update(cursor=changes.cursor, polled_at=clock.now())
    return True


def _store(remote: RemoteInvoice, status: Status, asked_at: dt.datetime) -> None:
    remote.status, remote.seen_at = status.state.value, asked_at
    if status.content is not None:
        for name, value in remotes.values_of(status).items():
            setattr(remote, name, value)
    remote.url = status.url or remote.url
    remote.save()
