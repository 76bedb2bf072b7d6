"""Sends what is in the outbox, so that each document arrives exactly once.

One sender per connection holds its lease. It writes down what it is about to send before it sends
it (`Call`: frozen bytes, fixed key), calls with no transaction open, and writes down the answer.
Whoever comes after a dead sender finds the call without an answer and clears it up (unknown.py).
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from atera_invoicing import bulk, leases
from atera_invoicing.leases import Clock

from . import answers, budget, calling, creating, documents, taking_back, unknown
from .models import Call, Connection, Export
from .providers import registry
from .providers.port import Cost, Document, Limits, Operation, ProviderError, Rejected, TimeDocument
from .sending import Line

logger = logging.getLogger(__name__)
State = Export.State
LINGER = 6.0  # seconds that the sender waits for its turn: longer than from one sweep to the next
GLANCE = 0.5  # and how often it looks meanwhile whether a person waits
MAY = ["state", "lost_at", "held_until", "paused_at", "facts", "options"]
Ready = list[tuple[Export, Document | TimeDocument]]


@dataclass(slots=True)
class Sender:
    """Who sends over a connection now, and what time it is for them."""

    connection: Connection
    name: str
    clock: Clock

    @property
    def limits(self) -> Limits:
        return registry.get(self.connection.provider).limits

    def keep(self) -> bool:
        """Extend the lease; False when it was lost, and then nothing new may be sent. It locks the
        row until the transaction ends.
        """
        mine = Connection.objects.active().filter(pk=self.connection.pk, sender=self.name)
        return bool(mine.update(sender_until=_until(self.clock.now())))


def work(connection_id: int, *, now: dt.datetime) -> bool:
    """Send what is due over a connection, until nothing is or the provider's limits are reached.
    False if somebody else is at it.
    """
    sender = _take(connection_id, now)
    if sender is None:
        return False
    unknown.mark_orphans(sender.connection, now=now)
    with Line(sender.connection, sender.clock, may=lambda: _may_send(sender)) as line:
        while sender.keep() and _may_call(sender):
            with bulk.without_collector():
                went_on = _send_some(sender, line) or line.land()
            if not (went_on or unknown.settle_one(sender.connection, clock=sender.clock)):
                break
        line.land()
    Connection.objects.filter(pk=connection_id, sender=sender.name).update(
        sender="", sender_until=None
    )
    return True


def due(connection: Connection, *, now: dt.datetime) -> QuerySet[Export]:
    """What may be sent now, what a person waits for first."""
    return connection.exports.filter(
        state__in=[State.QUEUED, State.WAITING], run_at__lte=now
    ).order_by("priority", "id")


def _take(connection_id: int, now: dt.datetime) -> Sender | None:
    name = leases.me()
    free = Q(sender="") | Q(sender_until__lt=now)
    taken = (
        Connection.objects.active()
        .filter(free, pk=connection_id)
        .update(sender=name, sender_until=_until(now))
    )
    return Sender(Connection.objects.get(pk=connection_id), name, Clock(now)) if taken else None


def _until(now: dt.datetime) -> dt.datetime:
    """Longer than any provider's longest call takes."""
    return now + dt.timedelta(seconds=3 * settings.LEASE_SECONDS)


def _may_call(sender: Sender) -> bool:
    """Whether the provider may be asked anything now."""
    sender.connection.refresh_from_db(fields=MAY)
    connection, now = sender.connection, sender.clock.now()
    held = connection.held_until is not None and connection.held_until > now
    return connection.is_active and not connection.is_lost and not held


def _may_send(sender: Sender) -> bool:
    """Whether what is written down may still leave: it may have waited for the call before it."""
    return sender.keep() and _may_call(sender) and sender.connection.paused_at is None


def _send_some(sender: Sender, line: Line) -> bool:
    """Send the next call's worth of documents; False when nothing can be sent now."""
    if sender.connection.paused_at:
        return False
    exports = _next(sender)
    urgent = bool(exports) and exports[0].priority == 0
    if not exports:
        return False
    if seconds := _wait(sender, urgent):
        if seconds > LINGER:
            return False  # the sweep rings again
        if not line.land():
            time.sleep(min(seconds, GLANCE))
        return True
    ready = _prepare(sender, exports)
    if ready and (call := _write_down(sender, ready)):
        line.send(call, urgent=urgent)
    return True


