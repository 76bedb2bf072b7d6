"""What we know of an invoice at the provider: written when it is sent, adopted or looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from atera_invoicing import bulk
from invoices.models import Invoice

from .models import Connection, Finding, RemoteInvoice
from .providers.port import Receipt

COLUMNS = (
    "remote_id", "number", "version", "status", "subtotal", "tax", "total", "balance", "url",
    "content", "baseline", "seen_at",
)  # fmt: skip
Figures = Receipt | RemoteInvoice


def store(
    connection: Connection,
    invoice: Invoice,
    receipt: Receipt,
    *,
    now: dt.datetime,
    linked: bool = False,
) -> RemoteInvoice:
    """As `store_all`, of one. `linked`: it was there before us and was never sent."""
    store_all(connection, [(invoice, receipt)], now=now)
    remote = RemoteInvoice.objects.get(connection=connection, invoice=invoice)
    if linked:
        RemoteInvoice.objects.filter(pk=remote.pk).update(linked=True)
    return remote


@transaction.atomic
def store_all(
    connection: Connection, receipts: Sequence[tuple[Invoice, Receipt]], *, now: dt.datetime
) -> None:
    """Keep receipts: what is there now is what we left there, so it is the new baseline. A total
    that differs from ours becomes a finding. In a fixed number of queries where all are new.
    """
    ids = [invoice.pk for invoice, _ in receipts]
    rows = RemoteInvoice.objects.select_for_update().filter(connection=connection, invoice__in=ids)
    known = set(rows.order_by("id").values_list("invoice_id", flat=True))
    new = []
    for invoice, receipt in receipts:
        values = _values(receipt, now)
        if invoice.pk in known:
            rows.filter(invoice=invoice).update(**values)
        else:
            new.append((connection.pk, invoice.pk, False, *values.values()))
    bulk.insert(RemoteInvoice, ["connection", "invoice", "linked", *COLUMNS], new)
    _compare(connection, receipts, now)


def _values(receipt: Receipt, now: dt.datetime) -> dict[str, Any]:
    return {
        "remote_id": receipt.id,
        "number": receipt.number,
        "version": receipt.version,
        "status": status_of(receipt.balance, receipt.total),
        "subtotal": receipt.subtotal,
        "tax": receipt.tax,
        "total": receipt.total,
        "balance": receipt.balance,
        "url": receipt.url,
        "content": receipt.content,
        "baseline": receipt.content,
        "seen_at": now,
    }


def status_of(balance: Decimal, total: Decimal) -> str:
    """Open, partially paid or paid, by what is still owed there."""
    if balance <= 0 < total:
        return RemoteInvoice.Status.PAID
    if balance < total:
        return RemoteInvoice.Status.PARTIALLY_PAID
    return RemoteInvoice.Status.OPEN


def compare_totals(remote: RemoteInvoice, invoice: Invoice, *, now: dt.datetime) -> None:
    """Name a difference between their sums and ours; take the name away when there is none."""
    _compare(remote.connection, [(invoice, remote)], now)


def _compare(
    connection: Connection, pairs: Sequence[tuple[Invoice, Figures]], now: dt.datetime
) -> None:
    found = [(invoice, there, _differences(invoice, there)) for invoice, there in pairs]
    same = [invoice.pk for invoice, _, differences in found if not differences]
    if same:
        Finding.objects.filter(
            connection=connection, invoice__in=same, kind=Finding.Kind.TOTAL,
            answered_at__isnull=True,
        ).update(answer=Finding.Answer.GONE, answered_at=now)  # fmt: skip
    for invoice, there, differences in found:
        if differences:
            _name(connection, invoice, differences, there.version, now)


def _differences(invoice: Invoice, there: Figures) -> list[dict[str, str]]:
    return [
        {"field": field, "ours": str(ours), "theirs": str(theirs)}
        for field, ours, theirs in (
            ("subtotal", invoice.subtotal, there.subtotal),
            ("tax", invoice.tax, there.tax),
            ("total", invoice.total, there.total),
        )
        if ours != theirs
    ]


def _name(
    connection: Connection,
    invoice: Invoice,
    differences: list[dict[str, str]],
    version: str,
    now: dt.datetime,
) -> None:
    """One finding is open at most; what somebody accepted is not asked again."""
    same = {"connection": connection, "invoice": invoice, "kind": Finding.Kind.TOTAL}
    opened = Finding.objects.filter(**same, answered_at__isnull=True)
    changed = opened.update(differences=differences, version=version)
    accepted = Finding.objects.filter(**same, differences=differences).exclude(
        answer=Finding.Answer.GONE
    )
    if not changed and not accepted.exists():
        Finding.objects.create(
            **same, differences=differences, version=version, found_at=now
        )
