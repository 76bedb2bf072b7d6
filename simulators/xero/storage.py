"""What a simulated Xero keeps across a restart, as JSON."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .organisation import Organisation

if TYPE_CHECKING:
    from .app import Xero

FLEETING = ("events", "numbers", "past")  # made anew, or of the moment


def dump(xero: Xero) -> dict[str, Any]:
    """Organisations, apps with their connections, and the memory of keys."""
    names = [each.name for each in fields(Organisation) if each.name not in FLEETING]
    return {
        "organisations": [
            {name: getattr(org, name) for name in names} for org in xero.organisations.values()
        ],
        "oauth": xero.oauth.dump(),
        "keys": xero.keys.dump(),
    }


def load(xero: Xero, kept: dict[str, Any]) -> None:
    """Replace the organisations by the kept ones, and go on with the connections."""
    xero.organisations = {}
    for each in kept["organisations"]:
        org = Organisation(**{**each, "docs": _decimals(each["docs"])})
        org.index()
        xero.organisations[org.tenant] = org
    _load_apps(xero, kept["oauth"])
    xero.keys.load(kept["keys"])


def _decimals(value: Any, name: str = "") -> Any:
    """Figures were decimals, also those without a fraction; only counts are whole."""
    if isinstance(value, dict):
        return {key: _decimals(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_decimals(inner) for inner in value]
    whole = isinstance(value, int) and not isinstance(value, bool) and name != "SortOrder"
    return Decimal(value) if whole else value


def _load_apps(xero: Xero, kept: dict[str, Any]) -> None:
    """An app that was named at the start keeps its secret; one that was made up is the kept one."""
    started = xero.app
    if not xero.named:
        del xero.oauth.apps[started.client_id]
    xero.oauth.load(kept)
    if xero.named:
        xero.oauth.apps[started.client_id] = started
    else:
        xero.app = next(iter(xero.oauth.apps.values()))
        xero.app.redirect_uris = started.redirect_uris or xero.app.redirect_uris
