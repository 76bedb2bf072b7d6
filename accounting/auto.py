"""Export without being asked: what a connection is set to do when a batch is issued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet

from atera_invoicing.errors import Refused
from invoices.models import Invoice

from . import outbox
from .models import Connection, PassedOver

MOST = 5000
AGAIN = dt.timedelta(minutes=10)  # until what could not go is looked at again, whatever kept it


def queue_issued(connection: Connection, *, now: dt.datetime) -> int:
    """Queue invoices of batches that were issued since the connection was made. One that was queued
    and taken back stays where it is; one that is not ready is looked at again when a link or a list
    changed, and every ten minutes.
    """
    if connection.auto_export != Connection.AutoExport.ON_ISSUE or connection.paused_at:
        return 0
    seen = connection.passed_over.filter(looked_at__gt=_changed_at(connection, now))
    fresh = _waiting(connection).exclude(pk__in=seen.values("invoice"))
    ids = list(fresh.order_by("pk").values_list("pk", flat=True)[:MOST])
    if not ids:
        return 0
    queued = _queue(connection, ids, now)
    if queued is not None:
        _pass_over(connection, ids, now)
    return queued or 0


def _waiting(connection: Connection) -> QuerySet[Invoice]:
    issued = outbox.waiting(connection).filter(
        batch__isnull=False, issued_at__gte=connection.committed_at
    )
    return issued.exclude(exports__connection=connection)


def _changed_at(connection: Connection, now: dt.datetime) -> dt.datetime:
    """What was looked at before this may be ready by now."""
    linked = connection.links.aggregate(latest=Max("changed_at"))["latest"]
    return max(filter(None, (now - AGAIN, linked, connection.read_at)))


def _queue(connection: Connection, ids: Sequence[int], now: dt.datetime) -> int | None:
    """How many could go; None when somebody else was at them."""
    try:
        return outbox.queue(connection, ids, by=None, now=now).total
    except Refused as refused:  # when none of them is ready, their pages say why
        return 0 if refused.code == "nothing_to_export" else None


@transaction.atomic
def _pass_over(connection: Connection, ids: Sequence[int], now: dt.datetime) -> None:
    """Remember those that could not go."""
    connection.passed_over.filter(invoice__in=ids).delete()
    left = _waiting(connection).filter(pk__in=ids).values_list("pk", flat=True)
    PassedOver.objects.bulk_create(
        PassedOver(connection=connection, invoice_id=pk, looked_at=now) for pk in left
    )
