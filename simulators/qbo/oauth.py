"""Who may speak for which company: apps, codes, connections and their tokens. No HTTP."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .switches import Switches

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = (ACCOUNTING, "com.intuit.quickbooks.payment")
OPENID = ("openid", "profile", "email", "phone", "address")
CODE_SECONDS = 600
ACCESS_SECONDS = 3600
IDLE_SECONDS = 8_726_400  # 101 days without a refresh
HARD_DAYS = 5 * 365  # no connection lives longer
ROTATION = timedelta(hours=24)
DEAD = "Incorrect or invalid refresh token"


class Denied(Exception):
    """An OAuth error as its code, with the HTTP status that Intuit uses for it."""

    def __init__(self, error: str, description: str = "", *, status: int = 400) -> None:
        super().__init__(error)
        self.body = {"error": error}
        if description:
            self.body["error_description"] = description
        self.status = status


@dataclass
class ClientApp:
    """An app as registered with Intuit."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]
    name: str = "An app under test"


@dataclass
class Grant:
    """A connection of one app to one company. Old refresh values are kept with the time they were
    superseded; access values with the time they expire.
    """

    client_id: str
    realm: str
    scopes: list[str]
    refresh: str
    issued: datetime
    used: datetime
    born: datetime
    access: dict[str, datetime] = field(default_factory=dict)
    superseded: dict[str, datetime] = field(default_factory=dict)
    revoked: bool = False


@dataclass
class Code:
    client_id: str
    realm: str
    scopes: list[str]
    redirect_uri: str
    expires: datetime
    grant: Grant | None = None  # what its first use issued


