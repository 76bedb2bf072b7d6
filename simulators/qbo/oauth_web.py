"""The OAuth side over HTTP: discovery, consent, tokens, revocation."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..html import page, tag
from ..wire import Request, Response, html_answer, json_answer, redirect
from .oauth import OPENID, SCOPES, ClientApp, Denied, Grant, token_answer
from .scenarios import SCENARIOS

if TYPE_CHECKING:
    from .app import QuickBooks

AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
REVOKE = "/v2/oauth2/tokens/revoke"
USERINFO = "/v1/openid_connect/userinfo"
ISSUER = "/op/v1"
KEYS = "/op/v1/jwks"
DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")


APP_PAGES = ("/app/invoice", "/app/homepage")  # where QuickBooks itself shows them to people


def kind(request: Request) -> str:
    return "token" if request.path in (TOKEN, REVOKE) else "page"


def answer(qbo: QuickBooks, request: Request) -> Response:
    """Whatever is not the accounting API."""
    path = request.path.rstrip("/")
    if path in DISCOVERY:
        return json_answer(discovery(qbo, request))
    if path == AUTHORIZE:
        return _Consent(qbo, request).answer()
    if path in (TOKEN, REVOKE):
        return _for_clients(qbo, request)
    if path in APP_PAGES:
        return _page_for_people(request)
    if path == USERINFO:
        return json_answer({"error": "simulated: OpenID Connect is not simulated"}, 501)
    return json_answer({"error": f"simulated: there is nothing at {path}"}, 404)


def _page_for_people(request: Request) -> Response:
    """The links that integrations build to QuickBooks' own pages lead to ours."""
    realm = request.query.get("companyId", "")
    invoice = request.query.get("txnId", "")
    page = f"/__sim/qbo/{realm}/"
    return redirect(f"{page}invoices/{invoice}" if request.path.endswith("invoice") else page)


def _for_clients(qbo: QuickBooks, request: Request) -> Response:
    try:
        if request.method != "POST":
            raise Denied("invalid_request", "POST only", status=405)
        return (_token if request.path == TOKEN else _revoke)(qbo, request)
    except Denied as denied:
        return json_answer(denied.body, denied.status)


