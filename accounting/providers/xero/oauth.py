"""Consent, refresh and end of it, over the same transport as everything else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from accounting.providers import port
from accounting.providers.port import Company, Reason, Tokens

from . import faults
from .client import exchange, http

EVENT = "authentication_event_id"  # which consent, as a token says it
REFRESH_LIFE = dt.timedelta(days=60)  # unused, by Xero's documentation
KEYS = (
    "Xero does not know this installation: client id or secret are wrong. Whoever runs it must "
    "correct XERO_CLIENT_ID and XERO_CLIENT_SECRET."
)
CONSENT = "The consent was used already or is too old. Connect again."
# Scopes, and whether reading is enough. Items are created by what settings allow.
NEEDED = {
    "accounting.invoices": False,
    "accounting.payments": True,
    "accounting.contacts": False,
    "accounting.settings": False,
}
OFFLINE = "offline_access"  # without it no token is renewed
Doc = Mapping[str, Any]


class OAuth:
    """The app as it is registered with Xero."""

    def __init__(
        self, *, client_id: str, client_secret: str, scopes: str, login: str, identity: str,
        api: str,
    ) -> None:  # fmt: skip
        self.client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._login, self._identity, self._api = login, identity, api

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scopes,
            "state": state,
            "code_challenge": _challenge(self._verifier(state)),
            "code_challenge_method": "S256",
        }
        return f"{self._login}/identity/connect/authorize?{urlencode(asked)}"

    def exchange(self, code: str, *, state: str, redirect_uri: str) -> Tokens:
        """Xero tells a code that is wrong, used or too old by the same words as a dead consent."""
        try:
            answer = self._answer(
                grant_type="authorization_code", code=code, redirect_uri=redirect_uri,
                code_verifier=self._verifier(state),
            )  # fmt: skip
        except port.Unauthorized as error:
            raise port.Rejected(CONSENT, code=error.code, reference=error.reference) from None
        tokens = _tokens({"refresh_token": "", **answer})
        missing = _missing(str(answer.get("scope", "")))
        if not tokens.refresh:
            missing.append(OFFLINE)
        if missing:
            raise self._insufficient(missing, tokens)
        return tokens

    def refresh(self, refresh_token: str) -> Tokens:
        return _tokens(self._answer(grant_type="refresh_token", refresh_token=refresh_token))

    def companies(self, access: str) -> list[Company]:
        """The organisations that the consent behind this token opened."""
        event = _claim(access, EVENT)
        rows = self._connections(access, f"?authEventId={event}" if event else "")
        return [
            Company(id=str(row["tenantId"]), name=str(row.get("tenantName") or ""))
            for row in rows
            if row.get("tenantType", "ORGANISATION") == "ORGANISATION" and row.get("tenantId")
        ]

    def _insufficient(self, missing: list[str], tokens: Tokens) -> port.Insufficient:
        """A new consent covers what XERO_SCOPES asks for."""
        try:
            companies = self.companies(tokens.access)
        except port.ProviderError:
            companies = []  # whoever consents again opens the same ones
        return port.Insufficient(
            f"The consent in Xero does not cover {', '.join(missing)}. Whoever runs this program "
            "must add that to XERO_SCOPES; then connect again.",
            tokens=tokens,
            companies=companies,
        )

    def revoke(self, tokens: Tokens, *, company_id: str) -> None:
        """Remove this organisation, or those that this consent opened when none was chosen yet.
        Revocation would end every organisation that the app may enter, so it comes with the last.
        """
        try:
            tokens, rows = self._alive(tokens)
        except port.Unauthorized:
            return
        event = _claim(tokens.access, EVENT)
        name, value = ("tenantId", company_id) if company_id else ("authEventId", event)
        leaving = [row for row in rows if value and row.get(name) == value]
        for row in leaving:
            self._call("DELETE", f"{self._api}/connections/{row['id']}", tokens.access)
        if len(leaving) == len(rows):
            self._form("/connect/revocation", {"token": tokens.refresh})

    def _alive(self, tokens: Tokens) -> tuple[Tokens, list[Doc]]:
        """Tokens that work, and what they open now."""
        try:
            return tokens, self._connections(tokens.access)
        except port.Unauthorized:
            fresh = self.refresh(tokens.refresh)
        return fresh, self._connections(fresh.access)

    def _connections(self, access: str, query: str = "") -> list[Doc]:
        body = self._call("GET", f"{self._api}/connections{query}", access)
        rows = _json(body)
        if not isinstance(rows, list):
            raise faults.unreadable(write=False)
        return [row for row in rows if isinstance(row, dict)]

    def _call(self, method: str, url: str, access: str) -> bytes:
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        write = method != "GET"
        with http() as opened:
            request = requests.Request(method, url, headers=headers)
            status, body, told = exchange(opened, request, write=write)
        if 200 <= status < 300 or (write and status == 404):
            return body
        raise faults.of_status(status, body, told, write=write)

    def _answer(self, **form: str) -> Doc:
        answer = _json(self._form("/connect/token", form))
        if not isinstance(answer, dict):
            raise faults.unreadable(write=True)
        return answer

    def _form(self, path: str, form: Mapping[str, str]) -> bytes:
        request = requests.Request(
            "POST",
            f"{self._identity}{path}",
            data=dict(form),
            headers={"Accept": "application/json"},
            auth=(self.client_id, self._client_secret),
        )
        with http() as opened:
            status, body, told = exchange(opened, request, write=True)
        if 200 <= status < 300:
            return body
        raise _refused(status, body, told)

    def _verifier(self, state: str) -> str:
        """Of PKCE: nobody but us can make it, and nothing has to be kept in between."""
        made = hmac.digest(self._client_secret.encode(), state.encode(), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _tokens(answer: Doc) -> Tokens:
    """Lifetimes count from now: the answer brings no moment. Whatever else it has is left."""
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not (isinstance(access, str) and isinstance(refresh, str)):
        raise faults.unreadable(write=True)
    seconds = answer.get("expires_in")
    now = dt.datetime.now(dt.UTC)
    life = seconds if isinstance(seconds, int) and 0 < seconds < 86_400 else 1800
    return Tokens(
        access=access,
        refresh=refresh,
        access_expires_at=now + dt.timedelta(seconds=life),
        refresh_expires_at=now + REFRESH_LIFE,
    )


def _missing(granted: str) -> list[str]:
    """Said at once, and not by the first call that needs what is missing."""
    have = set(granted.split())
    for end in ("", ".read"):
        if f"accounting.transactions{end}" in have:  # of apps of before March 2026
            have |= {f"accounting.invoices{end}", f"accounting.payments{end}"}
    return [
        name
        for name, reading in NEEDED.items()
        if name not in have and not (reading and f"{name}.read" in have)
    ]


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _claim(access: str, name: str) -> str:
    """Something that an access token says; "" if it is none that can be read."""
    try:
        part = access.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return str(claims[name])
    except (ValueError, LookupError, TypeError):
        return ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refused(status: int, body: bytes, headers: Mapping[str, str]) -> port.ProviderError:
    """By the `error` of the body, never by status."""
    answer = _json(body)
    code = str(answer.get("error", ""))[:40] if isinstance(answer, dict) else ""
    if code == "invalid_grant":
        return port.Unauthorized(faults.SIGNED_OUT, final=True, code=code)
    if code in ("invalid_client", "unauthorized_client"):
        return port.Rejected(KEYS, reason=Reason.NOT_ALLOWED, code=code)
    if code:
        return port.Rejected(CONSENT, code=code)
    if status == 429:
        return faults.of_status(status, body, headers, write=True)
    return faults.unreadable(write=True)
