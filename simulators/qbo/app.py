"""The simulated QuickBooks Online: companies, connections, memory and limits, behind one lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ..clock import Clock
from ..service import Service
from ..wire import Request, Response, dump_json, load_json
from . import oauth_web, pages, rest, seeds, storage
from .company import Company
from .faults import faults
from .handle import Handle
from .limits import Limits
from .oauth import OAuth
from .requestids import RequestIds
from .switches import Switches
from .webhooks import Webhooks


class QuickBooks(Service):
    """One app of the world, below /qbo/. Everything shared is changed under `lock`."""

    name = "qbo"
    title = "QuickBooks Online"

    def __init__(
        self,
        clock: Clock,
        *,
        scenarios: Iterable[str] = ("us",),
        history: bool = False,
        client_id: str = "",
        client_secret: str = "",
        redirect_uris: Iterable[str] = (),
        public_url: str = "",
        **switches: Any,
    ) -> None:
        super().__init__(clock)
        self.public_url = public_url
        self._scenarios, self._history, self._initial = list(scenarios), history, switches
        self.switches = Switches()
        self.oauth = OAuth(self.switches)
        self.named = bool(client_id)
        self.app = self.oauth.register(
            client_id=client_id, client_secret=client_secret, redirect_uris=list(redirect_uris)
        )
        self.requestids = RequestIds(self.switches)
        self.limits = Limits(self.switches)
        self.webhooks = Webhooks(clock, self.switches)
        self.companies: dict[str, Company] = {}
        self.faults = faults(self)
        self.handle = Handle(self)
        self.reset()

    def reset(self) -> None:
        """Companies, switches and memories as in the beginning. The registered apps stay, their
        connections do not.
        """
        with self.lock:
            self.switches.set(**{**asdict(Switches()), **self._initial})
            self.oauth.grants.clear()
            self.oauth.codes.clear()
            self.requestids.memories.clear()
            self.limits.clear()
            self.webhooks.clear()
            self.companies = {}
            for name in self._scenarios:
                self.add(name)

    def add(self, scenario: str, realm: str = "") -> Company:
        """Another company file. A second one of a scenario gets a realm of its own."""
        with self.lock:
            made = seeds.company(scenario, now=self.clock.now(), realm=realm, history=self._history)
            while made.realm in self.companies:
                made.realm = str(int(made.realm) + 100)
            self.companies[made.realm] = made
            return made

    def kind(self, request: Request) -> str:
        return rest.kind(request) if _is_api(request) else oauth_web.kind(request)

    def answer(self, request: Request) -> Response:
        if not _is_api(request):
            return oauth_web.answer(self, request)
        try:
            return rest.answer(self, request)
        finally:
            self.collect()

    def collect(self) -> None:
        """Hand what happened to the webhooks."""
        with self.lock:
            for company in self.companies.values():
                if company.events:
                    events, company.events = company.events, []
                    if self.oauth.connected(company.realm):
                        self.webhooks.take(events)

    def control(self, verb: str, arguments: dict[str, Any]) -> Any:
        return self.handle.control(verb, arguments)

    def page(self, request: Request) -> Response:
        return pages.answer(self, request)

    def ledger(self) -> dict[str, Any]:
        """For every company its documents, each with what its books say; and broken limits."""
        with self.lock:
            books = {realm: _books(company) for realm, company in self.companies.items()}
        return {"companies": books, "violations": dict(self.limits.violations)}

    def dump(self) -> bytes:
        with self.lock:
            return dump_json(storage.dump(self))

    def load(self, kept: bytes) -> None:
        with self.lock:
            storage.load(self, load_json(kept))


def _is_api(request: Request) -> bool:
    return request.path.startswith("/v3/")


def _books(company: Company) -> dict[str, list[dict[str, Any]]]:
    return {
        kind: [
            {
                "Id": doc["Id"], "DocNumber": doc.get("DocNumber"),
                "CustomerRef": doc["CustomerRef"]["value"], "TxnDate": doc["TxnDate"],
                "TotalAmt": doc["TotalAmt"], "Balance": doc.get("Balance"),
                "TotalTax": doc.get("TxnTaxDetail", {}).get("TotalTax"),
                "SyncToken": doc["SyncToken"], "voided": bool(doc.get("_voided")),
                "PrivateNote": doc.get("PrivateNote", ""),
            }
            for doc in company.of(kind)
        ]
        for kind in ("Invoice", "CreditMemo", "Payment")
    }  # fmt: skip
