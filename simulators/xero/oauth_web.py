"""The OAuth side over HTTP: consent, tokens, revocation, connections.

The hosts of Xero, login, identity, api and go, are one here: none of their paths clash.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from ..html import page, tag
from ..wire import Request, Response, dump_json, html_answer, redirect
from .oauth import ClientApp, Code, Connection, Denied, Grant, token_answer
from .refusals import problem
from .regions import REGIONS
from .scopes import known

if TYPE_CHECKING:
    from .app import Xero

AUTHORIZE = "/identity/connect/authorize"
TOKEN = "/connect/token"  # noqa: S105 - an address
REVOKE = "/connect/revocation"
CONNECTIONS = "/connections"
JSON = "application/json; charset=UTF-8"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def kind(request: Request) -> str:
    path = request.path.lower()
    if path.startswith(CONNECTIONS):
        return "read" if request.method == "GET" else "write"
    return "token" if path in (TOKEN, REVOKE) else "page"


def answer(xero: Xero, request: Request) -> Response:
    """Whatever is not below an API."""
    path = request.path.rstrip("/")
    if path == AUTHORIZE:
        return _Consent(xero, request).answer()
    if path in (TOKEN, REVOKE):
        return _for_clients(xero, request)
    if path.lower() == CONNECTIONS or path.lower().startswith(f"{CONNECTIONS}/"):
        return _connections(xero, request, path[len(CONNECTIONS) :].strip("/"))
    if path.startswith(("/app/", "/organisationlogin")):
        return _page_for_people(xero, request)
    return Response(404, dump_json({"error": f"simulated: there is nothing at {path}"}), JSON)


def _page_for_people(xero: Xero, request: Request) -> Response:
    """The links that integrations build to pages of go.xero.com lead to ours."""
    ids = set(_ID.findall(unquote(request.target).lower()))
    for tenant, org in xero.organisations.items():
        home = f"/__sim/xero/{tenant}/"
        if known := ids & org.docs.get("Invoice", {}).keys():
            return redirect(f"{home}invoices/{known.pop()}")
        if str(org.info["ShortCode"]) in unquote(request.target):
            return redirect(home)
    return redirect("/__sim/xero/")


def bearer(xero: Xero, request: Request) -> Grant | None:
    """The token set that a request brings."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    with xero.lock:
        return xero.oauth.bearer(token, now=xero.clock.now())


def unauthorized(xero: Xero, request: Request) -> Response:
    """401: no token, or one that is not good any more."""
    sent = request.headers.get("authorization", "").lower().startswith("bearer ")
    detail = "TokenExpired: token expired" if sent else "AuthenticationUnsuccessful"
    return problem(401, "Unauthorized", detail, case=xero.switches.problem_case)


def _connections(xero: Xero, request: Request, id: str) -> Response:
    grant = bearer(xero, request)
    if grant is None:
        return unauthorized(xero, request)
    if request.method == "GET" and not id:
        event = request.query.get("authEventId")
        with xero.lock:
            mine = [
                _shown(xero, each)
                for each in xero.oauth.connections
                if each.client_id == grant.client_id and event in (None, each.auth_event)
            ]
        return Response(200, dump_json(mine), "application/json")
    if request.method == "DELETE" and id:
        request.reach("commit")
        with xero.lock:
            gone = xero.oauth.disconnect(id.lower(), client_id=grant.client_id)
        return Response(204 if gone else 404, b"", "application/json")
    error = f"simulated: no {request.method} of connections"
    return Response(501, dump_json({"error": error}), JSON)


def _shown(xero: Xero, each: Connection) -> dict[str, Any]:
    return {
        "id": each.id, "tenantId": each.tenant, "authEventId": each.auth_event,
        "tenantType": "ORGANISATION", "tenantName": xero.organisations[each.tenant].name,
        "createdDateUtc": _seven(each.created), "updatedDateUtc": _seven(each.updated),
    }  # fmt: skip


