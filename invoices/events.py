"""The diary of invoices and batches."""

from __future__ import annotations

import datetime as dt
from typing import Any

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from .models import Batch, Event, Invoice

LONGEST_REASON = 200


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


def reason(text: str) -> str:
    """Why somebody does what can't be taken back, tidied for the diary."""
    text = " ".join(text.split())
    if not text:
        raise Refused("reason_missing", "Say why, in a few words.", field="reason")
    if len(text) > LONGEST_REASON:
        raise Refused(
            "reason_too_long", f"Keep the reason to {LONGEST_REASON} characters.", field="reason"
        )
    return text
