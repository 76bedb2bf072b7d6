"""Payments and refunds of issued invoices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from atera_invoicing import money
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, User

from . import events, totals
from .models import Invoice, Payment


@transaction.atomic
def record(
    invoice: Invoice,
    *,
    amount: Decimal,
    received_on: dt.date,
    by: User | None,
    now: dt.datetime,
    kind: str = Payment.Kind.PAYMENT,
    method: str = Payment.Method.BANK,
    reference: str = "",
) -> Payment:
    """Write down money that came in (at most what is owed) or went back (at most what came in)."""
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    _refuse_unless_issued(invoice)
    _refuse_amount(invoice, amount, kind)
    payment = Payment(
        invoice=invoice, kind=kind, amount=amount, received_on=received_on, method=method,
        reference=reference, created_at=now, created_by=by,
    )  # fmt: skip
    payment.full_clean()
    payment.save()
    _settle(invoice, now)
    text = f"{payment.title} of {amount} {invoice.currency} recorded."
    events.log(
        invoice, f"{kind}_recorded", text, by=by, at=now, amount=str(amount), payment=payment.pk
    )
    return payment


@transaction.atomic
def remove(payment: Payment, *, reason: str, by: User | None, now: dt.datetime) -> Payment:
    """Take a payment or refund back; the row stays, marked."""
    invoice = Invoice.objects.select_for_update().get(pk=payment.invoice_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    reason = events.reason(reason)
    if payment.removed_at:
        raise Refused("already_removed", "This payment was already removed.")
    if by:
        _refuse_if_kept_elsewhere(payment)
    if payment.kind == Payment.Kind.PAYMENT and invoice.paid - payment.amount < invoice.refunded:
        raise Refused(
            "refunded_since", "Part of this payment was refunded. Remove the refund first."
        )
    payment.removed_at, payment.removed_by, payment.removed_reason = now, by, reason
    payment.save()
    _settle(invoice, now)
    text = f"{payment.title} of {payment.amount} {invoice.currency} removed: {reason}"
    events.log(
        invoice,
        f"{payment.kind}_removed",
        text,
        by=by,
        at=now,
        amount=str(payment.amount),
        payment=payment.pk,
    )
    return payment


def _settle(invoice: Invoice, now: dt.datetime) -> None:
    totals.settle(invoice, now=now)
    invoice.version += 1
    invoice.save(update_fields=["paid", "refunded", "balance", "settled_at", "version"])


def _refuse_if_kept_elsewhere(payment: Payment) -> None:
    """What the accounting system told us, it would tell us again."""
    where = Installation.current().connected_to
    if where and not payment.taken_here:
        raise Refused(
            "kept_elsewhere",
            f"This payment came from {where}. Remove it there; it disappears here by itself.",
        )


def _refuse_unless_issued(invoice: Invoice) -> None:
    if invoice.is_draft:
        raise Refused("not_issued", "This is a draft. Issue it before you record a payment.")
    if invoice.voided_at:
        raise Refused("voided", "This invoice is voided; nothing can be paid on it.")


def _refuse_amount(invoice: Invoice, amount: Decimal, kind: str) -> None:
    if amount <= 0 or amount != money.cents(amount):
        raise Refused(
            "amount_invalid", "Enter an amount above 0 with at most 2 decimals.", field="amount"
        )
    if kind == Payment.Kind.PAYMENT and amount > invoice.balance:
        raise Refused(
            "amount_too_high",
            f"Only {invoice.balance} {invoice.currency} is owed. Record that much; what was paid"
            " beyond it belongs on another invoice or goes back.",
            field="amount",
        )
    if kind == Payment.Kind.REFUND and amount > invoice.paid - invoice.refunded:
        left = invoice.paid - invoice.refunded
        raise Refused(
            "refund_too_high", f"Only {left} {invoice.currency} can be given back.", field="amount"
        )
