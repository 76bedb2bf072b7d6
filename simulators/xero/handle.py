"""How tests hold a simulated Xero: addresses, switches, people, and what it contains.

The same verbs are open over HTTP as POST /__sim/xero/<verb>, and those of a person as
POST /__sim/xero/person/<verb>, with their arguments as a JSON object.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .. import verbs
from ..faults import Rule
from ..journal import Exchange
from . import oauth_web, projects, rest
from .keyboard import Person
from .organisation import Doc, Organisation, clone
from .refusals import Invalid, Refusal
from .rendering import invoice
from .webhooks import Delivery, Subscription

if TYPE_CHECKING:
    from ..world import World
    from .app import Xero

VERBS = (
    "add_organisation", "connect", "connections", "deliver", "disconnect", "documents",
    "expire_access_tokens", "forget_keys", "invoices", "mails", "organisations", "register",
    "send_events", "subscribe", "switch", "usage", "use_up_day", "validate_webhook",
)  # fmt: skip
SCOPES = (
    "openid profile email offline_access accounting.invoices accounting.contacts "
    "accounting.settings accounting.payments accounting.attachments"
)
BROAD = SCOPES.replace("accounting.invoices", "accounting.transactions").replace(
    " accounting.payments", ""
)


@dataclass(frozen=True)
class Tokens:
    """A connection as an integration stores it: one token set, one organisation or several."""

    tenant: str
    tenants: list[str]
    access_token: str
    refresh_token: str
    scope: str


class Handle:
    """Verbs for tests. Where a tenant is not given, the first organisation is meant."""

    def __init__(self, xero: Xero) -> None:
        self.app = xero

    @property
    def hosts(self) -> dict[str, str]:
        """Real hosts and where they are here: all at one base."""
        names = ("login", "identity", "api", "go")
        return {f"https://{name}.xero.com": self.app.base_url for name in names}

    @property
    def api_url(self) -> str:
        return self.app.base_url + rest.BASE

    @property
    def projects_url(self) -> str:
        return self.app.base_url + projects.BASE

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
    def connections_url(self) -> str:
        return self.app.base_url + oauth_web.CONNECTIONS

    @property
    def client_id(self) -> str:
        return self.app.app.client_id

    @property
    def client_secret(self) -> str:
        return self.app.app.client_secret

    @property
    def tenant(self) -> str:
        """The tenant id of the first organisation."""
        return next(iter(self.app.organisations))

    @property
    def as_person(self) -> Person:
        """A person at the keyboard of the first organisation."""
        return self.person()

    def person(self, tenant: str = "") -> Person:
        return Person(self.app, self.organisation(tenant))

    def organisation(self, tenant: str = "") -> Organisation:
        """The organisation itself; ValueError for an unknown tenant."""
        found = self.app.organisations.get(tenant or self.tenant)
        if found is None:
            raise ValueError(f"There is no organisation {tenant!r}.")
        return found

    def organisations(self) -> dict[str, str]:
        """Tenant id -> region."""
        return {tenant: org.region for tenant, org in self.app.organisations.items()}

    def add_organisation(self, region: str) -> str:
        """Another organisation of a region (nz, au, gb, us); its tenant id."""
        return self.app.add(region).tenant

    @property
    def world(self) -> World:
        assert self.app.world  # noqa: S101 - whoever holds a handle has started it
        return self.app.world

    def arm(self, name: str, **options: Any) -> Rule:
        """Let a fault strike: see `simulators.faults` for the options and the common faults, and
        `simulators.xero.faults` for those of Xero.
        """
        return self.world.arm(self.app.name, name, **options)

    def disarm(self) -> None:
        self.world.faults.disarm()

    def requests(self, kind: str = "") -> list[Exchange]:
        """What clients sent, in order: "write", "read", "token", "page", or all."""
        mine = (each for each in self.world.journal if each.app == self.app.name)
        return [each for each in mine if kind in ("", each.kind)]

    def register(
        self, redirect_uris: list[str], client_id: str = "", client_secret: str = "", name: str = ""
    ) -> Doc:
        """Register an app, or a new list of addresses for a known one."""
        known = self.app.oauth.apps.get(client_id)
        if known is not None:
            known.redirect_uris = list(redirect_uris)
            known.name = name or known.name
            return asdict(known)
        made = self.app.oauth.register(
            client_id=client_id, client_secret=client_secret, redirect_uris=list(redirect_uris),
            name=name or "An app under test",
        )  # fmt: skip
        return asdict(made)

    def connect(
        self,
        tenant: str = "",
        tenants: list[str] | None = None,
        scope: str = "",
        client_id: str = "",
    ) -> Tokens:
        """What a finished consent leaves behind, without clicking through it."""
        with self.app.lock:
            chosen = tenants or [self.organisation(tenant).tenant]
            broad = self.app.switches.app_generation == "broad"
            scopes = (scope or (BROAD if broad else SCOPES)).split()
            grant = self.app.oauth.connect(
                client_id or self.client_id, chosen, scopes, now=self.app.clock.now()
            )
            return Tokens(
                chosen[0], chosen, next(reversed(grant.access)),
                next(reversed(grant.refresh), ""), " ".join(scopes),
            )  # fmt: skip

    def connections(self) -> list[Doc]:
        """All connections: id, client_id, tenant, auth_event."""
        return [asdict(each) for each in self.app.oauth.connections]

    def disconnect(self, tenant: str = "") -> None:
        self.person(tenant).disconnect()

    def expire_access_tokens(self) -> None:
        """Every access token is refused from now on; refreshing helps."""
        with self.app.lock:
            self.app.oauth.expire_access()

    def switch(self, **settings: Any) -> None:
        """Set switches; see `python -m simulators --switches`."""
        self.app.switches.set(**settings)

    def forget_keys(self) -> None:
        """As if all Idempotency-Keys had been lost."""
        self.app.keys.forget()

    def invoices(self, tenant: str = "") -> list[Doc]:
        """All sales invoices and bills, voided ones too, as the API would show them."""
        with self.app.lock:
            org = self.organisation(tenant)
            return [clone(invoice(org, doc, places=4)) for doc in org.of("Invoice")]

    def documents(self, kind: str, tenant: str = "") -> list[Doc]:
        """All records of a kind, as they are kept."""
        with self.app.lock:
            return [clone(doc) for doc in self.organisation(tenant).of(kind)]

    def mails(self, tenant: str = "") -> list[Doc]:
        """Every mail that was sent: to, invoice, at."""
        return list(self.organisation(tenant).mails)

    def usage(self) -> Doc:
        """Calls by tenant, and violations of limits."""
        limits = self.app.limits
        return {"calls": dict(limits.calls), "violations": dict(limits.violations)}

    def use_up_day(self, leave: int = 0, tenant: str = "", client_id: str = "") -> None:
        """As if all calls of this day had been made, but for a few."""
        org = self.organisation(tenant)
        now = self.app.clock.now()
        self.app.limits.use_up(org.tenant, client_id or self.client_id, leave=leave, now=now)

    def subscribe(self, url: str, key: str, background: bool = False) -> None:
        """Send webhooks to an address: in the background, or when `deliver` is called."""
        self.app.webhooks.subscribe(Subscription(url, key))
        if background:
            self.app.start_courier(self.app.webhooks)

    def validate_webhook(self) -> list[Doc]:
        """The intent to receive: posts with right and wrong signatures; how each was answered."""
        return self.app.webhooks.validate()

    def deliver(self) -> list[Doc]:
        """Make every delivery that is due. For each: its body, and the statuses so far."""
        return [_shown(delivery) for delivery in self.app.webhooks.deliver()]

    def send_events(self, events: list[Doc], signature: str = "right") -> int:
        """Post any events at once, signed right, wrong or tampered; the status, 0 for none."""
        return self.app.webhooks.send(events, signature)

    def control(self, verb: str, arguments: dict[str, Any]) -> Any:
        """A verb over HTTP. ValueError for one that does not exist or that refuses."""
        call = verbs.find(
            verb, arguments, holder=self, names=VERBS, person="tenant", people=self.person
        )
        try:
            result = call(**arguments)
        except (Invalid, Refusal) as refused:
            raise ValueError(str(refused)) from None
        except LookupError:
            raise ValueError("There is no such record.") from None
        return asdict(result) if isinstance(result, Tokens) else result


def _shown(delivery: Delivery) -> Doc:
    return {
        "body": delivery.body.decode(), "statuses": list(delivery.statuses),
        "due": delivery.due.isoformat(),
    }  # fmt: skip
