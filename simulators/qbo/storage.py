"""What a simulated QuickBooks keeps across a restart, as JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .company import Company

if TYPE_CHECKING:
    from .app import QuickBooks

FLEETING = ("events", "unseen", "batching", "numbers")  # made anew, or of the moment


def dump(qbo: QuickBooks) -> dict[str, Any]:
    """Companies, apps with their connections, and the memory of request ids."""
    names = [each.name for each in fields(Company) if each.name not in FLEETING]
    return {
        "companies": [
            {name: getattr(company, name) for name in names} for company in qbo.companies.values()
        ],
        "oauth": qbo.oauth.dump(),
        "requestids": qbo.requestids.dump(),
    }


def load(qbo: QuickBooks, kept: dict[str, Any]) -> None:
    """Replace the companies by the kept ones. The app given at the start keeps its secret."""
    qbo.companies = {}
    for each in kept["companies"]:
        company = Company(**each)
        qbo.companies[company.realm] = company
        for kind, docs in company.docs.items():
            for doc in docs.values():
                if number := doc.get("DocNumber"):
                    company.numbers.setdefault((kind, number.lower()), set()).add(doc["Id"])
    started = qbo.app
    qbo.oauth.load(kept["oauth"])
    qbo.oauth.apps[started.client_id] = started
    qbo.requestids.load(kept["requestids"])
