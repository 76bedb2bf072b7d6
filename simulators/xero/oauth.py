"""Who may speak for which organisations: apps, codes, token sets, connections. No HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .organisation import new_id
from .switches import Switches

ACCESS_SECONDS = 1800
IDLE = timedelta(days=60)  # an unused refresh token dies
CONNECTIONS = {"starter": 5, "core": 50, "plus": 1_000, "advanced": 10_000}
USER = str(uuid.UUID("3b1f2a52-6f0c-4d0e-9c55-3a8f0b7f6d10"))  # the one person who consents


class Denied(Exception):
    """An OAuth error as its code. Xero answers all of them with 400."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class ClientApp:
    """An app as registered with Xero. Its name is the ProviderName of answers."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]
    name: str = "An app under test"


@dataclass
class Connection:
    """One app let into one organisation."""

    id: str
    client_id: str
    tenant: str
    auth_event: str
    created: str
    updated: str


@dataclass
class Grant:
    """A token set of one consent. Tokens are kept with the time they were issued (`refresh`), spent
    (`spent`) or expire (`access`).
    """

    client_id: str
    scopes: list[str]
    auth_event: str
    refresh: dict[str, datetime] = field(default_factory=dict)
    spent: dict[str, datetime] = field(default_factory=dict)
    access: dict[str, datetime] = field(default_factory=dict)
    revoked: bool = False


@dataclass
class Code:
    client_id: str
    tenants: list[str]
    scopes: list[str]
    redirect_uri: str
    challenge: str
    expires: datetime


class OAuth:
    """All apps, token sets and connections of a simulated Xero."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.apps: dict[str, ClientApp] = {}
        self.grants: list[Grant] = []
        self.codes: dict[str, Code] = {}
        self.connections: list[Connection] = []
        self.refreshing: set[str] = set()

    def register(
        self,
        *,
        client_id: str = "",
        client_secret: str = "",
        redirect_uris: list[str] | None = None,
        name: str = "An app under test",
    ) -> ClientApp:
        """A new app, or a known one with other addresses. Secrets are random unless given."""
        app = ClientApp(
            client_id or secrets.token_hex(16).upper(), client_secret or secrets.token_urlsafe(32),
            redirect_uris or [], name,
        )  # fmt: skip
        self.apps[app.client_id] = app
        return app

    def authenticate(self, client_id: str, client_secret: str) -> ClientApp:
        app = self.apps.get(client_id)
        known = app.client_secret.encode() if app else b""
        if app is None or not secrets.compare_digest(known, client_secret.encode()):
            raise Denied("invalid_client")
        return app

    def authorize(self, code: Code) -> str:
        """The code that a consent brings."""
        value = secrets.token_urlsafe(32)
        self.codes[value] = code
        return value

    def exchange(
        self, app: ClientApp, value: str, redirect_uri: str, verifier: str, *, now: datetime
    ) -> Grant:
        """A token set for a code, once."""
        code = self.codes.pop(value, None)
        if code is None or code.client_id != app.client_id or now >= code.expires:
            raise Denied("invalid_grant")
        if code.redirect_uri != redirect_uri or not _fits(code.challenge, verifier):
            raise Denied("invalid_grant")
        return self.connect(app.client_id, code.tenants, code.scopes, now=now)

    def connect(
        self, client_id: str, tenants: list[str], scopes: list[str], *, now: datetime
    ) -> Grant:
        """What a consent leaves behind: fresh tokens, and a connection to each organisation."""
        grant = Grant(client_id, scopes, new_id())
        stamp = now.isoformat()
        for tenant in tenants:
            known = self.connection(client_id, tenant)
            if known is None:
                known = Connection(new_id(), client_id, tenant, "", stamp, stamp)
                self.connections.append(known)
            known.updated, known.auth_event = stamp, grant.auth_event
        self.grants.append(grant)
        self._issue(grant, now)
        return grant

    def connection(self, client_id: str, tenant: str) -> Connection | None:
        return next(
            (c for c in self.connections if (c.client_id, c.tenant) == (client_id, tenant)), None
        )

    def full(self, client_id: str, tenants: list[str]) -> bool:
        """Whether the tier of the app has no room for more connections."""
        mine = {each.tenant for each in self.connections if each.client_id == client_id}
        most = self.switches.connections_per_app or CONNECTIONS[self.switches.app_tier]
        return len(mine | set(tenants)) > most

    def refresh(self, app: ClientApp, value: str, *, now: datetime) -> Grant:
        """New tokens for a refresh token, which is spent by it; a spent one works for a grace."""
        grant = next((g for g in self.grants if value in g.refresh or value in g.spent), None)
        if grant is None or grant.client_id != app.client_id or grant.revoked:
            raise Denied("invalid_grant")
        if value in grant.spent:
            grace = timedelta(minutes=self.switches.refresh_grace_minutes)
            if now >= grant.spent[value] + grace:
                raise Denied("invalid_grant")
        elif now >= grant.refresh.pop(value) + IDLE:
            raise Denied("invalid_grant")
        else:
            grant.spent[value] = now
        self._issue(grant, now)
        return grant

    def bearer(self, value: str, *, now: datetime) -> Grant | None:
        """The token set behind an access token that has not expired."""
        return next((g for g in self.grants if g.access.get(value, now) > now), None)

    def revoke(self, app: ClientApp, value: str) -> None:
        """End a token set, and all connections of the app. An unknown token is no error."""
        for grant in self.grants:
            if value in (*grant.refresh, *grant.spent) and grant.client_id == app.client_id:
                grant.revoked = True
                self.connections = [c for c in self.connections if c.client_id != app.client_id]

    def disconnect(self, id: str, *, client_id: str) -> bool:
        """Remove one connection by its id; False when there is none."""
        kept = [c for c in self.connections if (c.id, c.client_id) != (id, client_id)]
        removed = len(kept) < len(self.connections)
        self.connections = kept
        return removed

    def forget_tenant(self, tenant: str) -> None:
        """Somebody in the organisation removes every app."""
        self.connections = [c for c in self.connections if c.tenant != tenant]

    def expire_access(self) -> None:
        """Every access token dies at once, as if half an hour had passed."""
        for grant in self.grants:
            grant.access.clear()

    def _issue(self, grant: Grant, now: datetime) -> None:
        grant.access = {value: end for value, end in grant.access.items() if end > now}
        grant.access[_access_token(grant, now)] = now + timedelta(seconds=ACCESS_SECONDS)
        if "offline_access" in grant.scopes:
            grant.refresh[secrets.token_urlsafe(32)] = now

    def dump(self) -> dict[str, Any]:
        """Apps, living token sets and connections; codes are too short-lived to keep."""
        alive = [_plain(asdict(grant)) for grant in self.grants if not grant.revoked]
        return {
            "apps": [asdict(app) for app in self.apps.values()], "grants": alive,
            "connections": [asdict(each) for each in self.connections],
        }  # fmt: skip

    def load(self, kept: dict[str, Any]) -> None:
        self.apps |= {app["client_id"]: ClientApp(**app) for app in kept["apps"]}
        self.grants = [_grant(grant) for grant in kept["grants"]]
        self.connections = [Connection(**each) for each in kept["connections"]]


