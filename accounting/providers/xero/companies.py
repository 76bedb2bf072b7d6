"""An organisation: who it is, and what changes what we may send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from accounting.providers.port import Company, Option

from . import faults, lists, mapping, records
from .client import Client
from .reading import day_text, text

Doc = Mapping[str, Any]
LABELS = {
    "DRAFT": "Draft: somebody in Xero approves it",
    "SUBMITTED": "Submitted for approval",
    "AUTHORISED": "Approved at once",
}


def read(xero: Client, id: str, *, app: str) -> Company:
    """Read once and kept: requests are few."""
    found = lists.rows(xero.get("Organisation"), "Organisations")
    if not found:
        raise faults.unreadable(write=False)
    facts = _facts(xero, found[0])
    closed = str(facts["closed_through"])
    code = facts["short_code"]
    return Company(
        id=id,
        name=text(found[0], "Name") or text(found[0], "LegalName"),
        country=text(found[0], "CountryCode"),
        currency=str(facts["currency"]),
        untaxed_id=str(facts["untaxed_id"]),
        closed_through=dt.date.fromisoformat(closed) if closed else None,
        url=f"{app}/organisationlogin/default.aspx?shortcode={code}" if code else app,
        facts=facts,
    )


def _facts(xero: Client, doc: Doc) -> dict[str, Any]:
    """JSON-ready, and only what this package asks for later."""
    locks = (day_text(doc, name) for name in ("PeriodLockDate", "EndOfYearLockDate"))
    currencies = lists.rows(xero.get("Currencies"), "Currencies")
    actions = lists.rows(xero.get("Organisation/Actions"), "Actions")
    taxes = lists.taxes(xero)
    denied = {text(each, "Name") for each in actions if text(each, "Status") == "NOT-ALLOWED"}
    return {
        "currency": text(doc, "BaseCurrency"),
        "currencies": [text(each, "Code") for each in currencies],
        "short_code": text(doc, "ShortCode"),
        "closed_through": max(locks),
        "time_zone": text(doc, "Timezone"),
        "may_approve": "CreateApprovedInvoice" not in denied,
        "tracking": _tracking(xero),
        "untaxed_id": records.untaxed(map(records.tax, taxes)),
        "tax_classes": {text(each, "TaxType"): records.tax_classes(each) for each in taxes},
        "odd_items": _odd_items(xero),
    }


def _odd_items(xero: Client) -> dict[str, str]:
    """By code, the items whose sales go to no account of the revenue class: to which class, if to
    any.
    """
    accounts = {text(each, "Code"): each for each in lists.accounts(xero)}
    found = {text(doc, "Code"): records.item_class(doc, accounts) for doc in lists.items(xero)}
    return {code: name for code, name in found.items() if name != mapping.REVENUE}


def _tracking(xero: Client) -> list[dict[str, Any]]:
    """Active categories, two at most, with their active options."""
    docs = lists.rows(xero.get("TrackingCategories"), "TrackingCategories")
    return [
        {
            "id": text(doc, "TrackingCategoryID"),
            "name": text(doc, "Name"),
            "options": [
                {"id": text(each, "TrackingOptionID"), "name": text(each, "Name")}
                for each in doc.get("Options") or []
                if text(each, "Status") in ("", "ACTIVE")
            ],
        }
        for doc in docs
        if text(doc, "Status") in ("", "ACTIVE")
    ]


def options(facts: Mapping[str, Any]) -> tuple[Option, ...]:
    """What somebody may choose for this organisation."""
    status = Option(
        "status",
        "Invoices arrive in Xero as",
        tuple((each, LABELS[each]) for each in mapping.STATUSES),
        help="A draft can still be looked through there before it counts.",
    )
    tracking = (
        Option(
            f"tracking-{place}",
            f"Tracking: {category['name']}",
            (("", "Not tracked"), *((each["id"], each["name"]) for each in category["options"])),
        )
        for place, category in enumerate(facts.get("tracking") or [], 1)
    )
    return (status, *tracking)
