"""The whole configuration as JSON: what the commit keeps, and what disconnecting brings back.

Configuration is what a person sets up and a bill is made from: taxes, categories, catalogue items,
the rates of contracts and their tax. Customers, work and invoices are not: they only ever grow.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Model

from atera_invoicing.models import Installation
from contracts import locks
from contracts.models import CatalogItem, Category, Contract, ContractRate, TaxRate

PARTS: dict[str, type[Model]] = {
    "taxes": TaxRate,
    "categories": Category,
    "items": CatalogItem,
    "rates": ContractRate,
}
OPTIONS = ("connected_to", "taxes_elsewhere", "tax_method")
Values = dict[str, str | None]


def hold() -> None:
    """Until the transaction ends nobody else changes catalogue, taxes or contracts."""
    Installation.current()
    Installation.objects.select_for_update(no_key=True).get()
    locks.lock(Contract.objects.values_list("pk", flat=True))


def take() -> dict[str, Any]:
    """Everything, by primary key; values as text."""
    parts: dict[str, Any] = {
        name: {str(row.pk): values_of(row) for row in model._default_manager.order_by("pk")}
        for name, model in PARTS.items()
    }
    taxes = Contract.objects.order_by("pk").values_list("pk", "tax_rate_id")
    options = Installation.current()
    return parts | {
        "contracts": {str(pk): tax for pk, tax in taxes},
        "options": {name: getattr(options, name) for name in OPTIONS},
    }


def fingerprint() -> str:
    """SHA-256 of the whole configuration."""
    return hashlib.sha256(json.dumps(take(), sort_keys=True).encode()).hexdigest()


def values_of(row: Model) -> Values:
    """A row as text, by column."""
    return {
        field.attname: None
        if getattr(row, field.attname) is None
        else str(field.value_to_string(row))
        for field in row._meta.concrete_fields
    }


def build(model: type[Model], values: Values) -> Model:
    """The row that `values_of` described, not saved."""
    return model(**parsed(model, values))


def parsed(model: type[Model], values: Values) -> dict[str, Any]:
    """Text back to what the columns hold."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {
        name: None if text is None else fields[name].to_python(text)
        for name, text in values.items()
        if name in fields
    }


def differing(row: Model, values: Values) -> dict[str, Any]:
    """The fields of a row that are not as they were, with their earlier values."""
    before = parsed(type(row), values)
    return {name: value for name, value in before.items() if getattr(row, name) != value}
