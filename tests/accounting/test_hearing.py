"""What the Accounting page says when nothing comes back from there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounting import hearing, obstacles, tasks
from accounting.models import Connection

from . import books, build

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    """One that looked a moment ago."""
    connection = books.connect(sims)
    Connection.objects.update(poll_at=timezone.now() - dt.timedelta(minutes=1))
    tasks.look(connection.pk)
    connection.refresh_from_db()
    assert connection.polled_at
    return connection


def quiet_for(connection: Connection, **time: float) -> str:
    now = connection.polled_at + dt.timedelta(**time)
    return hearing.silence(connection, now=now)


def test_a_connection_that_hears_says_nothing(connection, client_as):
    assert quiet_for(connection, hours=5) == ""
    page = client_as("owner").get("/accounting/").text
    assert "Nothing comes back" not in page
    assert "Last heard" in page


def test_hours_without_an_answer_are_said_with_who_can_mend_it(connection, client_as):
    told = quiet_for(connection, hours=7)
    assert "were last read on" in told
    assert "whoever runs this program" in told
    Connection.objects.update(polled_at=timezone.now() - dt.timedelta(hours=7))
    assert (
        "Nothing comes back from QuickBooks Online." in client_as("owner").get("/accounting/").text
    )


def test_one_that_never_heard_counts_from_when_it_was_connected(connection):
    connection.polled_at = None
    assert hearing.silence(connection, now=connection.committed_at) == ""
    assert hearing.silence(connection, now=connection.committed_at + dt.timedelta(days=1))


def test_lost_access_is_told_elsewhere(connection):
    connection.lost_at = connection.polled_at
    assert quiet_for(connection, days=9) == ""


@pytest.mark.parametrize(
    ("provider", "setting"),
    [("qbo", "custom transaction numbers"), ("xero", "numbers from outside")],
)
def test_who_numbers_invoices_itself_is_told_in_its_own_words(owner, provider, setting):
    draft = build.read(build.draft(owner))
    draft.provider, draft.numbering, draft.takes_numbers = provider, "ours", False
    (problem,) = obstacles.problems(draft)
    assert problem.code == "numbers_refused"
    assert f"{setting} are off there" in problem.message
