"""Queueing and cutting the connection at the same moment: whoever comes first, nothing is left
half-way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection as database
from django.utils import timezone

from accounting import connected, outbox, restoring, snapshots, timepush
from accounting.models import Connection, Export
from atera_invoicing.errors import Refused
from atera_invoicing.roles import Role
from contracts.models import TimeEntry
from invoices.models import Claim, Invoice
from tests import make

from . import books
from .test_timepush import pushable

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 0.7  # seconds in which whoever is not held up would long be done


@pytest.fixture
def connection(sims, transactional_db) -> Connection:
    return books.connect(sims)


@pytest.fixture
def customer(connection):
    return make.customer("Harbor Coffee")


@pytest.fixture
def item(connection, customer):
    item = make.item("Remote support")
    books.link(connection, customer)
    books.link(connection, item)
    return item


def meet(monkeypatch, queue: Callable[[], object], cut: Callable[[], object]) -> list[str]:
    """Cut the connection when the queueing has just seen that it is active; what each came to."""
    seen, go, said = threading.Event(), threading.Event(), {}
    refuse = connected.refuse_unless_active

    def pausing(connection: Connection) -> None:
        refuse(connection)
        if database.in_atomic_block:
            seen.set()
            assert go.wait(10)

    monkeypatch.setattr(connected, "refuse_unless_active", pausing)

    def run(name: str, act: Callable[[], object]) -> None:
        try:
            act()
            said[name] = "done"
        except Refused as refused:
            said[name] = refused.code
        finally:
            database.close()

    first = threading.Thread(target=run, args=("queue", queue))
    second = threading.Thread(target=run, args=("cut", cut))
    first.start()
    assert seen.wait(10)
    second.start()
    second.join(PATIENCE)
    go.set()
    for thread in (first, second):
        thread.join(20)
    return [said["queue"], said["cut"]]


def remember() -> None:
    """What disconnecting goes back to: the configuration as it is now."""
    Connection.objects.update(snapshot=snapshots.take())


def disconnect(connection: Connection) -> None:
    owner = make.user(Role.OWNER)
    restoring.disconnect(Connection.objects.get(), by=owner, now=timezone.now())


def assert_nothing_is_left() -> None:
    assert Connection.objects.get().state == "closed"
    assert set(Export.objects.values_list("state", flat=True)) <= {"cancelled"}
    assert not Invoice.objects.filter(export_queued_at__isnull=False).exists()
    assert not Claim.objects.filter(released_at=None, pushed__isnull=False).exists()


def test_invoices_queued_while_the_connection_is_cut_are_not_left_locked(
    connection, customer, item, monkeypatch
):
    ids = [books.invoice(customer, item).pk for _ in range(3)]
    remember()
    said = meet(
        monkeypatch,
        lambda: outbox.queue(connection, ids, by=None, now=timezone.now()),
        lambda: disconnect(connection),
    )
    assert said == ["done", "done"]
    assert_nothing_is_left()


def test_time_pushed_while_the_connection_is_cut_is_not_left_claimed(
    connection, customer, item, sims, monkeypatch
):
    entry = pushable(connection, sims, customer, item)
    remember()
    said = meet(
        monkeypatch,
        lambda: timepush.push(connection, [entry.pk], by=None, now=timezone.now()),
        lambda: disconnect(connection),
    )
    assert said == ["done", "done"]
    assert_nothing_is_left()


def test_time_is_not_pushed_over_a_connection_that_is_cut(connection, customer, item, sims):
    entry = pushable(connection, sims, customer, item)
    remember()
    disconnect(connection)
    with pytest.raises(Refused) as refused:
        timepush.push(connection, [entry.pk], by=None, now=timezone.now())
    assert refused.value.code == "not_connected"
    assert TimeEntry.objects.get().claims.count() == 0
