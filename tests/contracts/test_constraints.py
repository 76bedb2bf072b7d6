"""Every named constraint of kernel, customers and contracts, broken past all validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from atera_invoicing.models import IdempotentRequest, Installation, User
from contracts.models import CatalogItem, Contract, TaxRate
from customers.models import Customer

from .. import make

pytestmark = pytest.mark.django_db
APPS = ("atera_invoicing", "customers", "contracts")
NOW = make.at("2026-11-02")


def sql(row: models.Model, **values: Any) -> None:
    """Plain SQL: nothing of Django's validation, `save` or `update` runs."""
    columns = ", ".join(f'"{name}" = %s' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{row._meta.db_table}" SET {columns} WHERE id = %s', [*values.values(), row.pk]
        )


def copy(row: models.Model, **values: Any) -> None:
    """A second row like a stored one."""
    names = [f.attname for f in row._meta.concrete_fields if not f.primary_key]
    type(row).objects.bulk_create(
        [type(row)(**{name: getattr(row, name) for name in names} | values)]
    )


def two_defaults() -> None:
    first = make.hourly(is_default=True)
    sql(make.hourly(customer=first.customer), is_default=True)


def twice_counted() -> None:
    first, second = make.monitoring().rates.all()
    sql(second, counted=first.counted)


def another_primary() -> None:
    contract = make.hourly()
    sql(make.rate(contract, "additional"), role="primary")


def the_same_request_twice() -> None:
    user = make.user()
    for _ in range(2):
        IdempotentRequest.objects.create(user=user, key="k", fingerprint="f", created_at=NOW)


def user_like(user: User) -> None:
    copy(user, email=user.email.upper())


def key_twice() -> None:
    contract = make.hourly()
    rate = make.rate(contract, "additional")
    copy(rate)


BREAK: dict[str, Callable[[], Any]] = {
    # the kernel
    "user_email_unique": lambda: user_like(make.user()),
    "user_role_known": lambda: sql(make.user(), role="king"),
    "idempotency_key_once": the_same_request_twice,
    "installation_only_one": lambda: sql(Installation.current(), singleton=False),
    # customers
    "customer_name_unique": lambda: copy(make.customer("Acme"), name=" ACME "),
    "customer_reference_unique": lambda: copy(make.customer(reference="C-1"), name="Other"),
    # what things cost
    "tax_rate_name_unique": lambda: copy(make.tax("GST"), name="gst "),
    "tax_rate_one_default": lambda: copy(make.tax(is_default=True), name="Other"),
    "tax_rate_percent_range": lambda: sql(make.tax(), percent="100.01"),
    "category_name_unique": lambda: copy(make.item(category="Parts").category, name="parts"),
    "catalog_item_name_unique": lambda: copy(make.item("Dock"), name="dock "),
    "catalog_item_sku_unique": lambda: copy(make.item(sku="D-1"), name="Other", sku="d-1"),
    "catalog_item_kind_known": lambda: sql(make.item(), kind="gift"),
    "catalog_item_price_positive": lambda: sql(make.item(), unit_price="-0.01"),
    # contracts
    "contract_one_default": two_defaults,
    "contract_name_unique": lambda: copy(make.hourly()),
    "contract_dates_in_order": lambda: sql(make.hourly(), end_date="2025-12-31"),
    "contract_period_fits_type": lambda: sql(make.retainer(), period="on_demand"),
    "contract_whole_needs_end": lambda: sql(make.retainer(), period="whole"),
    "contract_block_has_hours": lambda: sql(make.block_hours(), included=None),
    "contract_quantity_positive": lambda: sql(make.retainer(), quantity="-1"),
    "contract_rounding_known": lambda: sql(make.hourly(), rounding_increment=7),
    "contract_rate_role_once": another_primary,
    "contract_rate_item_once": key_twice,
    "contract_rate_class_once": twice_counted,
    "contract_rate_class_fits_role": lambda: sql(make.hourly().rates.get(), counted="pcs"),
    "contract_rate_price_positive": lambda: sql(make.hourly().rates.get(), unit_price="-1"),
    "usage_once_a_day": lambda: copy(make.usage(make.monitoring(), "pcs", "3")),
    "usage_positive": lambda: sql(make.usage(make.monitoring(), "pcs", "3"), quantity="-1"),
    # work
    "ticket_resolved_has_date": lambda: sql(make.ticket(), resolved_at=None),
    "entry_minutes_range": lambda: sql(make.entry(make.ticket()), minutes=0),
    "ticket_item_quantity_positive": lambda: sql(make.used(make.ticket()), quantity=0),
    "ticket_item_price_positive": lambda: sql(make.used(make.ticket()), unit_price="-1"),
    "ticket_item_discount_range": lambda: sql(make.used(make.ticket()), discount_percent=101),
}
MORE: list[tuple[str, Callable[[], Any]]] = [
    ("tax_rate_percent_range", lambda: sql(make.tax(), percent="-1")),
    ("contract_period_fits_type", lambda: sql(make.hourly(), period="once")),
    ("contract_period_fits_type", lambda: sql(make.project_fixed(), period="monthly")),
    ("contract_block_has_hours", lambda: sql(make.block_hours(), included=0)),
    ("contract_rate_class_fits_role", lambda: sql(make.monitoring().rates.first(), counted="")),
    ("ticket_resolved_has_date", lambda: sql(make.ticket(resolved=None), resolved_at=NOW)),
    ("ticket_resolved_has_date", lambda: sql(make.ticket(), status="gone")),
    ("entry_minutes_range", lambda: sql(make.entry(make.ticket()), minutes=6001)),
    ("ticket_item_discount_range", lambda: sql(make.used(make.ticket()), discount_percent=-1)),
]


def names() -> set[str]:
    found = (model for label in APPS for model in apps.get_app_config(label).get_models())
    return {constraint.name for model in found for constraint in model._meta.constraints}


def test_every_constraint_is_tried():
    assert names() == set(BREAK)


@pytest.mark.parametrize(
    ("name", "break_it"), [*BREAK.items(), *MORE], ids=[*BREAK, *(f"{n}-also" for n, _ in MORE)]
)
def test_the_database_itself_refuses(name, break_it):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        break_it()

    if connection.vendor == "postgresql":
        assert refused.value.__cause__.diag.constraint_name == name
    else:  # SQLite names checks and indexes over expressions; else it lists the columns
        told = str(refused.value)
        assert name in told or told.startswith("UNIQUE constraint failed: ")


@pytest.mark.parametrize(
    "allowed",
    [
        lambda: copy(make.customer("Acme"), name="Acme Ltd"),
        lambda: copy(make.item("Dock", archived_at=NOW)),
        lambda: copy(make.item("Dock", sku="D-1", archived_at=NOW)),
        lambda: copy(make.item("Travel"), kind="expense"),
        lambda: copy(make.hourly(is_default=True), name="Other", is_default=False),
        lambda: sql(make.hourly(), period="on_demand"),
        lambda: sql(make.tax(), percent=0),
    ],
)
def test_what_is_allowed_beside_it_stays_possible(allowed):
    with transaction.atomic():
        allowed()


@pytest.mark.parametrize("model", [Customer, TaxRate, CatalogItem, Contract])
def test_a_unique_rule_has_words_for_people(model):
    rules = [rule for rule in model._meta.constraints if isinstance(rule, models.UniqueConstraint)]

    assert rules
    assert all(
        rule.violation_error_message != rule.default_violation_error_message for rule in rules
    )