def _wait(sender: Sender, urgent: bool) -> float:
    """Seconds until the limits let the next call through; 0.0 for what a call itself waits."""
    now = sender.clock.now()
    seconds = budget.wait(sender.connection, Cost.CALL, urgent=urgent, now=now)
    return seconds if seconds > calling.PATIENCE else 0.0


def _next(sender: Sender) -> list[Export]:
    """Documents that share a call: what is due first decides its operation, type and priority."""
    rows = due(sender.connection, now=sender.clock.now())
    first = rows.defer("document").first()
    if first is None or first.alone:
        return [first] if first else []
    alike = rows.filter(
        operation=first.operation,
        priority=first.priority,
        invoice__isnull=first.invoice_id is None,
        alone=False,
    )
    return list(alike[: sender.limits.batch])


def _prepare(sender: Sender, exports: Sequence[Export]) -> Ready:
    """Create what is needed first; the documents whose records are all there."""
    loaded = [(export, documents.load(export.document)) for export in exports]
    if exports[0].takes_time_back:
        urgent, now = exports[0].priority == 0, sender.clock.now()
        return taking_back.ready(sender.connection, loaded, urgent=urgent, now=now)
    pending = [documents.pending(document) for _, document in loaded]
    needed = set().union(*pending)
    urgent = exports[0].priority == 0
    made, failed = creating.ensure(sender.connection, needed, urgent=urgent, now=sender.clock.now())
    ready: Ready = []
    for (export, document), names in zip(loaded, pending, strict=True):
        wrong = next((failed[pk] for pk in names if pk in failed), None)
        if wrong:
            answers.not_sent(export, wrong, now=sender.clock.now())
        else:
            ready.append((export, documents.resolve(document, made)))
    return ready


@transaction.atomic
def _write_down(sender: Sender, ready: Ready) -> Call | None:
    """Commit what is about to be sent; None when nothing is left of it, or the lease was lost."""
    if not sender.keep():
        return None
    rows = Export.objects.select_for_update().filter(
        pk__in=[export.pk for export, _ in ready], state__in=[State.QUEUED, State.WAITING]
    )
    still = set(rows.order_by("id").values_list("pk", flat=True))
    left = [(export, document) for export, document in ready if export.pk in still]
    if not left:
        return None
    return _freeze(sender, [export for export, _ in left], [document for _, document in left])


def _freeze(
    sender: Sender, exports: list[Export], given: Sequence[Document | TimeDocument]
) -> Call | None:
    """The call row of these documents. One that can't be written must not hold up the others."""
    connection, now = sender.connection, sender.clock.now()
    operation = Operation(exports[0].operation)
    try:
        frozen = registry.get(connection.provider).freeze(
            operation, given, key=str(uuid.uuid4()), facts=connection.known
        )
    except ProviderError as error:
        _refuse(exports, error, now)
        return None
    except Exception:
        logger.exception("export %s: can't be written", [export.pk for export in exports])
        fault = Rejected(
            "A fault in this software keeps this invoice from being written. The log has details.",
            code="broken",
        )
        _refuse(exports, fault, now)
        return None
    call = Call.objects.create(
        connection=connection, operation=operation, key=frozen.key, body=frozen.body,
        places=list(frozen.places), first_sent_at=now, sent_at=now,
    )  # fmt: skip
    _keep_resolved(exports, given)
    placed = zip(exports, frozen.places, strict=True)
    bulk.update(
        Export,
        ["call", "place", "state"],
        ((call.pk, place, State.SENDING.value, export.pk) for export, place in placed),
    )
    return call


def _keep_resolved(exports: Sequence[Export], given: Sequence[Document | TimeDocument]) -> None:
    """Keep with an export the ids that it was sent with: whoever looks for it there must ask for
    those, whatever is linked by then.
    """
    rows = []
    for export, document in zip(exports, given, strict=True):
        if documents.is_pending(export.document):
            data = documents.dump(document)
            rows.append((data, documents.digest(data), export.pk))
    if rows:
        bulk.update(Export, ["document", "digest"], rows)


def _refuse(exports: Sequence[Export], error: ProviderError, now: dt.datetime) -> None:
    """Find out which one it is by sending each alone; a single one needs a person."""
    if len(exports) > 1:
        Export.objects.filter(pk__in=[export.pk for export in exports]).update(alone=True)
    else:
        answers.not_sent(exports[0], error, now=now)