def token_answer(grant: Grant, switches: Switches) -> dict[str, Any]:
    """The body of a token response, with the newest tokens. No expires_at; scope is text."""
    answer: dict[str, Any] = {}
    if switches.id_token and "openid" in grant.scopes:
        answer["id_token"] = _jwt({"sub": USER, "email": "bookkeeper@example.com"})
    answer |= {
        "access_token": next(reversed(grant.access)), "expires_in": ACCESS_SECONDS,
        "token_type": "Bearer",
    }  # fmt: skip
    if grant.refresh:
        answer["refresh_token"] = next(reversed(grant.refresh))
    answer["scope"] = " ".join(grant.scopes)
    if switches.token_extra_keys:
        answer["session_state"] = secrets.token_urlsafe(16)
    return answer


def _access_token(grant: Grant, now: datetime) -> str:
    """Looks like Xero's: a JWT, with the claim that names the consent."""
    return _jwt({
        "nbf": int(now.timestamp()), "exp": int(now.timestamp()) + ACCESS_SECONDS,
        "client_id": grant.client_id, "sub": USER, "scope": grant.scopes,
        "authentication_event_id": grant.auth_event, "jti": secrets.token_hex(16),
    })  # fmt: skip


def _jwt(claims: dict[str, Any]) -> str:
    """Signed with noise."""
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    coded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, secrets.token_urlsafe(32)])


def _fits(challenge: str, verifier: str) -> bool:
    """PKCE: the verifier is the one that was hashed, and there is none where none was announced."""
    if not challenge:
        return not verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    right = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return 43 <= len(verifier) <= 128 and secrets.compare_digest(right, challenge)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _grant(kept: dict[str, Any]) -> Grant:
    tables = {
        name: {value: datetime.fromisoformat(at) for value, at in kept[name].items()}
        for name in ("access", "refresh", "spent")
    }
    return Grant(**{**kept, **tables})
