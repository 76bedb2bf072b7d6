"""Which fields Xero knows, by type, and how they are read. Names follow Xero's OpenAPI description;
lengths follow it and, where it is silent, the reference pages.

Notation: `Name`, `Name<=21` (most characters), `Name:Type`. Fields under `server` are set by Xero
and ignored when sent. Those under `refused` Xero knows and this simulator does not.
"""

# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from .organisation import Doc
from .refusals import Invalid, not_simulated, unreadable
from .wireform import parse_day

_WORD = re.compile(r"(?P<name>\w+)(?::(?P<type>\w+))?(?:<=(?P<most>\d+))?")
TRUE, FALSE = ("true", "1"), ("false", "0")


@dataclass(frozen=True)
class Field:
    """One field: a plain type, a type of `TYPES`, or what to do with it."""

    type: str
    many: bool = False
    most: int | None = None


def _type(**groups: str) -> dict[str, Field]:
    fields = {}
    for group, words in groups.items():
        for word in words.split():
            found = _WORD.fullmatch(word)
            assert found, word  # noqa: S101 - a slip in the tables below
            most = int(found["most"]) if found["most"] else None
            fields[found["name"]] = Field(found["type"] or group, group == "list", most)
    return fields


_ANSWERED = "ValidationErrors Warnings StatusAttributeString HasErrors HasAttachments HasValidationErrors UpdatedDateUTC UpdatedDateUTCString Attachments"
_SALE = {
    "text": "Type Reference<=255 Status LineAmountTypes CurrencyCode", "id": "BrandingThemeID",
    "number": "CurrencyRate", "day": "Date DueDate", "flag": "SentToContact",
    "part": "Contact:Contact", "list": "LineItems:LineItem",
    "server": f"{_ANSWERED} SubTotal TotalTax Total TotalDiscount IsDiscounted Payments Prepayments Overpayments CreditNotes AmountDue AmountPaid AmountCredited FullyPaidOnDate DateString DueDateString CISDeduction CISRate RemainingCredit AppliedAmount",
    "refused": "InvoiceAddresses RoundingAmount EnteredTotal",
}  # fmt: skip


def _sale(**more: str) -> dict[str, Field]:
    return _type(
        **{name: f"{_SALE.get(name, '')} {more.get(name, '')}" for name in {*_SALE, *more}}
    )


TYPES: dict[str, dict[str, Field]] = {
    "Invoice": _sale(
        id="InvoiceID", text="InvoiceNumber<=255 Url<=2000", day="ExpectedPaymentDate PlannedPaymentDate",
        server="RepeatingInvoiceID",
    ),
    "CreditNote": _sale(id="CreditNoteID", text="CreditNoteNumber<=255", server="Allocations ID"),
    "LineItem": _type(
        id="LineItemID AccountID",
        text="Description<=4000 ItemCode<=30 AccountCode<=10 TaxType<=50",
        number="Quantity UnitAmount TaxAmount LineAmount DiscountRate DiscountAmount",
        list="Tracking:LineTracking",
        server="Item RepeatingInvoiceID Taxability SalesTaxCodeId TaxBreakdown ValidationErrors",
    ),
    "LineTracking": _type(
        id="TrackingCategoryID TrackingOptionID", text="Name<=100 Option<=100", server="Options"
    ),
    "Contact": _type(
        id="ContactID",
        text="ContactNumber<=50 AccountNumber<=50 ContactStatus Name<=255 FirstName<=255 LastName<=255 CompanyNumber<=50 EmailAddress<=255 BankAccountDetails TaxNumber<=50 AccountsReceivableTaxType AccountsPayableTaxType SalesDefaultLineAmountType PurchasesDefaultLineAmountType DefaultCurrency SalesDefaultAccountCode PurchasesDefaultAccountCode Website",
        list="ContactPersons:ContactPerson Addresses:Address Phones:Phone",
        part="PaymentTerms:PaymentTerms",
        server=f"{_ANSWERED} IsSupplier IsCustomer MergedToContactID ContactGroups Discount Balances XeroNetworkKey",
        refused="TaxNumberType SalesTrackingCategories PurchasesTrackingCategories TrackingCategoryName TrackingCategoryOption BrandingTheme BatchPayments",
    ),
    "ContactPerson": _type(text="FirstName LastName EmailAddress", flag="IncludeInEmails"),
    "Address": _type(
        text="AddressType AddressLine1<=500 AddressLine2<=500 AddressLine3<=500 AddressLine4<=500 City<=255 Region<=255 PostalCode<=50 Country<=50 AttentionTo<=255"
    ),
    "Phone": _type(text="PhoneType PhoneNumber<=50 PhoneAreaCode<=10 PhoneCountryCode<=20"),
    "PaymentTerms": _type(part="Bills:PaymentTerm Sales:PaymentTerm"),
    "PaymentTerm": _type(number="Day", text="Type"),
    "Item": _type(
        id="ItemID", text="Code<=30 Name<=50 Description<=4000 PurchaseDescription<=4000",
        flag="IsSold IsPurchased", part="SalesDetails:ItemDetails PurchaseDetails:ItemDetails",
        server=f"{_ANSWERED} IsTrackedAsInventory TotalCostPool QuantityOnHand QuantityAvailable QuantityOnBackOrder",
        refused="InventoryAssetAccountCode",
    ),
    "ItemDetails": _type(number="UnitPrice", text="AccountCode TaxType", refused="COGSAccountCode"),
    "Account": _type(
        id="AccountID", text="Code<=10 Name<=150 Type Status Description<=4000 TaxType CurrencyCode BankAccountNumber BankAccountType",
        flag="EnablePaymentsToAccount ShowInExpenseClaims AddToWatchlist",
        server=f"{_ANSWERED} Class SystemAccount ReportingCode ReportingCodeName",
    ),
    "Payment": _type(
        id="PaymentID", text="InvoiceNumber CreditNoteNumber Code Reference<=255 Status",
        number="Amount CurrencyRate", day="Date", flag="IsReconciled",
        part="Invoice:InvoiceLink Account:AccountLink",
        server=f"{_ANSWERED} BankAmount PaymentType BatchPaymentID HasAccount",
        refused="CreditNote Prepayment Overpayment BatchPayment BankAccountNumber Particulars Details",
    ),
    "InvoiceLink": _type(
        id="InvoiceID", text="InvoiceNumber Type CurrencyCode",
        server=f"{_ANSWERED} Contact LineItems IsDiscounted",
    ),
    "AccountLink": _type(id="AccountID", text="Code Name", server=_ANSWERED),
    "Allocation": _type(
        id="AllocationID", number="Amount", day="Date", part="Invoice:InvoiceLink",
        server=f"{_ANSWERED} IsDeleted CreditNote", refused="Overpayment Prepayment",
    ),
    "TrackingCategory": _type(
        id="TrackingCategoryID", text="Name<=100 Status", list="Options:TrackingOption", server=_ANSWERED
    ),
    "TrackingOption": _type(
        id="TrackingOptionID TrackingCategoryID", text="Name<=100 Status", server=_ANSWERED
    ),
    "TaxRate": _type(
        text="Name<=50 TaxType Status ReportTaxType", list="TaxComponents:TaxComponent",
        server="CanApplyToAssets CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities CanApplyToRevenue DisplayTaxRate EffectiveRate",
    ),
    "TaxComponent": _type(text="Name<=50", number="Rate", flag="IsCompound IsNonRecoverable"),
    "Currency": _type(text="Code Description"),
    "HistoryRecord": _type(text="Details<=2500", server="Changes User DateUTC"),
}  # fmt: skip


