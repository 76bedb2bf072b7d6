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
    """Replace the companies by the kept ones, and go on with the connections."""
    qbo.companies = {}
    for each in kept["companies"]:
        company = Company(**each)
        qbo.companies[company.realm] = company
        for kind, docs in company.docs.items():
            for doc in docs.values():
                if number := doc.get("DocNumber"):
                    company.numbers.setdefault((kind, number.lower()), set()).add(doc["Id"])
    _load_apps(qbo, kept["oauth"])
    qbo.requestids.load(kept["requestids"])


def _load_apps(qbo: QuickBooks, kept: dict[str, Any]) -> None:
    """An app that was named at the start keeps its secret; one that was made up is the kept one."""
    started = qbo.app
    if not qbo.named:
        del qbo.oauth.apps[started.client_id]
    qbo.oauth.load(kept)
    if qbo.named:
        qbo.oauth.apps[started.client_id] = started
    else:
        qbo.app = next(iter(qbo.oauth.apps.values()))
        qbo.app.redirect_uris = started.redirect_uris or qbo.app.redirect_uris
