"""A sweep over all invoices: left when the budget is spent, gone on with from there, and done."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from accounting import delivery, outbox, sweeping, sync, tasks
from accounting.models import Connection, RemoteInvoice
from accounting.providers.qbo.adapter import QuickBooksOnline

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def there(connection, sims, parts) -> list[RemoteInvoice]:
    """Twelve invoices that are there and known to be."""
    invoices = [books.invoice(*parts) for _ in range(12)]
    now = sims.clock.now()
    outbox.queue(connection, [each.pk for each in invoices], by=None, now=now)
    delivery.work(connection.pk, now=now)
    sims.clock.move(minutes=20)
    return list(RemoteInvoice.objects.order_by("pk"))


@pytest.fixture
def slow(there, monkeypatch):
    """Five requests a minute, and one invoice with each."""
    limits = replace(QuickBooksOnline.limits, per_minute=6, look_at_once=1)
    monkeypatch.setattr(QuickBooksOnline, "limits", limits)


def later(connection: Connection, sims, **time: float) -> Connection:
    sims.clock.move(**(time or {"minutes": 6}))
    connection.refresh_from_db()
    return connection


def looked_at(sims) -> set[str]:
    """The ids whose rows were written since the last five minutes."""
    since = sims.clock.now() - dt.timedelta(minutes=5)
    return set(RemoteInvoice.objects.filter(seen_at__gte=since).values_list("remote_id", flat=True))


def test_a_sweep_goes_on_where_the_budget_ended_it_and_comes_to_its_end(
    connection, sims, there, slow
):
    sims.qbo.as_person.receive_payment(there[-1].remote_id)
    assert sync.sweep(connection, now=sims.clock.now()) == 5
    assert later(connection, sims, seconds=30).swept_at is None
    assert sync.sweep_on(connection, now=sims.clock.now()) == 0
    assert sync.sweep_on(later(connection, sims), now=sims.clock.now()) == 5
    assert sync.sweep_on(later(connection, sims), now=sims.clock.now()) == 2
    connection.refresh_from_db()
    assert connection.swept_at >= sims.clock.now()
    assert connection.sweep_at is None
    assert RemoteInvoice.objects.get(pk=there[-1].pk).status == "paid"


def test_the_first_cursor_is_kept_before_the_sweep_that_it_begins_with(
    connection, sims, there, slow
):
    assert sync.poll(connection.pk, now=sims.clock.now())
    later(connection, sims)
    assert connection.cursor
    assert connection.polled_at
    assert connection.sweep_at
    assert connection.swept_at is None


def test_after_too_long_the_new_cursor_is_kept_before_everything_is_looked_at(
    connection, sims, there, slow
):
    old = (sims.clock.now() - dt.timedelta(days=40)).isoformat()
    Connection.objects.update(cursor=old)
    assert sync.poll(connection.pk, now=sims.clock.now())
    later(connection, sims)
    assert connection.cursor > old
    assert connection.sweep_at
    assert connection.sweep_part is None


def test_beat_rings_a_sweep_on_until_it_is_done(connection, sims, there, monkeypatch):
    rung: list[int] = []
    monkeypatch.setattr(tasks.look_on, "delay", rung.append)
    monkeypatch.setattr(tasks.look, "delay", lambda pk: None)
    tasks.sweep()
    assert rung == []
    sweeping.begin(connection, now=books.NOW)
    tasks.sweep()
    assert rung == [connection.pk]
    Connection.objects.update(lost_at=books.NOW)
    tasks.sweep()
    assert rung == [connection.pk]


def test_two_workers_are_not_at_one_sweep(connection, sims, there):
    now = sims.clock.now()
    sweeping.begin(connection, now=now)
    assert sweeping.claim(connection, now=now)
    assert sync.sweep_on(Connection.objects.get(), now=now) == 0
    dead = now + sweeping.HELD
    assert sync.sweep_on(Connection.objects.get(), now=dead) == 12


def test_a_sweep_that_somebody_began_anew_is_left_to_them(connection, sims, there):
    now = sims.clock.now()
    sweeping.begin(connection, now=now)
    assert sweeping.claim(connection, now=now)
    sweeping.begin(Connection.objects.get(), now=now + dt.timedelta(seconds=1))
    assert not sweeping.reach(connection, there[-1].pk, now=now + dt.timedelta(seconds=2))
    assert Connection.objects.get().swept_to == 0


def test_sweeps_leave_half_of_a_day_to_what_people_wait_for(connection, sims, there, monkeypatch):
    limits = replace(QuickBooksOnline.limits, per_day=60, look_at_once=1)
    monkeypatch.setattr(QuickBooksOnline, "limits", limits)
    now = sims.clock.now()
    Connection.objects.update(spent={"day": [now.date().isoformat(), 26]})
    looked = sync.sweep(connection, now=now)
    connection.refresh_from_db()
    assert 0 < looked < 12
    assert connection.spent["day"][1] <= 32
    assert connection.sweep_at.date() == now.date() + dt.timedelta(days=1)
    assert sync.sweep_on(connection, now=connection.sweep_at) == 12 - looked


def test_a_night_looks_at_what_may_change_and_at_a_part_of_the_rest(connection, sims, there):
    settled, drafts = there[2:], there[1:2]
    paid = RemoteInvoice.objects.filter(pk__in=[row.pk for row in settled])
    paid.update(status="paid", balance=0)
    RemoteInvoice.objects.filter(pk=drafts[0].pk).update(status="paid", draft=True)
    tonight = sims.clock.now().date().toordinal() % sweeping.PARTS
    part = {row.remote_id for row in settled if row.pk % sweeping.PARTS == tonight}
    sweeping.begin_nightly(connection, now=sims.clock.now())
    sync.sweep_on(connection, now=sims.clock.now())
    assert looked_at(sims) == {there[0].remote_id, drafts[0].remote_id} | part


def test_in_thirty_nights_everything_was_looked_at(connection, sims, there):
    RemoteInvoice.objects.update(status="paid", balance=0)
    seen: set[str] = set()
    for night in range(sweeping.PARTS):
        now = sims.clock.now() + dt.timedelta(days=night)
        sweeping.begin_nightly(connection, now=now)
        connection.refresh_from_db()
        seen |= {remote_id for _, remote_id in sweeping.ahead(connection)}
        sweeping.park(connection, until=now)
        sweeping.finish(connection, now=now)
    assert seen == {row.remote_id for row in there}


def test_a_night_does_not_begin_a_sweep_anew_that_is_under_way(connection, sims, there, slow):
    sync.sweep(connection, now=sims.clock.now())
    reached = later(connection, sims).swept_to
    assert reached
    sweeping.begin_nightly(connection, now=sims.clock.now())
    connection.refresh_from_db()
    assert (connection.swept_to, connection.sweep_part) == (reached, None)
