"""Payments and credits at the provider become payments here, one row each, and follow them.

A `Settlement` says what is there. `follow` brings our payments in step with these rows as far as
they can be, and names what can't; it asks nobody, so it may be tried again whenever something
changed here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Prefetch

from atera_invoicing.errors import Refused
from invoices import paying
from invoices.models import Payment

from . import connected, noticing
from .models import Finding, RemoteInvoice, Settlement
from .providers import port

UNDONE = "Deleted, voided or moved to another invoice there"


def settle(remote: RemoteInvoice, given: Sequence[port.Settlement], *, now: dt.datetime) -> None:
    """Make our payments of an invoice the ones that settle it there. Call inside a transaction that
    holds the remote's row, like everything here.
    """
    known = {row.remote_id: row for row in remote.settlements.all()}
    wanted = {each.id: each for each in given}
    forget(remote, known.keys() - wanted, now=now)
    for id, each in wanted.items():
        row = known.get(id) or Settlement(remote_invoice=remote, remote_id=id)
        row.amount, row.received_on, row.credit = each.amount, each.date, each.credit
        row.reference, row.gone_at, row.seen_at = each.reference[:80], None, now
        row.save()
    follow(remote, now=now)


def forget(remote: RemoteInvoice, ids: Collection[str], *, now: dt.datetime) -> None:
    """These payments no longer settle it there. What that means here is for `follow` to do."""
    remote.settlements.filter(remote_id__in=ids, gone_at=None).update(gone_at=now)


def follow(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """Bring the payments here in step with what is known of those there, and name what is left."""
    live = Prefetch("payments", Payment.objects.live(), to_attr="live")
    rows = list(remote.settlements.prefetch_related(live))
    refused: list[str] = []
    for row in rows:
        if why := _out_of_step(row):
            _take_back(remote, row, why, refused, now)
    left = Decimal(0)
    for row in rows:
        if row.gone_at is None:
            left += _record(remote, row, now)
    over = [{"field": "payments", "ours": "0.00", "theirs": str(left)}] if left else []
    noticing.report(remote, Finding.Kind.SETTLED, over, now=now)
    noticing.report_problem(remote, Finding.Kind.REFUSED, refused, now=now)


def _out_of_step(row: Settlement) -> str:
    """Why what is recorded of a payment can't stay as it is; "" if it can."""
    if row.gone_at:
        return UNDONE
    same = all(
        (payment.received_on, payment.method) == (row.received_on, _method(row))
        for payment in row.live
    )
    return "" if same and _recorded(row) <= row.amount else "Changed there"


def _take_back(
    remote: RemoteInvoice, row: Settlement, why: str, refused: list[str], now: dt.datetime
) -> None:
    """All of it, or nothing where part of it can't be."""
    try:
        with transaction.atomic():
            for payment in row.live:
                paying.remove(payment, reason=why, by=None, now=now)
    except Refused as error:
        refused.append(_told(remote, row, error))
    else:
        row.live = []


def _told(remote: RemoteInvoice, row: Settlement, error: Refused) -> str:
    if error.code != "refunded_since":
        return error.message
    became = "gone" if row.gone_at else "changed"
    return (
        f"A payment of {_recorded(row)} {remote.invoice.currency} is {became} in"
        f" {connected.where(remote.connection)}, but money of it was given back here. Remove that"
        " refund on the invoice; the payment then follows by itself."
    )


def _record(remote: RemoteInvoice, row: Settlement, now: dt.datetime) -> Decimal:
    """Record as much as is owed here; how much is over is left to a person."""
    invoice = remote.invoice
    invoice.refresh_from_db(fields=["balance"])
    missing = row.amount - _recorded(row)
    amount = min(missing, invoice.balance)
    if amount <= 0:
        return max(missing, Decimal(0))
    where = connected.where(remote.connection)
    payment = paying.record(
        invoice,
        amount=amount,
        received_on=row.received_on,
        method=_method(row),
        reference=f"{where} {row.reference or row.remote_id}"[:80],
        by=None,
        now=now,
    )
    row.payments.add(payment)
    return missing - amount


def _recorded(row: Settlement) -> Decimal:
    return sum((payment.amount for payment in row.live), Decimal(0))


def _method(row: Settlement) -> str:
    return Payment.Method.CREDIT if row.credit else Payment.Method.BOOKS
