"""An invoice on its way to an accounting system: locked while it travels, marked when it is there.

The accounting app calls these; nothing here knows which system it is. `where` is its name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from .models import Event, Invoice


@transaction.atomic
def begin(ids: Collection[int], *, where: str, by: User | None, now: dt.datetime) -> list[Invoice]:
    """Lock issued invoices against changes, in order of their ids; refused as a whole."""
    rows = Invoice.objects.select_for_update().filter(pk__in=ids).order_by("id")
    invoices = list(rows)
    for invoice in invoices:
        refuse_unfit(invoice)
    Invoice.objects.filter(pk__in=ids).update(export_queued_at=now)
    _note(
        [invoice.pk for invoice in invoices], "export_queued", f"Queued for {where}.", by=by, at=now
    )
    for invoice in invoices:
        invoice.export_queued_at = now
    return invoices


@transaction.atomic
def end(ids: Collection[int], *, where: str, by: User | None, now: dt.datetime) -> None:
    """Take the lock off: the export was cancelled and did not happen."""
    rows = Invoice.objects.filter(pk__in=ids, export_queued_at__isnull=False)
    waiting = list(rows.values_list("pk", flat=True))
    Invoice.objects.filter(pk__in=ids).update(export_queued_at=None)
    _note(waiting, "export_cancelled", f"Export to {where} cancelled.", by=by, at=now)


@transaction.atomic
def leave(ids: Collection[int], *, where: str, by: User | None, now: dt.datetime) -> None:
    """Take the lock off although nobody knows whether they arrived."""
    Invoice.objects.filter(pk__in=ids).update(export_queued_at=None)
    text = f"Disconnected from {where} before it answered; it may be there."
    _note(ids, "export_left", text, by=by, at=now)


@transaction.atomic
def hold(ids: Collection[int], *, now: dt.datetime) -> None:
    """Lock those that are still valid while it is looked whether they arrived earlier."""
    rows = Invoice.objects.filter(pk__in=ids, voided_at=None, export_queued_at=None)
    rows.update(export_queued_at=now)


@transaction.atomic
def arrived(ids: Collection[int], *, where: str, now: dt.datetime) -> None:
    """They are in the accounting system."""
    rows = Invoice.objects.filter(pk__in=ids)
    first = list(rows.filter(exported_at__isnull=True).values_list("pk", flat=True))
    rows.update(export_queued_at=None, exported_at=Coalesce("exported_at", Value(now)))
    _note(first, "exported", f"Exported to {where}.", by=None, at=now)


def refuse_unfit(invoice: Invoice) -> None:
    """Say why an invoice can't go out, if so."""
    if invoice.is_draft:
        raise Refused("not_issued", f"{invoice} is a draft. Issue it before you export it.")
    if invoice.voided_at:
        raise Refused("voided", f"{invoice} is voided and stays here.")
    refuse_under_way(invoice)


def refuse_under_way(invoice: Invoice) -> None:
    """Say that an invoice is on its way, if so."""
    if invoice.export_queued_at:
        raise Refused(
            "export_under_way",
            f"{invoice} is on its way to the accounting system. Wait until it is there, or cancel"
            " its export.",
        )


def _note(ids: Iterable[int], code: str, text: str, *, by: User | None, at: dt.datetime) -> None:
    who = by.pk if by else None
    rows: Iterable[tuple[Any, ...]] = ((pk, code, text, {}, at, who) for pk in ids)
    bulk.insert(Event, ["invoice", "code", "text", "facts", "at", "by"], rows)
