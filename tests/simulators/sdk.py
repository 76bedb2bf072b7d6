"""The real SDKs pointed at the simulator, and payloads that are right."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks

CALLBACK = "http://localhost:8000/callback"


class BearerSession(requests.Session):
    """What python-quickbooks needs of a session: an access token."""

    access_token = ""


class Client(QuickBooks):
    """python-quickbooks with a time-out, the status kept, and no way around the simulator."""

    timeout: float = 5.0
    last: requests.Response | None = None

    def process_request(self, request_type, url, headers="", params="", data=""):
        bearer = {"Authorization": "Bearer " + self.session.access_token}
        self.last = None
        self.last = self.session.request(
            request_type,
            url,
            headers={**headers, **bearer},
            params=params,
            data=data,
            timeout=self.timeout,
            allow_redirects=False,
        )
        return self.last


def client(qbo, realm="") -> Client:
    """A connected client; the consent is taken for granted."""
    tokens = qbo.connect(realm)
    made = Client(company_id=tokens.realm, minorversion=75)
    made.api_url_v3 = made.sandbox_api_url_v3 = qbo.api_url
    made.session = BearerSession()
    made.session.trust_env = False
    made.session.access_token = tokens.access_token
    return made


def auth_client(qbo, **options) -> AuthClient:
    """intuit-oauth, led by the discovery document."""
    return AuthClient(
        qbo.client_id, qbo.client_secret, CALLBACK, environment=qbo.discovery_url, **options
    )


def consent(qbo, auth, *, realm="", scopes=(Scopes.ACCOUNTING,)) -> dict[str, str]:
    """A person presses the button of a company, or Cancel with realm None. What the app is told."""
    page = auth.get_authorization_url(list(scopes), state_token="a-state")
    pressed = "" if realm is None else realm or qbo.realm
    answer = requests.post(page, data={"realm": pressed}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(CALLBACK + "?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def line(amount="100.00", *, item="1", tax=None, **detail):
    """One sales line as a hand-built dict."""
    detail = {"ItemRef": {"value": item}, **detail}
    if tax:
        detail["TaxCodeRef"] = {"value": tax}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": float(Decimal(amount)),
        "Description": "Work",
        "SalesItemLineDetail": detail,
    }


def invoice(*lines, customer="58", **fields):
    """The smallest invoice that QuickBooks takes, with more on request."""
    return {"CustomerRef": {"value": customer}, "Line": list(lines) or [line()], **fields}


class Api:
    """Plain HTTP to one company, for what no SDK would send."""

    def __init__(self, qbo, realm=""):
        tokens = qbo.connect(realm)
        self.base = f"{qbo.api_url}/company/{tokens.realm}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {tokens.access_token}"
        self.session.headers["Accept"] = "application/json"

    def call(self, method, path, **options):
        options.setdefault("timeout", 5)
        return self.session.request(method, f"{self.base}/{path}", allow_redirects=False, **options)

    def post(self, path, body=None, **params):
        return self.call("POST", path, json=body, params=params)

    def get(self, path, **params):
        return self.call("GET", path, params=params)

    def query(self, statement):
        return self.get("query", query=statement)

    def create(self, kind, body, **params):
        """The new record; fails on a refusal."""
        answer = self.post(kind.lower(), body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()[kind]

    def read(self, kind, id):
        answer = self.get(f"{kind.lower()}/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()[kind]

    def refused(self, path, body, **params):
        """The first error of a refusal with HTTP 400."""
        answer = self.post(path, body, **params)
        assert answer.status_code == 400, answer.text
        return answer.json()["Fault"]["Error"][0]
