"""What we know of an invoice at the provider: written when it is sent, adopted or looked at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from invoices.models import Invoice

from .models import Connection, Finding, RemoteInvoice
from .providers.port import Receipt


def store(
    connection: Connection,
    invoice: Invoice,
    receipt: Receipt,
    *,
    now: dt.datetime,
    linked: bool = False,
    voided: bool = False,
) -> RemoteInvoice:
    """Keep a receipt: what is there now is what we left there, so it is the new baseline. A total
    that differs from ours becomes a finding, unless we voided it there.
    """
    status = status_of(receipt.balance, receipt.total)
    remote, _ = RemoteInvoice.objects.update_or_create(
        connection=connection,
        invoice=invoice,
        defaults={
            "remote_id": receipt.id,
            "number": receipt.number,
            "version": receipt.version,
            "status": RemoteInvoice.Status.VOIDED if voided else status,
            "subtotal": receipt.subtotal,
            "tax": receipt.tax,
            "total": receipt.total,
            "balance": receipt.balance,
            "url": receipt.url,
            "content": dict(receipt.content),
            "baseline": dict(receipt.content),
            "seen_at": now,
        },
    )
    if linked:
        RemoteInvoice.objects.filter(pk=remote.pk).update(linked=True)
    if voided:
        Finding.objects.filter(
            connection=connection, invoice=invoice, answered_at__isnull=True
        ).update(answer=Finding.Answer.GONE, answered_at=now)
    else:
        compare_totals(remote, invoice, now=now)
    return remote


def status_of(balance: Decimal, total: Decimal) -> str:
    """Open, partially paid or paid, by what is still owed there."""
    if balance <= 0 < total:
        return RemoteInvoice.Status.PAID
    if balance < total:
        return RemoteInvoice.Status.PARTIALLY_PAID
    return RemoteInvoice.Status.OPEN


def compare_totals(remote: RemoteInvoice, invoice: Invoice, *, now: dt.datetime) -> None:
    """Name a difference between their sums and ours; take the name away when there is none."""
    differences = [
        {"field": field, "ours": str(ours), "theirs": str(theirs)}
        for field, ours, theirs in (
            ("subtotal", invoice.subtotal, remote.subtotal),
            ("tax", invoice.tax, remote.tax),
            ("total", invoice.total, remote.total),
        )
        if ours != theirs
    ]
    same = {"connection": remote.connection, "invoice": invoice, "kind": Finding.Kind.TOTAL}
    opened = Finding.objects.filter(**same, answered_at__isnull=True)
    if not differences:
        opened.update(answer=Finding.Answer.GONE, answered_at=now)
        return
    changed = opened.update(differences=differences, version=remote.version)
    accepted = Finding.objects.filter(**same, differences=differences).exclude(
        answer=Finding.Answer.GONE
    )
    if not changed and not accepted.exists():
        Finding.objects.create(
            **same, differences=differences, version=remote.version, found_at=now
        )
