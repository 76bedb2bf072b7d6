"""The background work of batches.

A batch has a part per contract. Parts are worked off in chunks, each chunk one transaction that
holds the contracts' locks, and whatever was not committed is simply still to do. So a batch
survives any crash, may be worked on twice, and two batches can't bill the same work.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F

from atera_invoicing import bulk, leases
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, User
from contracts import locks

from . import choosing, events, lifecycle, writing
from .models import Batch, BatchPart, Invoice

logger = logging.getLogger(__name__)
CHUNK = 500
State = Batch.State
Part = BatchPart.State


def work(batch_id: int, *, now: dt.datetime, today: dt.date) -> bool:
    """Do what the batch's state asks for, until it is done. False if somebody else is at it, or
    nothing is to do.
    """
    batch = leases.claim(Batch.objects.all(), batch_id, owner=leases.me(), now=now)
    if batch is None:
        return False
    steps: dict[str, Callable[[Batch, leases.Clock, dt.date], bool]] = {
        State.WRITING: _write_some,
        State.ISSUING: _issue_some,
        State.DELETING: _delete_some,
    }
    step = steps.get(batch.state)
    clock = leases.Clock(now)
    while step and step(batch, clock, today):
        if not leases.keep(batch, now=clock.now()):
            return False
    leases.release(batch)
    return True


def _write_some(batch: Batch, clock: leases.Clock, today: dt.date) -> bool:
    """Write the next chunk of parts; False when none is left."""
    now = clock.now()
    parts = list(batch.parts.filter(state=Part.PENDING).order_by("id")[:CHUNK])
    if not parts:
        return _ready(batch)
    try:
        _write_parts(batch, parts, now, today)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out and the sweep comes back
    except Exception:  # one bad contract must not stop the rest
        logger.warning(
            "batch %s: a chunk failed, writing its contracts one by one", batch.pk, exc_info=True
        )
        for part in parts:
            _write_alone(batch, part, now, today)
    return True


def _write_alone(batch: Batch, part: BatchPart, now: dt.datetime, today: dt.date) -> None:
    try:
        _write_parts(batch, [part], now, today)
    except (Refused, IntegrityError) as error:
        taken = "Part of this work was billed meanwhile. Start a new batch for what is left."
        _settle([part], Part.FAILED, str(error) if isinstance(error, Refused) else taken)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("batch %s: contract %s failed", batch.pk, part.contract_id)
        _settle(
            [part],
            Part.FAILED,
            "An unexpected error stopped this contract. Its work is still unbilled; the log has"
            " details.",
        )


def _write_parts(batch: Batch, parts: list[BatchPart], now: dt.datetime, today: dt.date) -> None:
    """Bill these contracts in one transaction, or raise and leave all as it was."""
    with bulk.without_collector(), transaction.atomic():
        mine = Batch.objects.select_for_update().filter(pk=batch.pk, owner=batch.owner)
        if not mine.first():
            return
        locks.lock([part.contract_id for part in parts])
        waiting = batch.parts.filter(pk__in=[part.pk for part in parts], state=Part.PENDING)
        parts = list(waiting.order_by("id"))
        options = Installation.current()
        chosen = choosing.choose(
            [choosing.of_part(part) for part in parts],
            through=batch.through,
            today=today,
            options=options,
            level=batch.level,
            to_write=True,
        )
        bills = [(one.row.facts, bill) for one in chosen for bill in one.bills]
        writing.write(bills, batch=batch, options=options, by=batch.created_by, now=now)
        taken = _taken_meanwhile(
            batch, [one.row.facts.contract_id for one in chosen if not one.bills]
        )
        outcomes: dict[tuple[str, str], list[int]] = {}
        for part, one in zip(parts, chosen, strict=True):
            state = (Part.WRITTEN if one.bills else Part.EMPTY).value
            message = taken.get(part.contract_id, one.message)
            outcomes.setdefault((state, message), []).append(part.pk)
        for (state, message), ids in outcomes.items():
            BatchPart.objects.filter(pk__in=ids).update(state=state, message=message)
        mine.update(done_steps=F("done_steps") + len(parts))


def _taken_meanwhile(batch: Batch, contract_ids: list[int]) -> dict[int, str]:
    """For contracts with nothing left to bill: which invoices took the work since the batch was
    started.
    """
    found = Invoice.objects.filter(
        contract_id__in=contract_ids, created_at__gte=batch.created_at, voided_at__isnull=True
    ).exclude(batch=batch)
    names: dict[int, list[str]] = {}
    for invoice in found.select_related("batch").order_by("id"):
        where = f" of batch “{invoice.batch.name}”" if invoice.batch else ""
        names.setdefault(invoice.contract_id or 0, []).append(f"{invoice}{where}")
    return {id: f"Billed meanwhile on {', '.join(bills)}." for id, bills in names.items()}


def _settle(parts: list[BatchPart], state: str, message: str) -> None:
    with transaction.atomic():
        done = BatchPart.objects.filter(pk__in=[p.pk for p in parts], state=Part.PENDING).update(
            state=state, message=message
        )
        Batch.objects.filter(pk=parts[0].batch_id).update(done_steps=F("done_steps") + done)


def _ready(batch: Batch) -> bool:
    """Done, and given back in the same update: from here on somebody may ask for the next thing,
    and giving the row back later would take that for done.
    """
    mine = Batch.objects.filter(pk=batch.pk, owner=batch.owner)
    mine.update(state=State.READY, owner="", lease_until=None, run_at=None)
    return False


def _issue_some(batch: Batch, clock: leases.Clock, today: dt.date) -> bool:
    """Issue every draft that can be issued, chunk by chunk."""
    ids = list(batch.invoices.drafts().order_by("id").values_list("pk", flat=True))
    by = _asker(batch, State.ISSUING)
    for some in bulk.chunks(ids, CHUNK):
        _issue_chunk(batch, some, by, clock.now())
        if not leases.keep(batch, now=clock.now()):
            return False
    return _ready(batch)


def _issue_chunk(batch: Batch, ids: Sequence[int], by: User | None, now: dt.datetime) -> None:
    """Issue these together; if one is not ready, one by one, leaving out those that can't."""
    try:
        with transaction.atomic():
            lifecycle.issue_many(ids, by=by, now=now)
            _step(batch, len(ids))
        return
    except Refused:
        pass
    for id in ids:
        try:
            with transaction.atomic():
                lifecycle.issue_many([id], by=by, now=now)
                _step(batch, 1)
        except Refused as refusal:
            events.log(
                Invoice.objects.get(pk=id),
                "not_issued",
                f"Not issued: {refusal.message}",
                by=by,
                at=now,
            )


def _delete_some(batch: Batch, clock: leases.Clock, today: dt.date) -> bool:
    """Delete the newest drafts first, since blocks are undone in that order, then the batch
    itself.
    """
    by = _asker(batch, State.DELETING)
    while ids := list(
        batch.invoices.drafts()
        .order_by("-period_start", "-id")
        .values_list("pk", flat=True)[:CHUNK]
    ):
        with transaction.atomic():
            _step(batch, lifecycle.delete_drafts(ids, by=by, now=clock.now()))
        if not leases.keep(batch, now=clock.now()):
            return False
    if batch.invoices.exists():
        return _ready(batch)
    with transaction.atomic():
        Batch.objects.filter(pk=batch.pk, owner=batch.owner).delete()
    return False


def _step(batch: Batch, steps: int) -> None:
    Batch.objects.filter(pk=batch.pk).update(done_steps=F("done_steps") + steps)


def _asker(batch: Batch, code: str) -> User | None:
    event = batch.events.filter(code=code).select_related("by").order_by("-id").first()
    return event.by if event else None
