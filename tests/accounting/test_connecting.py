"""Consent: who may bring it back, how often, and for which company."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.utils import timezone

from accounting import access, connecting, wizard
from accounting.models import Connection, Consent
from accounting.providers import port
from atera_invoicing.errors import Refused
from tests import make

from .making import activate, connect, draft
from .providers.backends import BACKENDS, REDIRECT

pytestmark = pytest.mark.django_db

BROWSER = "session-key-of-a-browser"


@pytest.fixture
def begun(backend, owner):
    """A draft whose owner has just come back from there, and what the browser brought."""
    connection = draft(owner, provider=backend.key)
    return connection, backend.consent(begin(connection, by=owner))


def begin(connection, *, by, session_key=BROWSER, now=None):
    return connecting.begin(
        connection, by=by, session_key=session_key, redirect_uri=REDIRECT,
        now=now or timezone.now(),
    )  # fmt: skip


def finish(answer, *, by, session_key=BROWSER, provider="", now=None):
    """Into the system that somebody left for last, unless another one is said."""
    left = Consent.objects.latest("pk").connection
    return connecting.finish(
        answer, provider=provider or left.provider, by=by, session_key=session_key,
        redirect_uri=REDIRECT, now=now or timezone.now(),
    )  # fmt: skip


def refusal(answer, **options):
    with pytest.raises(Refused) as refused:
        finish(answer, **options)
    return refused.value.code


def test_a_consent_connects_a_draft_to_its_company(begun, backend, owner):
    connection, answer = begun
    found = finish(answer, by=owner)
    assert found.pk == connection.pk
    found.refresh_from_db()
    assert (found.company_id, found.company_name) == (backend.company, backend.company_name)
    assert (found.currency, found.tax_mode, found.takes_numbers) == ("USD", backend.tax_mode, True)
    assert found.takes_time == backend.takes_time
    assert found.facts
    assert found.generation == 1
    assert connecting.session(found, now=timezone.now()).company_id == backend.company
    assert connecting.choices(found) == []


def test_the_state_is_long_kept_as_a_hash_and_not_in_the_row(backend, owner):
    url = begin(draft(owner, provider=backend.key), by=owner)
    (state,) = parse_qs(urlsplit(url).query)["state"]
    consent = Consent.objects.get()
    assert len(state) >= 43
    assert state not in str(vars(consent))
    assert BROWSER not in str(vars(consent))
    assert parse_qs(urlsplit(url).query)["scope"] == [backend.scopes]


def test_two_begins_never_have_the_same_state(backend, owner):
    connection = draft(owner, provider=backend.key)
    assert begin(connection, by=owner) != begin(connection, by=owner)


@pytest.mark.parametrize("who", ["another person", "another browser", "another system", "nobody"])
def test_only_the_one_who_left_may_come_back(begun, backend, owner, who):
    _, answer = begun
    (other,) = BACKENDS.keys() - {backend.key}
    options = {
        "another person": {"by": make.user()},
        "another browser": {"by": owner, "session_key": "another"},
        "another system": {"by": owner, "provider": other},
        "nobody": {"by": owner},
    }[who]
    if who == "nobody":
        answer = {**answer, "state": "guessed"}
    assert refusal(answer, **options) == "consent_unknown"
    assert backend.exchanges() == []


def test_a_consent_lasts_ten_minutes(begun, backend, owner):
    _, answer = begun
    late = timezone.now() + dt.timedelta(minutes=10, seconds=1)
    assert refusal(answer, by=owner, now=late) == "consent_expired"
    assert backend.exchanges() == []


def test_the_same_answer_twice_is_one_exchange_and_the_same_connection(begun, backend, owner):
    connection, answer = begun
    assert finish(answer, by=owner).pk == connection.pk
    again = finish(answer, by=owner)
    assert again.pk == connection.pk
    assert again.generation == 1
    assert len(backend.exchanges()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_browser_requests_at_once_are_one_exchange(begun, backend, owner):
    connection, answer = begun
    backend.distrust_codes()
    backend.sim.arm("delay_answer", on="token", seconds=0.5)
    gate = threading.Barrier(2)

    def come_back(_):
        try:
            gate.wait()
            return finish(answer, by=owner).pk
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(come_back, range(2))) == [connection.pk] * 2
    assert len(backend.exchanges()) == 1
    connection.refresh_from_db()
    assert connecting.session(connection, now=timezone.now()).access


def test_a_failed_exchange_is_not_repeated_with_the_same_answer(begun, backend, owner, monkeypatch):
    monkeypatch.setattr(access, "WAIT", 0.2)
    _, answer = begun
    backend.sim.arm("drop_request", on="token")
    assert refusal(answer, by=owner) == "provider_unavailable"
    assert refusal(answer, by=owner) == "consent_used"
    assert Connection.objects.get().sealed == ""


def test_a_refusal_at_the_other_end_connects_nothing(backend, owner):
    connection = draft(owner, provider=backend.key)
    answer = backend.consent(begin(connection, by=owner), refuse=True)
    assert answer["error"] == "access_denied"
    assert refusal(answer, by=owner) == "consent_refused"
    connection.refresh_from_db()
    assert (connection.sealed, connection.company_id) == ("", "")


def test_an_ended_connection_takes_no_consent(begun, backend, owner):
    connection, answer = begun
    Connection.objects.filter(pk=connection.pk).update(state=Connection.State.ABANDONED)
    assert refusal(answer, by=owner) == "connection_ended"
    assert backend.exchanges() == []


@pytest.mark.parametrize("companies", [1, 2])
def test_a_set_up_that_was_cancelled_during_the_exchange_keeps_no_token(
    begun, backend, owner, monkeypatch, companies
):
    connection, answer = begun
    provider = type(backend.provider)
    exchange = provider.exchange

    def slow(self, answer, *, redirect_uri):
        tokens, found = exchange(self, answer, redirect_uri=redirect_uri)
        wizard.abandon(connection, by=None, now=timezone.now())
        return tokens, [*found, port.Company("2", "Other")][:companies]

    monkeypatch.setattr(provider, "exchange", slow)
    assert refusal(answer, by=owner) == "connection_ended"
    connection.refresh_from_db()
    assert (connection.state, connection.sealed) == ("abandoned", "")
    assert backend.sim.requests()[-1] in backend.revocations()


def test_the_company_is_connected_even_if_it_can_not_be_read_just_now(begun, backend, owner):
    _, answer = begun
    backend.sim.arm("server_error", on=backend.company_call)
    connection = finish(answer, by=owner)
    assert connection.company_id == backend.company
    assert connection.company_name == ""
    connecting.read_company(connection, now=timezone.now())
    assert connection.company_name == backend.company_name


def test_reconnecting_the_same_company_heals_a_lost_connection(backend, owner):
    connection = activate(connect(backend, by=owner))
    now = timezone.now()
    connecting.lose(connection, "Cut.", now=now)
    generation = connection.generation
    finish(backend.consent(begin(connection, by=owner)), by=owner)
    connection.refresh_from_db()
    assert (connection.lost_at, connection.lost_reason) == (None, "")
    assert connection.generation == generation + 1
    assert connecting.session(connection, now=now)


def another_company(connection):
    """The connection belongs to a company that the next consent does not open."""
    other = "another-company"
    Connection.objects.filter(pk=connection.pk).update(
        company_id=other, company_name="Old Mill Computing"
    )
    connection.refresh_from_db()
    return other


def test_an_active_connection_never_changes_its_company(backend, owner):
    connection = activate(connect(backend, by=owner))
    other = another_company(connection)
    sealed = connection.sealed
    answer = backend.consent(begin(connection, by=owner))
    with pytest.raises(Refused) as refused:
        finish(answer, by=owner)
    assert refused.value.code == "other_company"
    assert "Old Mill Computing" in refused.value.message
    connection.refresh_from_db()
    assert (connection.company_id, connection.sealed) == (other, sealed)
    assert backend.sim.requests()[-1] in backend.revocations()


def test_a_draft_changes_its_company_only_when_somebody_says_so(backend, owner):
    connection = connect(backend, by=owner)
    other = another_company(connection)
    finish(backend.consent(begin(connection, by=owner)), by=owner)
    connection.refresh_from_db()
    assert connection.company_id == other
    assert connecting.choices(connection) == [{"id": backend.company, "name": backend.company_name}]
    with pytest.raises(Refused) as refused:
        connecting.choose(connection, "1234567", now=timezone.now())
    assert refused.value.code == "company_unknown"
    connecting.choose(connection, backend.company, now=timezone.now())
    assert (connection.company_id, connection.company_name) == (
        backend.company,
        backend.company_name,
    )
    assert connecting.choices(connection) == []
    assert connecting.session(connection, now=timezone.now()).company_id == backend.company


def test_a_refresh_keeps_what_was_offered_for_choice(backend, owner):
    connection = connect(backend, by=owner)
    another_company(connection)
    finish(backend.consent(begin(connection, by=owner)), by=owner)
    connection.refresh_from_db()
    connecting.session(connection, now=timezone.now(), refused=connection.generation)
    connection.refresh_from_db()
    assert connecting.choices(connection)


def test_old_consents_are_swept_away(backend, owner):
    connection = draft(owner, provider=backend.key)
    begin(connection, by=owner, now=timezone.now() - dt.timedelta(days=2))
    begin(connection, by=owner)
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("running", ["qbo"], indirect=True)  # Xero's address is known beforehand
def test_without_a_reachable_provider_nobody_is_sent_there(backend, owner):
    backend.unplug()
    with pytest.raises(Refused) as refused:
        begin(draft(owner, provider=backend.key), by=owner)
    assert refused.value.code == "provider_unavailable"
    assert Consent.objects.count() == 0
