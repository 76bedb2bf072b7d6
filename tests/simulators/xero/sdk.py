"""The real xero-python pointed at the simulator, and records that are right.

Nothing of the SDK is patched: only its transport is replaced, as an application has to do anyway
for time-outs and against its own retries.
"""

from __future__ import annotations

import json
import threading
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
import xero_python.rest
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.identity import IdentityApi
from xero_python.project import ProjectApi

CALLBACK = "http://localhost:8000/xero/callback"
NO_RETRY = urllib3.Retry(
    total=0, connect=0, read=0, redirect=0, status=0, other=0, respect_retry_after_header=False,
    raise_on_status=False, raise_on_redirect=False,
)  # fmt: skip


opened = []  # what a test has opened, for its end to close


class Transport(xero_python.rest.RESTClientObject):
    """Leads Xero's hosts to the simulator, has a time-out, and never repeats anything."""

    def __init__(self, configuration, hosts, timeout):
        super().__init__(configuration)
        self.hosts, self.timeout = hosts, timeout
        self.pool_manager.connection_pool_kw["retries"] = NO_RETRY
        opened.append(self.pool_manager.clear)

    def request(self, method, url, **options):
        for real, here in self.hosts.items():
            if url.startswith(real):
                url = here + url[len(real) :]
        options["_request_timeout"] = options.get("_request_timeout") or (2, self.timeout)
        return super().request(method, url, **options)


class Client:
    """One token set, and the SDK's APIs on top of it."""

    def __init__(self, xero, tokens, *, timeout=5):
        self.tenant = tokens.tenant
        self.kept = {
            "access_token": tokens.access_token, "refresh_token": tokens.refresh_token,
            "expires_in": 1800, "token_type": "Bearer", "scope": tokens.scope.split(),
            "expires_at": 4_000_000_000.0,
        }  # fmt: skip
        configuration = Configuration()
        configuration.oauth2_token = OAuth2Token(
            client_id=xero.client_id, client_secret=xero.client_secret
        )
        self.api_client = ApiClient(
            configuration, oauth2_token_getter=lambda: dict(self.kept), oauth2_token_saver=self.save
        )
        self.api_client.rest_client = Transport(configuration, xero.hosts, timeout)
        self.accounting = AccountingApi(self.api_client)
        self.identity = IdentityApi(self.api_client)
        self.projects = ProjectApi(self.api_client)

    def save(self, token):
        self.kept = token

    def put(self, *invoices, each_by_itself=True, key=None, unitdp=4):
        """Create invoices, as an exporter does."""
        return self.accounting.create_invoices(
            self.tenant, {"Invoices": list(invoices)}, summarize_errors=not each_by_itself,
            unitdp=unitdp, **({"idempotency_key": key} if key else {}),
        ).invoices  # fmt: skip


class Api:
    """Plain HTTP to one organisation, for what no SDK would send."""

    def __init__(self, xero, tenant="", **options):
        self.xero = xero
        self.tokens = xero.connect(tenant, **options)
        self.session = requests.Session()
        self.session.trust_env = False
        opened.append(self.session.close)
        self.session.headers.update(
            {
                "Authorization": f"Bearer {self.tokens.access_token}",
                "Xero-Tenant-Id": self.tokens.tenant,
                "Accept": "application/json",
            }
        )

    def call(self, method, path, body=None, *, headers=None, timeout=5, **params):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        base = "" if path.startswith("/") else f"{self.xero.api_url}/"
        root = self.xero.app.base_url if path.startswith("/") else ""
        return self.session.request(
            method, f"{root}{base}{path}", data=data, params=params, timeout=timeout,
            headers={"Content-Type": "application/json", **(headers or {})}, allow_redirects=False,
        )  # fmt: skip

    def get(self, path, **params):
        return self.call("GET", path, **params)

    def read(self, path, **params):
        """The one list of an answer."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return records(answer)

    def put(self, *invoices, headers=None, **params):
        """Create invoices, each by itself; the elements of the answer."""
        params = {"summarizeErrors": "false", "unitdp": "4", **params}
        answer = self.call(
            "PUT", "Invoices", {"Invoices": list(invoices)}, headers=headers, **params
        )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return records(answer)

    def create(self, body=None, **fields):
        """One invoice, that must succeed."""
        [made] = self.put({**(body or invoice()), **fields})
        assert made["StatusAttributeString"] != "ERROR", made["ValidationErrors"]
        return made

    def update(self, id, **fields):
        """POST to one invoice; the answer."""
        return self.call("POST", f"Invoices/{id}", {"Invoices": [fields]})

    def invoice(self, id):
        [found] = self.read(f"Invoices/{id}")
        return found


def records(answer):
    """The records of an answer, whatever they are called."""
    return next(value for value in answer.json().values() if isinstance(value, list))


def problems(element):
    return [each["Message"] for each in element.get("ValidationErrors", [])]


def line(price="100.00", *, quantity=1, account="200", tax=None, **fields):
    """One line as a hand-built dict."""
    made = {"Description": "Work", "Quantity": quantity, "UnitAmount": float(price),
            "AccountCode": account, **fields}  # fmt: skip
    return {**made, "TaxType": tax} if tax else made


def invoice(*lines, contact="Cascade Dental", status="AUTHORISED", **fields):
    """An invoice that Xero takes, with more on request."""
    return {
        "Type": "ACCREC", "Contact": {"Name": contact}, "Date": "2026-11-20",
        "DueDate": "2026-12-20", "Status": status, "LineItems": list(lines) or [line()], **fields,
    }  # fmt: skip


def consent(xero, *, tenants=None, scope=None, redirect_uri=CALLBACK, state="a-state", **more):
    """A person ticks organisations, or cancels with none. What the app is told."""
    asked = {
        "response_type": "code", "client_id": xero.client_id, "redirect_uri": redirect_uri,
        "scope": scope or "openid offline_access accounting.invoices accounting.contacts",
        "state": state, **more,
    }  # fmt: skip
    ticked = [xero.tenant] if tenants is None else tenants
    answer = requests.post(
        xero.authorize_url, params=asked, data=[("tenant", each) for each in ticked],
        allow_redirects=False, timeout=5,
    )  # fmt: skip
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(CALLBACK + "?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def token(xero, *, status=200, auth=None, **form):
    """POST to the token endpoint; the answer as JSON."""
    if auth is None:
        form = {"client_id": xero.client_id, "client_secret": xero.client_secret, **form}
    answer = requests.post(xero.token_url, data=form, auth=auth, timeout=5)
    assert answer.status_code == status, answer.text
    return answer.json()


def together(*calls):
    """Run calls at once; their results in order."""
    results = [None] * len(calls)

    def run(position, call):
        results[position] = call()

    threads = [
        threading.Thread(target=run, args=(position, call)) for position, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results
