"""A person at the keyboard of QuickBooks: everything that happens to a company file behind the
back of an integration. Every act gives records new versions and tells webhooks, as in real life.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import payments, records
from .company import PEOPLE, Act, Company, Doc, cents, clone, touch
from .kinds import KINDS, READ_ONLY
from .numbers import following
from .refusals import business

if TYPE_CHECKING:
    from .app import QuickBooks

_AMOUNTS = {"quantity": "Qty", "price": "UnitPrice", "item": "ItemRef", "tax_code": "TaxCodeRef"}


class Person:
    """Acts on one company. Every method returns the record as it is afterwards."""

    def __init__(self, qbo: QuickBooks, company: Company) -> None:
        self.qbo = qbo
        self.company = company

    def create(self, kind: str, **fields: Any) -> Doc:
        """Add a customer, an item, a term ... with fields as the API names them."""
        with self.qbo.lock:
            doc = records.create(self._act(), self._kind(kind), fields)
            return self._done(kind, doc["Id"])

    def change(self, kind: str, id: str, **fields: Any) -> Doc:
        """Change fields of any record."""
        with self.qbo.lock:
            doc = self.company.get(kind, id)
            version = {"Id": id, "SyncToken": doc["SyncToken"], "sparse": True}
            records.update(self._act(), self._kind(kind), {**fields, **version})
            return self._done(kind, id)

    def create_invoice(
        self,
        customer: str,
        amount: str | int | Decimal,
        *,
        number: str = "",
        item: str = "1",
        description: str = "Typed by hand",
        **fields: Any,
    ) -> Doc:
        """An invoice of one line. Without a number it takes the next one, as the form suggests."""
        detail: Doc = {"ItemRef": {"value": item}}
        if self.company.country != "US":
            codes = [doc["Id"] for doc in self.company.of("TaxCode") if doc["TaxGroup"]]
            detail["TaxCodeRef"] = {"value": codes[0]}
        line = {
            "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail,
            "Amount": Decimal(amount), "Description": description,
        }  # fmt: skip
        currency = self.company.get("Customer", customer)["CurrencyRef"]
        return self.create(
            "Invoice", CustomerRef={"value": customer}, CurrencyRef=currency, Line=[line],
            GlobalTaxCalculation="TaxExcluded",
            DocNumber=number or following(self.company.last_number), **fields,
        )  # fmt: skip

    def edit_line(
        self,
        invoice: str,
        line: str = "1",
        *,
        amount: str | int | Decimal | None = None,
        description: str | None = None,
        **details: Any,
    ) -> Doc:
        """Change one line: its amount, or quantity and price, item, tax_code, description."""
        with self.qbo.lock:
            lines = clone(self.company.get("Invoice", invoice))["Line"]
            edited = next((each for each in lines if each["Id"] == line), None)
            if edited is None:
                raise business(f"There is no line {line}")
            detail = edited["SalesItemLineDetail"]
            detail |= {
                _AMOUNTS[name]: {"value": value} if name in ("item", "tax_code") else Decimal(value)
                for name, value in details.items()
            }
            if amount is not None:
                edited["Amount"] = Decimal(amount)
                detail.pop("Qty", None)
                detail.pop("UnitPrice", None)
            elif "Qty" in detail and "UnitPrice" in detail:
                edited["Amount"] = cents(detail["Qty"] * detail["UnitPrice"])
            if description is not None:
                edited["Description"] = description
            return self.change("Invoice", invoice, Line=lines)

    def receive_payment(
        self, invoice: str, amount: str | int | Decimal | None = None, **fields: Any
    ) -> Doc:
        """Money for an invoice, by default all that is open. Returns the payment."""
        with self.qbo.lock:
            doc = self.company.get("Invoice", invoice)
            paid = doc["Balance"] if amount is None else Decimal(amount)
            return self.create(
                "Payment", CustomerRef=doc["CustomerRef"], CurrencyRef=doc["CurrencyRef"],
                TotalAmt=paid, Line=[payments.part("Invoice", invoice, paid)], **fields,
            )  # fmt: skip

    def apply_credit(self, invoice: str, credit_memo: str, amount: str | int | Decimal) -> Doc:
        """Settle an invoice with a credit memo, by a payment of nothing. Returns the payment."""
        doc = self.company.get("Invoice", invoice)
        share = Decimal(amount)
        parts = [payments.part("Invoice", invoice, share)]
        parts.append(payments.part("CreditMemo", credit_memo, share))
        return self.create("Payment", CustomerRef=doc["CustomerRef"], TotalAmt=0, Line=parts)

    def remove_payment(self, payment: str) -> Doc:
        return self.delete("Payment", payment)

    def deposit_payment(self, payment: str) -> Doc:
        """Put a payment into a bank deposit: from then on the API can't change it."""
        return self._note("Payment", payment, "_deposited", True)

    def void(self, kind: str, id: str) -> Doc:
        with self.qbo.lock:
            doc = self.company.get(kind, id)
            records.void(self._act(), self._kind(kind), {"Id": id, "SyncToken": doc["SyncToken"]})
            return self._done(kind, id)

    def delete(self, kind: str, id: str) -> Doc:
        with self.qbo.lock:
            doc = self.company.get(kind, id)
            version = {"Id": id, "SyncToken": doc["SyncToken"]}
            gone = records.delete(self._act(), self._kind(kind), version)
            self.qbo.collect()
            return gone

    def rename(self, kind: str, id: str, name: str) -> Doc:
        return self.change(kind, id, **{"DisplayName" if kind in PEOPLE else "Name": name})

    def deactivate(self, kind: str, id: str) -> Doc:
        return self.change(kind, id, Active=False)

    def reactivate(self, kind: str, id: str) -> Doc:
        return self.change(kind, id, Active=True)

    def merge_customers(self, loser: str, winner: str) -> Doc:
        """The loser's documents become the winner's, and the loser is gone."""
        with self.qbo.lock:
            act = self._act()
            for kind in ("Invoice", "CreditMemo", "Payment", "TimeActivity"):
                for doc in list(self.company.of(kind)):
                    if doc.get("CustomerRef", {}).get("value") == loser:
                        moved = clone(doc)
                        moved["CustomerRef"] = {"value": winner}
                        touch(act, kind, moved)
            self.company.get("Customer", loser)
            del self.company.docs["Customer"][loser]
            self.company.notify("Customer", winner, "merged", at=act.stamp, deleted_id=loser)
            return self._done("Customer", winner)

    def prefer(self, group: str, **preferences: Any) -> Doc:
        """Change preferences: `prefer("SalesFormsPrefs", CustomTxnNumbers=False)`. None unsets."""
        with self.qbo.lock:
            if group not in self.company.preferences:
                raise ValueError(f"There is no group of preferences {group!r}.")
            merged = {**self.company.preferences[group], **preferences}
            kept = {name: value for name, value in merged.items() if value is not None}
            self.company.preferences[group] = kept
            number = int(self.company.preferences["SyncToken"]) + 1
            self.company.preferences["SyncToken"] = str(number)
            return self.company.preferences

    def close_books(self, through: str) -> Doc:
        """Nothing dated up to this day can be written any more; "" opens them."""
        return self.prefer("AccountingInfoPrefs", BookCloseDate=through or None)

    def let_subscription_end(self) -> None:
        self.company.subscribed = False

    def renew_subscription(self) -> None:
        self.company.subscribed = True

    def disconnect(self) -> None:
        """Disconnect the app in the app menu: its tokens are dead, and it is not told."""
        with self.qbo.lock:
            self.qbo.oauth.disconnect(self.company.realm)

    def _note(self, kind: str, id: str, name: str, value: Any) -> Doc:
        with self.qbo.lock:
            doc = clone(self.company.get(kind, id))
            doc[name] = value
            touch(self._act(), kind, doc)
            return self._done(kind, id)

    def _act(self) -> Act:
        return Act(self.company, self.qbo.switches, self.qbo.clock.now(), by="person")

    def _kind(self, name: str) -> Any:
        if name not in KINDS:
            known = ", ".join(set(KINDS) - READ_ONLY)
            raise ValueError(f"There is no kind {name!r}. There are: {known}.")
        return KINDS[name]

    def _done(self, kind: str, id: str) -> Doc:
        self.qbo.collect()
        return clone(self.company.get(kind, id))
