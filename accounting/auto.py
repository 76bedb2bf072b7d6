"""Export without being asked: what a connection is set to do when a batch is issued."""

from __future__ import annotations

import datetime as dt

from atera_invoicing.errors import Refused

from . import outbox
from .models import Connection

MOST = 5000


def queue_issued(connection: Connection, *, now: dt.datetime) -> int:
    """Queue invoices of batches that were issued since the connection was made. One that was queued
    and taken back stays where it is.
    """
    if connection.auto_export != Connection.AutoExport.ON_ISSUE or connection.paused_at:
        return 0
    waiting = outbox.exportable(connection).filter(
        batch__isnull=False, issued_at__gte=connection.committed_at
    )
    ids = list(waiting.exclude(exports__connection=connection).values_list("pk", flat=True)[:MOST])
    if not ids:
        return 0
    try:
        return outbox.queue(connection, ids, by=None, now=now).total
    except Refused:  # none of them is ready: their pages say why
        return 0
