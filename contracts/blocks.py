"""The ledger of blocks: hours or money in and out, append-only, so that any balance can be
explained.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

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


class LedgerRow(NamedTuple):
    """A movement, the block's balance after it, and what it was in words."""

    movement: BlockMovement
    balance: Decimal
    text: str


def balance(contract: Contract, *, before: dt.date | None = None) -> Decimal:
    """What a block holds: the sum of its movements, of all or of those dated before a day."""
    rows = contract.movements.filter(Q(period_start__lt=before) if before else Q())
    return sum(rows.values_list("quantity", flat=True), Decimal(0))


def ledger(contract: Contract) -> list[LedgerRow]:
    """Every movement in the order of its day, with the balance after it and words."""
    numbers = dict(contract.invoices.values_list("uid", "number"))
    rows, held = [], Decimal(0)
    for movement in contract.movements.select_related("created_by"):
        held += movement.quantity
        rows.append(LedgerRow(movement, held, _sentence(movement, numbers)))
    return rows


def _sentence(movement: BlockMovement, numbers: dict[uuid.UUID, str]) -> str:
    """What happened and on whose account: "10 h used, on invoice INV-00012"."""
    kind = movement.get_kind_display()
    if movement.invoice_uid is None:
        who = f" by {movement.created_by}" if movement.created_by else ""
        return f"{kind}{who}: {movement.note}" if movement.note else f"{kind}{who}"
    what = movement.note or kind
    if movement.invoice_uid not in numbers:
        return f"{what}, on a draft that was deleted"
    number = numbers[movement.invoice_uid]
    return f"{what}, on {f'invoice {number}' if number else 'a draft invoice'}"


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
