"""A person at the keyboard of Xero: everything that happens to an organisation behind the back of
an integration. Every act tells webhooks, as in real life.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import contacts, credits, documents, fields, invoices, lists, payments
from .organisation import Act, Doc, Organisation, clone, record, tell
from .refusals import Invalid

if TYPE_CHECKING:
    from .app import Xero

Figure = str | int | Decimal
_NAMES = {
    "description": "Description", "quantity": "Quantity", "price": "UnitAmount",
    "account": "AccountCode", "tax": "TaxType", "item": "ItemCode",
}  # fmt: skip


class Person:
    """Acts on one organisation. Every method returns the record as it is afterwards."""

    def __init__(self, xero: Xero, org: Organisation) -> None:
        self.xero = xero
        self.org = org

    def create_invoice(
        self,
        contact: str,
        amount: Figure,
        *,
        number: str = "",
        status: str = "AUTHORISED",
        account: str = "200",
        description: str = "Typed by hand",
        **more: Any,
    ) -> Doc:
        """An invoice of one line for a contact, by id or name. Without a number the next one."""
        known = self._contact(contact)
        line = {"Description": description, "UnitAmount": str(amount), "AccountCode": account}
        today = self._act().today.isoformat()
        sent = {
            "Type": "ACCREC", "Contact": {"ContactID": known["ContactID"]}, "Date": today,
            "DueDate": documents.due(today, 20), "Status": status, "LineItems": [line], **more,
        }  # fmt: skip
        if number:
            sent["InvoiceNumber"] = number
        return self._do(invoices.create, "Invoice", sent)

    def change_invoice(self, invoice: str, **changes: Any) -> Doc:
        """Change fields as the API names them: renaming is InvoiceNumber."""
        return self._do(invoices.write, "Invoice", {**changes, "InvoiceID": self._id(invoice)})

    def rename_invoice(self, invoice: str, number: str) -> Doc:
        """Another number, which frees the old one."""
        return self.change_invoice(invoice, InvoiceNumber=number)

    def edit_line(self, invoice: str, line: int = 1, **changes: Any) -> Doc:
        """Change one line: description, quantity, price, account, tax, item; or its amount."""
        lines = clone(self.org.docs["Invoice"][self._id(invoice)])["LineItems"]
        if not 1 <= line <= len(lines):
            raise Invalid(f"There is no line {line}")
        edited = lines[line - 1]
        edited.pop("LineAmount")
        edited.pop("TaxAmount")
        if "amount" in changes:
            changes = {**changes, "quantity": 1, "price": changes["amount"]}
            changes.pop("amount")
        edited |= {_NAMES[name]: value for name, value in changes.items()}
        if "account" in changes:
            edited.pop("AccountID", None)
        for each in lines:
            if each is not edited:
                each.pop("LineAmount")
        return self.change_invoice(invoice, LineItems=lines)

    def approve(self, invoice: str) -> Doc:
        """Approve a draft. One without a due date is due in twenty days."""
        doc = self.org.docs["Invoice"][self._id(invoice)]
        due = doc.get("DueDate") or documents.due(doc["Date"], 20)
        return self.change_invoice(invoice, Status="AUTHORISED", DueDate=due)

    def void(self, invoice: str) -> Doc:
        return self.change_invoice(invoice, Status="VOIDED")

    def delete(self, invoice: str) -> Doc:
        """Delete a draft."""
        return self.change_invoice(invoice, Status="DELETED")

    def mark_sent(self, invoice: str) -> Doc:
        """Tell that the invoice was sent. As in Xero this does not count as a change of it."""
        with self.xero.lock:
            doc = clone(self.org.docs["Invoice"][self._id(invoice)])
            record(self._act(), doc["InvoiceID"], "Marked as sent")
            return clone(self.org.put("Invoice", {**doc, "SentToContact": True}))

    def receive_payment(
        self, invoice: str, amount: Figure | None = None, *, account: str = "090", date: str = ""
    ) -> Doc:
        """Money for an invoice, by default all that is open. Returns the payment."""
        doc = self.org.docs["Invoice"][self._id(invoice)]
        sent = {
            "Invoice": {"InvoiceID": doc["InvoiceID"]}, "Account": {"Code": account},
            "Amount": str(doc["AmountDue"] if amount is None else amount),
        }  # fmt: skip
        return self._do(payments.create, "Payment", {**sent, **({"Date": date} if date else {})})

    def remove_payment(self, payment: str) -> Doc:
        with self.xero.lock:
            return self._done(payments.delete(self._act(), self.org.docs["Payment"][payment]))

    def credit(self, invoice: str, amount: Figure) -> Doc:
        """Settle a part of an invoice with a new credit note. Returns the credit note."""
        with self.xero.lock:
            doc = self.org.docs["Invoice"][self._id(invoice)]
            line = {"Description": "Credited", "UnitAmount": Decimal(amount), "AccountCode": "200"}
            act = self._act()
            note = credits.create(act, {
                "Type": "ACCRECCREDIT", "Contact": clone(doc["Contact"]), "Status": "AUTHORISED",
                "CurrencyCode": doc["CurrencyCode"], "LineAmountTypes": "NoTax",
                "LineItems": [line],
            })  # fmt: skip
            credits.allocate(act, note["CreditNoteID"], {
                "Invoice": {"InvoiceID": doc["InvoiceID"]}, "Amount": note["Total"],
            })  # fmt: skip
            return self._done(self.org.docs["CreditNote"][note["CreditNoteID"]])

    def remove_credit(self, credit_note: str) -> Doc:
        """Take back every share of a credit note."""
        with self.xero.lock:
            note = self.org.docs["CreditNote"][credit_note]
            for allocation in note["_allocations"]:
                credits.remove(self._act(), credit_note, allocation)
            return self._done(self.org.docs["CreditNote"][credit_note])

    def create_contact(self, name: str, **more: Any) -> Doc:
        return self._do(contacts.create, "Contact", {"Name": name, **more})

    def change_contact(self, contact: str, **changes: Any) -> Doc:
        id = self._contact(contact)["ContactID"]
        return self._do(contacts.write, "Contact", {**changes, "ContactID": id})

    def archive_contact(self, contact: str) -> Doc:
        return self.change_contact(contact, ContactStatus="ARCHIVED")

    def restore_contact(self, contact: str) -> Doc:
        return self.change_contact(contact, ContactStatus="ACTIVE")

    def merge_contacts(self, loser: str, winner: str) -> Doc:
        """The loser's documents become the winner's; the loser stays, archived, and says where it
        went.
        """
        with self.xero.lock:
            act = self._act()
            old, new = self._contact(loser), self._contact(winner)
            for kind in ("Invoice", "CreditNote"):
                for doc in list(self.org.of(kind)):
                    if doc["Contact"]["ContactID"] == old["ContactID"]:
                        moved = {"Contact": {"ContactID": new["ContactID"]}}
                        self.org.put(kind, {**clone(doc), **moved, "UpdatedDateUTC": act.stamp})
                        tell(act, kind, doc, "UPDATE")
            gone = {"ContactStatus": "ARCHIVED", "MergedToContactID": new["ContactID"]}
            kept = self.org.put("Contact", {**clone(old), **gone, "UpdatedDateUTC": act.stamp})
            tell(act, "Contact", kept, "UPDATE")
            return self._done(kept)

    def change_item(self, item: str, **changes: Any) -> Doc:
        """Change an item, by its code."""
        return self._do(lists.write_item, "Item", {"Code": item, **changes})

    def archive_account(self, code: str) -> Doc:
        return self._account(code, "ARCHIVED")

    def restore_account(self, code: str) -> Doc:
        return self._account(code, "ACTIVE")

    def change_tax_rate(self, type: str, rate: Figure | None = None, status: str = "") -> Doc:
        """Another percentage, or another status: ACTIVE, ARCHIVED, DELETED."""
        with self.xero.lock:
            doc = clone(self.org.docs["TaxRate"][type])
            if rate is not None:
                doc |= {"EffectiveRate": Decimal(rate), "DisplayTaxRate": Decimal(rate)}
            doc["Status"] = status or doc["Status"]
            return self._done(self.org.put("TaxRate", doc))

    def rename_tracking_option(self, category: str, option: str, name: str) -> Doc:
        with self.xero.lock:
            for doc in self.org.of("TrackingCategory"):
                for each in doc["Options"]:
                    if (doc["Name"], each["Name"]) == (category, option):
                        each["Name"] = name
                        return self._done(doc)
            raise Invalid(f"There is no {option!r} in {category!r}")

    def lock_period(self, through: str, *, year_end: bool = False) -> Doc:
        """Nothing dated up to this day can be written any more; "" opens the books."""
        name = "EndOfYearLockDate" if year_end else "PeriodLockDate"
        with self.xero.lock:
            self.org.info.pop(name, None)
            if through:
                self.org.info[name] = through
            return clone(self.org.info)

    def set_up(self, **settings: Any) -> Doc:
        """InvoicePrefix, NextInvoice, Plan (paid, trial, demo), ApproveLimit, Rates and so on."""
        if unknown := set(settings) - set(self.org.settings):
            raise ValueError(f"There is no setting {', '.join(sorted(unknown))}.")
        self.org.settings |= settings
        return clone(self.org.settings)

    def disconnect(self) -> None:
        """Remove the app among the connected apps: it is not told."""
        with self.xero.lock:
            self.xero.oauth.forget_tenant(self.org.tenant)

    def lose_rights(self) -> None:
        """The user who connected the app may not use this organisation any more."""
        self.org.rights = False

    def regain_rights(self) -> None:
        self.org.rights = True

    def _do(self, work: Callable[[Act, Doc], Doc], kind: str, sent: Doc) -> Doc:
        with self.xero.lock:
            return self._done(work(self._act(), fields.read(kind, sent, strict=True)))

    def _account(self, code: str, status: str) -> Doc:
        with self.xero.lock:
            doc = self.org.account(code)
            if doc is None:
                raise Invalid(f"There is no account {code!r}")
            sent = {"AccountID": doc["AccountID"], "Status": status}
            return self._done(lists.update_account(self._act(), sent))

    def _contact(self, contact: str) -> Doc:
        for doc in self.org.of("Contact"):
            if contact in (doc["ContactID"], doc["Name"]):
                return doc
        raise Invalid(f"There is no contact {contact!r}")

    def _id(self, invoice: str) -> str:
        """By id or number."""
        if invoice in self.org.docs.get("Invoice", {}):
            return invoice
        found = self.org.numbered(invoice, self.xero.switches)
        if not found:
            raise Invalid(f"There is no invoice {invoice!r}")
        return str(found[0]["InvoiceID"])

    def _act(self) -> Act:
        now = self.xero.clock.now()
        return Act(self.org, self.xero.switches, now, by="person", who="Robin Bookkeeper", places=4)

    def _done(self, doc: Doc) -> Doc:
        self.xero.collect()
        return clone(doc)
