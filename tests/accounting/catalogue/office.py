"""What the tests of the catalogue of faults do again and again: export, let time pass, and look at
both ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import time_machine
from django.test import Client
from django.urls import reverse

import simulators
from accounting import connecting, delivery, findings, outbox, sync
from accounting.models import Attempt, Connection, Export, Finding, RemoteInvoice
from atera_invoicing.models import User
from atera_invoicing.roles import Role
from contracts.models import CatalogItem
from customers.models import Customer
from invoices.models import Invoice
from simulators.journal import Exchange
from tests.accounting import books
from tests.accounting.providers.backends import REDIRECT, Qbo

BATCH = "POST /v3/company/*/batch*"


@dataclass
class Office:
    """An MSP whose company at QuickBooks is simulated, and what its people do."""

    sims: simulators.Simulators
    connection: Connection
    customer: Customer
    item: CatalogItem
    browser: Client
    notices: Callable[[], list[tuple[bytes, dict[str, str]]]] = list

    @property
    def qbo(self) -> Any:
        return self.sims.qbo

    @property
    def person(self) -> Any:
        """Somebody at the keyboard of QuickBooks."""
        return self.sims.qbo.as_person

    @property
    def now(self) -> Any:
        return self.sims.clock.now()

    @property
    def owner(self) -> User:
        return User.objects.filter(role=Role.OWNER).earliest("pk")

    # Acts

    def invoice(self, **fields: Any) -> Invoice:
        return books.invoice(self.customer, self.item, **fields)

    def queue(self, *invoices: Invoice) -> None:
        outbox.queue(self.connection, [each.pk for each in invoices], by=self.owner, now=self.now)

    def work(self) -> bool:
        """Moments later, what a worker does when it is rung; False when another one is at it."""
        self.sims.clock.move(seconds=5)
        return delivery.work(self.connection.pk, now=self.now)

    def wait(self, rounds: int = 1, *, minutes: float = 4, seconds: float = 0) -> None:
        """Let time pass, and a worker be rung after it."""
        for _ in range(rounds):
            self.sims.clock.move(minutes=minutes, seconds=seconds)
            self.work()

    def export(self, **fields: Any) -> Invoice:
        """An invoice that is there."""
        invoice = self.invoice(**fields)
        self.queue(invoice)
        self.work()
        self.assert_there_once(invoice)
        return invoice

    def look(self) -> None:
        """Some time later, ask what changed there."""
        self.sims.clock.move(minutes=20)
        assert sync.poll(self.connection.pk, now=self.now)

    def edit_there(self, invoice: Invoice, description: str) -> None:
        self.person.edit_line(self.remote(invoice).remote_id, description=description)

    def push_ours(self, invoice: Invoice) -> Export:
        """Somebody wants ours, whatever was changed there."""
        finding = Finding.objects.get(invoice=invoice, answered_at=None)
        return findings.push(finding, by=self.owner, now=self.now)

    def retry(self, invoice: Invoice) -> Export:
        """Somebody presses "Try again"."""
        self.press("accounting:export-retry", self.of(invoice).pk)
        return self.of(invoice)

    def press(self, name: str, pk: int) -> None:
        """A button of a page, now."""
        with time_machine.travel(self.now, tick=False):
            answer = self.browser.post(reverse(name, args=[pk]))
        assert answer.status_code == 302

    def reconnect(self) -> None:
        """Somebody consents once more, to the same company."""
        self.qbo.register([REDIRECT], self.qbo.client_id)
        session = {"by": self.owner, "session_key": "browser", "redirect_uri": REDIRECT}
        url = connecting.begin(self.connection, now=self.now, **session)
        back = Qbo(self.sims).consent(url)
        connecting.finish(back, provider="qbo", now=self.now, **session)

    def expire_access(self) -> None:
        """The access token is of yesterday, at both ends."""
        self.qbo.expire_access_tokens()
        Connection.objects.update(access_expires_at=books.NOW.replace(year=2025))

    # What there is

    def of(self, invoice: Invoice) -> Export:
        """The latest export of an invoice."""
        return Export.objects.filter(invoice=invoice).latest("pk")

    def remote(self, invoice: Invoice) -> RemoteInvoice:
        return RemoteInvoice.objects.get(invoice=invoice)

    def there(self, invoice: Invoice) -> list[dict[str, Any]]:
        return books.there(self.sims, invoice)

    def document(self, invoice: Invoice) -> dict[str, Any]:
        """The one document there that is linked."""
        id = self.remote(invoice).remote_id
        return next(doc for doc in self.qbo.invoices() if doc["Id"] == id)

    def batches(self) -> list[Exchange]:
        """Every call with invoices that reached QuickBooks."""
        return [each for each in self.qbo.requests("write") if each.path.endswith("/batch")]

    def keys(self) -> list[str]:
        return [each.query["requestid"] for each in self.batches()]

    def refreshes(self) -> int:
        sent = self.qbo.requests("token")
        return sum(b"grant_type=refresh_token" in each.request_body for each in sent)

    def fresh(self) -> Connection:
        self.connection.refresh_from_db()
        return self.connection

    def page(self, invoice: Invoice) -> str:
        """What the page of its export says."""
        answer = self.browser.get(reverse("accounting:export", args=[self.of(invoice).pk]))
        assert answer.status_code == 200
        return unescape(answer.text)

    # What must be so

    def assert_there_once(self, *invoices: Invoice) -> None:
        """One document there for each, linked from here, with our total; nothing is open."""
        for invoice in invoices:
            (document,) = self.there(invoice)
            export, remote = self.of(invoice), self.remote(invoice)
            assert (export.state, export.code, export.message) == ("sent", "", "")
            assert document["Id"] == remote.remote_id == export.remote_id
            assert document["TotalAmt"] == remote.total == invoice.total
            assert document["DocNumber"] == remote.number
            invoice.refresh_from_db()
            assert invoice.exported_at
            assert invoice.export_queued_at is None

    def assert_waits(self, invoice: Invoice, *words: str) -> Export:
        """It waits by itself, nothing is lost, no try is burnt, and its page says why."""
        export = self.of(invoice)
        assert export.state in ("queued", "waiting")
        assert export.attempts == 0
        assert self.there(invoice) == []
        shown = self.page(invoice)
        assert all(word in shown for word in words), export.message
        return export

    def assert_needs_a_person(self, invoice: Invoice, code: str, *words: str) -> Export:
        """It was refused; its page says what happened and has the button to go on."""
        export = self.of(invoice)
        assert (export.state, export.code) == ("rejected", code)
        shown = self.page(invoice)
        for word in (*words, "Needs you", "Try again", "Take back"):
            assert word in shown, f"{word!r} is not in {export.message!r}"
        return export

    def assert_reference_kept(self, exchange: Exchange) -> None:
        """What Intuit's support asks for is with the attempt, and on the page."""
        reference = exchange.response_headers["intuit_tid"]
        attempt = Attempt.objects.get(reference=reference)
        export = attempt.call.exports.first()
        if export is not None:
            assert reference in self.page(export.invoice)


def until(true: Callable[[], object], seconds: float = 5) -> None:
    """Wait for a thread of the simulator."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)