class OAuth:
    """All apps and connections of a simulated Intuit."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.apps: dict[str, ClientApp] = {}
        self.grants: list[Grant] = []
        self.codes: dict[str, Code] = {}
        self.refreshing: set[str] = set()

    def register(
        self,
        *,
        client_id: str = "",
        client_secret: str = "",
        redirect_uris: list[str] | None = None,
    ) -> ClientApp:
        """A new app, or a known one with other addresses. Secrets are random unless given."""
        app = ClientApp(
            client_id or f"SIM{secrets.token_hex(10)}", client_secret or secrets.token_urlsafe(24),
            redirect_uris or [],
        )  # fmt: skip
        self.apps[app.client_id] = app
        return app

    def authenticate(self, client_id: str, client_secret: str) -> ClientApp:
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(
            app.client_secret.encode(), client_secret.encode()
        ):
            raise Denied("invalid_client", status=401)
        return app

    def authorize(
        self, client_id: str, realm: str, scopes: list[str], redirect_uri: str, *, now: datetime
    ) -> str:
        """The code that a consent brings."""
        code = f"SIMCODE{secrets.token_urlsafe(24)}"
        expires = now + timedelta(seconds=CODE_SECONDS)
        self.codes[code] = Code(client_id, realm, scopes, redirect_uri, expires)
        return code

    def exchange(self, app: ClientApp, value: str, redirect_uri: str, *, now: datetime) -> Grant:
        """A connection for a code, once."""
        code = self.codes.get(value)
        if code is None or code.client_id != app.client_id:
            raise Denied("invalid_grant", "Invalid authorization code")
        if code.grant is not None:
            if self.switches.code_reuse_revokes:
                code.grant.revoked = True
            raise Denied("invalid_grant", "Invalid authorization code")
        if now >= code.expires or code.redirect_uri != redirect_uri:
            raise Denied("invalid_grant", "Token invalid or redirect_uri mismatch")
        code.grant = self.connect(app.client_id, code.realm, code.scopes, now=now)
        return code.grant

    def connect(
        self, client_id: str, realm: str, scopes: list[str] | None = None, *, now: datetime
    ) -> Grant:
        """A connection with fresh tokens, as after a consent."""
        grant = Grant(client_id, realm, scopes or [ACCOUNTING], _refresh(), now, now, now)
        self.grants.append(grant)
        self.renew(grant, now=now)
        return grant

    def refresh(self, app: ClientApp, value: str, *, now: datetime) -> Grant:
        """New access by a refresh token, which itself changes about once a day."""
        grant = next((g for g in self.grants if value == g.refresh or value in g.superseded), None)
        if grant is None or grant.client_id != app.client_id or grant.revoked:
            raise Denied("invalid_grant", DEAD)
        if value != grant.refresh and not self._graced(grant, value, now):
            grant.revoked = self.switches.refresh_reuse_revokes
            raise Denied("invalid_grant", DEAD)
        idle = now >= grant.used + timedelta(seconds=IDLE_SECONDS)
        if idle or now >= hard_end(grant):
            raise Denied("invalid_grant", DEAD)
        if self.switches.refresh_rotation == "always" or now >= grant.issued + ROTATION:
            grant.superseded[grant.refresh] = now
            grant.refresh, grant.issued = _refresh(), now
        grant.used = now
        self.renew(grant, now=now)
        return grant

    def _graced(self, grant: Grant, value: str, now: datetime) -> bool:
        grace = timedelta(hours=self.switches.refresh_grace_hours)
        return now < grant.superseded[value] + grace

    def renew(self, grant: Grant, *, now: datetime) -> str:
        """Another access token; earlier ones live on until they expire."""
        grant.access = {value: end for value, end in grant.access.items() if end > now}
        value = f"SIMACCESS{secrets.token_urlsafe(48)}"
        grant.access[value] = now + timedelta(seconds=ACCESS_SECONDS)
        return value

    def bearer(self, value: str, *, now: datetime) -> Grant | None:
        """The living connection behind an access token."""
        for grant in self.grants:
            if not grant.revoked and grant.access.get(value, now) > now:
                return grant
        return None

    def revoke(self, app: ClientApp, value: str) -> None:
        """End a connection by either of its tokens; 400 for an unknown one."""
        for grant in self.grants:
            known = value == grant.refresh or value in grant.access or value in grant.superseded
            if known and grant.client_id == app.client_id and not grant.revoked:
                grant.revoked = True
                return
        raise Denied("invalid_request")

    def disconnect(self, realm: str) -> None:
        """A person ends every connection of a company; nobody is told."""
        for grant in self.grants:
            if grant.realm == realm:
                grant.revoked = True

    def connected(self, realm: str) -> bool:
        return any(grant.realm == realm and not grant.revoked for grant in self.grants)

    def expire_access(self) -> None:
        """Every access token dies at once, as if an hour had passed."""
        for grant in self.grants:
            grant.access.clear()

    def dump(self) -> dict[str, Any]:
        """Apps and living connections; codes are too short-lived to keep."""
        alive = [_plain(asdict(grant)) for grant in self.grants if not grant.revoked]
        return {"apps": [asdict(app) for app in self.apps.values()], "grants": alive}

    def load(self, kept: dict[str, Any]) -> None:
        self.apps |= {app["client_id"]: ClientApp(**app) for app in kept["apps"]}
        self.grants = [_grant(grant) for grant in kept["grants"]]


def token_answer(grant: Grant, *, now: datetime, with_hard_end: bool) -> dict[str, Any]:
    """The body of a token response: the newest access token and the refresh token."""
    answer: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": next(reversed(grant.access)),
        "expires_in": ACCESS_SECONDS,
        "refresh_token": grant.refresh,
        "x_refresh_token_expires_in": IDLE_SECONDS,
    }
    if with_hard_end:
        left = (hard_end(grant) - now).total_seconds()
        answer["x_refresh_token_hard_expires_in"] = int(left)
    return answer


def hard_end(grant: Grant) -> datetime:
    return grant.born + timedelta(days=HARD_DAYS)


def _refresh() -> str:
    return f"SIMREFRESH{secrets.token_urlsafe(24)}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _grant(kept: dict[str, Any]) -> Grant:
    moments = {name: datetime.fromisoformat(kept[name]) for name in ("issued", "used", "born")}
    tables = {
        name: {value: datetime.fromisoformat(at) for value, at in kept[name].items()}
        for name in ("access", "superseded")
    }
    return Grant(**{**kept, **moments, **tables})