def discovery(qbo: QuickBooks, request: Request) -> dict[str, object]:
    """The document that intuit-oauth reads, pointing at this server. A browser may need another
    address for the consent page than a client in a container for the rest.
    """
    here = f"http://{request.headers.get('host', '')}/{qbo.name}"
    return {
        "issuer": f"{here}{ISSUER}",
        "authorization_endpoint": f"{qbo.public_url or here}{AUTHORIZE}",
        "token_endpoint": f"{here}{TOKEN}",
        "userinfo_endpoint": f"{here}{USERINFO}",
        "revocation_endpoint": f"{here}{REVOKE}",
        "jwks_uri": f"{here}{KEYS}",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def _token(qbo: QuickBooks, request: Request) -> Response:
    app = _client(qbo, request)
    form = request.form()
    now = qbo.clock.now()
    grant_type = form.get("grant_type")
    if grant_type == "authorization_code":
        request.reach("commit")
        with qbo.lock:
            code, address = form.get("code", ""), form.get("redirect_uri", "")
            grant = qbo.oauth.exchange(app, code, address, now=now)
    elif grant_type == "refresh_token":
        grant = _refreshed(qbo, request, app, form.get("refresh_token", ""))
    else:
        raise Denied("unsupported_grant_type" if grant_type else "invalid_request")
    wanted = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
    with qbo.lock:
        body = token_answer(grant, now=now, with_hard_end=wanted)
    return json_answer(body).with_headers({"Cache-Control": "no-store", "Pragma": "no-cache"})


def _refreshed(qbo: QuickBooks, request: Request, app: ClientApp, value: str) -> Grant:
    """A refresh. Of two at once the second may be refused."""
    with qbo.lock:
        busy = value in qbo.oauth.refreshing
        if busy and qbo.switches.concurrent_refresh == "refuse":
            raise Denied("invalid_grant", "Incorrect or invalid refresh token")
        qbo.oauth.refreshing.add(value)
    try:
        request.reach("commit")
        with qbo.lock:
            return qbo.oauth.refresh(app, value, now=qbo.clock.now())
    finally:
        qbo.oauth.refreshing.discard(value)


def _revoke(qbo: QuickBooks, request: Request) -> Response:
    app = _client(qbo, request)
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = request.form()
    if not isinstance(sent, dict) or not isinstance(sent.get("token"), str):
        raise Denied("invalid_request")
    request.reach("commit")
    with qbo.lock:
        qbo.oauth.revoke(app, sent["token"])
    return Response(200, b"")


def _client(qbo: QuickBooks, request: Request) -> ClientApp:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Denied("invalid_client", status=401) from None
    if scheme.lower() != "basic":
        raise Denied("invalid_client", status=401)
    return qbo.oauth.authenticate(client_id, secret)


class _Consent:
    """The page where a person lets an app into a company. What is wrong with the request itself is
    shown here, and never sent to an address that nobody registered.
    """

    def __init__(self, qbo: QuickBooks, request: Request) -> None:
        self.qbo = qbo
        self.request = request
        self.asked = request.query

    def answer(self) -> Response:
        app = self.qbo.oauth.apps.get(self.asked.get("client_id", ""))
        wrong = self.wrong(app)
        if app is None or wrong:
            return self.error(wrong)
        if self.asked.get("response_type") != "code":
            return self.back(error="unsupported_response_type")
        scopes = self.asked.get("scope", "").split()
        if set(scopes) & set(OPENID):
            return self.error("OpenID Connect is not simulated: ask for accounting only.", 501)
        if not scopes or set(scopes) - set(SCOPES):
            return self.back(error="invalid_scope")
        return self.decide(app, scopes)

    def wrong(self, app: ClientApp | None) -> str:
        """Why this request can't be answered by leading back to the app."""
        if app is None:
            return "The client_id is not known."
        if self.asked.get("redirect_uri", "") not in app.redirect_uris:
            return "The redirect_uri is not one of those registered for this app."
        return "" if self.asked.get("state") else "The parameter state is missing."

    def decide(self, app: ClientApp, scopes: list[str]) -> Response:
        consent = self.qbo.switches.consent
        first = next(iter(self.qbo.companies))
        choice = {"grant": first, "deny": ""}.get(consent)
        if choice is None and self.request.method == "POST":
            choice = self.request.form().get("realm", "")
        if choice is None:
            return self.ask(app)
        if choice not in self.qbo.companies:
            return self.back(error="access_denied")
        with self.qbo.lock:
            code = self.qbo.oauth.authorize(
                app.client_id, choice, scopes, self.asked["redirect_uri"], now=self.qbo.clock.now()
            )
        return self.back(code=code, realmId=choice)

    def back(self, **answer: str) -> Response:
        """To the app, with the state that it sent."""
        address = self.asked["redirect_uri"]
        joint = "&" if "?" in address else "?"
        return redirect(f"{address}{joint}{urlencode({**answer, 'state': self.asked['state']})}")

    def ask(self, app: ClientApp) -> Response:
        buttons = [
            tag(
                "button", tag("strong", company.name),
                tag("small", SCENARIOS[company.scenario].about),
                name="realm", value=realm, class_="choice",
            )
            for realm, company in self.qbo.companies.items()
        ]  # fmt: skip
        refuse = tag("button", "Cancel", name="realm", value="", class_="quiet")
        body = [
            tag("h1", "Connect a company"),
            tag("p", f"{app.name} wants to read and write accounting data. Choose the company."),
            tag("form", tag("div", *buttons, class_="choices"), refuse, method="post"),
        ]
        return html_answer(page("Connect a company", *body))

    def error(self, text: str, status: int = 400) -> Response:
        body = (tag("h1", "This app can't connect"), tag("p", text))
        return html_answer(page("This app can't connect", *body), status)
