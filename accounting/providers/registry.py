"""The accounting systems that this installation may connect to."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from .port import Provider

# Key: the package, which holds `provider(settings)`, and the setting it is given. Imported on first
# use: the providers' own libraries are slow to import, and most processes never need them.
PACKAGES = {"qbo": ("accounting.providers.qbo", "QBO")}


def keys() -> list[str]:
    """In the order in which the page offers them."""
    return list(PACKAGES)


def is_configured(key: str) -> bool:
    """Whether this installation has credentials for it, so that somebody can connect."""
    return bool(getattr(settings, PACKAGES[key][1])["client_id"])


def get(key: str) -> Provider:
    """The provider with this key; `KeyError` for an unknown one."""
    package, setting = PACKAGES[key]
    provider: Provider = import_module(package).provider(getattr(settings, setting))
    return provider
