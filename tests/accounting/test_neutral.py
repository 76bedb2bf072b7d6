"""Which accounting system it is, only its package, the registry and the settings know."""

from __future__ import annotations

import re
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


# What a new accounting system touches of the product besides its own package.
TOUCHED = {"accounting/providers/registry.py", "atera_invoicing/settings.py"}
DEMO = {"atera_invoicing/demo/programs.py", "atera_invoicing/management/commands/demo.py"}
# Two ways to round tax, named for people after those that round so.
ROUNDING = {"atera_invoicing/money.py", "atera_invoicing/models.py"}
# QuickBooks takes the shortest numbers, which all of ours must fit into.
SHORTEST = {"invoices/numbering.py"}
PRODUCT = (
    "accounting", "atera_invoicing", "contracts", "customers", "invoices", "whitelabel",
    "templates",
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "names", "also"),
    [("qbo", r"\bqbo\b|quickbooks|intuit", SHORTEST), ("xero", "xero", set())],
)
def test_a_provider_is_named_in_two_files_besides_its_own(key, names, also):
    package = ROOT / "accounting" / "providers" / key
    named = {
        str(file.relative_to(ROOT))
        for folder in PRODUCT
        for file in (ROOT / folder).rglob("*.*")
        if file.suffix in (".py", ".html", ".css", ".js", ".txt")
        and "migrations" not in file.parts
        and not file.is_relative_to(package)
        and re.search(names, file.read_text(), re.IGNORECASE)
    }
    assert named - DEMO - ROUNDING - also == TOUCHED
