"""Payments and credits at the provider become payments here, one row each, and follow them.

A `Settlement` says what is there. `follow` brings our payments in step with these rows as far as
they can be, and names what can't; it asks nobody, so it may be tried again whenever something
changed here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Prefetch

from atera_invoicing import money
from atera_invoicing.errors import Refused
from invoices import paying
from invoices.models import Payment

from . import connected, noticing, remainder
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


@dataclass
class _Pair:
    """A payment there, and what is recorded of it here."""

    row: Settlement
    live: list[Payment]

    @property
    def recorded(self) -> Decimal:
        return sum((payment.amount for payment in self.live), Decimal(0))

    @property
    def method(self) -> str:
        return Payment.Method.CREDIT if self.row.credit else Payment.Method.BOOKS


def clear(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """The invoice is gone there and goes again: nothing of what settled it is left. Refused where
    a payment can't be taken back.
    """
    settle(remote, [], now=now)
    stand = remote.settlements.filter(payments__in=Payment.objects.live())
    if stand.exists() or remainder.stands(remote):
        raise Refused(
            "refunded_since",
            "Money that was paid on it there was given back here. Remove that refund first.",
        )
    remote.settlements.all().delete()
    noticing.gone(remote, Finding.Kind.TOTAL, Finding.Kind.DRIFT, now=now)


def follow(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """Bring the payments here in step with what is known of those there, and name what is left."""
    live = Prefetch("payments", Payment.objects.live())
    rows = remote.settlements.prefetch_related(live)
    pairs = [_Pair(row, list(row.payments.all())) for row in rows]
    refused: list[str] = []
    try:
        remainder.withdraw(remote, now=now)
    except Refused as error:
        refused.append(error.message)
    for pair in pairs:
        if why := _out_of_step(pair):
            _take_back(remote, pair, why, refused, now)
    left = money.ZERO
    for pair in pairs:
        if pair.row.gone_at is None:
            left += _record(remote, pair, now)
    remainder.book(remote, now=now)
    if left:  # a total that is more there is named already
        left = max(left - max(-remainder.explained(remote), money.ZERO), money.ZERO)
    over = [{"field": "payments", "ours": "0.00", "theirs": str(left)}] if left else []
    noticing.report(remote, Finding.Kind.SETTLED, over, now=now)
    noticing.report_problem(remote, Finding.Kind.REFUSED, refused, now=now)


def _out_of_step(pair: _Pair) -> str:
    """Why what is recorded of a payment can't stay as it is; "" if it can."""
    if pair.row.gone_at:
        return UNDONE if pair.live else ""
    wanted = (pair.row.received_on, pair.method)
    same = all((payment.received_on, payment.method) == wanted for payment in pair.live)
    return "" if same and pair.recorded <= pair.row.amount else "Changed there"


def _take_back(
    remote: RemoteInvoice, pair: _Pair, why: str, refused: list[str], now: dt.datetime
) -> None:
    """All of it, or nothing where part of it can't be."""
    try:
        with transaction.atomic():
            for payment in pair.live:
                paying.remove(payment, reason=why, by=None, now=now)
    except Refused as error:
        refused.append(_told(remote, pair, error))
    else:
        pair.live = []


def _told(remote: RemoteInvoice, pair: _Pair, error: Refused) -> str:
    if error.code != "refunded_since":
        return error.message
    became = "gone" if pair.row.gone_at else "changed"
    return (
        f"A payment of {pair.recorded} {remote.invoice.currency} is {became} in"
        f" {connected.where(remote.connection)}, but money of it was given back here. Remove that"
        " refund on the invoice; the payment then follows by itself."
    )


def _record(remote: RemoteInvoice, pair: _Pair, now: dt.datetime) -> Decimal:
    """Record as much as is owed here; how much is over is left to a person."""
    invoice, row = remote.invoice, pair.row
    invoice.refresh_from_db(fields=["balance"])
    missing = row.amount - pair.recorded
    amount = min(missing, invoice.balance)
    if amount <= 0:
        return max(missing, Decimal(0))
    where = connected.where(remote.connection)
    payment = paying.record(
        invoice,
        amount=amount,
        received_on=row.received_on,
        method=pair.method,
        reference=f"{where} {row.reference or row.remote_id}"[:80],
        by=None,
        now=now,
    )
    row.payments.add(payment)
    return missing - amount
