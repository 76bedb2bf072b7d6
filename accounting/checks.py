"""What `manage.py check --deploy` says of the accounting systems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from .providers import registry


@checks.register(checks.Tags.security, deploy=True)
def token_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Without a key nothing can be connected."""
    if settings.TOKEN_KEYS or not any(map(registry.is_configured, registry.keys())):
        return []
    return [
        checks.Warning(
            "An accounting system is set up, but TOKEN_KEYS is not set.",
            hint="Set TOKEN_KEYS to a Fernet key; README.md says how to make one.",
            id="accounting.W001",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def set_up(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A half-made set-up is found out now and not when somebody connects."""
    found: list[checks.CheckMessage] = []
    for key in filter(registry.is_configured, registry.keys()):
        try:
            registry.get(key)
        except ValueError as error:
            found.append(checks.Error(str(error), id="accounting.E001"))
        setting = registry.setting(key)
        if str(getattr(settings, setting)["api"]).startswith("http://"):
            found.append(
                checks.Warning(
                    f"{setting}_API is plain HTTP, so tokens can be read on the way.",
                    hint="Only a simulator on this machine may be spoken to like that.",
                    id="accounting.W002",
                )
            )
    return found
