"""The simulated Xero: organisations, connections, keys and limits, behind one lock."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ..clock import Clock
from ..service import Service
from ..wire import Request, Response, dump_json, load_json
from . import oauth_web, pages, projects, rest, seeds, storage
from .faults import faults
from .handle import Handle
from .idempotency import Keys
from .limits import Limits
from .oauth import OAuth
from .organisation import Organisation
from .switches import Switches
from .webhooks import Webhooks

KEPT = ("docs", "history", "attachments", "settings", "numbers", "mails")


class Xero(Service):
    """One app of the world, below /xero/. Everything shared is changed under `lock`."""

    name = "xero"
    title = "Xero"

    def __init__(
        self,
        clock: Clock,
        *,
        organisations: Iterable[str] = ("nz",),
        history: bool = False,
        client_id: str = "",
        client_secret: str = "",
        redirect_uris: Iterable[str] = (),
        **switches: Any,
    ) -> None:
        super().__init__(clock)
        self._regions, self._history, self._initial = list(organisations), history, switches
        self.switches = Switches()
        self.oauth = OAuth(self.switches)
        self.named = bool(client_id)
        self.app = self.oauth.register(
            client_id=client_id, client_secret=client_secret, redirect_uris=list(redirect_uris)
        )
        self.keys = Keys(self.switches)
        self.limits = Limits(self.switches)
        self.webhooks = Webhooks(clock, self.switches)
        self.organisations: dict[str, Organisation] = {}
        self.faults = faults(self)
        self.handle = Handle(self)
        self.reset()

    def reset(self) -> None:
        """Organisations, switches and memories as in the beginning. The registered apps stay, their
        connections do not.
        """
        with self.lock:
            self.switches.set(**{**asdict(Switches()), **self._initial})
            self.oauth.grants.clear()
            self.oauth.codes.clear()
            self.oauth.connections.clear()
            self.keys.memories.clear()
            self.limits.clear()
            self.webhooks.clear()
            self.organisations = {}
            for name in self._regions:
                self.add(name)

    def add(self, region: str) -> Organisation:
        """Another organisation. A second one of a region gets ids and a name of its own."""
        with self.lock:
            copies = sum(each.region == region for each in self.organisations.values())
            made = seeds.organisation(
                region, now=self.clock.now(), copy=copies + 1, history=self._history
            )
            self.organisations[made.tenant] = made
            return made

    def kind(self, request: Request) -> str:
        if request.path.startswith((rest.BASE, projects.BASE)):
            return "read" if request.method == "GET" else "write"
        return oauth_web.kind(request)

    def answer(self, request: Request) -> Response:
        try:
            if request.path.startswith(f"{rest.BASE}/"):
                return rest.answer(self, request)
            if request.path.startswith(f"{projects.BASE}/"):
                return projects.answer(self, request)
            return oauth_web.answer(self, request)
        except rest.Broken as broken:  # there are no keys to keep it under
            return broken.response
        finally:
            self.collect()

    def collect(self) -> None:
        """Hand what happened to the webhooks."""
        with self.lock:
            connected = {each.tenant for each in self.oauth.connections}
            for org in self.organisations.values():
                if org.events:
                    events, org.events = org.events, []
                    if org.tenant in connected:
                        self.webhooks.take(events)

    def snapshot(self, org: Organisation) -> dict[str, Any]:
        """What an organisation holds, to go back to."""
        return {name: copy.deepcopy(getattr(org, name)) for name in KEPT}

    def restore(self, org: Organisation, kept: dict[str, Any]) -> None:
        for name, value in kept.items():
            setattr(org, name, value)
        org.events.clear()

    def control(self, verb: str, arguments: dict[str, Any]) -> Any:
        return self.handle.control(verb, arguments)

    def page(self, request: Request) -> Response:
        return pages.answer(self, request)

    def ledger(self) -> dict[str, Any]:
        """For every organisation its documents, each with what its books say; and broken limits."""
        with self.lock:
            books = {tenant: _books(org) for tenant, org in self.organisations.items()}
        return {"organisations": books, "violations": dict(self.limits.violations)}

    def dump(self) -> bytes:
        with self.lock:
            return dump_json(storage.dump(self))

    def load(self, kept: bytes) -> None:
        with self.lock:
            storage.load(self, load_json(kept))


SHOWN = {
    "Invoice": ("InvoiceID", "InvoiceNumber", "Type", "Status", "Date", "Total", "TotalTax",
                "AmountDue", "AmountPaid", "AmountCredited", "Reference", "SentToContact",
                "CurrencyCode"),
    "CreditNote": ("CreditNoteID", "CreditNoteNumber", "Status", "Total", "RemainingCredit"),
    "Payment": ("PaymentID", "Date", "Amount", "Status", "Reference"),
}  # fmt: skip


def _books(org: Organisation) -> dict[str, list[dict[str, Any]]]:
    books = {
        kind: [{name: doc.get(name) for name in names} for doc in org.of(kind)]
        for kind, names in SHOWN.items()
    }
    for kind in ("Invoice", "CreditNote"):
        for shown, doc in zip(books[kind], org.of(kind), strict=True):
            shown["ContactID"] = doc["Contact"]["ContactID"]
    return books
