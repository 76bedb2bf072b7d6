"""Contacts, items, accounts and tax rates, from Xero's words into the port's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from accounting.providers.port import Kind, Record

from .mapping import ACCOUNT, ADDRESS, ITEM, REVENUE
from .reading import text

Doc = Mapping[str, Any]
ACTIVE = "ACTIVE"
CLASSES = {
    "ASSET": "CanApplyToAssets", "EQUITY": "CanApplyToEquity", "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities", REVENUE: "CanApplyToRevenue",
}  # fmt: skip


def contact(doc: Doc) -> Record:
    """Its DefaultCurrency is only what Xero's own forms begin with."""
    person = (text(doc, "FirstName"), text(doc, "LastName"))
    return Record(
        kind=Kind.CUSTOMER,
        id=text(doc, "ContactID"),
        name=text(doc, "Name"),
        active=text(doc, "ContactStatus") in ("", ACTIVE),
        email=text(doc, "EmailAddress"),
        phone=_phone(doc),
        address=_address(doc),
        contact=" ".join(part for part in person if part),
        merged_into=text(doc, "MergedToContactID"),
    )


def item(doc: Doc) -> Record:
    """By its code, which is what a line says."""
    details = doc.get("SalesDetails") or {}
    price = details.get("UnitPrice")
    return Record(
        kind=Kind.ITEM,
        id=f"{ITEM}{text(doc, 'Code')}",
        name=text(doc, "Name") or text(doc, "Code"),
        active=doc.get("IsSold") is not False,
        type="Item",
        sku=text(doc, "Code"),
        price=None if price is None else Decimal(str(price)),
        identity=text(doc, "ItemID"),
    )


def sold_by_account(doc: Doc) -> Record:
    """An account as what is sold: many organisations keep no items. It has no SKU and is nothing to
    import: lines are booked to it.
    """
    code = text(doc, "Code")
    return Record(
        kind=Kind.ITEM,
        id=f"{ACCOUNT}{code}",
        name=f"{text(doc, 'Name')} (account {code})",
        active=text(doc, "Status") == ACTIVE,
        type="Account",
        link_only=True,
        identity=text(doc, "AccountID"),
    )


def account(doc: Doc) -> Record:
    return Record(
        kind=Kind.ACCOUNT,
        id=text(doc, "Code"),
        name=text(doc, "Name"),
        active=text(doc, "Status") == ACTIVE,
        type=text(doc, "Type"),
        identity=text(doc, "AccountID"),
    )


def is_income(doc: Doc) -> bool:
    """Whether a line can be put there: of the revenue class, with a code, and not Xero's own."""
    return text(doc, "Class") == REVENUE and bool(text(doc, "Code")) and not _is_reserved(doc)


def item_class(doc: Doc, accounts: Mapping[str, Doc]) -> str:
    """The class of the account that an item's sales go to; "" when there is none that takes them.
    `accounts` by code.
    """
    found = accounts.get(text(doc.get("SalesDetails") or {}, "AccountCode"), {})
    open_ = text(found, "Status") == ACTIVE and text(found, "Type") != "BANK"
    return text(found, "Class") if open_ and not _is_reserved(found) else ""


def _is_reserved(doc: Doc) -> bool:
    """Xero's own account, for its own entries."""
    return text(doc, "SystemAccount") not in ("", "ROUNDING")


def tax(doc: Doc) -> Record:
    """By its code: names are not taken on a line."""
    return Record(
        kind=Kind.TAX,
        id=text(doc, "TaxType"),
        name=text(doc, "Name"),
        active=text(doc, "Status") in ("", ACTIVE),
        percent=Decimal(str(doc.get("EffectiveRate") or 0)),
    )


def tax_classes(doc: Doc) -> list[str]:
    """The classes of accounts that a tax rate can be used with."""
    return [name for name, field in CLASSES.items() if doc.get(field) is not False]


def is_sales_tax(doc: Doc) -> bool:
    return doc.get("CanApplyToRevenue") is not False and bool(text(doc, "TaxType"))


def untaxed(taxes: Iterable[Record]) -> str:
    """The code for what is not taxed; "" when the organisation has none."""
    free = [tax.id for tax in taxes if tax.active and not tax.percent]
    known = ("NONE", "BASEXCLUDED", "EXEMPTOUTPUT", "ZERORATED")
    return next((code for code in known if code in free), free[0] if free else "")


def _phone(doc: Doc) -> str:
    for phone in doc.get("Phones") or []:
        parts = ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber")
        if text(phone, "PhoneType") == "DEFAULT" and text(phone, "PhoneNumber"):
            return " ".join(part for name in parts if (part := text(phone, name)))
    return ""


def _address(doc: Doc) -> tuple[str, ...]:
    """The one for post, else the one of the street."""
    rows = doc.get("Addresses") or []
    by_type = {text(row, "AddressType"): row for row in rows}
    for name in ("POBOX", "STREET"):
        found = tuple(text(by_type.get(name, {}), row) for row in ADDRESS)
        if any(found):
            return found
    return ()
