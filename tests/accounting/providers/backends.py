"""What the contract suite needs of a provider: itself, and the hand of a person at its simulator.

A new provider is one more class here with these methods, and its name in `BACKENDS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import simulators
from accounting.providers import port, qbo, xero
from accounting.providers.port import Document, NewRecord, TaxMode
from tests.accounting import books
from tests.simulators.xero import judge

from .backend import REDIRECT, TODAY, WEBHOOK_TOKEN, Backend

__all__ = ["BACKENDS", "REDIRECT", "TODAY", "WEBHOOK_TOKEN", "Backend", "Qbo", "Xero"]


class Qbo(Backend):
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

    def new_item(self, name: str) -> NewRecord:
        return NewRecord(
            port.Kind.ITEM, name, price=Decimal("12.5"), sku="N-1", account_id=self.account_id()
        )

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


class Xero(Backend):
    """Xero at its simulator, where invoices arrive approved. `regions` are its organisations."""

    regions = ("us",)
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
        return {**books.xero_settings_for(self.sims), "webhook_keys": [WEBHOOK_TOKEN]}

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

    def pay(self, invoice_id: str, amount: str) -> str:
        return str(self.sim.as_person.receive_payment(invoice_id, amount)["PaymentID"])

    def unpay(self, payment_id: str) -> None:
        self.sim.as_person.remove_payment(payment_id)

    def credit(self, invoice_id: str, amount: str) -> str:
        """Settle with a credit note instead of money."""
        return str(self.sim.as_person.credit(invoice_id, amount)["CreditNoteID"])

    def edit(self, invoice_id: str, quantity: str) -> None:
        self.sim.as_person.edit_line(invoice_id, quantity=quantity)

    def void(self, invoice_id: str) -> None:
        self.sim.as_person.void(invoice_id)

    def delete(self, invoice_id: str) -> None:
        self.sim.as_person.delete(invoice_id)

    def add_customers(self, count: int) -> None:
        for number in range(count):
            self.sim.as_person.create_contact(f"Many {number:05}")

    def deactivate_customer(self) -> str:
        id = self.sim.documents("Contact")[1]["ContactID"]
        self.sim.as_person.archive_contact(id)
        return str(id)


BACKENDS: dict[str, type[Qbo | Xero]] = {"qbo": Qbo, "xero": Xero}
