"""The next call is made ready while one is on its way, and leaves only if it still may."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from django.db import connections

from accounting import connected, delivery, outbox
from accounting.models import Call, Connection, Export

from . import books

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = "POST /v3/company/*/batch*"


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def two_calls(connection, sims, parts):
    """Two invoices that go in calls of their own, for one is waited for; the first is slow. What is
    new was created before.
    """
    invoices = [books.invoice(*parts) for _ in range(4)]
    outbox.queue(connection, [invoices.pop().pk], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    urgent, *rest = (invoice.pk for invoice in invoices)
    outbox.queue(connection, rest, by=None, now=books.NOW)
    outbox.queue(connection, [urgent], by=None, now=books.NOW)
    sims.qbo.arm("delay_answer", times=1, on=BATCH, seconds=1.5)
    return urgent, rest


def work_and_meanwhile(connection, sims, act) -> None:
    """Send, and act once both calls are written down; the first has no answer before that."""

    def wait() -> None:
        try:
            until = time.monotonic() + 20
            while Call.objects.filter(state=Call.State.SENDING).count() < 2:
                assert time.monotonic() < until, "the second call was not made ready"
                time.sleep(0.02)
            act()
        finally:
            sims.clock.move(seconds=2)
            connections.close_all()

    watcher = threading.Thread(target=wait)
    watcher.start()
    delivery.work(connection.pk, now=books.NOW)
    watcher.join()


def states(ids) -> set[str]:
    return set(Export.objects.filter(invoice__in=ids).values_list("state", flat=True))


def batches(sims) -> int:
    return len([each for each in sims.qbo.requests("write") if each.path.endswith("/batch")])


def test_the_next_call_is_written_down_while_one_is_on_its_way(connection, sims, two_calls):
    urgent, rest = two_calls
    seen = []
    work_and_meanwhile(connection, sims, lambda: seen.append((states([urgent]), states(rest))))
    assert seen == [({"sending"}, {"sending"})]
    assert states([urgent, *rest]) == {"sent"}
    assert len(sims.qbo.invoices()) == 4


def test_a_pause_reaches_the_call_that_was_ready(connection, sims, two_calls):
    urgent, rest = two_calls
    before = batches(sims)
    work_and_meanwhile(connection, sims, lambda: connected.pause(connection, now=books.NOW))
    assert (states([urgent]), states(rest)) == ({"sent"}, {"queued"})
    assert batches(sims) == before + 1
    connected.resume(connection, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert states(rest) == {"sent"}
    assert len(sims.qbo.invoices()) == 4


def test_a_sender_that_lost_its_lease_sends_no_more(connection, sims, two_calls):
    urgent, rest = two_calls
    before = batches(sims)

    def take_over() -> None:
        Connection.objects.update(
            sender="another", sender_until=books.NOW + dt.timedelta(minutes=5)
        )

    work_and_meanwhile(connection, sims, take_over)
    assert batches(sims) == before + 1
    assert states([urgent]) == {"sent"}
    assert states(rest) == {"queued"}


def test_what_an_error_says_of_the_company_holds_the_next_call_back(connection, sims, two_calls):
    urgent, rest = two_calls
    before = batches(sims)
    sims.qbo.disarm()
    sims.qbo.arm("throttled", times=1, on=BATCH)
    delivery.work(connection.pk, now=books.NOW)
    assert batches(sims) == before + 1
    assert (states([urgent]), states(rest)) == ({"waiting"}, {"queued"})
    sims.clock.move(minutes=4)
    delivery.work(connection.pk, now=sims.clock.now())
    assert states([urgent, *rest]) == {"sent"}
    assert len(sims.qbo.invoices()) == 4
