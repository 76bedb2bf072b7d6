"""Batches: start one, issue it, delete it. The rows written here are the job; batch_work.py does
it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts.models import Contract

from . import events
from .choosing import Choice
from .models import Batch, BatchPart
from .wording import counted

State = Batch.State


@transaction.atomic
def start(
    choices: Sequence[Choice],
    *,
    uid: uuid.UUID,
    name: str,
    through: dt.date,
    invoice_date: dt.date,
    by: User | None,
    now: dt.datetime,
    level: str = "",
) -> Batch:
    """Write down what to bill and return at once; the drafts follow in the background.

    `uid` is made by whoever asks: the same one again returns the same batch.
    """
    if known := Batch.objects.filter(uid=uid).first():
        return known
    if not choices:
        raise Refused("nothing_chosen", "Choose at least one contract to bill.", field="contracts")
    _refuse_unknown(choices)
    batch = Batch(
        uid=uid,
        name=_named(name),
        level=level,
        through=through,
        invoice_date=invoice_date,
        total_steps=len(choices),
        run_at=now,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            batch.save()
    except IntegrityError:  # the same one was asked for at the same moment
        return Batch.objects.get(uid=uid)
    BatchPart.objects.bulk_create(_parts(batch, choices), batch_size=500)
    _log_start(batch, choices)
    return batch


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Refused(
            "name_missing", "Give the batch a name of at most 80 characters.", field="name"
        )
    return name


def _parts(batch: Batch, choices: Sequence[Choice]) -> list[BatchPart]:
    return [
        BatchPart(
            batch=batch,
            contract_id=choice.contract_id,
            periods=[day.isoformat() for day in choice.periods],
            left_out=list(choice.left_out),
            early_reason=choice.early_reason.strip()[:200],
        )
        for choice in choices
    ]


def _log_start(batch: Batch, choices: Sequence[Choice]) -> None:
    """Write down who started it, and each open period that is billed early, with its reason."""
    by, now = batch.created_by, batch.created_at
    text = f"Batch with {counted(len(choices), 'contract')} started."
    events.log(batch, "started", text, by=by, at=now)
    for choice in choices:
        if reason := choice.early_reason.strip():
            text = f"Open period of contract {choice.contract_id} billed early: {reason}"
            events.log(
                batch, "billed_early", text, by=by, at=now,
                contract=choice.contract_id, reason=choice.early_reason,
            )  # fmt: skip


@transaction.atomic
def issue_all(batch: Batch, *, by: User | None, now: dt.datetime) -> Batch:
    """Issue every draft of a batch, in the background."""
    batch = _free(batch)
    drafts = batch.invoices.drafts().count()
    if not drafts:
        raise Refused("nothing_to_issue", "This batch has no drafts to issue.")
    return _begin(
        batch, State.ISSUING, drafts, by=by, now=now, text=f"Issuing {counted(drafts, 'invoice')}."
    )


@transaction.atomic
def delete(batch: Batch, *, by: User | None, now: dt.datetime) -> Batch:
    """Delete a batch with its drafts, in the background; the work can be billed again.

    Refused when an invoice of it is issued, naming which. Voided ones stay, and then the batch with
    them.
    """
    batch = _free(batch)
    issued = list(
        batch.invoices.filter(issued_at__isnull=False, voided_at__isnull=True).order_by("id")[:4]
    )
    if issued:
        names = ", ".join(str(invoice) for invoice in issued[:3]) + (
            " and others" if len(issued) > 3 else ""
        )
        raise Refused(
            "batch_has_issued",
            f"{names} of this batch are issued. Void them first, then delete the batch.",
            invoices=[invoice.pk for invoice in issued],
        )  # fmt: skip
    drafts = batch.invoices.drafts().count()
    if not drafts and batch.invoices.exists():
        raise Refused(
            "only_voided",
            "All invoices of this batch are voided. They keep their numbers and stay, and so does"
            " the batch.",
        )
    return _begin(
        batch, State.DELETING, drafts, by=by, now=now, text=f"Deleting {counted(drafts, 'draft')}."
    )


def _begin(
    batch: Batch, state: str, steps: int, *, by: User | None, now: dt.datetime, text: str
) -> Batch:
    batch.state, batch.total_steps, batch.done_steps, batch.run_at, batch.attempts = (
        state,
        steps,
        0,
        now,
        0,
    )
    batch.save()
    events.log(batch, state, text, by=by, at=now)
    return batch


def _free(batch: Batch) -> Batch:
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.is_busy:
        raise Refused(
            "batch_busy",
            f"The batch is at work ({batch.get_state_display().lower()}). Wait until it is done.",
        )
    return batch


def _refuse_unknown(choices: Sequence[Choice]) -> None:
    ids = {choice.contract_id for choice in choices}
    if len(ids) != len(choices):
        raise Refused("contract_twice", "A contract is named twice.", field="contracts")
    unknown = ids - set(Contract.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if unknown:
        raise Refused(
            "unknown_contract", f"There is no contract {min(unknown)}.", field="contracts"
        )
