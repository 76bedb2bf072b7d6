"""Tokens: one refresh per expiry whoever asks, nothing lost on the way, nothing told to anybody."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from accounting import access, connecting, restoring
from accounting.models import Connection
from accounting.providers import port

from .making import activate, connect, expire

pytestmark = pytest.mark.django_db

WORKERS, EXPIRIES = 8, 50


def pointed_at(backend) -> str:
    """What another process needs to know of the other end."""
    return json.dumps({backend.key.upper(): backend.settings()})


@pytest.mark.django_db(transaction=True)
def test_r16_8_workers_through_50_expiries_make_exactly_50_refreshes(backend, connection):
    """With a provider that cuts the connection at the first use of a dead token."""
    backend.rotate(grace=False)
    gate = threading.Barrier(WORKERS, action=lambda: expire(connection))
    done = threading.Barrier(WORKERS)

    def work(_):
        mine = Connection.objects.get(pk=connection.pk)
        tokens = []
        try:
            for _ in range(EXPIRIES):
                gate.wait()
                tokens.append(connecting.session(mine, now=timezone.now()).access)
                done.wait()
            return tokens
        finally:
            database.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        seen = list(pool.map(work, range(WORKERS)))
    assert len(backend.refreshes()) == EXPIRIES
    assert {request.status for request in backend.refreshes()} == {200}
    for round_ in zip(*seen, strict=True):
        assert len(set(round_)) == 1  # everybody got the token of this round
    assert len({token for tokens in seen for token in tokens}) == EXPIRIES
    connection.refresh_from_db()
    assert connection.generation == EXPIRIES + 1
    assert connection.lost_at is None


WORKER = """
import sys, time
import django
django.setup()
from django.conf import settings
from django.utils import timezone
import json
for name, value in json.loads(sys.argv[2]).items():
    setattr(settings, name, value)
from accounting import connecting
from accounting.models import Connection
connection = Connection.objects.get(pk=int(sys.argv[1]))
while connection.generation < 6:
    session = connecting.session(connection, now=timezone.now())
    Connection.objects.filter(pk=connection.pk, generation=connection.generation).update(
        access_expires_at=timezone.now()
    )
"""


@pytest.mark.django_db(transaction=True)
def test_three_processes_refresh_one_after_the_other(backend, connection, elsewhere):
    backend.rotate(grace=False)
    expire(connection)
    keys = {"TOKEN_KEYS": ",".join(settings.TOKEN_KEYS)}
    arguments = ("-c", WORKER, str(connection.pk), pointed_at(backend))
    processes = [elsewhere(*arguments, **keys) for _ in range(3)]
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
    connection.refresh_from_db()
    assert connection.generation >= 6
    assert len(backend.refreshes()) == connection.generation - 1
    assert connection.lost_at is None


ONE_SESSION = (
    WORKER.split("while", maxsplit=1)[0]
    + """
