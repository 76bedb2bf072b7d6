"""Xero at its simulator."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import simulators
from accounting.providers import port, xero
from accounting.providers.port import Document, NewRecord, TaxMode
from accounting.providers.xero import reading
from invoices.models import Invoice
from simulators.journal import Exchange
from tests.accounting import pointing
from tests.simulators.xero import judge

from .backend import REDIRECT, WEBHOOK_TOKEN, Backend, Given, Seen


class Xero(Backend):
    """Xero at its simulator, where invoices arrive approved. `regions` are its organisations."""

    key = "xero"
    create_call = "PUT /api.xro/2.0/Invoices*"
    company_call = "GET /api.xro/2.0/Organisation*"
    lasting = dt.timedelta(minutes=25)
    pause = 26.0
    untaxed = "NONE"
    reading = reading
    secret_setting = "XERO_CLIENT_SECRET"
    regions = ("us",)
    deletes_what_was_paid = False
    deletable: ClassVar[dict[str, Any]] = {
        "options": {"status": "DRAFT"}, "numbering": "theirs",
    }  # fmt: skip
    tax_mode = TaxMode.CODES
    rings_for_payments = False
    takes_time = False

    def __init__(self, sims: simulators.Simulators) -> None:
        self.sims = sims
        self.sim = sims.xero
        self.provider: port.Provider = xero.provider(self.settings())

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Xero]:
        switches = {"limits": "counted", "consent": "grant", "organisations": cls.regions}
        given = {**switches, **options.pop("xero", {})}
        with simulators.start(redirect_uris=[REDIRECT], xero=given, **options) as sims:
            yield cls(sims)

    def settings(self) -> dict[str, Any]:
        return {**pointing.xero_settings_for(self.sims), "webhook_keys": [WEBHOOK_TOKEN]}

    # Connecting

    def session(self, **facts: Any) -> port.Session:
        """An organisation's session with its facts. What is sent over it counts at once."""
        made = self.sim.connect()
        bare = port.Session(made.tenant, made.access_token)
        options = {"status": "AUTHORISED"}
        known = {**self.provider.company(bare).facts, "options": options, **facts}
        return port.Session(made.tenant, made.access_token, known)

    def erasable(self, session: port.Session) -> port.Session:
        """Xero deletes nothing but drafts."""
        facts = {**session.facts, "options": {"status": "DRAFT"}}
        return port.Session(session.company_id, session.access, facts)

    @property
    def company(self) -> str:
        return str(self.sim.tenant)

    @property
    def company_name(self) -> str:
        return str(self.sim.organisation().name)

    @property
    def scopes(self) -> str:
        return str(self.settings()["scopes"])

    def add_company(self) -> str:
        """Another organisation; its id."""
        return str(self.sim.add_organisation("nz"))

    def given(self, company: str = "") -> Given:
        made = self.sim.connect(company)
        return Given(made.tenant, made.access_token, made.refresh_token)

    def chosen(self, session: port.Session, company: port.Company) -> dict[str, Any]:
        return {
            "income_account_id": self.account_id(), "untaxed_id": company.facts["untaxed_id"],
            "options": {"status": "AUTHORISED"},
        }  # fmt: skip

    def rotate(self, *, grace: bool) -> None:
        """Each refresh gives another refresh token, always; the old one may go on working for half
        an hour, or be dead.
        """
        self.sim.switch(
            refresh_grace_minutes=30 if grace else 0,
            concurrent_refresh="serve" if grace else "refuse",
        )

    def keep_settling_quiet(self) -> None:
        self.sim.switch(payments_bump=False)

    def revocations(self) -> list[Exchange]:
        """Every request that gives access back: to one organisation, or the consent."""
        sent = self.sim.requests()
        return [e for e in sent if e.method == "DELETE" or e.path.endswith("/revocation")]

    def connected(self, company: str = "") -> bool:
        wanted = company or self.company
        return wanted in {each["tenant"] for each in self.sim.connections()}

    def secrets(self) -> set[str]:
        oauth = self.sim.app.oauth
        tokens = {
            value for grant in oauth.grants
            for value in (*grant.refresh, *grant.access, *grant.spent)
        }  # fmt: skip
        return {*tokens, *oauth.codes, self.sim.client_secret, WEBHOOK_TOKEN}

    def cut(self) -> None:
        """Somebody there removes us from this organisation; the consent goes on for others."""
        self.sim.disconnect()

    def disconnect(self) -> None:
        """The consent as a whole is withdrawn; one organisation alone is a Xero test."""
        for grant in self.sim.app.oauth.grants:
            grant.revoked = True
        self.sim.disconnect()

    def end_access_tokens(self) -> None:
        self.sim.expire_access_tokens()

    def judge(self) -> None:
        assert self.sim.usage()["violations"] == {}, "more was asked than Xero allows"
        if judge.available():
            judge.check(self.sims.journal)

    # Documents

    def customer_id(self) -> str:
        return str(self.sim.documents("Contact")[0]["ContactID"])

    def item_id(self) -> str:
        return f"item:{self.sim.documents('Item')[0]['Code']}"

    def account_id(self) -> str:
        return "200"

    def tax_id(self) -> str:
        """The tax code of a line that is taxed."""
        taxes = self.sim.documents("TaxRate")
        return next(str(doc["TaxType"]) for doc in taxes if doc["EffectiveRate"])

    def new_item(self, name: str) -> NewRecord:
        return NewRecord(
            port.Kind.ITEM, name, price=Decimal("12.5"), sku="N-1", account_id=self.account_id()
        )

    def bad_document(self) -> Document:
        """One that is refused when it arrives."""
        return self.document(customer_id=str(uuid.uuid4()))

    # A person at the keyboard, with the ids of the port

    def pay(self, invoice_id: str, amount: str | None = None) -> str:
        return str(self.sim.as_person.receive_payment(invoice_id, amount)["PaymentID"])

    def unpay(self, payment_id: str) -> None:
        self.sim.as_person.remove_payment(payment_id)

    def credit(self, invoice_id: str, amount: str) -> str:
        """Settle with a credit note instead of money."""
        return str(self.sim.as_person.credit(invoice_id, amount)["CreditNoteID"])

    def uncredit(self, credit_id: str) -> None:
        self.sim.as_person.remove_credit(credit_id)

    def edit(self, invoice_id: str, quantity: str) -> None:
        self.sim.as_person.edit_line(invoice_id, quantity=quantity)

    def void(self, invoice_id: str) -> None:
        self.sim.as_person.void(invoice_id)

    def delete(self, invoice_id: str) -> None:
        self.sim.as_person.delete(invoice_id)

    def describe(self, invoice_id: str, text: str) -> None:
        """Change the text of its first line."""
        self.sim.as_person.edit_line(invoice_id, description=text)

    def key_of(self, exchange: Exchange) -> str:
        """By which the other end knows a call that comes again."""
        return exchange.request_headers["idempotency-key"]

    def ids(self) -> list[str]:
        return [str(doc["InvoiceID"]) for doc in self.sim.invoices()]

    def of(self, invoice: Invoice) -> list[Seen]:
        uid = str(invoice.uid)
        docs = [doc for doc in self.sim.invoices() if doc["Status"] != "DELETED"]
        return [_seen(doc) for doc in docs if uid in doc.get("Url", "")]

    def names(self, kind: port.Kind) -> list[str]:
        """Of the contacts or items that are there."""
        of = {port.Kind.CUSTOMER: "Contact", port.Kind.ITEM: "Item"}[kind]
        return [str(doc["Name"]) for doc in self.sim.documents(of)]

    def forget_keys(self) -> None:
        """Nothing there knows any more what came from us already."""
        self.sim.forget_keys()

    def add_customers(self, count: int) -> None:
        for number in range(count):
            self.sim.as_person.create_contact(f"Many {number:05}")

    def deactivate_customer(self) -> str:
        id = self.sim.documents("Contact")[1]["ContactID"]
        self.sim.as_person.archive_contact(id)
        return str(id)


def _seen(doc: dict[str, Any]) -> Seen:
    marker = parse_qs(urlsplit(doc.get("Url", "")).query).get("document", [""])[0]
    return Seen(
        id=doc["InvoiceID"], number=doc["InvoiceNumber"], total=doc["Total"],
        description=doc["LineItems"][0]["Description"], marker=marker,
        voided=doc["Status"] == "VOIDED",
    )  # fmt: skip
