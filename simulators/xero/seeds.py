"""Makes organisations from the tables of `regions`, with ids that are always the same."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from . import invoices, payments
from .organisation import Act, Doc, Organisation
from .regions import (
    ACCOUNTS,
    CLASSES,
    CONTACTS,
    CURRENCY_NAMES,
    ITEMS,
    REGIONS,
    SOLD,
    TRACKING,
    Region,
    Tax,
)
from .switches import Switches

NAMESPACE = uuid.UUID("5d6e0c1a-6a0f-5b4e-9c38-0d6c5a5f3a11")


def organisation(name: str, *, now: datetime, copy: int = 1, history: bool = False) -> Organisation:
    """A new organisation of a region; a second copy has ids of its own. ValueError for an unknown
    region.
    """
    region = REGIONS.get(name)
    if region is None:
        raise ValueError(f"There is no region {name!r}. There are: {', '.join(REGIONS)}.")
    tenant = _id(name, copy)
    made = Organisation(tenant, name, _info(region, tenant, copy, now), region.zone)
    made.settings = {
        "InvoicePrefix": "INV-", "NextInvoice": 1, "CreditPrefix": "CN-", "NextCredit": 1,
        "Plan": "paid", "ApproveLimit": None, "Rates": {},
        "AutomaticCurrencies": bool(region.currencies), "Untaxed": _untaxed(region),
    }  # fmt: skip
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds")
    for fill in (_taxes, _accounts, _items, _contacts, _others):
        for kind, doc in fill(region, tenant):
            made.put(kind, {**doc, "UpdatedDateUTC": stamp})
    if history:
        _write_history(made, now)
    return made


def _id(*parts: object) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, parts))))


def _info(region: Region, tenant: str, copy: int, now: datetime) -> Doc:
    name = region.organisation + (f" {copy}" if copy > 1 else "")
    return {
        "Name": name, "LegalName": name, "PaysTax": True, "Version": region.version,
        "OrganisationType": "COMPANY", "BaseCurrency": region.currency,
        "CountryCode": region.country, "IsDemoCompany": False, "OrganisationStatus": "ACTIVE",
        "TaxNumber": "111-111-111", "FinancialYearEndDay": 31, "FinancialYearEndMonth": 3,
        "SalesTaxBasis": region.basis, "SalesTaxPeriod": region.period,
        "DefaultSalesTax": "Tax Exclusive", "DefaultPurchasesTax": "Tax Inclusive",
        "CreatedDateUTC": now.astimezone(UTC).isoformat(timespec="milliseconds"),
        "OrganisationEntityType": "COMPANY", "Timezone": region.zone_code,
        "ShortCode": region.short_code + (str(copy) if copy > 1 else ""),
        "OrganisationID": tenant, "Edition": "BUSINESS", "Class": "PREMIUM",
    }  # fmt: skip


def _taxes(region: Region, tenant: str) -> list[tuple[str, Doc]]:
    return [("TaxRate", tax_rate(tax)) for tax in region.taxes]


def tax_rate(tax: Tax) -> Doc:
    """A record for a line of the table."""
    applies = {
        f"CanApplyTo{name}": letter in tax.applies
        for name, letter in (
            ("Assets", "A"), ("Equity", "Q"), ("Expenses", "E"), ("Liabilities", "L"),
            ("Revenue", "R"),
        )
    }  # fmt: skip
    component = {"Name": tax.name, "Rate": Decimal(tax.rate), "IsCompound": False,
                 "IsNonRecoverable": False}  # fmt: skip
    return {
        "Name": tax.name, "TaxType": tax.type, "ReportTaxType": tax.report, **applies,
        "DisplayTaxRate": Decimal(tax.rate), "EffectiveRate": Decimal(tax.rate),
        "Status": "ACTIVE", "TaxComponents": [component],
    }  # fmt: skip


def _accounts(region: Region, tenant: str) -> list[tuple[str, Doc]]:
    made = []
    for code, name, type, system in ACCOUNTS:
        group = CLASSES[type]
        tax = {"REVENUE": region.income, "EXPENSE": region.spending}.get(group)
        doc: Doc = {
            "AccountID": _id(tenant, "account", code), "Code": code, "Name": name,
            "Status": "ARCHIVED" if system == "archived" else "ACTIVE", "Type": type,
            "TaxType": tax or _untaxed(region), "Class": group,
            "EnablePaymentsToAccount": system == "payments", "ShowInExpenseClaims": False,
            "ReportingCode": group[:3],
        }  # fmt: skip
        if type == "BANK":
            doc |= {"BankAccountNumber": f"0600{code}00{code}", "BankAccountType": "BANK",
                    "CurrencyCode": region.currency}  # fmt: skip
        if system not in ("", "archived", "payments"):
            doc["SystemAccount"] = system
        made.append(("Account", doc))
    return made


def _untaxed(region: Region) -> str:
    return next(tax.type for tax in region.taxes if tax.type in ("NONE", "BASEXCLUDED"))


def _items(region: Region, tenant: str) -> list[tuple[str, Doc]]:
    return [
        ("Item", {
            "ItemID": _id(tenant, "item", code), "Code": code, "Name": name, "Description": text,
            "IsSold": True, "IsPurchased": False, "IsTrackedAsInventory": False,
            "SalesDetails": {"UnitPrice": Decimal(price), "AccountCode": account,
                             "TaxType": region.income},
            "PurchaseDetails": {},
        })
        for code, name, text, price, account in ITEMS
    ]  # fmt: skip


def _contacts(region: Region, tenant: str) -> list[tuple[str, Doc]]:
    return [
        ("Contact", {
            "ContactID": _id(tenant, "contact", name), "ContactStatus": "ACTIVE", "Name": name,
            "EmailAddress": email, "ContactPersons": [], "Phones": [],
            "Addresses": [{"AddressType": "POBOX", "AddressLine1": street}],
        })
        for name, email, street in CONTACTS
    ]  # fmt: skip


def _others(region: Region, tenant: str) -> list[tuple[str, Doc]]:
    """Tracking, themes, currencies, and the one user."""
    made: list[tuple[str, Doc]] = []
    for name, options in TRACKING:
        made.append(("TrackingCategory", {
            "TrackingCategoryID": _id(tenant, "tracking", name), "Name": name, "Status": "ACTIVE",
            "Options": [
                {"TrackingOptionID": _id(tenant, "tracking", name, option), "Name": option,
                 "Status": "ACTIVE"}
                for option in options
            ],
        }))  # fmt: skip
    for order, name in enumerate(("Standard", "Very orange invoice!")):
        made.append(("BrandingTheme", {
            "BrandingThemeID": _id(tenant, "theme", name), "Name": name, "Type": "INVOICE",
            "SortOrder": order,
        }))  # fmt: skip
    codes = region.currencies or (region.currency,)
    made += [("Currency", {"Code": code, "Description": CURRENCY_NAMES[code]}) for code in codes]
    made.append(("User", {
        "UserID": _id("user"), "EmailAddress": "bookkeeper@example.com", "FirstName": "Robin",
        "LastName": "Bookkeeper", "IsSubscriber": True, "OrganisationRole": "FINANCIALADVISER",
    }))  # fmt: skip
    return made


def _write_history(org: Organisation, now: datetime) -> None:
    """Some old invoices, typed by a person; the older ones are paid."""
    contacts = list(org.of("Contact"))
    bank = org.account("090")
    assert bank  # noqa: S101 - it is in the table
    for position, (code, quantity, price, days) in enumerate(SOLD):
        at = now - timedelta(days=days)
        act = Act(org, Switches(), at, by="person", who="Robin Bookkeeper", places=4)
        line = {"ItemCode": code, "Quantity": Decimal(quantity), "UnitAmount": Decimal(price)}
        doc = invoices.create(act, {
            "Type": "ACCREC", "Contact": {"ContactID": contacts[position]["ContactID"]},
            "Date": act.today.isoformat(), "Status": "AUTHORISED", "LineItems": [line],
            "DueDate": (act.today + timedelta(days=20)).isoformat(),
        })  # fmt: skip
        if days > 40:
            paid = {"Invoice": {"InvoiceID": doc["InvoiceID"]}, "Amount": doc["Total"],
                    "Account": {"AccountID": bank["AccountID"]},
                    "Date": (act.today + timedelta(days=10)).isoformat()}  # fmt: skip
            payments.create(act, paid)
    org.events.clear()