def _seven(moment: str) -> str:
    """Seven decimals and no zone, as Xero has it."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0"


def _for_clients(xero: Xero, request: Request) -> Response:
    try:
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, b"", JSON)
        return (_token if request.path == TOKEN else _revoke)(xero, request)
    except Denied as denied:
        return Response(400, dump_json({"error": denied.error}), JSON)


def _token(xero: Xero, request: Request) -> Response:
    app = _client(xero, request)
    form = request.form()
    match form.get("grant_type"):
        case "authorization_code":
            request.reach("commit")
            with xero.lock:
                grant = xero.oauth.exchange(
                    app, form.get("code", ""), form.get("redirect_uri", ""),
                    form.get("code_verifier", ""), now=xero.clock.now(),
                )  # fmt: skip
                body = token_answer(grant, xero.switches)
        case "refresh_token":
            body = _refreshed(xero, request, app, form.get("refresh_token", ""))
        case _:
            raise Denied("unsupported_grant_type")
    return Response(200, dump_json(body), JSON, {"Cache-Control": "no-store"})


def _refreshed(xero: Xero, request: Request, app: ClientApp, value: str) -> dict[str, Any]:
    """A refresh. Of two at once the second may be refused."""
    with xero.lock:
        busy = value in xero.oauth.refreshing
        if busy and xero.switches.concurrent_refresh == "refuse":
            raise Denied("invalid_grant")
        xero.oauth.refreshing.add(value)
    try:
        request.reach("commit")
        with xero.lock:
            grant = xero.oauth.refresh(app, value, now=xero.clock.now())
            return token_answer(grant, xero.switches)
    finally:
        xero.oauth.refreshing.discard(value)


def _revoke(xero: Xero, request: Request) -> Response:
    app = _client(xero, request)
    request.reach("commit")
    with xero.lock:
        xero.oauth.revoke(app, request.form().get("token", ""))
    return Response(200, b"", JSON)


def _client(xero: Xero, request: Request) -> ClientApp:
    """The app, by Basic or by the form."""
    form = request.form()
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Denied("invalid_client") from None
        client_id, _, secret = decoded.partition(":")
    return xero.oauth.authenticate(client_id, secret)


class _Consent:
    """The page where a person lets an app into organisations. What is wrong with the request itself
    is shown here, and never sent to an address that nobody registered.
    """

    def __init__(self, xero: Xero, request: Request) -> None:
        self.xero = xero
        self.request = request
        self.asked = request.query

    def answer(self) -> Response:
        app = self.xero.oauth.apps.get(self.asked.get("client_id", ""))
        if app is None:
            return self.error("unauthorized_client: Unknown client or client not enabled")
        if self.asked.get("redirect_uri", "") not in app.redirect_uris:
            return self.error("unauthorized_client: Invalid redirect_uri")
        if self.asked.get("response_type") != "code":
            return self.back(error="unsupported_response_type")
        if self.asked.get("code_challenge_method", "S256") != "S256":
            return self.back(error="invalid_request")
        scopes = self.asked.get("scope", "").split()
        if not scopes or set(scopes) - known(self.xero.switches):
            return self.back(error="invalid_scope")
        return self.decide(app, scopes)

    def decide(self, app: ClientApp, scopes: list[str]) -> Response:
        everything = list(self.xero.organisations)
        chosen = {"grant": everything, "deny": []}.get(self.xero.switches.consent)
        if chosen is None and self.request.method == "POST":
            chosen = self.request.values("tenant")
        if chosen is None:
            return self.ask(app, scopes)
        tenants = [tenant for tenant in chosen if tenant in everything]
        if not tenants:
            return self.back(error="access_denied")
        with self.xero.lock:
            if self.xero.oauth.full(app.client_id, tenants):
                return self.error("simulated: this app has no connections left in its tier.")
            code = self.xero.oauth.authorize(self.code(app, tenants, scopes))
        return self.back(code=code, scope=" ".join(scopes), session_state="simulated")

    def code(self, app: ClientApp, tenants: list[str], scopes: list[str]) -> Code:
        expires = self.xero.clock.now() + timedelta(seconds=self.xero.switches.code_seconds)
        challenge = self.asked.get("code_challenge", "")
        address = self.asked["redirect_uri"]
        return Code(app.client_id, tenants, scopes, address, challenge, expires)

    def back(self, **answer: str) -> Response:
        """To the app, with the state that it sent."""
        address = self.asked["redirect_uri"]
        state = {"state": self.asked["state"]} if "state" in self.asked else {}
        joint = "&" if "?" in address else "?"
        return redirect(f"{address}{joint}{urlencode({**answer, **state})}")

    def ask(self, app: ClientApp, scopes: list[str]) -> Response:
        boxes = [
            tag(
                "label", tag("input", type="checkbox", name="tenant", value=tenant),
                tag("strong", org.name), tag("small", REGIONS[org.region].about), class_="choice",
            )
            for tenant, org in self.xero.organisations.items()
        ]  # fmt: skip
        refuse = tag(
            "button", "Cancel", name="tenant", value="", class_="quiet", formnovalidate=True
        )
        wants = tag("details", tag("summary", "What it asks for"), tag("p", ", ".join(scopes)))
        body = [
            tag("h1", f"{app.name} wants access to"),
            tag("p", "Tick one organisation, or several."),
            tag(
                "form", tag("div", *boxes, class_="choices"), wants,
                tag("button", "Allow access"), method="post",
            ),
            tag("form", refuse, method="post", class_="together"),
        ]  # fmt: skip
        return html_answer(page("Allow access", *body))

    def error(self, text: str) -> Response:
        body = (tag("h1", "This app can't connect"), tag("p", text))
        return html_answer(page("This app can't connect", *body), 400)
