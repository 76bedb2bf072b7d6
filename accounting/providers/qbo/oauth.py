"""Consent, refresh and end of it, by Intuit's own client with a time-out and our state."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from accounting.providers import port
from accounting.providers.port import Reason, Tokens

from . import faults

TIMEOUT = (3.05, 20.0)
HARD_END = "x-include-refresh-token-hard-expires-in"
HARD_ENDS = ("x_refresh_token_hard_expires_in", "x_refresh_token_lifetime_expires_in")
KEYS = (
    "Intuit does not know this installation: client id or secret are wrong. Whoever runs it must "
    "correct QBO_CLIENT_ID and QBO_CLIENT_SECRET."
)
CONSENT = "The consent is no longer valid. Connect again."
Result = TypeVar("Result")


class OAuth:
    """The app as it is registered with Intuit. `environment` may be a discovery address."""

    def __init__(self, *, client_id: str, client_secret: str, environment: str) -> None:
        self.client_id = client_id
        self._client_secret = client_secret
        self.environment = environment

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        def ask(client: _Client) -> str:
            return str(client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))

        return self._with_client(redirect_uri, ask)

    def exchange(self, code: str, *, redirect_uri: str) -> Tokens:
        def ask(client: _Client) -> Tokens:
            client.get_bearer_token(code)
            return _tokens(client)

        return self._with_client(redirect_uri, ask)

    def refresh(self, refresh_token: str) -> Tokens:
        def ask(client: _Client) -> Tokens:
            client.refresh(refresh_token=refresh_token)
            return _tokens(client)

        return self._with_client("", ask)

    def revoke(self, refresh_token: str) -> None:
        """Access that has ended already is no error."""
        try:
            self._with_client("", lambda client: client.revoke(token=refresh_token))
        except (port.Unauthorized, port.Rejected) as error:
            if error.code == "invalid_client":
                raise

    def _with_client(self, redirect_uri: str, ask: Callable[[_Client], Result]) -> Result:
        """The client reads the discovery document when it is made: nothing has happened then."""
        sent = False
        try:
            with _Client(
                self.client_id, self._client_secret, redirect_uri, self.environment
            ) as client:
                sent = True
                return ask(client)
        except AuthClientError as error:
            raise _refused(error, sent=sent) from None
        except requests.RequestException as error:
            raise faults.lost(error, write=sent) from None
        except (ValueError, KeyError, TypeError, AttributeError):  # an answer that is none
            raise faults.unreadable(write=sent) from None


class _Client(AuthClient):
    """Never waits for ever, follows no redirect, and uses nobody's proxy."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        self.trust_env = False
        self.headers[HARD_END] = "true"
        return super().request(
            method, url, **{**options, "timeout": TIMEOUT, "allow_redirects": False}
        )


def _tokens(client: _Client) -> Tokens:
    """Lifetimes count from now: the answer brings no moment."""
    if not (isinstance(client.access_token, str) and isinstance(client.refresh_token, str)):
        raise ValueError("An answer without tokens.")
    now = dt.datetime.now(dt.UTC)
    lives = [int(client.x_refresh_token_expires_in or 0)]
    lives += [int(getattr(client, name)) for name in HARD_ENDS if hasattr(client, name)]
    known = [seconds for seconds in lives if seconds > 0]
    return Tokens(
        access=client.access_token,
        refresh=client.refresh_token,
        access_expires_at=now + dt.timedelta(seconds=int(client.expires_in)),
        refresh_expires_at=now + dt.timedelta(seconds=min(known)) if known else None,
    )


def _refused(error: AuthClientError, *, sent: bool) -> port.ProviderError:
    """By the `error` of the body, never by status."""
    code, reference = _code(error.content), str(error.intuit_tid or "")[:80]
    if code == "invalid_grant":
        return port.Unauthorized(faults.SIGNED_OUT, final=True, code=code, reference=reference)
    if code == "invalid_client":
        return port.Rejected(KEYS, reason=Reason.NOT_ALLOWED, code=code, reference=reference)
    if code:
        return port.Rejected(CONSENT, code=code, reference=reference)
    if error.status_code == 429:
        return port.Unavailable(faults.BUSY, retry_after=faults.WAIT, reference=reference)
    return faults.unreadable(write=sent, reference=reference)


def _code(content: bytes) -> str:
    try:
        answer = json.loads(content)
    except ValueError:
        return ""
    return str(answer.get("error", ""))[:40] if isinstance(answer, dict) else ""
