"""What we know of an invoice at the provider: written when it is sent, adopted or looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from atera_invoicing import bulk
from invoices.models import Invoice

from . import connected
from .models import Connection, Finding, RemoteInvoice
from .providers import registry
from .providers.port import Receipt, Status

SUMS = ("subtotal", "tax", "total")


@transaction.atomic
def store(
    connection: Connection,
    receipts: Mapping[int, Receipt],
    *,
    now: dt.datetime,
    voided: Collection[int] = (),
) -> None:
    """Keep receipts by invoice: what is there now is what we left there, so it is the new baseline.
    A total that differs from ours becomes a finding, unless we voided it there. In a fixed number
    of queries if all are new.
    """
    rows = RemoteInvoice.objects.select_for_update().filter(connection=connection)
    known = set(rows.filter(invoice__in=receipts).values_list("invoice_id", flat=True))
    new = []
    for invoice, receipt in receipts.items():
        kept = values_of(receipt)
        status = status_of(receipt.balance, receipt.total)
        values = kept | {
            "remote_id": receipt.id,
            "status": RemoteInvoice.Status.VOIDED if invoice in voided else status,
            "url": receipt.url,
            "baseline": kept["content"],
            "seen_at": now,
        }
        if invoice in known:
            rows.filter(invoice=invoice).update(**values)
        else:
            new.append({"connection": connection.pk, "invoice": invoice, "linked": False} | values)
    if new:
        bulk.insert(RemoteInvoice, list(new[0]), [tuple(row.values()) for row in new])
    if voided:
        Finding.objects.filter(
            connection=connection, invoice__in=voided, answered_at__isnull=True
        ).update(answer=Finding.Answer.GONE, answered_at=now)
    ours = Invoice.objects.filter(pk__in=set(receipts) - set(voided)).values_list("pk", *SUMS)
    _compare(connection, [(pk, sums, receipts[pk]) for pk, *sums in ours], now)


def values_of(there: Receipt | Status) -> dict[str, Any]:
    """The fields that say how an invoice is there."""
    return {
        "number": there.number,
        "version": there.version,
        "subtotal": there.subtotal,
        "tax": there.tax,
        "total": there.total,
        "balance": there.balance,
        "draft": there.draft,
        "content": dict(there.content or {}),
    }


def why_not_anew(remote: RemoteInvoice) -> str:
    """Why an invoice that was deleted there can't go again, and the way on; "" where it can."""
    connection = remote.connection
    ours = connection.numbering == Connection.Numbering.OURS
    if not (ours and registry.get(connection.provider).keeps_numbers):
        return ""
    where = connected.where(connection)
    return (
        f"{remote.invoice} was deleted in {where}, where its number stays taken. Void it here: its"
        " work is free again then, and is billed anew under a new number."
    )


def status_of(balance: Decimal, total: Decimal) -> str:
    """Open, partially paid or paid, by what is still owed there."""
    if balance <= 0 < total:
        return RemoteInvoice.Status.PAID
    if balance < total:
        return RemoteInvoice.Status.PARTIALLY_PAID
    return RemoteInvoice.Status.OPEN


def compare_totals(remote: RemoteInvoice, invoice: Invoice, *, now: dt.datetime) -> None:
    """Name a difference between their sums and ours; take the name away when there is none."""
    _compare(remote.connection, [(invoice.pk, _sums(invoice), remote)], now)


def differences(invoice: Invoice, there: Receipt | RemoteInvoice) -> list[dict[str, str]]:
    """Each of the sums that is another one there."""
    return _rows(_sums(invoice), there)


def _sums(invoice: Invoice) -> list[Decimal]:
    return [getattr(invoice, name) for name in SUMS]


def _compare(
    connection: Connection,
    rows: Sequence[tuple[int, Sequence[Decimal], Receipt | RemoteInvoice]],
    now: dt.datetime,
) -> None:
    """By invoice: our sums, and what is there."""
    found = [(invoice, _rows(sums, there), there) for invoice, sums, there in rows]
    same = [invoice for invoice, differences, _ in found if not differences]
    if same:
        Finding.objects.filter(
            connection=connection, invoice__in=same, kind=Finding.Kind.TOTAL,
            answered_at__isnull=True,
        ).update(answer=Finding.Answer.GONE, answered_at=now)  # fmt: skip
    for invoice, differences, there in found:
        if differences:
            _name(connection, invoice, differences, there.version, now)


def _rows(sums: Sequence[Decimal], there: Receipt | RemoteInvoice) -> list[dict[str, str]]:
    return [
        {"field": field, "ours": str(ours), "theirs": str(getattr(there, field))}
        for field, ours in zip(SUMS, sums, strict=True)
        if ours != getattr(there, field)
    ]


def _name(
    connection: Connection,
    invoice: int,
    differences: list[dict[str, str]],
    version: str,
    now: dt.datetime,
) -> None:
    """One finding is open at most; what somebody accepted is not asked again."""
    same = {"connection": connection, "invoice_id": invoice, "kind": Finding.Kind.TOTAL}
    opened = Finding.objects.filter(**same, answered_at__isnull=True)
    changed = opened.update(differences=differences, version=version)
    accepted = Finding.objects.filter(**same, differences=differences).exclude(
        answer=Finding.Answer.GONE
    )
    if not changed and not accepted.exists():
        Finding.objects.create(**same, differences=differences, version=version, found_at=now)
