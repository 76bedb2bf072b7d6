"""What was sent over a connection that is cut before its answer came.

Nobody can look for it while the connection is cut, so nobody knows whether it is there. It is
closed as left over: its invoice is free here, and no connection to the same company sends it
blindly, for connecting that company again takes it up and looks for it first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from atera_invoicing.models import User
from invoices import exporting

from . import claimed, connected, suggestions
from .models import Connection, Export, RemoteInvoice
from .providers import registry

State = Export.State
PATIENCE = dt.timedelta(hours=1)  # who has not answered by then is not waited for


def of(connection: Connection, *, now: dt.datetime) -> QuerySet[Export]:
    """Exports that would be left over if the connection were cut now: those whose answer nobody
    waits for any more, and those that a person was to say something of.
    """
    unclear = Q(state=State.REJECTED, code=Export.UNCLEAR)
    out = Q(state__in=[State.SENDING, State.UNKNOWN])
    if _is_being_sent(connection, now):
        out &= Q(state=State.UNKNOWN)
    if not _stands_still(connection, now):
        out &= Q(unknown_since__lte=now - PATIENCE)
    return connection.exports.filter(unclear | out)


@transaction.atomic
def leave(connection: Connection, *, by: User | None, now: dt.datetime) -> int:
    """Close them. A change of what is there needs no looking for: it shows when it is read."""
    rows = of(connection, now=now).select_for_update()
    ids = list(rows.values_list("pk", "invoice_id"))
    where = connected.where(connection)
    closed = Export.objects.filter(pk__in=[pk for pk, _ in ids])
    closed.update(
        state=State.CANCELLED, settled_at=now, run_at=None, code="",
        message=f"The connection was cut before its answer came. It may be in {where}.",
    )  # fmt: skip
    closed.filter(operation=Export.Operation.CREATE).update(code=Export.LEFT)
    exporting.leave([invoice for _, invoice in ids if invoice], where=where, by=by, now=now)
    return len(ids)


@transaction.atomic
def take_up(connection: Connection, *, now: dt.datetime) -> int:
    """The same company is connected again: look for what earlier connections left over, once the
    provider must be done with it. Until then those invoices are locked.
    """
    earlier = suggestions.earlier_connections(connection)
    rows = Export.objects.filter(connection__in=earlier, code=Export.LEFT)
    rows = rows.select_for_update().order_by("id")
    ids = list(rows.values_list("pk", "invoice_id"))
    linked = RemoteInvoice.objects.filter(connection=connection).values_list("invoice", flat=True)
    known = set(linked.filter(invoice__in=[invoice for _, invoice in ids if invoice]))
    Export.objects.filter(pk__in=[pk for pk, i in ids if i in known]).update(code="")
    open_ = {pk: invoice for pk, invoice in ids if invoice not in known}
    settle = registry.get(connection.provider).limits.settle
    Export.objects.filter(pk__in=open_).update(
        connection=connection, state=State.UNKNOWN, run_at=now + settle, unknown_since=now,
        settled_at=None, attempts=0,
    )  # fmt: skip
    exporting.hold([invoice for invoice in open_.values() if invoice], now=now)
    return len(open_)


@transaction.atomic
def free(exports: Sequence[Export], *, now: dt.datetime) -> None:
    """They are proved not to be there: invoice and time are as if they had never gone out."""
    for export in exports:
        export.state, export.settled_at, export.run_at = State.CANCELLED, now, None
        export.code, export.message = "", "It was looked for, and it is not there."
        export.save()
        claimed.free([export.uid], now=now)
        invoices = [export.invoice_id] if export.invoice_id else []
        exporting.end(invoices, where=connected.where(export.connection), by=None, now=now)


def _is_being_sent(connection: Connection, now: dt.datetime) -> bool:
    until = connection.sender_until
    return bool(connection.sender and until and until > now)


def _stands_still(connection: Connection, now: dt.datetime) -> bool:
    """Whether nobody will look for anything in the next minutes."""
    held = connection.held_until is not None and connection.held_until > now
    return connection.is_lost or held or connection.paused_at is not None
