"""Payments and credits at the provider become payments here, one row each, and follow them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal

from invoices import paying
from invoices.models import Payment

from . import findings
from .models import Connection, Finding, RemoteInvoice, Settlement
from .providers import port, registry

UNDONE = "Deleted, voided or moved to another invoice there"


def settle(remote: RemoteInvoice, given: Sequence[port.Settlement], *, now: dt.datetime) -> None:
    """Make our payments of an invoice the ones that settle it there. Call inside a transaction that
    holds the remote's row.
    """
    known = {row.remote_id: row for row in remote.settlements.select_related("payment")}
    wanted = {each.id: each for each in given}
    for id, row in known.items():
        if id not in wanted:
            _take_back(row, UNDONE, now)
    too_much = Decimal(0)
    for id, each in wanted.items():
        too_much += _follow(remote, known.get(id), each, now)
    differences = (
        [{"field": "payments", "ours": "0.00", "theirs": str(too_much)}] if too_much else []
    )
    findings.report(remote, Finding.Kind.SETTLED, differences, now=now)


def take_back_all(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """The invoice is gone there, so nothing settles it any more."""
    for row in remote.settlements.select_related("payment"):
        _take_back(row, UNDONE, now)


def payments_gone(connection: Connection, ids: Collection[str], *, now: dt.datetime) -> None:
    """These payments were deleted or voided there."""
    rows = Settlement.objects.filter(
        remote_invoice__connection=connection, remote_id__in=ids, gone_at__isnull=True
    )
    for row in rows.select_related("payment"):
        _take_back(row, UNDONE, now)


def _follow(
    remote: RemoteInvoice, row: Settlement | None, each: port.Settlement, now: dt.datetime
) -> Decimal:
    """One payment as it is there now; how much of it could not be recorded here."""
    if row and _same(row, each):
        row.seen_at = now
        row.save(update_fields=["seen_at"])
        return each.amount - (row.payment.amount if row.payment else Decimal(0))
    if row:
        _take_back(row, "Changed there", now)
    payment, left = _record(remote, each, now)
    Settlement.objects.update_or_create(
        remote_invoice=remote,
        remote_id=each.id,
        defaults={
            "amount": each.amount,
            "received_on": each.date,
            "credit": each.credit,
            "payment": payment,
            "gone_at": None,
            "seen_at": now,
        },
    )
    return left


def _same(row: Settlement, each: port.Settlement) -> bool:
    return (row.gone_at, row.amount, row.received_on, row.credit) == (
        None, each.amount, each.date, each.credit,
    )  # fmt: skip


def _record(
    remote: RemoteInvoice, each: port.Settlement, now: dt.datetime
) -> tuple[Payment | None, Decimal]:
    """Record as much as is owed here; what is over is left to a person."""
    invoice = remote.invoice
    invoice.refresh_from_db(fields=["balance"])
    amount = min(each.amount, invoice.balance)
    if amount <= 0:
        return None, each.amount
    where = registry.name(remote.connection.provider)
    payment = paying.record(
        invoice,
        amount=amount,
        received_on=each.date,
        method=Payment.Method.CREDIT if each.credit else Payment.Method.BOOKS,
        reference=f"{where} {each.reference or each.id}"[:80],
        by=None,
        now=now,
    )
    return payment, each.amount - amount


def _take_back(row: Settlement, reason: str, now: dt.datetime) -> None:
    payment, row.payment = row.payment, None
    row.gone_at = row.gone_at or now
    row.save(update_fields=["payment", "gone_at"])
    if payment and not payment.removed_at:
        paying.remove(payment, reason=reason, by=None, now=now)
