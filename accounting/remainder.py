"""What is left of an invoice here when it is paid in full there, because its total there is less.

Tax that is computed there often comes to another cent. Our lines stay as they were issued; so that
the invoice is paid here too, the rest is booked as a row of its own among its payments. More than
rounding can explain is booked only once a person has accepted the difference.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from atera_invoicing import money
from invoices import paying
from invoices.models import Payment

from . import connected, remotes
from .models import Finding, RemoteInvoice


def withdraw(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """Take the row back where it is no longer so. Call with the remote's row held."""
    payment = remote.remainder
    if payment and stands(remote) and payment.amount > _due(remote):
        why = "Not paid in full there, or with another total"
        paying.remove(payment, reason=why, by=None, now=now)
        _keep(remote, None)


def book(remote: RemoteInvoice, *, now: dt.datetime) -> None:
    """Book the rest, after everything that was paid there. Call with the remote's row held."""
    if stands(remote):
        return
    invoice = remote.invoice
    invoice.refresh_from_db(fields=["balance"])
    amount = min(_due(remote), invoice.balance)
    if amount <= 0:
        return
    last = remote.settlements.filter(gone_at=None).order_by("-received_on").first()
    payment = paying.record(
        invoice,
        amount=amount,
        received_on=last.received_on if last else now.date(),
        method=Payment.Method.DIFFERENCE,
        reference=f"Total of {remote.total} in {connected.where(remote.connection)}"[:80],
        by=None,
        now=now,
    )
    _keep(remote, payment)


def stands(remote: RemoteInvoice) -> bool:
    """Whether it is booked."""
    return remote.remainder is not None and remote.remainder.removed_at is None


def explained(remote: RemoteInvoice) -> Decimal:
    """How much less its total is there than here (negative: more), as far as that is rounding, at
    most a cent for each line, or was accepted. Zero if it is neither.
    """
    less = remote.invoice.total - remote.total
    if not less:
        return money.ZERO
    rounding = abs(less) <= money.CENT * remote.invoice.lines.count()
    return less if rounding or _is_accepted(remote) else money.ZERO


def _due(remote: RemoteInvoice) -> Decimal:
    """What may be booked: nothing unless it is paid in full there for less."""
    paid = remote.status == RemoteInvoice.Status.PAID and remote.balance <= 0
    return max(explained(remote), money.ZERO) if paid else money.ZERO


def _is_accepted(remote: RemoteInvoice) -> bool:
    """Whether a person took exactly these totals as they are there."""
    return Finding.objects.filter(
        connection=remote.connection, invoice=remote.invoice, kind=Finding.Kind.TOTAL,
        answer=Finding.Answer.ACCEPTED, differences=remotes.differences(remote.invoice, remote),
    ).exists()  # fmt: skip


def _keep(remote: RemoteInvoice, payment: Payment | None) -> None:
    remote.remainder = payment
    remote.save(update_fields=["remainder"])
