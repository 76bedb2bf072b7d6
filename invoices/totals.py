"""Amounts of an invoice: always the sums of its stored lines and payments, written here only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from atera_invoicing import money

from .models import Invoice, InvoiceLine, Payment


def compute(lines: Sequence[InvoiceLine], method: str) -> None:
    """Set net, tax and total of unsaved lines from quantity, price, discount and tax."""
    for line in lines:
        line.net = money.line_net(line.quantity, line.unit_price, line.discount_percent)
    taxes = money.taxes([(line.net, line.tax_percent) for line in lines], method)
    for line, tax in zip(lines, taxes, strict=True):
        line.tax, line.total = tax, line.net + tax


def store(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Set the totals of an invoice from its lines. Does not save."""
    invoice.subtotal = money.total(line.net for line in lines)
    invoice.tax = money.total(line.tax for line in lines)
    invoice.total = invoice.subtotal + invoice.tax
    invoice.balance = invoice.total


class TaxSum(NamedTuple):
    """What one tax comes to on an invoice."""

    name: str
    percent: Decimal
    base: Decimal
    amount: Decimal


def by_tax(lines: Iterable[InvoiceLine]) -> list[TaxSum]:
    """A sum per tax, in the order of first use. Lines without a tax count nowhere."""
    groups: dict[tuple[str, Decimal], list[InvoiceLine]] = {}
    for line in lines:
        if line.tax_name or line.tax_percent:
            groups.setdefault((line.tax_name, line.tax_percent.normalize()), []).append(line)
    return [
        TaxSum(
            name,
            percent,
            money.total(line.net for line in members),
            money.total(line.tax for line in members),
        )
        for (name, percent), members in groups.items()
    ]


def settle(invoice: Invoice, *, now: dt.datetime) -> None:
    """Set paid, refunded and balance from the live payments. Does not save."""
    sums = dict.fromkeys(Payment.Kind.values, money.ZERO)
    rows = invoice.payments.live().order_by().values_list("kind").annotate(Sum("amount"))
    sums.update({kind: money.cents(amount) for kind, amount in rows})
    invoice.paid, invoice.refunded = sums[Payment.Kind.PAYMENT], sums[Payment.Kind.REFUND]
    given_back = invoice.refunded > 0 and invoice.refunded >= invoice.paid
    owed = invoice.total - invoice.paid + invoice.refunded
    invoice.balance = money.ZERO if given_back or invoice.voided_at else owed
    if invoice.balance > 0:
        invoice.settled_at = None
    else:
        invoice.settled_at = invoice.settled_at or now
