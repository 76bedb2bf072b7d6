"""Rows written in bulk are the rows that were given, and their ids are nobody else's."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atera_invoicing import bulk
from contracts.models import BlockMovement, UsageCount
from customers.models import Customer
from invoices.models import Batch, BatchPart

from .. import make

BATCH = ["id", "uid", "name", "level", "through", "invoice_date", "state"]
BATCH += ["total_steps", "done_steps", "created_at", "created_by"]
BATCH += ["run_at", "lease_until", "owner", "attempts"]
pytestmark = pytest.mark.django_db


def batch_row(pk: int, name: str, *, by: int | None = None) -> tuple:
    on = make.day("2026-10-31")
    moment = dt.datetime(2026, 11, 1, 8, 30, 15, 123456, tzinfo=dt.UTC)
    return (pk, uuid.uuid4(), name, "ticket", on, on, "ready", 3, 3, moment, by, None, None, "", 0)


def test_every_kind_of_value_arrives_as_given():
    owner = make.user(role="owner")
    row = batch_row(7, "October", by=owner.pk)
    with transaction.atomic():
        bulk.insert(Batch, BATCH, [row])
    written = Batch.objects.get(pk=7)
    assert tuple(getattr(written, Batch._meta.get_field(name).attname) for name in BATCH) == row


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    quantity=st.decimals("-9999999999", "9999999999", places=4),
    note=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=200),
)
def test_quantities_and_any_text_survive(quantity, note):
    contract = make.block_hours()
    fields = ["contract", "kind", "period_start", "quantity", "note", "created_at"]
    row = (contract.pk, "used", make.day("2026-10-01"), quantity, note, make.at("2026-10-31"))
    with transaction.atomic():
        bulk.insert(BlockMovement, fields, [row])
    movement = BlockMovement.objects.get(contract=contract)
    assert (movement.quantity, movement.note) == (quantity, note)


def test_json_arrives_as_given():
    batch = Batch.objects.create(
        name="October",
        through=make.day("2026-10-31"),
        invoice_date=make.day("2026-10-31"),
        created_at=make.at("2026-11-01"),
    )
    left_out = ["entry:7", "item:ü\t\\"]
    fields = ["batch", "contract", "periods", "left_out", "early_reason", "state", "message"]
    with transaction.atomic():
        row = (batch.pk, make.hourly().pk, [], left_out, "", "pending", "")
        bulk.insert(BatchPart, fields, [row])
    part = BatchPart.objects.get()
    assert (part.periods, part.left_out) == ([], left_out)


def test_reserved_ids_are_never_given_again():
    first = make.customer()
    with transaction.atomic():
        reserved = list(bulk.reserve_ids(Customer, 3))
        again = list(bulk.reserve_ids(Customer, 2))
    ordinary = make.customer()
    ids = [first.pk, *reserved, *again, ordinary.pk]
    assert len(set(ids)) == 7


def test_ids_can_be_reserved_in_a_table_that_was_never_written():
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'customers_customer'")
        reserved = list(bulk.reserve_ids(Customer, 2))
    assert make.customer().pk not in reserved


def test_no_ids_cost_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert list(bulk.reserve_ids(Customer, 0)) == []


def test_a_constraint_stops_rows_written_in_bulk_too():
    contract = make.block_hours()
    row = (contract.pk, "pcs", make.day("2026-10-31"), Decimal(-1), make.at("2026-10-31"))
    fields = ["contract", "counted", "counted_on", "quantity", "created_at"]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(UsageCount, fields, [row])
    assert not UsageCount.objects.exists()


def test_many_rows_get_values_of_their_own():
    customers = [make.customer(name) for name in ("Acme", "Bluewater", "Coastal")]
    at = make.at("2026-11-01")
    first, second, untouched = customers
    rows = [("Ácme", "1", at, first.pk), ("Blue", "2", None, second.pk)]
    with transaction.atomic():
        bulk.update(Customer, ["name", "reference", "archived_at"], rows)
    found = Customer.objects.in_bulk()
    assert (found[first.pk].name, found[first.pk].archived_at) == ("Ácme", at)
    assert (found[second.pk].reference, found[second.pk].archived_at) == ("2", None)
    assert found[untouched.pk].name == "Coastal"


def test_new_instances_are_stored_as_they_are():
    contract = make.block_hours()
    new = [
        UsageCount(
            contract=contract, counted="pcs", counted_on=make.day(day), quantity=Decimal(quantity),
            created_at=make.at("2026-10-31"),
        )
        for day, quantity in (("2026-10-30", "3.5"), ("2026-10-31", "4"))
    ]  # fmt: skip
    with transaction.atomic():
        bulk.insert_new(new)
    stored = UsageCount.objects.order_by("counted_on").values_list("contract", "quantity")
    assert list(stored) == [(contract.pk, Decimal("3.5")), (contract.pk, Decimal(4))]


def test_nothing_new_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.insert_new([])
