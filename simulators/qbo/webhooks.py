"""Tells a subscriber what happened: CloudEvents, signed, repeated until they are acknowledged.

While a delivery about a company is not acknowledged, later events of that company wait.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import random
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import posting
from ..clock import Clock
from ..wire import dump_json
from .company import Event
from .switches import Switches

RETRY_SECONDS = (10, 20, 30, 300, 1200, 7200, 14400, 21600)  # and every six hours from then on
PATIENCE = 3.0  # seconds a subscriber has
LARGEST = 100  # events in one delivery


@dataclass
class Subscription:
    url: str
    verifier_token: str


@dataclass
class Delivery:
    """One post to the subscriber. `statuses` of its attempts; 0: no answer in time."""

    body: bytes
    realms: frozenset[str]
    due: datetime
    statuses: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return bool(self.statuses) and self.statuses[-1] == http.HTTPStatus.OK


class Webhooks:
    """Events on their way to one subscriber."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.subscription: Subscription | None = None
        self.deliveries: list[Delivery] = []
        self._pending: list[tuple[str, dict[str, Any]]] = []
        self._dice = random.Random(0)  # noqa: S311 - which events get lost
        self._lock = threading.Lock()  # guards the lists
        self._turn = threading.Lock()  # one courier at a time

    def take(self, events: list[Event]) -> None:
        """Queue events for the subscriber, if there is one."""
        with self._lock:
            for event in events:
                if self.subscription and self._dice.random() >= self.switches.webhook_loss:
                    self._pending.append((event.realm, self._worded(event)))

    def deliver(self) -> list[Delivery]:
        """Send everything that is due, and what becomes free by it. The deliveries attempted."""
        attempted: list[Delivery] = []
        with self._turn:
            while due := self._due():
                for delivery in due:
                    self._attempt(delivery)
                attempted += due
        return attempted

    def waiting(self) -> list[Delivery]:
        with self._lock:
            return [delivery for delivery in self.deliveries if not delivery.acknowledged]

    def post(self, body: bytes) -> int:
        """Send any body, properly signed, as one attempt; the status, 0 without an answer."""
        assert self.subscription  # noqa: S101 - callers subscribed
        headers = self._headers(body)
        return posting.post(self.subscription.url, body, headers, patience=PATIENCE).status

    def signature(self, body: bytes) -> str:
        """base64(HMAC-SHA256) over exactly these bytes."""
        assert self.subscription  # noqa: S101 - callers subscribed
        secret = self.subscription.verifier_token
        if self.switches.webhook_signature == "wrong":
            secret += " or another"
        return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()

    def clear(self) -> None:
        with self._lock:
            self.deliveries, self._pending, self.subscription = [], [], None

    def _due(self) -> list[Delivery]:
        now = self.clock.now()
        with self._lock:
            self._gather(now)
            return [d for d in self.deliveries if not d.acknowledged and d.due <= now]

    def _gather(self, now: datetime) -> None:
        """Put the events of companies that nothing holds up into one delivery."""
        held = {realm for d in self.deliveries if not d.acknowledged for realm in d.realms}
        ready = [each for each in self._pending if each[0] not in held][:LARGEST]
        if not ready:
            return
        self._pending = [each for each in self._pending if each not in ready]
        if self.switches.webhook_order == "shuffled":
            self._dice.shuffle(ready)
        envelope = self._legacy(ready) if self.switches.webhook_format == "legacy" else [
            event for _, event in ready
        ]  # fmt: skip
        realms = frozenset(realm for realm, _ in ready)
        self.deliveries.append(Delivery(dump_json(envelope), realms, now))

    def _attempt(self, delivery: Delivery) -> None:
        status = 0
        for _ in range(max(1, self.switches.webhook_copies)):
            status = self.post(delivery.body)
        attempt = min(len(delivery.statuses), len(RETRY_SECONDS) - 1)
        delivery.due = self.clock.now() + timedelta(seconds=RETRY_SECONDS[attempt])
        delivery.statuses.append(status)

    def _headers(self, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": self.switches.webhook_content_type,
            "User-Agent": "intuit_notification_server/0.1",
            "intuit-signature": self.signature(body),
            "intuit-created-time": self.clock.now().isoformat(),
            "intuit-t-id": str(uuid.uuid4()),
            "intuit-notification-schema-version": "0.1",
        }

    def _worded(self, event: Event) -> dict[str, Any]:
        operation = event.operation
        if operation == "void":
            operation = self.switches.webhook_void
        if self.switches.webhook_case == "capital":
            operation = operation.capitalize()
        at = datetime.fromisoformat(event.at).astimezone(UTC)
        worded: dict[str, Any] = {
            "specversion": "1.0", "id": str(uuid.uuid4()), "source": "intuit.c2ltdWxhdG9y",
            "type": f"qbo.{event.kind.lower()}.{operation}.v1",
            "datacontenttype": "application/json",
            "time": f"{at:%Y-%m-%dT%H:%M:%S}.417359333Z", "intuitentityid": event.id,
            "intuitaccountid": event.realm,
            "data": {"deletedid": event.deleted_id} if event.deleted_id else {},
        }  # fmt: skip
        if self.switches.webhook_extra_fields:
            worded |= {"intuitregion": "us-west-2", "alternative_ids": [{"id": "djQuMTo"}]}
        return worded

    def _legacy(self, ready: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        """The envelope that Intuit retired in 2026."""
        names = {"timeactivity": "TimeActivity", "creditmemo": "CreditMemo"}
        words = {"created": "Create", "updated": "Update", "deleted": "Delete", "merged": "Merge"}
        by_realm: dict[str, list[dict[str, Any]]] = {}
        for realm, event in ready:
            _, kind, operation, _ = event["type"].lower().split(".")
            entity = {
                "name": names.get(kind, kind.capitalize()), "id": event["intuitentityid"],
                "operation": words.get(operation, operation.capitalize()),
                "lastUpdated": f"{event['time'][:19]}.000Z",
            }  # fmt: skip
            if "deletedid" in event["data"]:
                entity["deletedId"] = event["data"]["deletedid"]
            by_realm.setdefault(realm, []).append(entity)
        return {
            "eventNotifications": [
                {"realmId": realm, "dataChangeEvent": {"entities": entities}}
                for realm, entities in by_realm.items()
            ]
        }
