"""The diary of invoices and batches."""

from __future__ import annotations

import datetime as dt
from typing import Any

from atera_invoicing.models import User

from .models import Batch, Event, Invoice


def log(
    subject: Invoice | Batch,
    code: str,
    text: str,
    *,
    by: User | None,
    at: dt.datetime,
    **facts: Any,
) -> Event:
    """Write down one act, in the transaction that does it."""
    target = {"invoice": subject} if isinstance(subject, Invoice) else {"batch": subject}
    return Event.objects.create(code=code, text=text[:400], facts=facts, by=by, at=at, **target)
