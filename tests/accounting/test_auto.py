"""The export by itself: what it takes, in which order, and that it rests when nothing changed."""

from __future__ import annotations

import datetime as dt

import pytest

from accounting import auto, outbox
from accounting.models import Connection, Export, Link, Run
from invoices.models import Batch, Invoice
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims, auto_export="on_issue")


@pytest.fixture
def batch(db) -> Batch:
    day = make.day("2026-11-20")
    return Batch.objects.create(
        name="October", through=day, invoice_date=day, created_at=books.NOW,
        created_by=make.user("billing"),
    )  # fmt: skip


@pytest.fixture
def issue(parts, batch):
    """Issue another invoice of the batch."""

    def issued(customer=None) -> Invoice:
        invoice = books.invoice(customer or parts[0], parts[1])
        Invoice.objects.filter(pk=invoice.pk).update(batch=batch)
        return invoice

    return issued


@pytest.fixture
def stranger(connection, issue) -> Invoice:
    """An invoice of a customer that is not linked; what is was linked long ago."""
    Link.objects.update(changed_at=books.NOW - dt.timedelta(days=1))
    return issue(make.customer("Stranger"))


def sweep(connection: Connection, *, minutes: float = 0) -> int:
    return auto.queue_issued(connection, now=books.NOW + dt.timedelta(minutes=minutes))


def queued() -> list[int]:
    return list(Export.objects.order_by("id").values_list("invoice", flat=True))


def test_what_is_ready_goes_and_what_is_not_is_left_alone(connection, issue, stranger):
    ready = issue()
    assert sweep(connection) == 1
    assert queued() == [ready.pk]
    assert Run.objects.get().total == 1


def test_nothing_is_written_while_nothing_changed(
    connection, stranger, django_assert_max_num_queries
):
    sweep(connection)
    with django_assert_max_num_queries(2) as asked:
        assert sweep(connection, minutes=5) == 0
    assert {query["sql"].split()[0] for query in asked.captured_queries} == {"SELECT"}
    assert not Run.objects.exists()


@pytest.mark.parametrize("minutes", [1, 11])
def test_it_looks_again_when_a_link_changed_and_after_a_while(connection, stranger, minutes):
    sweep(connection)
    link = books.link(connection, stranger.customer)
    changed = books.NOW + dt.timedelta(seconds=30 if minutes == 1 else -30)
    Link.objects.filter(pk=link.pk).update(changed_at=changed)
    assert sweep(connection, minutes=minutes) == 1
    assert queued() == [stranger.pk]


def test_invoices_that_are_not_ready_keep_no_others_waiting(
    connection, issue, stranger, monkeypatch
):
    monkeypatch.setattr(auto, "MOST", 1)
    ready = [issue(), issue()]
    assert [sweep(connection, minutes=number / 10) for number in range(1, 5)] == [0, 1, 1, 0]
    assert queued() == [invoice.pk for invoice in ready]


def test_earlier_days_stay_here(connection, issue, monkeypatch):
    issue()
    Connection.objects.update(go_live=make.day("2026-11-21"))
    connection.refresh_from_db()
    monkeypatch.setattr(outbox, "queue", pytest.fail)
    assert sweep(connection) == 0


def test_what_was_taken_back_stays_here(connection, issue):
    issue()
    sweep(connection)
    outbox.cancel(Export.objects.get(), by=None, now=books.NOW)
    assert sweep(connection, minutes=20) == 0


def test_by_hand_and_while_paused_nothing_goes_by_itself(connection, issue):
    issue()
    connection.paused_at = books.NOW
    assert sweep(connection) == 0
    connection.paused_at, connection.auto_export = None, "off"
    assert sweep(connection) == 0
