"""Invoices: made, changed, voided, deleted, and what they still owe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from . import contacts, documents
from .organisation import Act, Doc, clone, new_id, record, tell
from .refusals import HAS_PAYMENT, NOT_MODIFIABLE, TAKEN, Invalid

ZERO = Decimal("0.00")
TYPES = ("ACCREC", "ACCPAY")
APPROVED = ("AUTHORISED", "PAID")
MOVES = {
    "": ("DRAFT", "SUBMITTED", "AUTHORISED"),
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
    "PAID": ("PAID", "AUTHORISED"),  # as a client repeats it; the payments alone decide
}
LOOSE = ("DueDate", "Reference", "SentToContact", "BrandingThemeID", "Url", "ExpectedPaymentDate",
         "PlannedPaymentDate")  # fmt: skip
KEYS = ("InvoiceID", "Status", "Contact", "LineItems")


def create(act: Act, sent: Doc) -> Doc:
    """A new invoice, a draft unless it asks for more. `_warnings` holds what Xero finds odd."""
    if sent.get("Type") not in TYPES:
        raise Invalid("simulated: Type must be ACCREC or ACCPAY.")
    blank: Doc = {
        "Reference": "", "AmountDue": ZERO, "AmountPaid": ZERO, "AmountCredited": ZERO,
        "LineItems": [], "Status": "", "SentToContact": False, "_payments": [], "_allocations": [],
    }  # fmt: skip
    doc = {**blank, "InvoiceID": new_id(), "_app": act.app, "_made": act.stamp}
    done = _apply(act, doc, {"Status": "DRAFT", "Date": act.today.isoformat(), **sent})
    record(act, done["InvoiceID"], "Created", _summary(done))
    return _keep(act, done, "CREATE")


def write(act: Act, sent: Doc) -> Doc:
    """Create or update: by id, then by the number of a sales invoice."""
    if id := sent.get("InvoiceID"):
        doc = act.org.find("Invoice", id)
        if doc is None:
            raise LookupError(id)
        return update(act, doc, sent)
    number = sent.get("InvoiceNumber", "") if sent.get("Type", "ACCREC") == "ACCREC" else ""
    if number and (known := act.org.numbered(number, act.switches)):
        return update(act, known[0], sent)
    return create(act, sent)


def update(act: Act, doc: Doc, sent: Doc) -> Doc:
    """Change an invoice; lines are replaced as a whole. Voiding and deleting change the Status."""
    status = sent.get("Status", doc["Status"])
    if status not in MOVES.get(doc["Status"], ()):
        if status == "VOIDED" and doc["Status"] == "PAID":
            raise Invalid(_applied(status))
        raise Invalid(NOT_MODIFIABLE)
    documents.check_lock(act, doc["Date"])
    if status in ("VOIDED", "DELETED"):
        return _end(act, doc, status)
    if settled(doc):
        _check_frozen(doc, sent)
    changed = _apply(act, clone(doc), {**sent, "Status": status})
    if doc["Status"] == "PAID":
        changed["Status"] = "PAID"
    approved = changed["Status"] == "AUTHORISED" and doc["Status"] not in APPROVED
    record(act, doc["InvoiceID"], "Approved" if approved else "Edited", _summary(changed))
    return _keep(act, changed, "UPDATE")


def settled(doc: Doc) -> bool:
    """Whether money or credit has been applied."""
    return bool(doc["_payments"] or doc["_allocations"])


def refresh(act: Act, doc: Doc, *, day: str) -> Doc:
    """Compute anew what is paid, credited and due; PAID when nothing is due. `day` is that of the
    payment or credit.
    """
    doc = clone(doc)
    payments = [act.org.docs["Payment"][id] for id in doc["_payments"]]
    credits = [act.org.docs["Allocation"][id] for id in doc["_allocations"]]
    doc["AmountPaid"] = sum((each["Amount"] for each in payments), ZERO)
    doc["AmountCredited"] = sum((each["Amount"] for each in credits), ZERO)
    doc["AmountDue"] = doc["Total"] - doc["AmountPaid"] - doc["AmountCredited"]
    if doc["AmountDue"] == 0:
        doc["Status"], doc["FullyPaidOnDate"] = "PAID", day
    elif doc["Status"] == "PAID":
        doc["Status"] = "AUTHORISED"
        doc.pop("FullyPaidOnDate", None)
    if act.switches.payments_bump:
        doc["UpdatedDateUTC"] = act.stamp
    act.org.put("Invoice", doc)
    if act.switches.webhook_payment_events == "update":
        tell(act, "Invoice", doc, "UPDATE")
    return doc


def _end(act: Act, doc: Doc, status: str) -> Doc:
    if settled(doc):
        raise Invalid(_applied(status))
    gone = {**clone(doc), "Status": status, "AmountDue": ZERO}
    record(act, doc["InvoiceID"], "Voided" if status == "VOIDED" else "Deleted", _summary(doc))
    _keep(act, gone, "UPDATE")
    if act.switches.void_answer_amount == "kept":
        return {**gone, "AmountDue": doc["AmountDue"]}
    return gone


def _applied(status: str) -> str:
    return (
        f"The status {status} cannot be applied to this document because it has payments or "
        "credit notes allocated"
    )


def _check_frozen(doc: Doc, sent: Doc) -> None:
    """With money applied only a few fields can change."""
    for name, value in sent.items():
        same = doc.get(name) == value
        if name == "Contact":
            same = value.get("ContactID") == doc["Contact"]["ContactID"]
        if name in ("InvoiceID", "Status", *LOOSE) or same:
            continue
        raise Invalid(HAS_PAYMENT)


def _apply(act: Act, doc: Doc, sent: Doc) -> Doc:
    """All rules over what a document would become; every reason against it at once."""
    before = doc["Status"]
    doc |= {name: value for name, value in sent.items() if name not in KEYS}
    doc["Status"] = sent["Status"]
    checks: list[Callable[[], object]] = [
        lambda: _check_status(act, doc, before),
        lambda: _take_contact(act, doc, sent),
        lambda: documents.check_types(doc),
        lambda: documents.check_lock(act, doc["Date"]),
        lambda: documents.check_theme(act, doc),
        lambda: doc.update(_warnings=documents.check_currency(act, doc)),
        lambda: _take_lines(act, doc, sent),
        lambda: _check_details(act, doc, sent),
        lambda: _check_number(act, doc),
    ]
    documents.check_all(checks)
    _number(act, doc)
    doc["AmountDue"] = doc["Total"] - doc["AmountPaid"] - doc["AmountCredited"]
    if doc["Status"] == "AUTHORISED" and doc["AmountDue"] == 0:
        doc["Status"], doc["FullyPaidOnDate"] = "PAID", doc["Date"]
    return doc


def _check_status(act: Act, doc: Doc, before: str) -> None:
    if doc["Status"] not in MOVES[before]:
        raise Invalid(NOT_MODIFIABLE)
    if doc["Status"] != "AUTHORISED":
        return
    if not doc.get("DueDate"):
        raise Invalid("simulated: A DueDate must be specified for an invoice to be approved.")
    limit = act.org.settings["ApproveLimit"]
    if limit is not None and before not in APPROVED:
        approved = sum(each["Status"] in (*APPROVED, "VOIDED") for each in act.org.of("Invoice"))
        if approved >= limit:
            raise Invalid("You have reached the limit of invoices you can approve")


def _take_contact(act: Act, doc: Doc, sent: Doc) -> None:
    if "Contact" in sent or "Contact" not in doc:
        doc["Contact"] = {"ContactID": contacts.of_document(act, sent.get("Contact"))["ContactID"]}


def _take_lines(act: Act, doc: Doc, sent: Doc) -> None:
    """The lines that were sent, or those of before, which keep their four decimals."""
    if doc.get("LineAmountTypes") not in documents.TYPES:
        return
    known: list[Doc] = doc["LineItems"]
    if "LineItems" in sent:
        documents.complete_lines(act, doc, sent["LineItems"], known)
    else:
        documents.complete_lines(replace(act, places=4), doc, known, known)
    if not doc["LineItems"] and doc["Status"] == "AUTHORISED":
        raise Invalid("One or more line items must be specified")
    documents.total_up(act, doc)


def _check_details(act: Act, doc: Doc, sent: Doc) -> None:
    found = []
    if sent.get("SentToContact") and doc["Status"] not in APPROVED:
        found.append("simulated: SentToContact can be set on approved invoices only.")
    if url := sent.get("Url"):
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.netloc:
            found.append("simulated: Url must be a valid absolute url.")
        elif act.switches.url_form == "normal":
            doc["Url"] = _normal(address)
        if "xero" in url.lower():
            found.append("simulated: Url can't contain xero.")
    if doc["Type"] == "ACCPAY" and doc.get("Reference"):
        doc["Reference"] = ""
    if found:
        raise Invalid(*found)


def _normal(address: SplitResult) -> str:
    """An address as a library would write it."""
    host = address.hostname or ""
    port = "" if address.port in (None, 80, 443) else f":{address.port}"
    return urlunsplit(
        (address.scheme, f"{host}{port}", address.path or "/", unquote(address.query), "")
    )


def _check_number(act: Act, doc: Doc) -> None:
    number = doc.get("InvoiceNumber", "")
    if doc["Type"] == "ACCREC" and number:
        others = act.org.numbered(number, act.switches)
        if any(other["InvoiceID"] != doc["InvoiceID"] for other in others):
            raise Invalid(TAKEN)


def _number(act: Act, doc: Doc) -> None:
    """Without a number a sales invoice takes the next one that is free."""
    settings = act.org.settings
    if doc.get("InvoiceNumber") or doc["Type"] == "ACCPAY":
        doc.setdefault("InvoiceNumber", "")
        return
    while True:
        doc["InvoiceNumber"] = f"{settings['InvoicePrefix']}{settings['NextInvoice']:04}"
        settings["NextInvoice"] += 1
        if not act.org.numbered(doc["InvoiceNumber"], act.switches):
            return


def _summary(doc: Doc) -> str:
    label = {"ACCREC": "Invoice", "ACCPAY": "Bill"}[doc["Type"]]
    return f"{label} {doc['InvoiceNumber']} for {doc['Total']:,.2f}."


def _keep(act: Act, doc: Doc, type: str) -> Doc:
    doc["UpdatedDateUTC"] = act.stamp
    warnings = doc.pop("_warnings", [])
    act.org.put("Invoice", doc)
    role = "IsCustomer" if doc["Type"] == "ACCREC" else "IsSupplier"
    act.org.docs["Contact"][doc["Contact"]["ContactID"]][role] = True
    tell(act, "Invoice", doc, type)
    return {**doc, "_warnings": warnings}
