"""Customers, items, taxes, accounts and people, from QuickBooks' words into the port's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from accounting.providers.port import Kind, Record

from .reading import amount, text, value

Doc = Mapping[str, Any]
# What an invoice line can name: not a folder, not a bundle of others.
SOLD = frozenset({"Service", "NonInventory", "Inventory"})


def customer(doc: Doc) -> Record:
    address = doc.get("BillAddr") or {}
    rows = ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country")
    person = (text(doc, "GivenName"), text(doc, "FamilyName"))
    return Record(
        **_common(Kind.CUSTOMER, doc),
        email=text(doc.get("PrimaryEmailAddr") or {}, "Address"),
        phone=text(doc.get("PrimaryPhone") or {}, "FreeFormNumber"),
        address=tuple(text(address, row) for row in rows) if address else (),
        currency=value(doc, "CurrencyRef"),
        contact=" ".join(part for part in person if part),
    )


def item(doc: Doc) -> Record:
    price = amount(doc, "UnitPrice", exact=True) if "UnitPrice" in doc else None
    return Record(
        **_common(Kind.ITEM, doc), type=text(doc, "Type"), sku=text(doc, "Sku"), price=price
    )


def account(doc: Doc) -> Record:
    return Record(**_common(Kind.ACCOUNT, doc), type=text(doc, "AccountSubType"))


def person(doc: Doc, who: str) -> Record:
    """An employee or vendor. They share a kind here but not a list there: the id says which."""
    common = _common(Kind.PERSON, doc)
    email = text(doc.get("PrimaryEmailAddr") or {}, "Address")
    return Record(**{**common, "id": f"{who}-{common['id']}"}, type=who, email=email)


def tax(doc: Doc, rates: Mapping[str, Doc]) -> Record | None:
    """A tax code as one percentage; None for what no sale can use."""
    details = (doc.get("SalesTaxRateList") or {}).get("TaxRateDetail")
    if details is None or doc.get("Hidden"):
        return None
    return Record(**_common(Kind.TAX, doc), percent=_percent(details, rates))


def _percent(details: Iterable[Doc], rates: Mapping[str, Doc]) -> Decimal:
    """Rates add up; one that is raised on other tax as well counts that too."""
    total = Decimal(0)
    for detail in sorted(details, key=lambda each: int(each.get("TaxOrder") or 0)):
        rate = amount(rates.get(value(detail, "TaxRateRef"), {}), "RateValue", exact=True)
        kind = detail.get("TaxTypeApplicable")
        if kind == "TaxOnTax":
            rate = rate * total / 100
        elif kind == "TaxOnAmountPlusTax":
            rate = rate * (100 + total) / 100
        total += rate
    return total


def untaxed(codes: Iterable[Record]) -> str:
    """The code for what is not taxed, where each line needs one: an active one without any tax,
    the oldest of them. "" when the company has none.
    """
    free = [code for code in codes if code.active and not code.percent]
    return min((code.id for code in free), key=lambda id: (len(id), id), default="")


def _common(kind: Kind, doc: Doc) -> dict[str, Any]:
    name = text(doc, "FullyQualifiedName") or text(doc, "DisplayName") or text(doc, "Name")
    active = doc.get("Active") is not False
    if not active:  # QuickBooks writes behind the name that it is inactive
        name = re.sub(r" \([^()]*\)(-\d+)?$", "", name)
    return {
        "kind": kind,
        "id": text(doc, "Id"),
        "name": name,
        "version": text(doc, "SyncToken"),
        "active": active,
    }
