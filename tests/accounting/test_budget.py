"""The budget: within the provider's limits whoever asks, with something left for people."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import transaction

from accounting import budget
from accounting.models import Connection
from accounting.providers.port import Cost, Unavailable
from tests import make

from .making import draft

pytestmark = pytest.mark.django_db

NOW = make.at("2026-11-30", "12:00")
CALLS, MINUTE, SECOND = 40, 480, 9  # what QuickBooks allows, less a margin
RESERVE = 2  # of the calls


@pytest.fixture
def connection(owner):
    return draft(owner)


def after(seconds):
    return NOW + dt.timedelta(seconds=seconds)


def take(connection, cost=Cost.CALL, *, at=0.0, urgent=False):
    budget.take(connection, cost, urgent=urgent, now=after(at))


def wait(connection, cost=Cost.CALL, *, at=0.0, urgent=False):
    """Seconds that a refused request has to wait."""
    with pytest.raises(Unavailable) as error:
        take(connection, cost, at=at, urgent=urgent)
    assert error.value.code == "budget"
    assert not error.value.whole_company
    return error.value.retry_after


def spend(connection, count, cost=Cost.CALL, *, every=0.2, start=0.0, urgent=False):
    for number in range(count):
        take(connection, cost, at=start + number * every, urgent=urgent)


def test_calls_stop_below_the_limit_of_a_minute_and_go_on_after_it(connection):
    spend(connection, CALLS - RESERVE)
    seconds = wait(connection, at=10)
    assert 50 < seconds <= 62
    wait(connection, at=10 + seconds - 1.1)
    take(connection, at=10 + seconds + 0.1)


def test_a_person_may_use_the_reserve(connection):
    spend(connection, CALLS - RESERVE)
    wait(connection, at=10)
    for number in range(RESERVE):
        take(connection, at=10 + number, urgent=True)
    assert wait(connection, at=13, urgent=True) > 40


def test_a_call_is_a_request_too_but_a_read_is_no_call(connection):
    spend(connection, CALLS - RESERVE)
    take(connection, Cost.READ, at=10)
    take(connection, Cost.WRITE, at=10.2)
    connection.refresh_from_db()
    usage = budget.usage(connection, now=after(11))
    assert (usage.minute, usage.calls, usage.reads) == (CALLS - RESERVE + 2, CALLS - RESERVE, 1)
    assert budget.usage(connection, now=after(120)).minute == 0


def test_requests_of_a_second_are_counted(connection):
    spend(connection, SECOND, Cost.READ, every=0.01)
    assert 0.9 < wait(connection, Cost.READ, at=0.1) < 1.05
    take(connection, Cost.READ, at=1.1)


def test_no_window_of_a_minute_ever_holds_more_than_the_limit(connection):
    """Whoever asks as often as possible, told for how long to wait."""
    sent, at = [], 0.0
    while len(sent) < 150:
        try:
            take(connection, at=at)
            sent.append(at)
            at += 0.3
        except Unavailable as error:
            at += error.retry_after
    for begin in sent:
        assert sum(begin <= moment < begin + 60 for moment in sent) <= CALLS - RESERVE
    # and hardly less than the limit is used
    assert at < 150 / (CALLS - RESERVE) * 62


@pytest.mark.django_db(transaction=True)
def test_many_processes_share_one_budget(owner):
    connection = draft(owner)

    def work(_):
        taken = 0
        try:
            for number in range(20):
                try:
                    budget.take(connection, Cost.CALL, now=after(number * 2))
                    taken += 1
                except Unavailable:
                    pass
            return taken
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == CALLS - RESERVE


def test_two_connections_have_budgets_of_their_own(owner, connection):
    Connection.objects.filter(pk=connection.pk).update(state=Connection.State.ABANDONED)
    other = draft(owner)
    spend(connection, CALLS - RESERVE)
    take(other)


def test_a_clock_that_was_set_back_blocks_nobody(connection):
    spend(connection, CALLS - RESERVE, start=3600)
    take(connection, at=0)


def test_a_request_inside_a_transaction_is_a_fault_of_ours(connection):
    with transaction.atomic(), pytest.raises(RuntimeError):
        take(connection)


def test_the_reads_of_a_month_leave_some_for_people(connection, settings):
    nearly = 500_000 - 500_000 // 5
    Connection.objects.filter(pk=connection.pk).update(
        spent={"month": ["2026-11", nearly - 1], "day": ["2026-11-30", 7]}
    )
    take(connection, Cost.READ)
    assert wait(connection, Cost.READ, at=1) == 12 * 3600 - 1
    take(connection, Cost.READ, at=2, urgent=True)
    take(connection, Cost.CALL, at=3)
    connection.refresh_from_db()
    assert budget.usage(connection, now=after(4)).day == 10
    december = after(12 * 3600 + 1)
    budget.take(connection, Cost.READ, now=december)


# Forecast -----------------------------------------------------------------------------------------


def work_off(connection, documents, *, seconds):
    """When the last of so many documents was sent, each call taking so long."""
    at = 0.0
    for _ in range(-(-documents // 30)):
        while True:
            try:
                take(connection, at=at)
                break
            except Unavailable as error:
                at += error.retry_after
        at += seconds
    return at


@pytest.mark.parametrize("documents", [30, 1000, 10_000])
@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.5])
def test_the_forecast_is_within_a_tenth_of_the_end(connection, documents, seconds):
    spend(connection, 10, every=seconds, start=-10 * seconds)  # measures the pace
    connection.refresh_from_db()
    forecast = (budget.eta(connection, documents, now=NOW) - NOW).total_seconds()
    end = work_off(connection, documents, seconds=seconds)
    assert abs(forecast - end) <= max(end / 10, seconds)


@pytest.mark.parametrize("seconds", [0.2, 2.5])
def test_two_calls_are_enough_for_the_pace(connection, seconds):
    spend(connection, 2, every=seconds, start=-2 * seconds)
    connection.refresh_from_db()
    forecast = (budget.eta(connection, 900, now=NOW) - NOW).total_seconds()
    assert abs(forecast - 30 * seconds) < 1.5


def test_the_forecast_begins_after_a_pause(connection):
    connection.held_until = after(300)
    assert budget.eta(connection, 30, now=NOW) >= after(300)
    assert budget.eta(connection, 0, now=NOW) == after(300)
