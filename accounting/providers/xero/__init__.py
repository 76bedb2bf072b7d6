"""Xero."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .adapter import LIMITS, Xero
from .oauth import OAuth

API, LOGIN = "https://api.xero.com", "https://login.xero.com"
IDENTITY, APP = "https://identity.xero.com", "https://go.xero.com"


def provider(settings: Mapping[str, Any]) -> Xero:
    """The provider as it is set up; ValueError for a set-up that can't be meant."""
    api, app = str(settings["api"]).rstrip("/"), str(settings["app"]).rstrip("/")
    home = str(settings["address"]).rstrip("/")
    if urlsplit(home).scheme not in ("http", "https") or "xero" in home.lower():
        raise ValueError(
            "PUBLIC_ADDRESS must be the address of this installation, and Xero takes none that "
            "has its own name in it."
        )
    oauth = OAuth(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        scopes=str(settings["scopes"]),
        login=app or api or LOGIN,
        identity=api or IDENTITY,
        api=api or API,
    )
    return Xero(
        oauth=oauth,
        api=api or API,
        app=app or api or APP,
        home=home,
        webhook_keys=tuple(settings["webhook_keys"]),
        limits=dataclasses.replace(LIMITS, per_day=int(settings["calls_per_day"])),
    )
