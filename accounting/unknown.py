"""Clears up what became of documents whose answer was lost.

Such a document leaves only by proof: it is found there with our marker and adopted, or it is not
there although the provider must be done with it, and then the same call goes out again. Both are
needed: a look alone may come too early for a slow commit or a lagging search, a key alone may be
forgotten. While a person holds the export back it is looked for, and not sent.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet

from atera_invoicing.leases import Clock

from . import answers, calling, comparing, conflicts, documents, leftover, sending
from .models import Call, Connection, Export
from .providers import registry
from .providers.port import ProviderError, Reason, Receipt, Unknown

logger = logging.getLogger(__name__)
State = Export.State
LOOK_AGAIN = dt.timedelta(seconds=30)
# Looked for, but not to be sent again by that: refused, perhaps not for good; left over.
LOOKS = (*conflicts.REASONS, Reason.NUMBER_TAKEN, Export.LEFT)
ODD = "What is found there can't be read; the log has details for whoever runs this program."
LOST = "The answer was lost. We look whether it arrived before it is sent again."


@transaction.atomic
def mark_orphans(connection: Connection, *, now: dt.datetime) -> int:
    """Calls that a dead sender left without an answer. Only the one sender may say this."""
    settle = registry.get(connection.provider).limits.settle
    calls = list(connection.calls.select_for_update().filter(state=Call.State.SENDING))
    for call in calls:
        call.state = Call.State.UNKNOWN
        call.save(update_fields=["state"])
        call.exports.filter(state=State.SENDING).update(
            state=State.UNKNOWN,
            unknown_since=now,
            run_at=max(call.sent_at + settle, now),
            attempts=0,
            code="unknown",
            message=LOST,
        )
    return len(calls)


def settle_one(connection: Connection, *, clock: Clock) -> bool:
    """Clear up one call whose time has come; False when there is none, or nobody answers. What
    makes no sense is looked at one by one, and never keeps others from being cleared up.
    """
    now = clock.now()
    rows = connection.exports.filter(state=State.UNKNOWN, run_at__lte=now).order_by("run_at", "id")
    first = rows.select_related("call", "invoice", "connection").first()
    if first is None or first.call is None:
        return False
    exports = [first] if first.alone else _together(rows, first)
    try:
        _clear_up(connection, first, exports, clock)
    except ProviderError as error:
        _later(exports, error, clock.now())
        return False
    except (InterfaceError, OperationalError):  # our own database is gone
        raise
    except Exception:
        logger.exception("exports %s can't be cleared up", [export.pk for export in exports])
        _set_apart(exports, clock.now())
    return True


def _together(rows: QuerySet[Export], first: Export) -> list[Export]:
    """What is looked for in one go: of the same call, for the same reason."""
    same = Q(code=first.code) if first.code in LOOKS else ~Q(code__in=LOOKS)
    alike = rows.filter(same, call=first.call, alone=False)
    return list(alike.select_related("invoice", "connection").order_by("id"))


def _set_apart(exports: Sequence[Export], now: dt.datetime) -> None:
    """One of these spoils the look at all: each is looked at by itself; a single one puzzles us."""
    if len(exports) > 1:
        Export.objects.filter(pk__in=[export.pk for export in exports]).update(alone=True)
        return
    rows = Export.objects.filter(pk=exports[0].pk, state=State.UNKNOWN)
    for export in rows.select_related("connection"):
        answers.puzzled(export, ODD, found_id="", pause=LOOK_AGAIN, now=now)


def _clear_up(
    connection: Connection, first: Export, exports: Sequence[Export], clock: Clock
) -> None:
    if first.code in conflicts.REASONS:
        conflicts.settle(connection, exports, now=clock.now())
        return
    wanted = [documents.load(export.document) for export in exports]
    found = calling.ask(connection, "find", wanted, now=clock.now())
    absent = _adopt(exports, found, clock.now())
    if first.code == Reason.NUMBER_TAKEN:
        _refuse_taken(connection, absent, clock)
    elif first.code == Export.LEFT:
        leftover.free(absent, now=clock.now())
    elif first.call:
        _send_again(connection, first.call, absent, clock)


def _adopt(
    exports: Sequence[Export], found: Sequence[Receipt | Unknown | None], now: dt.datetime
) -> list[Export]:
    """Take over what is there; return what is not."""
    absent = []
    for export, receipt in zip(exports, found, strict=True):
        if isinstance(receipt, Unknown):
            why, id = receipt.message, receipt.found_id
            answers.puzzled(export, why, found_id=id, pause=LOOK_AGAIN, now=now)
        elif receipt is None and export.takes_time_back:
            answers.fulfilled(export, now=now)
        elif receipt and _took_effect(export, receipt):
            answers.adopt(export, receipt, now=now)
        else:
            absent.append(export)
    return absent


def _refuse_taken(connection: Connection, exports: Sequence[Export], clock: Clock) -> None:
    """Somebody else's document has the number. As long as that one can't be seen either, it may be
    our own, which a lagging search does not show yet.
    """
    settle = registry.get(connection.provider).limits.settle
    numbers = [export.document["number"] for export in exports if export.document["number"]]
    others = calling.ask(connection, "numbered", numbers, now=clock.now())
    seen = {status.number.casefold() for status in others}
    for export in exports:
        waited = clock.now() - (export.unknown_since or clock.now())
        if export.document["number"].casefold() in seen or waited >= settle:
            answers.refuse(export)
        else:
            _wait([export], LOOK_AGAIN, clock.now())


def _took_effect(export: Export, receipt: Receipt) -> bool:
    """Whether the document that bears our marker shows what this export was to do."""
    if export.operation == Export.Operation.CREATE:
        return True
    if export.operation == Export.Operation.VOID:
        return receipt.total == 0 and not export.takes_time_back
    other = receipt.version != export.document["remote_version"]
    return other and comparing.shows(export.document, receipt.content)


def _send_again(connection: Connection, call: Call, absent: Sequence[Export], clock: Clock) -> None:
    """What is proved absent goes again: in the same call where all of it is, else in a new one."""
    if not absent:
        if not call.exports.filter(state=State.UNKNOWN).exists():
            call.state, call.answered_at = Call.State.ANSWERED, clock.now()
            call.save(update_fields=["state", "answered_at"])
    elif len(absent) < len(call.places):
        Call.objects.filter(pk=call.pk).update(state=Call.State.DROPPED)
        for export in absent:
            answers.absent(export, now=clock.now())
    elif Connection.objects.filter(pk=connection.pk, paused_at__isnull=False).exists():
        _wait(absent, LOOK_AGAIN, clock.now())  # sent once somebody lets it go on
    else:
        with transaction.atomic():
            call.state, call.sent_at = Call.State.SENDING, clock.now()
            call.save(update_fields=["state", "sent_at"])
            call.exports.filter(state=State.UNKNOWN).update(
                state=State.SENDING, attempts=F("attempts") + 1
            )
        urgent = any(export.priority == 0 for export in absent)
        sending.make(connection, call, urgent=urgent, clock=clock)


def _later(exports: Sequence[Export], error: ProviderError, now: dt.datetime) -> None:
    pause = None if isinstance(error, Unknown) else getattr(error, "retry_after", None)
    _wait(exports, dt.timedelta(seconds=pause) if pause else LOOK_AGAIN, now)


def _wait(exports: Sequence[Export], pause: dt.timedelta, now: dt.datetime) -> None:
    Export.objects.filter(pk__in=[export.pk for export in exports]).update(run_at=now + pause)
