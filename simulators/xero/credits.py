"""Credit notes, and the invoices that they settle."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from . import contacts, documents, invoices
from .organisation import Act, Doc, clone, new_id, record, tell
from .refusals import HAS_PAYMENT, NOT_MODIFIABLE, Invalid

TYPES = ("ACCRECCREDIT", "ACCPAYCREDIT")
KEYS = ("CreditNoteID", "Status", "Contact", "LineItems")
ENDS = ("VOIDED", "DELETED")


def create(act: Act, sent: Doc) -> Doc:
    """A new credit note."""
    if sent.get("Type") not in TYPES:
        raise Invalid("simulated: Type must be ACCRECCREDIT or ACCPAYCREDIT.")
    blank: Doc = {
        "Reference": "", "LineItems": [], "Status": "", "SentToContact": False,
        "_allocations": [],
    }  # fmt: skip
    doc = {**blank, "CreditNoteID": new_id(), "_app": act.app, "_made": act.stamp}
    done = _apply(act, doc, {"Status": "DRAFT", "Date": act.today.isoformat(), **sent})
    record(act, done["CreditNoteID"], "Created", f"Credit note for {done['Total']:,.2f}.")
    return _keep(act, done, "CREATE")


def write(act: Act, sent: Doc) -> Doc:
    """Create, or update by id or number."""
    known = act.org.find("CreditNote", sent.get("CreditNoteID", ""))
    if known is None and sent.get("CreditNoteID"):
        raise LookupError(sent["CreditNoteID"])
    number = sent.get("CreditNoteNumber")
    if known is None and number:
        known = _numbered(act, number)
    if known is None:
        return create(act, sent)
    status = sent.get("Status", known["Status"])
    if status not in invoices.MOVES.get(known["Status"], ()):
        raise Invalid(NOT_MODIFIABLE)
    if known["_allocations"]:
        raise Invalid(HAS_PAYMENT)
    documents.check_lock(act, known["Date"])
    if status in ENDS:
        gone = {**clone(known), "Status": status, "RemainingCredit": invoices.ZERO}
        return _keep(act, gone, "UPDATE")
    return _keep(act, _apply(act, clone(known), {**sent, "Status": status}), "UPDATE")


def allocate(act: Act, id: str, sent: Doc) -> Doc:
    """Settle an invoice with a share of a credit note."""
    note = act.org.find("CreditNote", id)
    invoice = act.org.find("Invoice", sent.get("Invoice", {}).get("InvoiceID", ""))
    if note is None:
        raise LookupError(id)
    if invoice is None or invoice["Contact"] != note["Contact"]:
        raise Invalid("simulated: The allocation names no invoice of this contact.")
    if note["Status"] != "AUTHORISED" or invoice["Status"] != "AUTHORISED":
        raise Invalid("simulated: Only approved documents can be allocated.")
    amount = act.cents(sent.get("Amount") or Decimal(0))
    if not 0 < amount <= min(note["RemainingCredit"], invoice["AmountDue"]):
        raise Invalid("Payment amount exceeds the amount outstanding on this document")
    day = sent.get("Date") or act.today.isoformat()
    documents.check_lock(act, day)
    doc: Doc = {
        "AllocationID": new_id(), "Amount": amount, "Date": day,
        "Invoice": {"InvoiceID": invoice["InvoiceID"]}, "CreditNote": {"CreditNoteID": id},
    }  # fmt: skip
    act.org.put("Allocation", doc)
    note, invoice = clone(note), clone(invoice)
    note["_allocations"].append(doc["AllocationID"])
    invoice["_allocations"].append(doc["AllocationID"])
    _keep_both(act, note, invoice, day=day)
    record(act, invoice["InvoiceID"], "Credit Applied", f"Credit note {note['CreditNoteNumber']}.")
    return doc


def remove(act: Act, id: str, allocation: str) -> Doc:
    """Take an allocation back: the invoice is open again."""
    doc = act.org.find("Allocation", allocation)
    note = act.org.find("CreditNote", id)
    if doc is None or note is None or allocation not in note["_allocations"]:
        raise LookupError(allocation)
    note, invoice = clone(note), clone(act.org.docs["Invoice"][doc["Invoice"]["InvoiceID"]])
    note["_allocations"].remove(allocation)
    invoice["_allocations"].remove(allocation)
    _keep_both(act, note, invoice, day=doc["Date"])
    record(act, invoice["InvoiceID"], "Credit Removed", f"Credit note {note['CreditNoteNumber']}.")
    return doc


def _keep_both(act: Act, note: Doc, invoice: Doc, *, day: str) -> None:
    """Both sides of an allocation, with what is left on each."""
    used = [act.org.docs["Allocation"][id]["Amount"] for id in note["_allocations"]]
    note["RemainingCredit"] = note["Total"] - sum(used, Decimal(0))
    note["Status"] = "AUTHORISED" if note["RemainingCredit"] else "PAID"
    _keep(act, note, "UPDATE")
    invoices.refresh(act, invoice, day=day)


def _apply(act: Act, doc: Doc, sent: Doc) -> Doc:
    doc |= {name: value for name, value in sent.items() if name not in KEYS}
    before, doc["Status"] = doc["Status"], sent["Status"]
    checks: list[Callable[[], object]] = [
        lambda: _check_status(doc, before),
        lambda: _take_contact(act, doc, sent),
        lambda: documents.check_types(doc),
        lambda: documents.check_lock(act, doc["Date"]),
        lambda: documents.check_theme(act, doc),
        lambda: documents.check_currency(act, doc),
        lambda: _take_lines(act, doc, sent),
    ]
    documents.check_all(checks)
    _number(act, doc)
    doc["RemainingCredit"] = doc["Total"]
    return doc


def _check_status(doc: Doc, before: str) -> None:
    if doc["Status"] not in invoices.MOVES[before]:
        raise Invalid(NOT_MODIFIABLE)


def _take_contact(act: Act, doc: Doc, sent: Doc) -> None:
    if "Contact" in sent or "Contact" not in doc:
        doc["Contact"] = {"ContactID": contacts.of_document(act, sent.get("Contact"))["ContactID"]}


def _take_lines(act: Act, doc: Doc, sent: Doc) -> None:
    if doc.get("LineAmountTypes") in documents.TYPES:
        given: list[Doc] = {**doc, **sent}["LineItems"]
        documents.complete_lines(act, doc, given, doc["LineItems"])
        documents.total_up(act, doc)


def _number(act: Act, doc: Doc) -> None:
    settings = act.org.settings
    while not doc.get("CreditNoteNumber"):
        number = f"{settings['CreditPrefix']}{settings['NextCredit']:04}"
        settings["NextCredit"] += 1
        if _numbered(act, number) is None:
            doc["CreditNoteNumber"] = number
    other = _numbered(act, doc["CreditNoteNumber"])
    if other is not None and other["CreditNoteID"] != doc["CreditNoteID"]:
        raise Invalid("simulated: Credit note # must be unique.")


def _numbered(act: Act, number: str) -> Doc | None:
    docs = act.org.of("CreditNote")
    return next((doc for doc in docs if doc["CreditNoteNumber"] == number), None)


def _keep(act: Act, doc: Doc, type: str) -> Doc:
    doc["UpdatedDateUTC"] = act.stamp
    act.org.put("CreditNote", doc)
    tell(act, "CreditNote", doc, type)
    return doc
