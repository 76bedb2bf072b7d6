"""The ledger of blocks: hours or money in and out, append-only, so that any balance can be
explained.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import locks
from .models import BlockMovement, Contract
from .terms.base import Movement

COLUMNS = (
    "contract",
    "kind",
    "period_start",
    "quantity",
    "note",
    "invoice_uid",
    "reverses",
    "created_at",
    "created_by",
)


def balance(contract: Contract, *, before: dt.date | None = None) -> Decimal:
    """What a block holds: the sum of its movements, of all or of those dated before a day."""
    rows = contract.movements.filter(Q(period_start__lt=before) if before else Q())
    return rows.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0)


@transaction.atomic
def top_up(
    contract: Contract,
    quantity: Decimal,
    note: str,
    *,
    on: dt.date,
    by: User | None,
    now: dt.datetime,
) -> BlockMovement:
    """Add hours or money that were sold apart from the periods."""
    if quantity <= 0:
        raise Refused("quantity_invalid", "A top-up must be more than 0.", field="quantity")
    return _add(contract, BlockMovement.Kind.TOP_UP, quantity, note, on=on, by=by, now=now)


@transaction.atomic
def adjust(
    contract: Contract,
    quantity: Decimal,
    note: str,
    *,
    on: dt.date,
    by: User | None,
    now: dt.datetime,
) -> BlockMovement:
    """Correct a balance, with a reason; it can't fall below 0."""
    if not note.strip():
        raise Refused("reason_missing", "Say why the balance is corrected.", field="note")
    if not quantity:
        raise Refused("quantity_invalid", "Enter how much to add or take off.", field="quantity")
    locks.lock([contract.pk])
    if balance(contract) + quantity < 0:
        raise Refused(
            "below_zero",
            f"The block holds {balance(contract).normalize():f}; it can't fall below 0.",
            field="quantity",
        )
    return _add(contract, BlockMovement.Kind.ADJUSTMENT, quantity, note, on=on, by=by, now=now)


def write_many(
    rows: Sequence[tuple[int, dt.date, Movement, uuid.UUID]], *, by: User | None, now: dt.datetime
) -> None:
    """Add the movements that bills cause: (contract id, first day of the period, movement, invoice
    uid).
    """
    bulk.insert(
        BlockMovement,
        COLUMNS,
        [
            (id, m.kind, start, m.quantity, m.note[:200], uid, None, now, by.pk if by else None)
            for id, start, m, uid in rows
        ],
    )


def reverse(invoice_uid: uuid.UUID, *, by: User | None, now: dt.datetime) -> None:
    """Take back the movements that a bill caused."""
    reverse_many([invoice_uid], by=by, now=now)


def reverse_many(invoice_uids: Iterable[uuid.UUID], *, by: User | None, now: dt.datetime) -> None:
    """Take back the movements that bills caused, each once."""
    rows = BlockMovement.objects.filter(
        invoice_uid__in=list(invoice_uids), reverses__isnull=True, reversed_by__isnull=True
    )
    bulk.insert(
        BlockMovement,
        COLUMNS,
        [
            (m.contract_id, m.kind, m.period_start, -m.quantity, f"Undone: {m.note}"[:200],
            m.invoice_uid,
             m.pk, now, by.pk if by else None)
            for m in rows
        ],
    )  # fmt: skip


def _add(
    contract: Contract,
    kind: str,
    quantity: Decimal,
    note: str,
    *,
    on: dt.date,
    by: User | None,
    now: dt.datetime,
) -> BlockMovement:
    if not contract.is_block:
        raise Refused("not_a_block", "Only block contracts have a balance.")
    locks.lock([contract.pk])
    movement = BlockMovement(
        contract=contract, kind=kind, period_start=on, quantity=quantity, note=note.strip(),
        created_at=now, created_by=by
    )  # fmt: skip
    movement.full_clean(exclude=["invoice_uid", "reverses"])
    movement.save()
    return movement