print("asking", flush=True)
connecting.session(connection, now=timezone.now())
"""
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rotates", [False, True])
def test_r17_a_process_that_is_killed_before_it_saved_the_new_token_loses_nothing(
    backend, connection, elsewhere, rotates
):
    """The provider is done, the answer on its way. Whoever comes next takes the lease over."""
    if rotates:
        backend.rotate(grace=True)
    expire(connection)
    backend.sim.arm("delay_answer", on="token", seconds=60)
    keys = {"TOKEN_KEYS": ",".join(settings.TOKEN_KEYS)}
    process = elsewhere("-c", ONE_SESSION, str(connection.pk), pointed_at(backend), **keys)
    assert process.stdout.readline() == "asking\n"
    while not any(request.done for request in backend.refreshes()):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    connection.refresh_from_db()
    assert (connection.generation, bool(connection.refresh_owner)) == (1, True)
    later = timezone.now() + access.LEASE + dt.timedelta(seconds=1)
    assert connecting.session(connection, now=later)
    assert connection.generation == 2


def test_a_token_that_lives_is_used_as_it_is(backend, connection):
    for _ in range(3):
        connecting.session(connection, now=timezone.now())
    assert backend.refreshes() == []


def test_a_token_is_renewed_a_minute_before_it_dies(backend, connection):
    later = connection.access_expires_at - dt.timedelta(seconds=59)
    connecting.session(connection, now=later)
    assert len(backend.refreshes()) == 1


def test_while_somebody_renews_it_a_living_token_is_used(backend, connection):
    soon = connection.access_expires_at - dt.timedelta(seconds=30)
    Connection.objects.filter(pk=connection.pk).update(
        refresh_owner="somebody", refresh_until=soon + dt.timedelta(seconds=50)
    )
    assert connecting.session(connection, now=soon)
    assert backend.refreshes() == []


def test_the_lease_of_a_dead_process_is_taken_over(backend, connection):
    expire(connection)
    past = timezone.now() - dt.timedelta(seconds=1)
    Connection.objects.filter(pk=connection.pk).update(refresh_owner="dead", refresh_until=past)
    assert connecting.session(connection, now=timezone.now())
    assert len(backend.refreshes()) == 1


def test_nobody_waits_for_ever_for_somebody_else(backend, connection, monkeypatch):
    monkeypatch.setattr(access, "WAIT", 0.2)
    expire(connection)
    later = timezone.now() + dt.timedelta(seconds=60)
    Connection.objects.filter(pk=connection.pk).update(refresh_owner="slow", refresh_until=later)
    with pytest.raises(port.Unavailable) as error:
        connecting.session(connection, now=timezone.now())
    assert error.value.code == "refreshing"
    assert backend.refreshes() == []


def test_a_provider_whose_tokens_live_for_seconds_is_no_endless_loop(backend, connection):
    far = timezone.now() + dt.timedelta(days=1)  # by this clock every token is dead at once
    assert connecting.session(connection, now=far)
    assert len(backend.refreshes()) == 1


def test_f10_an_outage_loses_no_token(backend, connection):
    expire(connection)
    now = timezone.now()
    for fault, options in (
        ("drop_request", {}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 500, "body": "{}", "content_type": "application/json"}),
        ("server_error", {"status": 200, "body": "<html>", "content_type": "text/html"}),
        ("server_error", {"status": 200, "body": "{}"}),
        ("redirect", {}),
    ):
        backend.sim.arm(fault, on="token", **options)
        with pytest.raises(port.Unavailable):
            connecting.session(connection, now=now)
    backend.unplug()
    with pytest.raises(port.Unavailable):
        connecting.session(connection, now=now)
    backend.plug()
    connection.refresh_from_db()
    assert (connection.refresh_owner, connection.lost_at) == ("", None)
    assert connecting.session(connection, now=now)


@pytest.mark.parametrize("grace", [False, True])
def test_f09_a_lost_answer_to_a_refresh_is_made_good_or_told(backend, connection, grace):
    """Rotated, but the answer was lost: the old value works while the provider is forgiving."""
    backend.rotate(grace=grace)
    expire(connection)
    backend.sim.arm("lose_answer", on="token")
    now = timezone.now()
    with pytest.raises(port.Unavailable):
        connecting.session(connection, now=now)
    if grace:
        assert connecting.session(connection, now=now)
        return
    with pytest.raises(port.Unauthorized) as error:
        connecting.session(connection, now=now)
    assert error.value.final
    connection.refresh_from_db()
    assert connection.lost_at == now or connection.lost_at > now


def test_f09_within_a_day_the_value_is_the_same_and_nothing_is_lost(backend, connection):
    expire(connection)
    backend.sim.arm("lose_answer", on="token")
    with pytest.raises(port.Unavailable):
        connecting.session(connection, now=timezone.now())
    assert connecting.session(connection, now=timezone.now())


def test_the_token_before_is_tried_when_the_newest_is_said_to_be_dead(backend, connection):
    backend.rotate(grace=True)
    expire(connection)
    connecting.session(connection, now=timezone.now())
    connection.refresh_from_db()
    spoilt = {**connection.reveal(), "refresh": "never-heard-of"}
    connection.keep(spoilt)
    connection.save(update_fields=["sealed"])
    expire(connection)
    assert connecting.session(connection, now=timezone.now())


def test_f11_a_dead_consent_is_told_once_and_asked_no_more(backend, connection):
    expire(connection)
    backend.disconnect()
    now = timezone.now()
    for _ in range(3):
        with pytest.raises(port.Unauthorized) as error:
            connecting.session(connection, now=now)
        assert error.value.final
        assert "connect again" in error.value.message
    assert len(backend.refreshes()) == 1
    connection.refresh_from_db()
    assert connection.lost_reason


def test_wrong_keys_of_the_app_are_no_reason_to_drop_tokens(backend, connection, settings):
    setattr(settings, backend.key.upper(), {**backend.settings(), "client_secret": "wrong"})
    expire(connection)
    with pytest.raises(port.Unavailable) as error:
        connecting.session(connection, now=timezone.now())
    assert error.value.code == "invalid_client"
    assert backend.secret_setting in error.value.message
    connection.refresh_from_db()
    assert connection.lost_at is None


def test_tokens_of_two_connections_never_mix(backend, owner):
    other = backend.add_company()
    first = activate(connect(backend, by=owner))
    second = connect(backend, by=owner, company=other)
    now = timezone.now()
    for _ in range(2):
        sessions = {each.pk: connecting.session(each, now=now) for each in (first, second)}
        assert sessions[first.pk].company_id == backend.company
        assert sessions[second.pk].company_id == other
        assert sessions[first.pk].access != sessions[second.pk].access
        expire(first)
        expire(second)
    Connection.objects.filter(pk=second.pk).update(sealed=first.sealed)
    with pytest.raises(port.Unavailable) as error:
        connecting.session(second, now=now)
    assert error.value.code == "keys"


def test_a_refresh_never_happens_inside_a_transaction(backend, connection):
    expire(connection)
    with transaction.atomic(), pytest.raises(RuntimeError):
        connecting.session(connection, now=timezone.now())
    assert backend.refreshes() == []


@pytest.mark.parametrize("state", ["closed", "abandoned"])
def test_an_ended_connection_has_no_session(backend, connection, state):
    Connection.objects.filter(pk=connection.pk).update(state=state, sealed="")
    with pytest.raises(port.Unauthorized) as error:
        connecting.session(connection, now=timezone.now())
    assert error.value.final


def test_lost_keys_of_ours_lose_no_connection(backend, connection, settings):
    kept = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(port.Unavailable) as error:
        connecting.session(connection, now=timezone.now())
    assert error.value.code == "keys"
    settings.TOKEN_KEYS = [settings.TOKEN_KEYS[0], *kept]
    assert connecting.session(connection, now=timezone.now())


# The end ------------------------------------------------------------------------------------------


def test_revoking_ends_access_at_both_ends(backend, connection):
    tokens = connecting.detach(connection)
    assert connecting.revoke(connection, tokens)
    connection.refresh_from_db()
    assert connection.sealed == ""
    assert not backend.connected()
    assert connecting.detach(connection) is None


def test_detaching_is_part_of_a_transaction_and_undone_with_it(connection):
    with transaction.atomic():
        connecting.detach(connection)
        transaction.set_rollback(True)
    connection.refresh_from_db()
    assert connecting.session(connection, now=timezone.now())


def test_a_failed_revoke_is_told_and_harms_nobody(backend, connection):
    tokens = connecting.detach(connection)
    backend.unplug()
    assert not connecting.revoke(connection, tokens)
    backend.plug()


def test_revoking_leaves_another_connection_to_the_same_company_alone(backend, owner):
    first = activate(connect(backend, by=owner))
    second = connect(backend, by=owner)
    assert connecting.revoke(second, connecting.detach(second))
    assert connecting.session(first, now=timezone.now())
    expire(first)
    assert connecting.session(first, now=timezone.now())


def test_losing_an_old_token_does_not_lose_the_new_one(backend, connection):
    old = connection.generation
    connecting.session(connection, now=timezone.now(), refused=old)
    assert not connecting.lose(connection, "Late.", now=timezone.now(), generation=old)
    assert connection.lost_at is None
    assert connecting.lose(connection, "Cut.", now=timezone.now(), generation=connection.generation)
    assert not connecting.lose(connection, "Cut.", now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_token_that_arrives_after_the_connection_was_ended_is_given_back(
    backend, connection, owner, monkeypatch
):
    activate(connection)
    expire(connection)
    provider = type(backend.provider)
    refresh = provider.refresh

    given = []

    def slow(self, tokens):
        given.append(refresh(self, tokens))
        restoring.disconnect(Connection.objects.get(), by=owner, now=timezone.now())
        return given[0]

    monkeypatch.setattr(provider, "refresh", slow)
    with pytest.raises(port.Unauthorized) as error:
        connecting.session(connection, now=timezone.now())
    assert error.value.code == "ended"
    connection.refresh_from_db()
    assert (connection.state, connection.sealed, connection.lost_at) == ("closed", "", None)
    assert backend.sim.requests()[-1] in backend.revocations()
    with pytest.raises(port.Unauthorized):
        backend.provider.refresh(given[0])


def test_a_connection_that_was_ended_is_not_lost_as_well(connection):
    Connection.objects.filter(pk=connection.pk).update(state="closed", sealed="")
    assert not connecting.lose(connection, "Cut.", now=timezone.now())
    assert connection.lost_at is None
