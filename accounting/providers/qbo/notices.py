"""Webhooks: is it Intuit that rings, and what for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accounting.providers.port import Doorbell, Unauthorized

SIGNATURE = "intuit-signature"
# What we would look at because of it. Everything else rings for somebody else.
KINDS = frozenset(
    {
        "account", "companyinfo", "creditmemo", "customer", "employee", "invoice", "item",
        "payment", "preferences", "taxcode", "timeactivity", "vendor",
    }
)  # fmt: skip
LONGEST_KEY = 120


def verify(body: bytes, headers: Mapping[str, str], tokens: Sequence[str]) -> None:
    """`Unauthorized` unless one of our tokens signed these very bytes."""
    sent = headers.get(SIGNATURE, "").encode()
    right = [_signature(body, token) for token in tokens]
    # Every token is compared, so that time tells nothing.
    if not sum(hmac.compare_digest(sent, each) for each in right):
        raise Unauthorized("The signature of this notice is wrong.", code="signature")


def read(body: bytes) -> list[Doorbell]:
    """The notices in a delivery, in the format of today or of yesterday. What is odd is left out: a
    refusal would hold back all that follow.
    """
    try:
        sent = json.loads(body)
    except ValueError:
        return []
    found = (
        _legacy(sent) if isinstance(sent, dict) and "eventNotifications" in sent else _events(sent)
    )
    return [bell for bell in found if bell.kind in KINDS and bell.company_id and bell.id]


def _signature(body: bytes, token: str) -> bytes:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest())


def _events(sent: Any) -> Iterable[Doorbell]:
    """CloudEvents: "qbo.invoice.updated.v1", in whatever case."""
    for event in _dicts(sent if isinstance(sent, list) else [sent]):
        _, kind, happened, *_ = [*str(event.get("type", "")).lower().split("."), "", "", ""]
        yield Doorbell(
            company_id=_text(event, "intuitaccountid"),
            key=_key(str(event.get("id") or ""), event),
            kind=kind,
            id=_text(event, "intuitentityid"),
            event=happened[:40],
        )


def _legacy(sent: Mapping[str, Any]) -> Iterable[Doorbell]:
    for notice in _dicts(sent["eventNotifications"]):
        realm = _text(notice, "realmId")
        change = notice.get("dataChangeEvent")
        for entity in _dicts(change.get("entities") if isinstance(change, dict) else None):
            names = ("name", "id", "operation", "lastUpdated")
            parts = [_text(entity, name) for name in names]
            yield Doorbell(
                company_id=realm,
                key=_key(":".join([realm, *parts]), entity),
                kind=parts[0].lower(),
                id=parts[1],
                event=parts[2].lower()[:40],
            )


def _key(given: str, event: Any) -> str:
    """As given, when it fits; else a hash of it, or of everything that was said."""
    if 0 < len(given) <= LONGEST_KEY:
        return given
    whole = given or json.dumps(event, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _dicts(sent: Any) -> Iterable[Mapping[str, Any]]:
    return [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []


def _text(event: Mapping[str, Any], name: str) -> str:
    found = event.get(name)
    return str(found)[:64] if isinstance(found, str | int) else ""
