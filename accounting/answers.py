"""Writes down what became of a call: each of its documents leaves here in exactly one state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet

from atera_invoicing import bulk
from invoices import exporting

from . import claimed, connected, documents, remotes
from .models import Attempt, Call, Connection, Export
from .providers import registry
from .providers.port import (
    Outcome,
    ProviderError,
    Reason,
    Receipt,
    Rejected,
    Unavailable,
    Unknown,
)

State = Export.State
MOST_PUZZLES = 3
PAUSES = (5, 15, 60, 300, 900)  # seconds until the next try, by how many there were
CLEARED = {"run_at": None, "unknown_since": None, "code": "", "message": "", "field": ""}


@transaction.atomic
def write(call: Call, outcomes: Sequence[Outcome], *, seconds: float, now: dt.datetime) -> None:
    """An answer that says what became of each document."""
    by_place = dict(zip(call.places, outcomes, strict=True))
    arrived = {place: each.receipt for place, each in by_place.items() if each.receipt}
    failed = {place: each.error for place, each in by_place.items() if each.error}
    _lock(call)
    _note(call, outcomes, seconds, now)
    _sent(call.connection, _open(call, arrived), arrived, now)
    exports = _loaded(call, _open(call, failed)) if failed else []
    errors = [failed[export.place] for export in exports]
    for export, error in zip(exports, errors, strict=True):
        _failed(export, error, now)
    unknown = any(isinstance(error, Unknown) for error in errors)
    call.state = Call.State.UNKNOWN if unknown else Call.State.ANSWERED
    call.answered_at = now
    call.save(update_fields=["state", "answered_at"])


@transaction.atomic
def write_shared(call: Call, error: ProviderError, *, seconds: float, now: dt.datetime) -> None:
    """One fate for the whole call."""
    _lock(call)
    exports = _loaded(call, _open(call, call.places))
    _note(call, [Outcome(error=error)], seconds, now)
    if isinstance(error, Unknown):
        call.state = Call.State.UNKNOWN
        for export in exports:
            _lost(export, error, now)
    else:
        call.state = Call.State.DROPPED
        for export in exports:
            if isinstance(error, Rejected) and len(exports) > 1:
                export.alone = True  # one of them spoils the call: find out which
                _back(export, error, now, pause=0)
            else:
                not_sent(export, error, now=now)
    call.save(update_fields=["state"])


def not_sent(export: Export, error: ProviderError, *, now: dt.datetime) -> None:
    """It did not go out: it waits, or needs a person."""
    if isinstance(error, Unknown):  # what it needs may have been created: the next try finds out
        _back(export, error, now)
    else:
        _failed(export, error, now)


@transaction.atomic
def unsent(call: Call) -> None:
    """It was written down and never left: its documents are where they were."""
    _lock(call)
    rows = call.exports.filter(state=State.SENDING)
    rows.update(state=State.QUEUED, call=None, place="")
    call.state = Call.State.DROPPED
    call.save(update_fields=["state"])


@transaction.atomic
def adopt(export: Export, receipt: Receipt, *, now: dt.datetime) -> None:
    """It was found there with our marker: it is sent."""
    row = Export.objects.filter(pk=export.pk)
    _sent(export.connection, row, {export.place: receipt}, now)


@transaction.atomic
def absent(export: Export, *, now: dt.datetime) -> None:
    """It is proved not to be there: it goes again, in a call of its own."""
    export.unknown_since = None
    _back(export, Unavailable("It did not arrive and is sent again."), now, pause=0)


@transaction.atomic
def refuse(export: Export, *, code: str = "", message: str = "") -> None:
    """It did not take effect and a person must act: for what it was refused for, or for this."""
    export.state, export.run_at, export.unknown_since = State.REJECTED, None, None
    export.code, export.message = code or export.code, message or export.message
    export.save()


@transaction.atomic
def puzzled(
    export: Export, why: str, *, found_id: str, pause: dt.timedelta, now: dt.datetime
) -> None:
    """What was found of it makes no sense. It is looked at again, by itself; after three times a
    person must say whether it is there. `found_id`: what surely bears its marker.
    """
    export.attempts += 1
    export.alone = True
    export.remote_id = export.remote_id or found_id
    export.run_at = now + pause
    if export.attempts >= MOST_PUZZLES:
        where = connected.where(export.connection)
        refuse(export, code=Export.UNCLEAR, message=f"{why} Look in {where}, then say what is so.")
    else:
        export.save()


@transaction.atomic
def fulfilled(export: Export, *, now: dt.datetime) -> None:
    """What it was to do is so there, whoever did it."""
    export.state, export.settled_at = State.SENT, now
    for name, value in CLEARED.items():
        setattr(export, name, value)
    export.save()
    if export.takes_time_back and export.time_entry_id:
        claimed.taken_back([export.time_entry_id], now=now)
    if export.invoice_id and export.operation != Export.Operation.VOID:
        where = connected.where(export.connection)
        exporting.arrived([export.invoice_id], where=where, now=now)


@transaction.atomic
def give_up(export: Export, *, now: dt.datetime) -> None:
    """Somebody there was faster: what counts is decided by the finding that says so."""
    export.state, export.settled_at, export.run_at = State.CANCELLED, now, None
    export.save()
    if export.invoice_id:
        exporting.end(
            [export.invoice_id], where=connected.where(export.connection), by=None, now=now
        )


@transaction.atomic
def rebase(export: Export, version: str, *, now: dt.datetime) -> None:
    """It goes again as a change of this version of the document there."""
    export.document["remote_version"] = version
    export.digest = documents.digest(export.document)
    export.generation += 1
    _back(export, Unavailable("Something else was changed there meanwhile. It goes again."), now)


def _lock(call: Call) -> None:
    Call.objects.select_for_update().values_list("pk").get(pk=call.pk)


def _open(call: Call, places: Collection[str]) -> QuerySet[Export]:
    """The documents at these places whose fate is open."""
    return call.exports.filter(place__in=places, state__in=[State.SENDING, State.UNKNOWN])


def _loaded(call: Call, rows: QuerySet[Export]) -> list[Export]:
    """Without their documents, which are large and known by now."""
    exports = list(rows.select_for_update().defer("document").order_by("id"))
    for export in exports:
        export.connection = call.connection
    return exports


def _sent(
    connection: Connection,
    rows: QuerySet[Export],
    receipts: Mapping[str, Receipt],
    now: dt.datetime,
) -> None:
    """All of these at once, as a month has thousands. Receipts by place."""
    columns = rows.select_for_update().order_by("id")
    about = ("pk", "place", "invoice_id", "operation", "time_entry_id")
    found = list(columns.values_list(*about))
    if not found:
        return
    fields = ["state", "remote_id", "settled_at", *CLEARED]
    sent = State.SENT.value
    bulk.update(
        Export,
        fields,
        ((sent, receipts[place].id, now, *CLEARED.values(), pk) for pk, place, *_ in found),
    )
    written = [id for _, _, id, what, _ in found if id and what != Export.Operation.VOID]
    exporting.arrived(written, where=connected.where(connection), now=now)
    by_invoice = {id: receipts[place] for _, place, id, *_ in found if id}
    gone = [(id, time) for _, _, id, what, time in found if what == Export.Operation.VOID]
    voided = {id for id, _ in gone if id}
    if times := [time for _, time in gone if time]:
        claimed.taken_back(times, now=now)
    remotes.store(connection, by_invoice, now=now, voided=voided)


def _failed(export: Export, error: ProviderError, now: dt.datetime) -> None:
    if isinstance(error, Unknown):
        _lost(export, error, now)
    elif isinstance(error, Rejected):
        _rejected(export, error, now)
    elif isinstance(error, Unavailable):
        _back(export, error, now, pause=error.retry_after, count=error.retry_after is None)
    else:
        _back(export, error, now, pause=0, count=False)  # nobody's fault but the connection's


def _rejected(export: Export, error: Rejected, now: dt.datetime) -> None:
    """A person must act; but a number that is taken may have been taken by ourselves, and what
    somebody changed there may not matter. unknown.py finds out. Time that is taken back is looked
    at before each try.
    """
    if export.takes_time_back and error.reason in (Reason.GONE, Reason.STALE):
        _changed_meanwhile(export, error, now)
        return
    unsure = bool(export.call_id) and _needs_a_look(export, error.reason)
    export.state = State.UNKNOWN if unsure else State.REJECTED
    export.run_at, export.unknown_since = (now, now) if unsure else (None, None)
    export.code = error.reason if error.reason != Reason.OTHER else error.code or error.reason
    export.message, export.field = error.message, error.field
    export.save()


def _changed_meanwhile(export: Export, error: Rejected, now: dt.datetime) -> None:
    """Time that somebody deleted or edited there right before we deleted it."""
    if error.reason == Reason.GONE:
        fulfilled(export, now=now)
    else:
        _back(export, error, now)


def _needs_a_look(export: Export, reason: Reason) -> bool:
    if reason in (Reason.STALE, Reason.GONE):
        return bool(export.invoice_id) and export.operation != Export.Operation.CREATE
    return reason == Reason.NUMBER_TAKEN


def _lost(export: Export, error: ProviderError, now: dt.datetime) -> None:
    """Nobody knows whether it arrived. It is looked for once the provider must be done with it."""
    settle = registry.get(export.connection.provider).limits.settle
    export.state = State.UNKNOWN
    export.unknown_since = export.unknown_since or now
    export.run_at, export.attempts = now + settle, 0
    export.code, export.message = "unknown", error.message
    export.save()


def _back(
    export: Export,
    error: ProviderError,
    now: dt.datetime,
    *,
    pause: float | None = None,
    count: bool = True,
) -> None:
    """Into the queue again, after a pause that grows with the tries."""
    if count:
        export.attempts += 1
    if pause is None:
        pause = PAUSES[min(export.attempts, len(PAUSES)) - 1]
    export.state = State.WAITING
    export.run_at = now + dt.timedelta(seconds=pause)
    export.call, export.place = None, ""
    export.code, export.message = error.code or "waiting", error.message
    export.save()


def _note(call: Call, outcomes: Sequence[Outcome], seconds: float, now: dt.datetime) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    shared = errors[0] if errors and len(outcomes) == 1 else None
    Attempt.objects.create(
        call=call,
        at=now,
        seconds=seconds,
        outcome=type(shared).__name__.lower() if shared else "answered",
        code=(shared.code if shared else "")[:40],
        text=(shared.message if shared else f"{len(errors)} of {len(outcomes)} refused")[:400],
        reference=next(filter(None, map(_reference, outcomes)), "")[:80],
    )


def _reference(outcome: Outcome) -> str:
    return outcome.reference or (outcome.error.reference if outcome.error else "")
