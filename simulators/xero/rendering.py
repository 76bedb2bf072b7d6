"""Records as the API shows them: names in Xero's order, dates in its form, figures with zeros."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .organisation import CENT, Doc, Organisation
from .wireform import of_day, of_moment, twin, zulu

FOUR = Decimal("0.0001")
SIX = Decimal("0.000001")
DAYS = ("Date", "DueDate", "ExpectedPaymentDate", "PlannedPaymentDate", "FullyPaidOnDate",
        "PeriodLockDate", "EndOfYearLockDate")  # fmt: skip
MOMENTS = ("UpdatedDateUTC", "DateUTC")
PLACES = {"Quantity": FOUR, "CurrencyRate": SIX, "Rate": FOUR, "DisplayTaxRate": FOUR,
          "EffectiveRate": FOUR, "DiscountRate": FOUR}  # fmt: skip
UNDATED = ("TaxRate", "BrandingTheme", "Currency", "TrackingCategory")
LINE = ("ItemCode", "Description", "UnitAmount", "TaxType", "TaxAmount", "LineAmount",
        "AccountCode", "AccountID", "DiscountRate", "DiscountAmount", "Tracking", "Quantity",
        "LineItemID")  # fmt: skip
HEAD = (
    "Type",
    "InvoiceID",
    "InvoiceNumber",
    "CreditNoteID",
    "CreditNoteNumber",
    "Reference",
    "Url",
)
MONEY = ("AmountDue", "AmountPaid", "AmountCredited", "RemainingCredit", "SentToContact",
         "CurrencyRate", "IsDiscounted", "TotalDiscount")  # fmt: skip
TAIL = ("BrandingThemeID", "Status", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax",
        "Total", "UpdatedDateUTC", "CurrencyCode", "FullyPaidOnDate")  # fmt: skip
DISCOUNTS = ("IsDiscounted", "TotalDiscount")  # of invoices only
TRIMMED: Doc = {"Addresses": [], "Phones": [], "ContactGroups": [], "ContactPersons": []}


def plain(kind: str, doc: Doc, *, places: int = 2) -> Doc:
    """Any record: dates and figures in form, nothing of ours."""
    shown = _shown(doc, places)
    if kind in UNDATED:
        shown.pop("UpdatedDateUTC", None)
    if kind == "Account":
        shown |= {"HasAttachments": False, "AddToWatchlist": doc.get("AddToWatchlist", False)}
    return shown


def contact(doc: Doc) -> Doc:
    """A contact of its own."""
    return {
        "ContactID": doc["ContactID"], **_shown(doc, 2), "ContactGroups": [],
        "IsSupplier": doc.get("IsSupplier", False), "IsCustomer": doc.get("IsCustomer", False),
        "HasAttachments": False, "HasValidationErrors": False,
    }  # fmt: skip


def invoice(org: Organisation, doc: Doc, *, places: int = 2, lines: bool = True) -> Doc:
    """An invoice, without its lines and payments in a summary."""
    shown = _head(doc)
    if lines:
        shown["Payments"] = [_paid(org.docs["Payment"][id]) for id in doc["_payments"]]
        allocations = [org.docs["Allocation"][id] for id in doc["_allocations"]]
        shown["CreditNotes"] = [_credit(org, each) for each in allocations]
        shown |= {"Prepayments": [], "Overpayments": []}
    shown |= _figures(doc)
    shown |= {"HasAttachments": bool(org.attachments.get(doc["InvoiceID"])), "HasErrors": False}
    shown |= {"Contact": of_document(org, doc), **_dates(doc)}
    return shown | _tail(doc, places, lines=lines)


def credit_note(org: Organisation, doc: Doc, *, places: int = 2, lines: bool = True) -> Doc:
    """A credit note with what it was used for."""
    shown = _head(doc)
    if lines:
        allocations = [org.docs["Allocation"][id] for id in doc["_allocations"]]
        shown["Allocations"] = [allocation(org, each) for each in allocations]
        shown["Payments"] = []
    figures = {name: value for name, value in _figures(doc).items() if name not in DISCOUNTS}
    shown |= {"ID": doc["CreditNoteID"], **figures, "HasAttachments": False}
    shown |= {"HasErrors": False, "Contact": of_document(org, doc), **_dates(doc)}
    return shown | _tail(doc, places, lines=lines)


def payment(org: Organisation, doc: Doc) -> Doc:
    """A payment of its own, with the invoice that it settles."""
    paid = org.docs["Invoice"][doc["Invoice"]["InvoiceID"]]
    link = {
        "Type": paid["Type"], "InvoiceID": paid["InvoiceID"],
        "InvoiceNumber": paid["InvoiceNumber"], "Payments": [], "CreditNotes": [],
        "Prepayments": [], "Overpayments": [], "IsDiscounted": False, "HasErrors": False,
        "Contact": of_document(org, paid), "LineItems": [], "CurrencyCode": paid["CurrencyCode"],
    }  # fmt: skip
    account = {name: value for name, value in doc["Account"].items() if value}
    return {
        **_shown({**doc, "Invoice": {}, "Account": {}}, 2),
        "UpdatedDateUTCString": zulu(doc["UpdatedDateUTC"]), "HasAccount": True,
        "HasValidationErrors": False, "Account": account, "Invoice": link,
    }  # fmt: skip


def allocation(org: Organisation, doc: Doc) -> Doc:
    """A share of a credit note that settles an invoice."""
    settled = org.docs["Invoice"][doc["Invoice"]["InvoiceID"]]
    link = {"InvoiceID": settled["InvoiceID"], "InvoiceNumber": settled["InvoiceNumber"]}
    return {
        "AllocationID": doc["AllocationID"], "Amount": doc["Amount"].quantize(CENT),
        "Date": of_day(doc["Date"]), "Invoice": {**link, "HasErrors": False},
    }  # fmt: skip


def of_document(org: Organisation, doc: Doc) -> Doc:
    """The contact of a document, trimmed as in lists."""
    known = org.docs["Contact"][doc["Contact"]["ContactID"]]
    head = {"ContactID": known["ContactID"], "Name": known["Name"]}
    return {**head, **TRIMMED, "HasValidationErrors": False}


def echo(doc: Doc, *, places: int = 2) -> Doc:
    """What a client sent, typed and in form, for an element that was refused."""
    return _shown(doc, places)


def line(doc: Doc, *, places: int) -> Doc:
    shown = {name: doc[name] for name in LINE if name in doc}
    tracking = [{**each, "Options": []} for each in doc["Tracking"]]
    return {**_shown(shown, places), "Tracking": tracking, "ValidationErrors": []}


def _head(doc: Doc) -> Doc:
    return {name: doc[name] for name in HEAD if name in doc}


def _figures(doc: Doc) -> Doc:
    return _shown({name: doc[name] for name in MONEY if name in doc}, 2)


def _tail(doc: Doc, places: int, *, lines: bool) -> Doc:
    shown = _shown({name: doc[name] for name in TAIL if name in doc and name != "LineItems"}, 2)
    shown["LineItems"] = [line(each, places=places) for each in doc["LineItems"]] if lines else []
    return {name: shown[name] for name in TAIL if name in shown}


def _dates(doc: Doc) -> Doc:
    shown: Doc = {}
    for name in ("Date", "DueDate"):
        if doc.get(name):
            shown[f"{name}String"] = twin(doc[name])
            shown[name] = of_day(doc[name])
    for name in ("ExpectedPaymentDate", "PlannedPaymentDate"):
        if doc.get(name):
            shown[name] = of_day(doc[name])
    return shown


def _paid(doc: Doc) -> Doc:
    return {
        "PaymentID": doc["PaymentID"], "Date": of_day(doc["Date"]),
        "Amount": doc["Amount"].quantize(CENT), "Reference": doc["Reference"],
        "CurrencyRate": doc["CurrencyRate"].quantize(SIX), "HasAccount": False,
        "HasValidationErrors": False,
    }  # fmt: skip


def _credit(org: Organisation, doc: Doc) -> Doc:
    note = org.docs["CreditNote"][doc["CreditNote"]["CreditNoteID"]]
    return {
        "CreditNoteID": note["CreditNoteID"], "CreditNoteNumber": note["CreditNoteNumber"],
        "ID": note["CreditNoteID"], "HasErrors": False,
        "AppliedAmount": doc["Amount"].quantize(CENT), "DateString": twin(note["Date"]),
        "Date": of_day(note["Date"]), "LineItems": [], "Total": note["Total"].quantize(CENT),
    }  # fmt: skip


def _shown(doc: Doc, places: int) -> Doc:
    return {
        name: _value(name, value, places)
        for name, value in doc.items()
        if not name.startswith("_") and value is not None
    }


def _value(name: str, value: Any, places: int) -> Any:
    if isinstance(value, dict):
        return _shown(value, places)
    if isinstance(value, list):
        return [_value(name, each, places) for each in value]
    if isinstance(value, Decimal):
        unit = Decimal(1).scaleb(-places) if name in ("UnitAmount", "UnitPrice") else CENT
        return value.quantize(PLACES.get(name, unit), "ROUND_HALF_UP")
    if name in DAYS:
        return of_day(value)
    if name in MOMENTS:
        return of_moment(value)
    return of_moment(value, offset="") if name == "CreatedDateUTC" else value
