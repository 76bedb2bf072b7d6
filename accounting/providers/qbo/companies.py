"""A company file: who it is, and the preferences that change what we may send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from accounting.providers.port import Company, Kind, TaxMode

from . import faults, lists, reading, records
from .client import Client


def read(qbo: Client, realm: str, *, app: str) -> Company:
    """Read once and kept: these are metered requests."""
    info = _one(qbo, f"companyinfo/{realm}", "CompanyInfo")
    preferences = _one(qbo, "preferences", "Preferences")
    facts = _facts(info, preferences)
    modes = _tax_modes(facts)
    untaxed = records.untaxed(lists.read(qbo, Kind.TAX)) if TaxMode.CODES in modes else ""
    if not facts["us"]:
        facts["untaxed_id"] = untaxed
    closed = str(facts["closed_through"])
    return Company(
        id=realm,
        name=reading.text(info, "CompanyName") or reading.text(info, "LegalName"),
        country=reading.text(info, "Country"),
        currency=str(facts["currency"]),
        tax_modes=modes,
        takes_numbers=bool(facts["custom_numbers"]),
        untaxed_id=untaxed,
        closed_through=dt.date.fromisoformat(closed) if closed else None,
        takes_time=bool(facts["time"]),
        url=f"{app}/app/homepage?companyId={realm}",
        facts=facts,
    )


def _one(qbo: Client, resource: str, name: str) -> Mapping[str, Any]:
    answer = qbo.get(qbo.url(resource))
    found = answer.get(name)
    if not isinstance(found, dict):
        raise faults.unreadable(write=False, reference=answer["reference"])
    return found


def _facts(info: Mapping[str, Any], preferences: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-ready, and only what this package asks for later."""
    tax = preferences.get("TaxPrefs") or {}
    currency = preferences.get("CurrencyPrefs") or {}
    time = preferences.get("TimeTrackingPrefs") or {}
    books = preferences.get("AccountingInfoPrefs") or {}
    sales = preferences.get("SalesFormsPrefs") or {}
    return {
        "us": reading.text(info, "Country").upper() in ("US", "USA", "UNITED STATES"),
        "sales_tax": bool(tax.get("UsingSalesTax")),
        "automated_tax": bool(tax.get("PartnerTaxEnabled")),
        "currency": reading.value(currency, "HomeCurrency"),
        "multicurrency": bool(currency.get("MultiCurrencyEnabled")),
        "custom_numbers": bool(sales.get("CustomTxnNumbers")),
        "closed_through": reading.text(books, "BookCloseDate")[:10],
        "time": bool(time.get("UseServices")) and bool(time.get("BillCustomers")),
        "time_zone": reading.text(info, "DefaultTimeZone"),
    }


def _tax_modes(facts: Mapping[str, Any]) -> tuple[TaxMode, ...]:
    """In the United States QuickBooks computes the tax itself, or an old company has one code for a
    whole invoice. Elsewhere each line names its code.
    """
    if facts["us"] and (facts["automated_tax"] or not facts["sales_tax"]):
        return (TaxMode.PROVIDER,)
    return (TaxMode.CODES,)
