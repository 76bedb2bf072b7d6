"""QuickBooks Online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .adapter import QuickBooksOnline
from .oauth import OAuth

APIS = {
    "production": "https://quickbooks.api.intuit.com",
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
}
APPS = {
    "production": "https://app.qbo.intuit.com",
    "sandbox": "https://app.sandbox.qbo.intuit.com",
}


def provider(settings: Mapping[str, Any]) -> QuickBooksOnline:
    """The provider as it is set up; ValueError for a set-up that can't be meant."""
    environment = str(settings["environment"])
    api = str(settings["api"]) or APIS.get(environment, "")
    app = str(settings["app"]) or APPS.get(environment, api)
    if not api:
        raise ValueError("QBO_ENVIRONMENT is an address, so QBO_API must be one too.")
    if urlsplit(api).scheme != "https" and environment in APIS:
        raise ValueError("QBO_API must be https: tokens of real companies go there.")
    oauth = OAuth(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        environment=environment,
    )
    return QuickBooksOnline(
        oauth=oauth,
        api=api.rstrip("/"),
        app=app.rstrip("/"),
        webhook_tokens=tuple(settings["webhook_tokens"]),
    )