def read(name: str, sent: Any, *, strict: bool) -> Doc:
    """The known fields of a record, typed. Error 14 for what can't be read, `Invalid` for text that
    is too long, 501 for what nobody knows when `strict`.
    """
    if not isinstance(sent, dict):
        raise unreadable(f"{name} is an object")
    known, doc, found = TYPES[name], {}, []
    for key, value in sent.items():
        field = known.get(key)
        if field is None or field.type == "refused":
            if strict:
                raise not_simulated(f"{name} has no field {key!r} here")
            continue
        if field.type == "server" or value is None:
            continue
        try:
            doc[key] = _value(key, field, value, strict=strict)
        except Invalid as invalid:
            found += invalid.messages
    if found:
        raise Invalid(*found)
    return doc


def _value(key: str, field: Field, value: Any, *, strict: bool) -> Any:
    if field.many:
        return _many(key, field, value, strict=strict)
    if field.type == "text":
        return _text(key, field, value)
    if reader := READERS.get(field.type):
        return reader(key, value)
    return read(field.type, value, strict=strict)


def _many(key: str, field: Field, value: Any, *, strict: bool) -> list[Doc]:
    if not isinstance(value, list):
        raise unreadable(f"{key} is a list")
    read_all, found = [], []
    for each in value:
        try:
            read_all.append(read(field.type, each, strict=strict))
        except Invalid as invalid:
            found += invalid.messages
    if found:
        raise Invalid(*found)
    return read_all


def _text(key: str, field: Field, value: Any) -> str:
    if isinstance(value, dict | list | bool):
        raise unreadable(f"{key} is text")
    text = str(value)
    if field.most is not None and len(text) > field.most:
        raise Invalid(f"simulated: The field {key} must be at most {field.most} characters long.")
    return text


def _number(key: str, value: Any) -> Decimal:
    try:
        number = Decimal("NaN") if isinstance(value, bool | dict | list) else Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise unreadable(f"{key}: {value!r} is not a number")
    return number


def _flag(key: str, value: Any) -> bool:
    text = str(value).lower()
    if text not in (*TRUE, *FALSE):
        raise unreadable(f"{key}: {value!r} is not a boolean")
    return text in TRUE


def _day(key: str, value: Any) -> str:
    if (day := parse_day(value)) is None:
        raise unreadable(f"{key}: {value!r} is not a date")
    return day


def _id(key: str, value: Any) -> str:
    if value == "":
        return ""
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise unreadable(f"{key}: {value!r} is not a GUID") from None


READERS: dict[str, Callable[[str, Any], Any]] = {
    "number": _number, "flag": _flag, "day": _day, "id": _id,
}  # fmt: skip
