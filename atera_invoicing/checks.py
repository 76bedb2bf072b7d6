"""What `manage.py check --deploy` says beyond Django's own checks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def database(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """SQLite has one writer at a time and lives on one machine."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    return [
        checks.Warning(
            "SQLite is the database.",
            hint="Set DATABASE_URL to a PostgreSQL database before several people work with this.",
            id="atera_invoicing.W001",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def broker(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Without a broker every job waits."""
    if os.environ.get("REDIS_URL"):
        return []
    return [
        checks.Warning(
            "REDIS_URL is not set.",
            hint="Name a Redis or Valkey server of this installation's own.",
            id="atera_invoicing.W002",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def proxy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """The web server speaks plain HTTP; whatever ends TLS before it must be named."""
    if not settings.SECURE_PROXY_SSL_HEADER:
        return [
            checks.Warning(
                "Every request would be sent to https for ever.",
                hint="Put a proxy that ends TLS and sets X-Forwarded-Proto in front, and set "
                "BEHIND_TLS_PROXY=1.",
                id="atera_invoicing.W003",
            )
        ]
    if not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return [
            checks.Warning(
                "All people share one address, the proxy's, in the log-in limits.",
                hint="Set TRUSTED_PROXY_COUNT to the number of proxies in front (1).",
                id="atera_invoicing.W004",
            )
        ]
    return []


@checks.register(checks.Tags.files, deploy=True)
def data_folder(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Downloads are made there."""
    folder = settings.DATA_DIR
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        return []
    return [
        checks.Error(
            f"DATA_DIR can't be written: {settings.DATA_DIR}",
            hint="Give the process a folder of its own.",
            id="atera_invoicing.E001",
        )
    ]
