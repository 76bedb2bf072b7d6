"""Which accounting system it is, only its package and the registry know."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from accounting.providers import registry

ROOT = Path(settings.BASE_DIR)
OWN = {ROOT / "accounting" / "providers" / "registry.py"}


def neutral() -> list[Path]:
    files = [*(ROOT / "accounting").rglob("*.py"), *(ROOT / "templates").rglob("*.html")]
    packages = [ROOT / "accounting" / "providers" / key for key in registry.KNOWN]
    return [
        file
        for file in files
        if file not in OWN and not any(file.is_relative_to(package) for package in packages)
    ]


@pytest.mark.parametrize("key", list(registry.KNOWN))
def test_no_neutral_code_names_a_provider(key):
    words = (registry.name(key), f"settings.{registry.setting(key)}", f"providers.{key}")
    named = {
        str(file.relative_to(ROOT))
        for file in neutral()
        for word in words
        if word in file.read_text()
    }
    assert not named
