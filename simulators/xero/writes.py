"""Writing: elements of a batch, each judged by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..wire import Response
from . import contacts, credits, documents, fields, invoices, lists, payments, rendering
from .organisation import IDS, Act, Doc
from .reads import PLURALS, show
from .refusals import NO_ID, Invalid, Refusal
from .regions import CLASSES, CURRENCY_NAMES

if TYPE_CHECKING:
    from .rest import Call

Work = Callable[[Act, Doc], Doc]
FALSE = ("false", "0")
CHOICES = {
    "Type": (*invoices.TYPES, *credits.TYPES, *CLASSES), "LineAmountTypes": documents.TYPES,
    "Status": (*invoices.MOVES, "VOIDED", "DELETED", "ARCHIVED", "ACTIVE"),
    "CurrencyCode": tuple(CURRENCY_NAMES), "ContactStatus": ("ACTIVE", "ARCHIVED"),
}  # fmt: skip
WITHOUT_STATUS = (
    "Account",
    "TaxRate",
    "TrackingCategory",
    "TrackingOption",
    "Currency",
    "Allocation",
)
NO_ATTRIBUTES = (*WITHOUT_STATUS,)


@dataclass
class _Batch:
    """The elements of one request and what becomes of them."""

    call: Call
    kind: str
    work: Work

    def answer(self) -> Doc | Response:
        """All elements in their order with a status each, or 400 with the refused ones only."""
        call = self.call
        each_by_itself = call.query.get("summarizeErrors", "true").lower() in FALSE
        sent = call.elements(PLURALS[self.kind])
        if not each_by_itself and call.xero.switches.batch_siblings == "lost":
            self.rehearse(sent)
        shown, failed = [], []
        for position, element in enumerate(sent, 1):
            try:
                done = self.one(element)
            except Invalid as invalid:
                done = self.failed(element, invalid)
                failed.append(done)
            else:
                done = self.marked(done) if each_by_itself else done
            shown.append(done)
            call.request.reach("element", position)
        if failed and not each_by_itself:
            return call.refused(failed)
        return {PLURALS[self.kind]: shown}

    def one(self, element: Any) -> Doc:
        act = self.call.act
        doc = self.work(act, fields.read(self.kind, element, strict=self.call.strict))
        shown = show(self.call, self.kind, doc)
        if warnings := doc.get("_warnings"):
            shown["Warnings"] = [{"Message": message} for message in warnings]
        return shown

    def marked(self, shown: Doc) -> Doc:
        status = "WARNING" if shown.get("Warnings") else "OK"
        return {**shown, "StatusAttributeString": status}

    def failed(self, element: Any, invalid: Invalid) -> Doc:
        """An echo of what was asked, never of what is kept."""
        echo = _echo(self.kind, element, self.call.places)
        name = IDS[self.kind]
        echo = {name: echo.get(name) or NO_ID, **echo}
        echo["HasValidationErrors" if self.kind in ("Contact", "Payment") else "HasErrors"] = True
        if self.kind == "Item":
            echo.pop("HasErrors")
        return self.call.element({**echo, "StatusAttributeString": "ERROR"}, invalid)

    def rehearse(self, sent: list[Any]) -> None:
        """Refuse everything if one element would be refused."""
        kept = self.call.xero.snapshot(self.call.org)
        failed = []
        for element in sent:
            try:
                self.one(element)
            except Invalid as invalid:
                failed.append(self.failed(element, invalid))
        self.call.xero.restore(self.call.org, kept)
        if failed:
            raise Refusal(self.call.refused(failed))


def _echo(kind: str, element: Any, places: int) -> Doc:
    """The fields that could be read; of a choice only what could have been chosen."""
    echo: Doc = {}
    for name, value in element.items():
        if name in CHOICES and value not in CHOICES[name]:
            continue
        try:
            echo |= fields.read(kind, {name: value}, strict=False)
        except (Invalid, Refusal):
            continue
    return rendering.echo(echo, places=places)


def _batch(kind: str, work: Work) -> Callable[[Call], Doc | Response]:
    return lambda call: _Batch(call, kind, work).answer()


def _record(kind: str, work: Work) -> Callable[..., Doc]:
    """One record by the id in the path, with a body of one element."""

    def answer(call: Call, id: str) -> Doc:
        id = id.lower()
        known = call.org.find(kind, id)
        if known is None:
            raise LookupError(id)
        [element] = call.elements(PLURALS[kind])[:1]
        sent = fields.read(kind, element, strict=call.strict)
        try:
            doc = work(call.act, {**sent, IDS[kind]: id})
        except Invalid as invalid:
            echo = {**_echo(kind, element, call.places), IDS[kind]: id}
            raise Refusal(call.refused([call.element(echo, invalid)])) from None
        return {PLURALS[kind]: [show(call, kind, doc)]}

    return answer


def _single(kind: str, work: Work) -> Callable[[Call], Doc]:
    """A kind of which one at a time can be made, with or without an envelope."""

    def answer(call: Call) -> Doc:
        [element] = call.elements(PLURALS[kind])[:1]
        doc = work(call.act, fields.read(kind, element, strict=call.strict))
        return {PLURALS[kind]: [show(call, kind, doc)]}

    return answer


put_invoices = _batch("Invoice", invoices.create)
post_invoices = _batch("Invoice", invoices.write)
post_invoice = _record("Invoice", invoices.write)
put_contacts = _batch("Contact", contacts.create)
post_contacts = _batch("Contact", contacts.write)
post_contact = _record("Contact", contacts.write)
put_items = _batch("Item", lists.create_item)
post_items = _batch("Item", lists.write_item)
post_item = _record("Item", lists.write_item)
put_payments = _batch("Payment", payments.create)
put_credit_notes = _batch("CreditNote", credits.create)
post_credit_notes = _batch("CreditNote", credits.write)
post_credit_note = _record("CreditNote", credits.write)
put_account = _single("Account", lists.create_account)
post_account = _record("Account", lists.update_account)
put_tracking = _single("TrackingCategory", lists.create_tracking)
post_tracking = _record("TrackingCategory", lists.update_tracking)
put_currency = _single("Currency", lists.add_currency)
put_tax_rates = _single("TaxRate", lists.create_tax_rate)
post_tax_rates = _single("TaxRate", lists.update_tax_rate)


def delete_payment(call: Call, id: str) -> Doc:
    """POST with Status DELETED, the only change that a payment knows."""
    payment = call.org.find("Payment", id.lower())
    if payment is None:
        raise LookupError(id)
    [element] = call.elements("Payments")[:1]
    sent = fields.read("Payment", element, strict=call.strict)
    if sent.get("Status") != "DELETED":
        raise Invalid("simulated: Only the Status of a payment can be changed, to DELETED.")
    return {"Payments": [show(call, "Payment", payments.delete(call.act, payment))]}


def delete_item(call: Call, id: str) -> Response:
    """Remove an item; documents keep its code."""
    item = call.org.find("Item", id.lower())
    if item is None:
        raise LookupError(id)
    del call.org.docs["Item"][item["ItemID"]]
    return Response(204, b"", "text/html; charset=utf-8")


def put_options(call: Call, id: str) -> Doc:
    """Another option of a tracking category; the category is answered."""
    [element] = call.elements("Options")[:1]
    sent = fields.read("TrackingOption", element, strict=call.strict)
    return {"Options": [rendering.plain("TrackingOption", lists.add_option(call.act, id, sent))]}


def put_allocations(call: Call, id: str) -> Doc:
    """Use a credit note for invoices."""
    made = []
    for element in call.elements("Allocations"):
        sent = fields.read("Allocation", element, strict=call.strict)
        made.append(credits.allocate(call.act, id.lower(), sent))
    return {"Allocations": [rendering.allocation(call.org, each) for each in made]}


def delete_allocation(call: Call, id: str, allocation: str) -> Doc:
    gone = credits.remove(call.act, id.lower(), allocation.lower())
    return {**rendering.allocation(call.org, gone), "IsDeleted": True}
