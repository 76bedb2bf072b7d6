"""Settings that point the product at simulators."""

from __future__ import annotations

from typing import Any

from django.conf import settings

import simulators


def settings_for(sims: simulators.Simulators) -> dict[str, Any]:
    """The setting QBO."""
    return {
        "client_id": sims.qbo.client_id,
        "client_secret": sims.qbo.client_secret,
        "environment": sims.qbo.discovery_url,
        "api": sims.qbo.api_url.removesuffix("/v3"),
        "app": f"{sims.url}/qbo",
        "webhook_tokens": ["verifier"],
    }


def xero_settings_for(sims: simulators.Simulators) -> dict[str, Any]:
    """The setting XERO."""
    return {
        **settings.XERO,
        "client_id": sims.xero.client_id,
        "client_secret": sims.xero.client_secret,
        "api": f"{sims.url}/xero",
        "app": "",
        "webhook_keys": ["signing-key"],
        "address": "http://localhost:8000",
    }
