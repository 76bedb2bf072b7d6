"""Status back: what became of our invoices at the provider, asked for and never just believed.

A notice or the clock says when to look; what is written comes from the answer to a question.
Answers may come twice and out of order: only one that was asked for after the last one counts.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from atera_invoicing import bulk, money
from atera_invoicing.errors import Refused
from atera_invoicing.leases import Clock
from invoices.models import Payment

from . import calling, comparing, connected, money_there, noticing, remotes, sweeping
from .models import Connection, Finding, RemoteInvoice
from .providers import registry
from .providers.port import Changes, ProviderError, Rejected, State, Status, Unavailable

logger = logging.getLogger(__name__)
UNREADABLE = (
    "What the accounting system says about this invoice could not be read. The log has details. It"
    " is looked at again every night; if this stays, whoever runs this software should be told."
)
MISSING = (
    "{where} no longer knows this invoice, although it was there. What is known of it, payments"
    " too, stays here as it was. Look first whether the right {company} is connected. If data was"
    " lost there, whoever keeps the books there can bring it back; else void the invoice here, and"
    " its work can be billed again. It is looked at again every night."
)
EVERY = dt.timedelta(minutes=15)
MOST_ROUNDS = 20


def poll(connection_id: int, *, now: dt.datetime) -> bool:
    """Ask what changed since the last time, and begin with a look at everything where nobody can
    tell. False when it is not time yet or somebody else asks.
    """
    due = Connection.objects.active().filter(lost_at__isnull=True, poll_at__lte=now)
    if not due.filter(pk=connection_id).update(poll_at=now + EVERY, looked_at=now):
        return False
    connection = Connection.objects.get(pk=connection_id)
    clock = Clock(now)
    with _named_refusal(connection):
        _follow(connection, clock)
    rows = Connection.objects.filter(pk=connection_id)
    rows.update(polled_at=clock.now(), look_refused="")
    sweep_on(connection, now=clock.now())
    return True


def sweep(connection: Connection, *, now: dt.datetime) -> int:
    """Look at every invoice that is there, as if nobody had ever told us anything. As far as the
    budget goes; the rest is looked at later. The number of invoices that were looked at.
    """
    sweeping.begin(connection, now=now)
    return sweep_on(connection, now=now)


def sweep_on(connection: Connection, *, now: dt.datetime) -> int:
    """Go on with a sweep that is due, if there is one, until its end or that of the budget."""
    clock = Clock(now)
    looked = 0
    if not sweeping.claim(connection, now=now):
        return looked
    while some := sweeping.ahead(connection):
        if until := sweeping.rest(connection, now=clock.now()):
            sweeping.park(connection, until=until)
            return looked
        if not _sweep_over(connection, [remote_id for _, remote_id in some], clock):
            return looked
        looked += len(some)
        if not sweeping.reach(connection, some[-1][0], now=clock.now()):
            return looked
    sweeping.finish(connection, now=clock.now())
    return looked


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
    invoice = remote.invoice
    if status.state == State.MISSING:
        told = [] if invoice.voided_at else [missing(connection)]
        noticing.report_problem(remote, Finding.Kind.MISSING, told, now=asked_at)
        return True
    noticing.gone(remote, Finding.Kind.MISSING, now=asked_at)
    _store(remote, status, asked_at)
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


def missing(connection: Connection) -> str:
    """What is told of an invoice that nobody there knows any more."""
    company = connected.words(connection).company
    return MISSING.format(where=connected.where(connection), company=company)


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
    _keep_cursor(connection, changes)


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


def _follow(connection: Connection, clock: Clock) -> None:
    for _ in range(MOST_ROUNDS):
        asked_at = clock.now()
        changes = _changes(connection, asked_at)
        _look(connection, _settled_by(connection, changes), clock)
        _apply(connection, changes, asked_at)
        if changes.complete:
            return


@contextmanager
def _named_refusal(connection: Connection) -> Iterator[None]:
    """A look that is refused would be refused again, so the connection says it to people."""
    try:
        yield
    except Rejected as error:
        rows = Connection.objects.filter(pk=connection.pk)
        rows.update(look_refused=error.message[:400])
        raise


def _changes(connection: Connection, asked_at: dt.datetime) -> Changes:
    """What changed. The first time, and after too long, nobody tells what happened before: then a
    sweep begins, and the cursor to go on from is kept before it does.
    """
    known: dict[str, Any] = {"at": asked_at, "ours": partial(_ours, connection)}
    cursor = connection.cursor
    try:
        changes: Changes = calling.ask(connection, "changes", cursor, now=asked_at, **known)
    except Rejected as error:
        if error.code != "cursor_too_old":
            raise
        cursor = ""
        changes = calling.ask(connection, "changes", cursor, now=asked_at, **known)
    if not cursor:
        with transaction.atomic():
            _keep_cursor(connection, changes)
            sweeping.begin(connection, now=asked_at)
    return changes


def _ours(connection: Connection, ids: Collection[str]) -> set[str]:
    return set(connection.invoices.filter(remote_id__in=ids).values_list("remote_id", flat=True))


def _keep_cursor(connection: Connection, changes: Changes) -> None:
    Connection.objects.filter(pk=connection.pk).update(cursor=changes.cursor)
    connection.cursor = changes.cursor


def _sweep_over(connection: Connection, ids: list[str], clock: Clock) -> bool:
    """Look at these. False, and the sweep goes on later, when the provider can't be asked now."""
    try:
        with _named_refusal(connection):
            _look(connection, ids, clock)
    except ProviderError as error:
        seconds = max(getattr(error, "retry_after", None) or 0.0, sweeping.PAUSE)
        sweeping.park(connection, until=clock.now() + dt.timedelta(seconds=seconds))
        if not isinstance(error, Unavailable):
            raise
        return False
    return True


def _look(connection: Connection, ids: list[str], clock: Clock) -> None:
    """Ask how these invoices stand there, and write it down."""
    for chunk in bulk.chunks(ids, registry.get(connection.provider).limits.look_at_once):
        asked_at = clock.now()
        found = calling.ask(connection, "get", chunk, now=asked_at)
        for remote_id in chunk:
            with _alone(connection, remote_id, asked_at):
                apply(connection, found[remote_id], asked_at=asked_at)


def _store(remote: RemoteInvoice, status: Status, asked_at: dt.datetime) -> None:
    remote.status, remote.seen_at = status.state.value, asked_at
    if status.content is not None:
        for name, value in remotes.values_of(status).items():
            setattr(remote, name, value)
    remote.url = status.url or remote.url
    remote.save()
