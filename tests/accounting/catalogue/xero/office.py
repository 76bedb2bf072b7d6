"""An MSP whose organisation at Xero is simulated."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from accounting import connecting
from accounting.models import Attempt, Connection
from invoices.models import Invoice
from simulators.journal import Exchange
from tests.accounting.catalogue.office import Office
from tests.accounting.providers.backends import REDIRECT, Xero

SEND = "PUT /api.xro/2.0/Invoices*"


@dataclass
class XeroOffice(Office):
    """The same acts and the same promises, at Xero."""

    @property
    def xero(self) -> Any:
        return self.sims.xero

    @property
    def qbo(self) -> Any:
        raise AttributeError("This is an office with Xero.")

    @property
    def person(self) -> Any:
        """Somebody at the keyboard of Xero."""
        return self.sims.xero.as_person

    def reconnect(self) -> None:
        """Somebody consents once more, to the same organisation."""
        self.xero.register([REDIRECT], self.xero.client_id)
        session = {"by": self.owner, "session_key": "browser", "redirect_uri": REDIRECT}
        url = connecting.begin(self.connection, now=self.now, **session)
        back = Xero(self.sims).consent(url)
        connecting.finish(back, provider="xero", now=self.now, **session)

    def expire_access(self) -> None:
        self.xero.expire_access_tokens()
        Connection.objects.update(access_expires_at=self.now - dt.timedelta(days=1))

    def there(self, invoice: Invoice) -> list[dict[str, Any]]:
        """The invoices there that lead back to ours."""
        uid = str(invoice.uid)
        return [doc for doc in self.xero.invoices() if uid in doc.get("Url", "")]

    def document(self, invoice: Invoice) -> dict[str, Any]:
        id = self.remote(invoice).remote_id
        return next(doc for doc in self.xero.invoices() if doc["InvoiceID"] == id)

    def batches(self) -> list[Exchange]:
        """Every call that was to create invoices."""
        return [
            each
            for each in self.xero.requests("write")
            if each.method == "PUT" and each.path.endswith("/Invoices")
        ]

    def keys(self) -> list[str]:
        return [each.request_headers["idempotency-key"] for each in self.batches()]

    def refreshes(self) -> int:
        sent = self.xero.requests("token")
        return sum(b"grant_type=refresh_token" in each.request_body for each in sent)

    def sent_numbers(self) -> list[list[str]]:
        """The numbers of each of these calls."""
        bodies = [json.loads(each.request_body)["Invoices"] for each in self.batches()]
        return [[doc["InvoiceNumber"] for doc in body] for body in bodies]

    def assert_there_once(self, *invoices: Invoice) -> None:
        for invoice in invoices:
            (document,) = self.there(invoice)
            export, remote = self.of(invoice), self.remote(invoice)
            assert (export.state, export.code, export.message) == ("sent", "", "")
            assert document["InvoiceID"] == remote.remote_id == export.remote_id
            assert document["Total"] == remote.total == invoice.total
            assert document["InvoiceNumber"] == remote.number
            invoice.refresh_from_db()
            assert invoice.exported_at
            assert invoice.export_queued_at is None

    def assert_reference_kept(self, exchange: Exchange) -> None:
        reference = exchange.response_headers["Xero-Correlation-Id"]
        attempt = Attempt.objects.get(reference=reference)
        export = attempt.call.exports.first()
        if export is not None:
            assert reference in self.page(export.invoice)

    def document_contact(self) -> str:
        """The contact that invoices go to."""
        return str(self.xero.documents("Contact")[0]["ContactID"])
