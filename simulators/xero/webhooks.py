"""Webhooks: what happened, signed, at least once, retried for a day, then switched off.

A doorbell: no amounts inside, and none at all for payments unless a switch says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from ..clock import Clock
from ..posting import Answer, post
from ..wire import dump_json
from .organisation import Event
from .switches import Switches

PATIENCE = 5.0  # seconds a subscriber has
RETRY = timedelta(minutes=15)
GIVE_UP = timedelta(hours=24)
LARGEST = 100  # events in one delivery
SINGULAR_URLS = {"INVOICE": "Invoices", "CONTACT": "Contacts", "CREDITNOTE": "CreditNotes"}


@dataclass
class Subscription:
    url: str
    key: str
    status: str = "OK"  # or DISABLED, until validated again


@dataclass
class Delivery:
    """One post to the subscriber. `statuses` of its attempts; 0: no answer in time."""

    body: bytes
    made: datetime
    due: datetime
    statuses: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return bool(self.statuses) and self.statuses[-1] == HTTPStatus.OK


class Webhooks:
    """Events on their way to one subscriber, in order: a delivery waits for the one before it."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.subscription: Subscription | None = None
        self.deliveries: list[Delivery] = []
        self._pending: list[dict[str, Any]] = []
        self._sequence = 0
        self._dice = random.Random(0)  # noqa: S311 - which events get lost
        self._lock = threading.Lock()  # guards the lists
        self._turn = threading.Lock()  # one courier at a time

    def subscribe(self, subscription: Subscription) -> None:
        self.subscription = subscription

    def take(self, events: list[Event]) -> None:
        """Queue events of the subscribed categories, if there is a subscriber."""
        wanted = self.switches.webhook_categories.split()
        with self._lock:
            for event in events:
                heard = self.subscription and event.category in wanted
                if heard and self._dice.random() >= self.switches.webhook_loss:
                    self._pending.append(worded(event))

    def deliver(self) -> list[Delivery]:
        """Send everything that is due, and what becomes free by it. The deliveries attempted."""
        attempted: list[Delivery] = []
        with self._turn:
            while delivery := self._due():
                self._attempt(delivery)
                attempted.append(delivery)
        return attempted

    def waiting(self) -> list[Delivery]:
        with self._lock:
            return [delivery for delivery in self.deliveries if not delivery.acknowledged]

    def validate(self) -> list[dict[str, Any]]:
        """The intent to receive: right signatures want 200, wrong ones 401, all in five seconds,
        without a body and without cookies. Passing it switches the subscription on again, and what
        waited is sent in order.
        """
        assert self.subscription  # noqa: S101 - callers subscribed
        told = []
        for signature in ("right", "wrong", "right", "tampered"):
            answer = self._post(self._envelope([], 0, 0), signature)
            wanted = 200 if signature == "right" else 401
            fine = answer.status == wanted and not answer.body and not answer.cookies
            told.append({
                "signature": signature, "status": answer.status, "cookies": answer.cookies,
                "body": answer.body.decode("utf-8", "replace"), "passed": fine,
            })  # fmt: skip
        if all(each["passed"] for each in told):
            self.subscription.status = "OK"
            with self._lock:
                for delivery in self.deliveries:
                    if not delivery.acknowledged:
                        delivery.made = delivery.due = self.clock.now()
        else:
            self.subscription.status = "DISABLED"
        return told

    def send(self, events: list[dict[str, Any]], signature: str) -> int:
        """Post any events as one attempt; the status, 0 without an answer."""
        with self._lock:
            body = self._numbered(events)
        return self._post(body, signature).status

    def signature(self, body: bytes, *, right: bool = True) -> str:
        """base64(HMAC-SHA256) over exactly these bytes."""
        assert self.subscription  # noqa: S101 - callers subscribed
        key = self.subscription.key + ("" if right else " or another")
        return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()

    def clear(self) -> None:
        with self._lock:
            self.deliveries, self._pending, self.subscription = [], [], None

    def _due(self) -> Delivery | None:
        """The oldest delivery that is not acknowledged, when its time has come."""
        now = self.clock.now()
        with self._lock:
            if self.subscription is None or self.subscription.status != "OK":
                return None
            self._gather(now)
            open_ = (each for each in self.deliveries if not each.acknowledged)
            first = next(open_, None)
            return first if first and first.due <= now else None

    def _gather(self, now: datetime) -> None:
        if not self._pending:
            return
        ready, self._pending = self._pending[:LARGEST], self._pending[LARGEST:]
        if self.switches.webhook_order == "shuffled":
            self._dice.shuffle(ready)
        self.deliveries.append(Delivery(self._numbered(ready), now, now))

    def _attempt(self, delivery: Delivery) -> None:
        """Once, or as often as a switch says; again at once after the first failure, then every
        quarter of an hour, until a day has passed.
        """
        status = 0
        for _ in range(max(1, self.switches.webhook_copies)):
            status = self._post(delivery.body, self.switches.webhook_signature).status
        delivery.statuses.append(status)
        now = self.clock.now()
        delivery.due = now if len(delivery.statuses) == 1 else now + RETRY
        if not delivery.acknowledged and now - delivery.made >= GIVE_UP and self.subscription:
            self.subscription.status = "DISABLED"

    def _numbered(self, events: list[dict[str, Any]]) -> bytes:
        first, self._sequence = self._sequence + 1, self._sequence + len(events)
        return self._envelope(events, first, self._sequence)

    def _envelope(self, events: list[dict[str, Any]], first: int, last: int) -> bytes:
        return dump_json({
            "events": events, "firstEventSequence": first, "lastEventSequence": last,
            "entropy": secrets.token_urlsafe(15).upper(),
        })  # fmt: skip

    def _post(self, body: bytes, signature: str) -> Answer:
        assert self.subscription  # noqa: S101 - callers subscribed
        signed = self.signature(body, right=signature != "wrong")
        if signature == "tampered":
            body = body.replace(b'"entropy":"', b'"entropy":"x', 1)
        headers = {"Content-Type": "application/json; charset=utf-8", "x-xero-signature": signed}
        return post(self.subscription.url, body, headers, patience=PATIENCE)


def worded(event: Event) -> dict[str, Any]:
    """An event as it is sent."""
    at = datetime.fromisoformat(event.at)
    base = "https://api.xero.com/api.xro/2.0"
    worded: dict[str, Any] = {
        "resourceUrl": f"{base}/{SINGULAR_URLS[event.category]}/{event.id}",
        "resourceId": event.id, "tenantId": event.tenant, "tenantType": "ORGANISATION",
        "eventCategory": event.category, "eventType": event.type,
        "eventDateUtc": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}",
    }  # fmt: skip
    if event.data:
        worded["data"] = dict(event.data)
    return worded
