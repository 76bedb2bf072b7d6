"""The accounting systems that this installation may connect to."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from .port import Provider

# Key: what people call it; the package, which holds `provider(settings)`; the setting it is given.
# Packages are imported on first use: the providers' own libraries are slow to import, and most
# processes never need them.
KNOWN = {
    "qbo": ("QuickBooks Online", "accounting.providers.qbo", "QBO"),
    "xero": ("Xero", "accounting.providers.xero", "XERO"),
}


def keys() -> list[str]:
    """In the order in which the page offers them."""
    return list(KNOWN)


def name(key: str) -> str:
    """What people call the system."""
    return KNOWN[key][0]


def setting(key: str) -> str:
    """The name of the setting that says how to reach it."""
    return KNOWN[key][2]


def is_configured(key: str) -> bool:
    """Whether this installation has credentials for it, so that somebody can connect."""
    return bool(getattr(settings, setting(key))["client_id"])


def get(key: str) -> Provider:
    """The provider with this key; `KeyError` for an unknown one."""
    _, package, named = KNOWN[key]
    provider: Provider = import_module(package).provider(getattr(settings, named))
    return provider
