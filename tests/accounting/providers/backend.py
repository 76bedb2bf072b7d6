"""What backends have in common: documents to send, and the hand on a simulator's switches."""

from __future__ import annotations

import datetime as dt
import http.client
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import simulators
from accounting.providers import port
from accounting.providers.port import Document, Line, NewRecord, TaxMode, TimeDocument
from invoices.models import Invoice
from simulators.clock import Clock
from simulators.journal import Exchange

REDIRECT = "http://localhost/accounting/callback"
WEBHOOK_TOKEN = "canary-webhook-token"
TODAY = dt.date(2026, 11, 20)


@dataclass(frozen=True)
class Given:
    """What a consent leaves behind."""

    company: str
    access: str
    refresh: str


@dataclass(frozen=True)
class Seen:
    """A document there that came from us, whatever its fields are called."""

    id: str
    number: str
    total: Decimal
    description: str
    marker: str
    email: str = ""
    voided: bool = False


class Backend:
    """A provider at its simulator."""

    key: ClassVar[str]
    provider: port.Provider
    sims: simulators.Simulators
    sim: Any
    create_call: ClassVar[str]  # creates invoices; for `arm`
    company_call: ClassVar[str]  # reads the company
    lasting: ClassVar[dt.timedelta]  # how long access surely lasts
    pause: ClassVar[float]  # seconds that a throttled call is to wait
    untaxed: ClassVar[str]  # what a line without tax says
    reading: ClassVar[ModuleType]  # reads answers
    secret_setting: ClassVar[str]
    currency = "USD"
    tax_mode = TaxMode.PROVIDER
    rings_for_payments = True
    takes_time = True
    deletes_what_was_paid = True
    deletable: ClassVar[dict[str, Any]] = {}  # of a connection whose invoices can be deleted there

    @property
    def clock(self) -> Clock:
        return self.sims.clock

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def company(self) -> str:
        """The id of the company that a consent opens."""
        raise NotImplementedError

    @property
    def company_name(self) -> str:
        raise NotImplementedError

    @property
    def scopes(self) -> str:
        """What a consent asks for."""
        raise NotImplementedError

    # Connecting

    def given(self, company: str = "") -> Given:
        """A consent without clicking through it."""
        raise NotImplementedError

    def chosen(self, session: port.Session, company: port.Company) -> dict[str, Any]:
        """What the wizard lets people choose, as fields of a connection."""
        raise NotImplementedError

    def keep_settling_quiet(self) -> None:
        """A payment or credit leaves no mark on its invoice, where that is not known."""

    def distrust_codes(self) -> None:
        """A code that comes twice ends the consent, where that can be."""

    def refreshes(self) -> list[Exchange]:
        """Every request for new access."""
        sent = self.sim.requests("token")
        return [each for each in sent if b"grant_type=refresh_token" in each.request_body]

    def exchanges(self) -> list[Exchange]:
        """Every request that turns a consent into access."""
        return [e for e in self.sim.requests("token") if b"authorization_code" in e.request_body]

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

    # Documents

    def customer_id(self) -> str:
        raise NotImplementedError

    def item_id(self) -> str:
        raise NotImplementedError

    def person_id(self) -> str:
        return "nobody"

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
        uid, holds = str(uuid.uuid4()), self.provider.holds
        lines = lines or (self.line(),)
        subtotal = sum((line.net for line in lines), Decimal(0))
        tax = sum((line.tax for line in lines), Decimal(0))
        fields = {
            "uid": uid,
            "number": number or f"INV-{uid[:8]}",
            "customer_id": self.customer_id(),
            "date": TODAY,
            "due_date": TODAY + dt.timedelta(days=30),
            "currency": self.currency,
            "email": "ana@customer.example" if "email" in holds else "",
            "message": "Thank you" if "message" in holds else "",
            "tax_mode": self.tax_mode,
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

    def invoices(self) -> list[dict[str, Any]]:
        """Everything there that is an invoice."""
        return self.sim.invoices()

    def erasable(self, session: port.Session) -> port.Session:
        """One whose documents can be deleted there."""
        return session

    def judge(self) -> None:
        """Hold what was exchanged against the provider's own description, where that is at hand."""

    def ids(self) -> list[str]:
        """Of every invoice that is there."""
        raise NotImplementedError

    def of(self, invoice: Invoice) -> list[Seen]:
        """What is there of one of our invoices, without what was deleted."""
        raise NotImplementedError

    # Faults

    def arm_send(self, fault: str) -> None:
        """Strike at the next call that creates invoices."""
        self.sim.arm(fault, times=1, on=self.create_call)

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
