"""QuickBooks Online at its simulator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import simulators
from accounting.providers import port, qbo
from accounting.providers.port import Document, NewRecord, TaxMode
from accounting.providers.qbo import reading
from invoices.models import Invoice
from simulators.journal import Exchange
from tests.accounting import pointing

from .backend import REDIRECT, WEBHOOK_TOKEN, Backend, Given, Seen


class Qbo(Backend):
    """QuickBooks Online at its simulator. `scenario` is a company file of it."""

    key = "qbo"
    create_call = "POST /v3/company/*/batch*"
    company_call = "GET /v3/company/*/companyinfo/*"
    scopes = "com.intuit.quickbooks.accounting"
    lasting = dt.timedelta(minutes=55)
    pause = 60.0
    untaxed = "NON"
    reading = reading
    secret_setting = "QBO_CLIENT_SECRET"
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
        return {**pointing.settings_for(self.sims), "app": "", "webhook_tokens": [WEBHOOK_TOKEN]}

    # Connecting

    def session(self, **facts: Any) -> port.Session:
        """A company's session with its facts."""
        made = self.sim.connect()
        bare = port.Session(made.realm, made.access_token)
        known = {**self.provider.company(bare).facts, **facts}
        return port.Session(made.realm, made.access_token, known)

    @property
    def company(self) -> str:
        return str(self.sim.realm)

    @property
    def company_name(self) -> str:
        return str(self.sim.company().name)

    def add_company(self) -> str:
        """Another company; its id."""
        return str(self.sim.add_company("us-manual"))

    def given(self, company: str = "") -> Given:
        made = self.sim.connect(company)
        return Given(made.realm, made.access_token, made.refresh_token)

    def chosen(self, session: port.Session, company: port.Company) -> dict[str, Any]:
        """Of tax codes the one without tax, where each line needs one."""
        chosen = {"income_account_id": self.account_id()}
        if company.tax_modes[0] is TaxMode.CODES:
            taxes = self.provider.records(session, port.Kind.TAX)
            chosen["untaxed_id"] = next((t.id for t in taxes if t.percent == Decimal(0)), "")
        return chosen

    def rotate(self, *, grace: bool) -> None:
        """Each refresh gives another refresh token; the old one may go on working for a while, or
        be dead and end the connection.
        """
        self.sim.switch(
            refresh_rotation="always", refresh_grace_hours=24 if grace else 0,
            refresh_reuse_revokes=not grace, concurrent_refresh="serve" if grace else "refuse",
        )  # fmt: skip

    def distrust_codes(self) -> None:
        self.sim.switch(code_reuse_revokes=True)

    def revocations(self) -> list[Exchange]:
        """Every request that gives access back."""
        return [each for each in self.sim.requests("token") if each.path.endswith("/revoke")]

    def connected(self, company: str = "") -> bool:
        """Whether anybody has access to it."""
        return bool(self.sim.app.oauth.connected(company or self.company))

    def secrets(self) -> set[str]:
        """Tokens, codes and keys that nobody may read."""
        oauth = self.sim.app.oauth
        tokens = {value for grant in oauth.grants for value in [grant.refresh, *grant.access]}
        tokens |= {value for grant in oauth.grants for value in grant.superseded}
        return {*tokens, *oauth.codes, self.sim.client_secret, WEBHOOK_TOKEN}

    def cut(self) -> None:
        """Somebody there removes us from this company."""
        self.sim.disconnect()

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

    def pay(self, invoice_id: str, amount: str | None = None) -> str:
        """By default all that is open; the id of the payment."""
        return str(self.sim.as_person.receive_payment(invoice_id, amount)["Id"])

    def unpay(self, payment_id: str) -> None:
        self.sim.as_person.remove_payment(payment_id)

    def credit(self, invoice_id: str, amount: str) -> str:
        """Settle with a credit note instead of money."""
        (invoice,) = [doc for doc in self.sim.invoices() if doc["Id"] == invoice_id]
        memo = self.sim.as_person.create(
            "CreditMemo", CustomerRef={"value": invoice["CustomerRef"]["value"]}, Line=[{
                "DetailType": "SalesItemLineDetail", "Amount": Decimal(amount),
                "SalesItemLineDetail": {"ItemRef": {"value": self.item_id()}},
            }],
        )  # fmt: skip
        return str(self.sim.as_person.apply_credit(invoice_id, memo["Id"], amount)["Id"])

    def uncredit(self, credit_id: str) -> None:
        self.sim.as_person.remove_payment(credit_id)

    def edit(self, invoice_id: str, quantity: str) -> None:
        self.sim.as_person.edit_line(invoice_id, quantity=quantity)

    def void(self, invoice_id: str) -> None:
        self.sim.as_person.void("Invoice", invoice_id)

    def delete(self, invoice_id: str) -> None:
        self.sim.as_person.delete("Invoice", invoice_id)

    def describe(self, invoice_id: str, text: str) -> None:
        """Change the text of its first line."""
        self.sim.as_person.edit_line(invoice_id, "1", description=text)

    def key_of(self, exchange: Exchange) -> str:
        """By which the other end knows a call that comes again."""
        return exchange.query["requestid"]

    def ids(self) -> list[str]:
        return [str(doc["Id"]) for doc in self.sim.invoices()]

    def of(self, invoice: Invoice) -> list[Seen]:
        uid = str(invoice.uid)
        return [_seen(d) for d in self.sim.invoices() if uid in d.get("PrivateNote", "")]

    def names(self, kind: port.Kind) -> list[str]:
        """Of the customers or items that are there."""
        of, field = {
            port.Kind.CUSTOMER: ("Customer", "DisplayName"), port.Kind.ITEM: ("Item", "Name"),
        }[kind]  # fmt: skip
        return [str(doc[field]) for doc in self.sim.documents(of)]

    def forget_keys(self) -> None:
        """Nothing there knows any more what came from us already."""
        self.sim.forget_request_ids()

    def add_customers(self, count: int) -> None:
        for number in range(count):
            self.sim.as_person.create("Customer", DisplayName=f"Many {number:05}")

    def deactivate_customer(self) -> str:
        id = self.sim.documents("Customer")[1]["Id"]
        self.sim.as_person.deactivate("Customer", id)
        return str(id)


def _seen(doc: dict[str, Any]) -> Seen:
    return Seen(
        id=doc["Id"], number=doc.get("DocNumber", ""), total=doc["TotalAmt"],
        description=doc["Line"][0].get("Description", ""), marker=doc["PrivateNote"],
        email=doc.get("BillEmail", {}).get("Address", ""), voided="Voided" in doc["PrivateNote"],
    )  # fmt: skip
