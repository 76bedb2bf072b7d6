"""A record as an answer shows it: references with the names of today, nothing of our own."""

from __future__ import annotations

from typing import Any

from .company import Company, Doc
from .lines import with_subtotal

CURRENCIES = {
    "USD": "United States Dollar", "CAD": "Canadian Dollar", "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar", "EUR": "Euro", "JPY": "Japanese Yen", "CHF": "Swiss Franc",
}  # fmt: skip
REFERS = {
    "CustomerRef": "Customer", "VendorRef": "Vendor", "EmployeeRef": "Employee", "ItemRef": "Item",
    "SalesTermRef": "Term", "TermRef": "Term", "ClassRef": "Class", "DepartmentRef": "Department",
    "PaymentMethodRef": "PaymentMethod",
}  # fmt: skip
_SHOUTED = {
    "NeedToPrint": "NEED_TO_PRINT", "NotSet": "NOT_SET", "PrintComplete": "PRINT_COMPLETE",
    "SalesItemLineDetail": "SALES_ITEM_LINE_DETAIL", "DescriptionOnly": "DESCRIPTION_ONLY",
    "DiscountLineDetail": "DISCOUNT_LINE_DETAIL",
}  # fmt: skip


def render(company: Company, kind: str, doc: Doc) -> Doc:
    """The record with names in its references, and with the subtotal line of a sale."""
    shown = _copy(company, kind, doc)
    if kind in ("Invoice", "CreditMemo") and not doc.get("_voided"):
        shown["Line"] = with_subtotal(shown["Line"])
    return shown


def shout(doc: Doc) -> Doc:
    """Enums the way the answer to a void has been seen to spell them."""
    doc["PrintStatus"] = _SHOUTED.get(doc.get("PrintStatus", ""), doc.get("PrintStatus"))
    for line in doc.get("Line", []):
        line["DetailType"] = _SHOUTED.get(line["DetailType"], line["DetailType"])
    return doc


def name_of(company: Company, kind: str, field: str, id: str) -> str | None:
    """The name that a reference shows, None where it shows none."""
    if field == "CurrencyRef":
        return CURRENCIES.get(id)
    target = kind if field == "ParentRef" else REFERS.get(field)
    if target is None and field.endswith("AccountRef"):
        target = "Account"
    found = company.find(target, id) if target else None
    if found is None:
        return None
    return str(found.get("DisplayName") or found.get("Name"))


def _copy(company: Company, kind: str, value: Any, field: str = "") -> Any:
    if isinstance(value, list):
        return [_copy(company, kind, each) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {
        name: _copy(company, kind, inner, name)
        for name, inner in value.items()
        if not name.startswith("_")
    }
    if field.endswith("Ref") and "value" in shown:
        name = name_of(company, kind, field, shown["value"])
        if name:
            shown["name"] = name
    return shown
