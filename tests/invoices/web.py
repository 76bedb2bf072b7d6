"""What tests of the invoice pages start from."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from invoices import lifecycle
from invoices.drafting import LineInput
from invoices.models import Batch, Invoice
from tests import make


def draft(price: str = "100", **fields: Any) -> Invoice:
    """A freestyle draft with one line."""
    fields.setdefault("customer", make.customer())
    line = LineInput(description="Workshop", unit_price=Decimal(price), tax_rate=None)
    return lifecycle.create(
        fields.pop("customer"),
        lines=[line],
        invoice_date=make.day("2026-11-01"),
        by=None,
        now=timezone.now(),
        **fields,
    )


def issued(price: str = "100", **fields: Any) -> Invoice:
    return lifecycle.issue(draft(price, **fields), by=None, now=timezone.now())


def batch(**fields: Any) -> Batch:
    """A batch that is written; nothing is in it."""
    day = make.day("2026-10-31")
    fields.setdefault("state", Batch.State.READY)
    return Batch.objects.create(
        name="October", through=day, invoice_date=day, created_at=timezone.now(), **fields
    )


def batch_form(*contracts: Any, start: str = "2026-10-01", **fields: Any) -> dict[str, Any]:
    """What the page of a new batch posts, with the period that begins on `start` ticked."""
    boxes = [f"{contract.pk}/{start}" for contract in contracts]
    return {
        "uid": str(uuid.uuid4()),
        "name": "October 2026",
        "level": "",
        "through": "2026-10-31",
        "invoice_date": "2026-11-01",
        "shown": " ".join(boxes),
        "take": boxes,
        **fields,
    }


def line_form(*lines: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """The lines of an invoice as the page posts them."""
    form: dict[str, Any] = {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": initial}
    for place, line in enumerate(lines):
        given = {"quantity": "1", "tax": "keep", **line}
        form |= {f"form-{place}-{name}": value for name, value in given.items()}
    return form
