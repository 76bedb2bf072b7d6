"""Webhooks: is it Xero that rings, and what for.

Xero first makes sure that we listen: it rings without any event, with right and wrong signatures,
and wants those told apart. That needs nothing of its own here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from accounting.providers.port import Doorbell, Unauthorized

SIGNATURE = "x-xero-signature"
# What we would look at because of it. Everything else rings for somebody else.
KINDS = {
    "INVOICE": "invoice", "CREDITNOTE": "credit note", "PREPAYMENT": "payment",
    "OVERPAYMENT": "payment",
}  # fmt: skip
LONGEST_KEY = 120


def verify(body: bytes, headers: Mapping[str, str], keys: Sequence[str]) -> None:
    """`Unauthorized` unless one of our keys signed these very bytes."""
    sent = headers.get(SIGNATURE, "").encode()
    right = [base64.b64encode(hmac.digest(key.encode(), body, "sha256")) for key in keys]
    # Every key is compared, so that time tells nothing.
    if not sum(hmac.compare_digest(sent, each) for each in right):
        raise Unauthorized("The signature of this notice is wrong.", code="signature")


def read(body: bytes) -> list[Doorbell]:
    """The notices in a delivery. What is odd is left out: a refusal would hold back all others."""
    try:
        sent = json.loads(body)
    except ValueError:
        return []
    events = sent.get("events") if isinstance(sent, dict) else None
    known = events if isinstance(events, list) else []
    found = (_bell(each) for each in known if isinstance(each, dict))
    return [bell for bell in found if bell.kind and bell.company_id and bell.id]


def _bell(event: Mapping[str, Any]) -> Doorbell:
    names = ("tenantId", "resourceId", "eventCategory", "eventType", "eventDateUtc")
    tenant, id, category, happened, at = (str(event.get(name) or "")[:64] for name in names)
    key = ":".join((tenant, id, category, happened, at))
    if len(key) > LONGEST_KEY:
        key = hashlib.sha256(key.encode()).hexdigest()
    kind = KINDS.get(category, "")
    return Doorbell(tenant, key, kind, id, happened.lower()[:40], of_invoice=kind == "invoice")
