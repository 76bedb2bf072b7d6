"""How tests hold a simulated QuickBooks: addresses, switches, people, and what it contains.

The same verbs are open over HTTP as POST /__sim/qbo/<verb>, and those of a person as
POST /__sim/qbo/person/<verb>, with their arguments as a JSON object.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .. import verbs
from ..faults import Rule
from ..journal import Exchange
from . import oauth_web
from .company import Company, Doc, clone
from .keyboard import Person
from .refusals import Refused
from .rendering import render
from .webhooks import Delivery, Subscription

if TYPE_CHECKING:
    from ..world import World
    from .app import QuickBooks

VERBS = (
    "add_company", "companies", "connect", "deliver", "disconnect", "documents",
    "expire_access_tokens", "forget_request_ids", "invoices", "mails", "register", "subscribe",
    "switch", "usage",
)  # fmt: skip


@dataclass(frozen=True)
class Tokens:
    """A connection as an integration stores it."""

    realm: str
    access_token: str
    refresh_token: str


class Handle:
    """Verbs for tests. Where a realm is not given, the first company is meant."""

    def __init__(self, qbo: QuickBooks) -> None:
        self.app = qbo

    @property
    def api_url(self) -> str:
        """Base of the API, as python-quickbooks wants it: .../v3."""
        return f"{self.app.base_url}/v3"

    @property
    def discovery_url(self) -> str:
        """For intuit-oauth: `AuthClient(environment=...)`."""
        return self.app.base_url + oauth_web.DISCOVERY[0]

    @property
    def authorize_url(self) -> str:
        return self.app.base_url + oauth_web.AUTHORIZE

    @property
    def token_url(self) -> str:
        return self.app.base_url + oauth_web.TOKEN

    @property
    def revoke_url(self) -> str:
        return self.app.base_url + oauth_web.REVOKE

    @property
    def client_id(self) -> str:
        return self.app.app.client_id

    @property
    def client_secret(self) -> str:
        return self.app.app.client_secret

    @property
    def realm(self) -> str:
        """The realm id of the first company."""
        return next(iter(self.app.companies))

    @property
    def as_person(self) -> Person:
        """A person at the keyboard of the first company."""
        return self.person()

    def person(self, realm: str = "") -> Person:
        return Person(self.app, self.company(realm))

    def company(self, realm: str = "") -> Company:
        """The company file itself; ValueError for an unknown realm."""
        found = self.app.companies.get(realm or self.realm)
        if found is None:
            raise ValueError(f"There is no company {realm!r}.")
        return found

    def companies(self) -> dict[str, str]:
        """Realm -> scenario."""
        return {realm: company.scenario for realm, company in self.app.companies.items()}

    def add_company(self, scenario: str, realm: str = "") -> str:
        """Another company file; its realm."""
        return self.app.add(scenario, realm).realm

    @property
    def world(self) -> World:
        assert self.app.world  # noqa: S101 - whoever holds a handle has started it
        return self.app.world

    def arm(self, name: str, **options: Any) -> Rule:
        """Let a fault strike: see `simulators.faults` for the options and the common faults, and
        `simulators.qbo.faults` for those of QuickBooks.
        """
        return self.world.arm(self.app.name, name, **options)

    def disarm(self) -> None:
        self.world.faults.disarm()

    def requests(self, kind: str = "") -> list[Exchange]:
        """What clients sent, in order: "write", "read", "token", "page", or all."""
        mine = (each for each in self.world.journal if each.app == self.app.name)
        return [each for each in mine if kind in ("", each.kind)]

    def register(
        self, redirect_uris: list[str], client_id: str = "", client_secret: str = ""
    ) -> Doc:
        """Register an app, or a new list of addresses for a known one."""
        known = self.app.oauth.apps.get(client_id)
        if known is not None:
            known.redirect_uris = list(redirect_uris)
            return asdict(known)
        made = self.app.oauth.register(
            client_id=client_id, client_secret=client_secret, redirect_uris=list(redirect_uris)
        )
        return asdict(made)

    def connect(self, realm: str = "", client_id: str = "") -> Tokens:
        """What a finished consent leaves behind, without clicking through it."""
        with self.app.lock:
            company = self.company(realm)
            grant = self.app.oauth.connect(
                client_id or self.client_id, company.realm, now=self.app.clock.now()
            )
            return Tokens(company.realm, next(reversed(grant.access)), grant.refresh)

    def disconnect(self, realm: str = "") -> None:
        self.person(realm).disconnect()

    def expire_access_tokens(self) -> None:
        """Every access token is refused from now on; refreshing helps."""
        with self.app.lock:
            self.app.oauth.expire_access()

    def switch(self, **settings: Any) -> None:
        """Set switches; see `python -m simulators --switches`."""
        self.app.switches.set(**settings)

    def forget_request_ids(self) -> None:
        self.app.requestids.forget()

    def invoices(self, realm: str = "") -> list[Doc]:
        """All invoices, voided ones too, as the API would show them."""
        return self.documents("Invoice", realm)

    def documents(self, kind: str, realm: str = "") -> list[Doc]:
        """All records of a kind, as the API would show them."""
        with self.app.lock:
            company = self.company(realm)
            return [clone(render(company, kind, doc)) for doc in company.of(kind)]

    def mails(self, realm: str = "") -> list[Doc]:
        """Every mail that was sent: to, kind, id, at."""
        return list(self.company(realm).mails)

    def usage(self) -> Doc:
        """Metered reads and free writes by month, and violations of limits."""
        limits = self.app.limits
        return {
            "reads": dict(limits.reads), "writes": dict(limits.writes),
            "violations": dict(limits.violations),
        }  # fmt: skip

    def subscribe(self, url: str, verifier_token: str, background: bool = False) -> None:
        """Send webhooks to an address: in the background, or when `deliver` is called."""
        self.app.webhooks.subscription = Subscription(url, verifier_token)
        if background:
            self.app.start_courier(self.app.webhooks)

    def deliver(self) -> list[Doc]:
        """Make every delivery that is due. For each: events as bytes, and the statuses so far."""
        return [_shown(delivery) for delivery in self.app.webhooks.deliver()]

    def control(self, verb: str, arguments: dict[str, Any]) -> Any:
        """A verb over HTTP. ValueError for one that does not exist or that refuses."""
        call = verbs.find(
            verb, arguments, holder=self, names=VERBS, person="realm", people=self.person
        )
        try:
            result = call(**arguments)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        return asdict(result) if isinstance(result, Tokens) else result


def _shown(delivery: Delivery) -> Doc:
    return {
        "body": delivery.body.decode(), "realms": sorted(delivery.realms),
        "statuses": list(delivery.statuses), "due": delivery.due.isoformat(),
    }  # fmt: skip
