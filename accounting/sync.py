"""Status back: what became of our invoices at the provider, asked for and never just believed.

A notice or the clock says when to look; what is written comes from the answer to a question.
Answers may come twice and out of order: only one that was asked for after the last one counts.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from atera_invoicing import bulk, money
from atera_invoicing.errors import Refused
from atera_invoicing.leases import Clock
from invoices.models import Payment

from . import calling, comparing, money_there, noticing, remotes
from .models import Connection, Finding, RemoteInvoice
from .providers.port import Changes, Rejected, State, Status

logger = logging.getLogger(__name__)
UNREADABLE = (
    "What the accounting system says about this invoice could not be read. The log has details. It"
    " is looked at again every night; if this stays, whoever runs this software should be told."
)
EVERY = dt.timedelta(minutes=15)
CHUNK = 200
MOST_ROUNDS = 20


def poll(connection_id: int, *, now: dt.datetime) -> bool:
    """Ask what changed since the last time; the first time, look at everything. False when it is
    not time yet or somebody else asks.
    """
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
        if not cursor:  # what happened before, nobody will tell us
            sweep(connection, now=clock.now())
        _look(connection, _settled_by(connection, changes), clock)
        _apply(connection, changes, asked_at)
        if changes.complete:
            break
    Connection.objects.filter(pk=connection_id).update(polled_at=clock.now())
    return True


def sweep(connection: Connection, *, now: dt.datetime) -> int:
    """Look at every invoice that is there, as if nobody had ever told us anything; and once more at
    those that are gone, where that could not be followed.
    """
    clock = Clock(now)
    stuck = Finding.objects.filter(
        connection=connection, kind__in=Finding.STUCK, answered_at__isnull=True
    )
    rows = RemoteInvoice.objects.filter(connection=connection).filter(
        ~Q(status__in=RemoteInvoice.GONE) | Q(invoice__in=stuck.values("invoice"))
    )
    ids = list(rows.order_by("id").values_list("remote_id", flat=True))
    _look(connection, ids, clock)
    Connection.objects.filter(pk=connection.pk).update(swept_at=clock.now())
    return len(ids)


def _look(connection: Connection, ids: list[str], clock: Clock) -> None:
    """Ask how these invoices stand there, and write it down."""
    for chunk in bulk.chunks(ids, CHUNK):
        asked_at = clock.now()
        found = calling.ask(connection, "get", chunk, now=asked_at)
        for remote_id in chunk:
            status = found.get(remote_id) or Status(remote_id, State.DELETED)
            with _alone(connection, remote_id, asked_at):
                apply(connection, status, asked_at=asked_at)


def catch_up(connection: Connection, *, now: dt.datetime) -> int:
    """Bring payments in step that could not be before: their amount is owed by now, or a refund is
    gone. Asks nobody; the number of invoices that were followed.
    """
    taken_back = Payment.objects.live().filter(
        settlements__remote_invoice__connection=connection, invoice=OuterRef("invoice"),
        amount__lt=F("invoice__paid") - F("invoice__refunded") + money.CENT,
    )  # fmt: skip
    due = Finding.objects.filter(connection=connection, answered_at__isnull=True).filter(
        Q(kind=Finding.Kind.SETTLED, invoice__balance__gt=0)
        | Q(Exists(taken_back), kind=Finding.Kind.REFUSED)
    )
    rows = RemoteInvoice.objects.filter(connection=connection, invoice__in=due.values("invoice"))
    ids = list(rows.values_list("remote_id", flat=True))
    for remote_id in ids:
        with _alone(connection, remote_id, now), transaction.atomic():
            money_there.follow(_locked(connection, remote_id).get(), now=now)
    return len(ids)


@transaction.atomic
def apply(connection: Connection, status: Status, *, asked_at: dt.datetime) -> bool:
    """Write down how an invoice stands there. False when it is not ours, or the answer is old."""
    remote = _locked(connection, status.id).first()
    if remote is None or remote.seen_at > asked_at:
        return False
    if status.state == State.UNREADABLE:
        noticing.report_problem(remote, Finding.Kind.UNREAD, [UNREADABLE], now=asked_at)
        return True
    noticing.gone(remote, Finding.Kind.UNREAD, now=asked_at)
    _store(remote, status, asked_at)
    invoice = remote.invoice
    if status.is_gone:
        kind = Finding.Kind(status.state.value)
        if not invoice.voided_at:
            noticing.report(remote, kind, [], now=asked_at)
        noticing.gone(remote, Finding.Kind.TOTAL, Finding.Kind.DRIFT, now=asked_at)
        money_there.settle(remote, [], now=asked_at)
        return True
    noticing.gone(remote, Finding.Kind.VOIDED, Finding.Kind.DELETED, now=asked_at)
    drift = comparing.differences(remote.baseline, remote.content)
    noticing.report(remote, Finding.Kind.DRIFT, drift, now=asked_at)
    remotes.compare_totals(remote, invoice, now=asked_at)
    if not invoice.voided_at:
        money_there.settle(remote, status.settlements, now=asked_at)
    return True


def _locked(connection: Connection, remote_id: str) -> QuerySet[RemoteInvoice]:
    rows = RemoteInvoice.objects.select_for_update(of=("self",))
    rows = rows.select_related("invoice", "connection", "remainder")
    return rows.filter(connection=connection, remote_id=remote_id)


def _apply(connection: Connection, changes: Changes, asked_at: dt.datetime) -> None:
    for status in changes.statuses:
        with _alone(connection, status.id, asked_at):
            apply(connection, status, asked_at=asked_at)
    paid = RemoteInvoice.objects.filter(
        connection=connection, settlements__remote_id__in=changes.payments_gone,
        settlements__gone_at=None,
    )  # fmt: skip
    for remote_id in list(paid.values_list("remote_id", flat=True).distinct()):
        with _alone(connection, remote_id, asked_at), transaction.atomic():
            remote = _locked(connection, remote_id).get()
            money_there.forget(remote, changes.payments_gone, now=asked_at)
            money_there.follow(remote, now=asked_at)
    Connection.objects.filter(pk=connection.pk).update(cursor=changes.cursor)
    connection.cursor = changes.cursor


def _settled_by(connection: Connection, changes: Changes) -> list[str]:
    """Invoices that a credit settled which changed, and of which the changes say nothing."""
    rows = RemoteInvoice.objects.filter(
        connection=connection, settlements__remote_id__in=changes.credits,
        settlements__gone_at=None,
    )  # fmt: skip
    rows = rows.exclude(remote_id__in=[status.id for status in changes.statuses])
    return list(rows.order_by("id").values_list("remote_id", flat=True).distinct())


@contextmanager
def _alone(connection: Connection, remote_id: str, now: dt.datetime) -> Iterator[None]:
    """What goes wrong with one invoice is named on it and stops no other."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise  # the database is at fault, and no invoice
    except Refused as refused:
        _name(connection, remote_id, Finding.Kind.REFUSED, refused.message, now)
    except Exception:
        logger.exception("invoice %s there: can't be followed", remote_id)
        _name(connection, remote_id, Finding.Kind.UNREAD, UNREADABLE, now)


@transaction.atomic
def _name(
    connection: Connection, remote_id: str, kind: str, sentence: str, now: dt.datetime
) -> None:
    if remote := _locked(connection, remote_id).first():
        noticing.report_problem(remote, kind, [sentence], now=now)


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
