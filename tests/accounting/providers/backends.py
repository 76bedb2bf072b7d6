"""What the contract suite needs of a provider: itself, and the hand of a person at its simulator.

A new provider is one more class here with these methods, and its name in `BACKENDS`.
"""

from __future__ import annotations

import datetime as dt
import http.client
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import simulators
from accounting.providers import port, qbo
from accounting.providers.port import Document, Line, NewRecord, TaxMode, TimeDocument
from tests.accounting import books

REDIRECT = "http://localhost/accounting/callback"
WEBHOOK_TOKEN = "canary-webhook-token"
TODAY = dt.date(2026, 11, 20)


class Qbo:
    """QuickBooks Online at its simulator. `scenario` is a company file of it."""

    scenario = "us"

    def __init__(self, sims: simulators.Simulators) -> None:
        self.sims = sims
        self.sim = sims.qbo
        self.provider: port.Provider = qbo.provider(self.settings())
        self._sessions = 0

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Qbo]:
        options = {"scenarios": [cls.scenario], "limits": "counted", **options}
        with simulators.start(redirect_uris=[REDIRECT], consent="grant", **options) as sims:
            yield cls(sims)

    def settings(self) -> dict[str, Any]:
        return {**books.settings_for(self.sims), "app": "", "webhook_tokens": [WEBHOOK_TOKEN]}

    # Connecting

    def consent(self, url: str, *, refuse: bool = False) -> dict[str, str]:
        """What a browser brings back after somebody said yes, or no."""
        self.sim.switch(consent="deny" if refuse else "grant")
        where = urlsplit(url)
        browser = http.client.HTTPConnection(where.netloc, timeout=5)
        browser.request("GET", f"{where.path}?{where.query}")
        answer = browser.getresponse()
        assert answer.status == 302, answer.read()
        browser.close()
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def tokens(self) -> port.Tokens:
        url = self.provider.authorize_url(state="state", redirect_uri=REDIRECT)
        return self.provider.exchange(self.consent(url), redirect_uri=REDIRECT)[0]

    def session(self, **facts: Any) -> port.Session:
        """A company's session with its facts."""
        made = self.sim.connect()
        bare = port.Session(made.realm, made.access_token)
        known = {**self.provider.company(bare).facts, **facts}
        return port.Session(made.realm, made.access_token, known)

    def disconnect(self) -> None:
        self.sim.disconnect()

    def end_access_tokens(self) -> None:
        self.sim.expire_access_tokens()

    # Documents

    def customer_id(self) -> str:
        return str(self.sim.documents("Customer")[0]["Id"])

    def item_id(self) -> str:
        return str(self.sim.documents("Item")[0]["Id"])

    def account_id(self) -> str:
        accounts = self.sim.documents("Account")
        return next(str(doc["Id"]) for doc in accounts if doc["AccountType"] == "Income")

    def tax_id(self) -> str:
        """A tax code as it goes on a line, where the provider computes "": taxable is enough."""
        return ""

    def person_id(self) -> str:
        return f"Employee-{self.sim.documents('Employee')[0]['Id']}"

    def line(self, net: str = "125.00", **fields: Any) -> Line:
        fields = {
            "description": "Standard support",
            "quantity": Decimal(1),
            "unit_price": Decimal(net),
            "discount_percent": Decimal(0),
            "net": Decimal(net),
            "tax": Decimal(0),
            "item_id": self.item_id(),
            "tax_id": "",
            "taxable": False,
            **fields,
        }
        return Line(**fields)

    def document(self, number: str = "", *lines: Line, **fields: Any) -> Document:
        uid = str(uuid.uuid4())
        lines = lines or (self.line(),)
        subtotal = sum((line.net for line in lines), Decimal(0))
        tax = sum((line.tax for line in lines), Decimal(0))
        fields = {
            "uid": uid,
            "number": number or f"INV-{uid[:8]}",
            "customer_id": self.customer_id(),
            "date": TODAY,
            "due_date": TODAY + dt.timedelta(days=30),
            "currency": "USD",
            "email": "ana@customer.example",
            "message": "Thank you",
            "tax_mode": TaxMode.PROVIDER,
            "lines": lines,
            "subtotal": subtotal,
            "tax": tax,
            "total": subtotal + tax,
            "marker": f"ai-{uid}",
            **fields,
        }
        return Document(**fields)

    def time(self, minutes: int = 90, **fields: Any) -> TimeDocument:
        uid = str(uuid.uuid4())
        fields = {
            "uid": uid,
            "person_id": self.person_id(),
            "customer_id": self.customer_id(),
            "item_id": self.item_id(),
            "date": TODAY,
            "minutes": minutes,
            "hourly_rate": Decimal("125.50"),
            "description": "Moved the mailboxes",
            "marker": f"ai-{uid}",
            **fields,
        }
        return TimeDocument(**fields)

    def new_customer(self, name: str) -> NewRecord:
        return NewRecord(
            port.Kind.CUSTOMER,
            name,
            email="new@customer.example",
            address=("1 High St", "", "Town"),
        )

    def new_item(self, name: str) -> NewRecord:
        return NewRecord(
            port.Kind.ITEM, name, price=Decimal("12.5"), sku="N-1", account_id=self.account_id()
        )

    def invoices(self) -> list[dict[str, Any]]:
        """Everything there that is an invoice."""
        return self.sim.invoices()

    def bad_document(self) -> Document:
        """One that is refused when it arrives."""
        return self.document(customer_id="99999")

    # A person at the keyboard, with the ids of the port

    def pay(self, invoice_id: str, amount: str) -> str:
        return str(self.sim.as_person.receive_payment(invoice_id, amount)["Id"])

    def unpay(self, payment_id: str) -> None:
        self.sim.as_person.remove_payment(payment_id)

    def credit(self, invoice_id: str, amount: str) -> str:
        """Settle with a credit note instead of money."""
        memo = self.sim.as_person.create(
            "CreditMemo", CustomerRef={"value": self.customer_id()}, Line=[{
                "DetailType": "SalesItemLineDetail", "Amount": Decimal(amount),
                "SalesItemLineDetail": {"ItemRef": {"value": self.item_id()}},
            }],
        )  # fmt: skip
        return str(self.sim.as_person.apply_credit(invoice_id, memo["Id"], amount)["Id"])

    def edit(self, invoice_id: str, quantity: str) -> None:
        self.sim.as_person.edit_line(invoice_id, quantity=quantity)

    def void(self, invoice_id: str) -> None:
        self.sim.as_person.void("Invoice", invoice_id)

    def delete(self, invoice_id: str) -> None:
        self.sim.as_person.delete("Invoice", invoice_id)

    def add_customers(self, count: int) -> None:
        for number in range(count):
            self.sim.as_person.create("Customer", DisplayName=f"Many {number:05}")

    def deactivate_customer(self) -> str:
        id = self.sim.documents("Customer")[1]["Id"]
        self.sim.as_person.deactivate("Customer", id)
        return str(id)

    # Faults

    def lose_answer(self) -> None:
        self.sim.arm("lose_answer")

    def unplug(self) -> None:
        self.sims.unplug()

    def plug(self) -> None:
        self.sims.plug()

    def throttle(self) -> None:
        self.sim.arm("throttled")

    def hang_up_on_tokens(self) -> None:
        self.sim.arm("drop_request", on="token")

    def writes(self) -> int:
        """Requests that could have changed something."""
        return len(self.sim.requests("write"))

    @contextmanager
    def doorbell(self) -> Iterator[Callable[[], list[tuple[bytes, dict[str, str]]]]]:
        """A subscriber: calling it gives body and headers of what was sent since the last time."""
        received: list[tuple[bytes, dict[str, str]]] = []

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((body, {name.lower(): text for name, text in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        def rung() -> list[tuple[bytes, dict[str, str]]]:
            self.sim.deliver()
            rings, received[:] = list(received), []
            return rings

        with HTTPServer(("127.0.0.1", 0), Door) as door:
            threading.Thread(target=door.serve_forever, daemon=True).start()
            self.sim.subscribe(f"http://127.0.0.1:{door.server_port}/", WEBHOOK_TOKEN)
            yield rung
            door.shutdown()


BACKENDS = {"qbo": Qbo}
