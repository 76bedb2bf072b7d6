"""Every question to the provider: one renewed token, no loop, no request while we are to wait."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import suppress

import pytest
from django.db import transaction
from django.utils import timezone

from accounting import budget, calling
from accounting.models import Connection
from accounting.providers import port
from accounting.providers.port import Kind, Operation

from .making import activate, connect, expire

pytestmark = pytest.mark.django_db


def ask(connection, name, *args, **named):
    return calling.ask(connection, name, *args, now=timezone.now(), **named)


def frozen(backend, connection, *documents):
    return backend.provider.freeze(
        Operation.CREATE, documents, key=str(uuid.uuid4()), facts=connection.facts
    )


def test_an_answer_comes_as_it_is(backend, connection):
    records = ask(connection, "records", Kind.ITEM)
    assert {record.kind for record in records} == {Kind.ITEM}
    call = frozen(backend, connection, backend.document())
    (outcome,) = ask(connection, "send", call)
    assert outcome.receipt.id == backend.ids()[0]
    assert ask(connection, "changes", "", at=timezone.now()).cursor


def test_f07_a_token_that_died_on_the_way_is_renewed_once_and_the_same_call_sent(
    backend, connection
):
    backend.sim.expire_access_tokens()
    call = frozen(backend, connection, backend.document())
    (outcome,) = ask(connection, "send", call)
    assert outcome.receipt
    writes = backend.sim.requests("write")
    assert [request.status for request in writes] == [401, 200]
    assert backend.key_of(writes[0]) == backend.key_of(writes[1]) == call.key
    assert writes[0].request_body == writes[1].request_body == call.body
    assert len(backend.refreshes()) == 1
    assert len(backend.ids()) == 1


def test_f08_a_token_that_is_refused_for_ever_makes_no_loop(backend, connection):
    before = len(backend.sim.requests("read"))
    backend.sim.arm("unauthorized", on="read", times=None)
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.whole_company
    assert len(backend.sim.requests("read")) == before + 2
    assert len(backend.refreshes()) == 1
    connection.refresh_from_db()
    assert connection.lost_at is None
    assert connection.held_until > timezone.now() + dt.timedelta(minutes=4)
    with pytest.raises(port.Unavailable):
        ask(connection, "records", Kind.ITEM)
    assert len(backend.sim.requests("read")) == before + 2


def test_f13_a_connection_that_was_cut_there_is_marked_and_asked_no_more(backend, connection):
    backend.sim.arm("forbidden", on="read")
    with pytest.raises(port.Unauthorized) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.final
    connection.refresh_from_db()
    assert connection.lost_at
    assert "connect again" in connection.lost_reason
    before = len(backend.sim.requests())
    with pytest.raises(port.Unauthorized):
        ask(connection, "records", Kind.ITEM)
    assert len(backend.sim.requests()) == before


def test_f11_a_disconnected_company_is_noticed_by_the_next_question(backend, connection):
    backend.disconnect()
    with pytest.raises(port.Unauthorized) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.final
    connection.refresh_from_db()
    assert connection.lost_at


def test_f12_a_pause_that_the_provider_asks_for_holds_everybody(backend, connection):
    backend.throttle()
    call = frozen(backend, connection, backend.document())
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "send", call)
    assert error.value.retry_after == backend.pause
    before = len(backend.sim.requests())
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "records", Kind.ITEM, urgent=True)
    assert error.value.code == "held"
    assert backend.pause - 5 < error.value.retry_after <= backend.pause
    assert len(backend.sim.requests()) == before
    later = timezone.now() + dt.timedelta(seconds=backend.pause + 1)
    assert calling.ask(connection, "send", call, now=later)[0].receipt


def test_a_shorter_pause_does_not_shorten_a_longer_one(connection):
    now = timezone.now()
    calling.hold(connection, "Long.", seconds=300, now=now)
    calling.hold(connection, "Short.", seconds=10, now=now)
    connection.refresh_from_db()
    assert connection.held_reason == "Long."
    calling.hold(connection, "Longer.", seconds=400, now=now)
    connection.refresh_from_db()
    assert connection.held_reason == "Longer."


def test_every_request_is_counted_also_those_of_one_question(backend, connection):
    backend.add_customers(1500)
    ask(connection, "records", Kind.CUSTOMER)
    connection.refresh_from_db()
    usage = budget.usage(connection, now=timezone.now())
    assert (usage.minute, usage.reads) == (2, 2)


def test_a_spent_budget_stops_before_the_request(backend, connection):
    now = timezone.now()
    second = int(now.timestamp())
    Connection.objects.filter(pk=connection.pk).update(spent={"seconds": [[second, 480, 40]]})
    before = len(backend.sim.requests())
    for urgent in (False, True):
        with pytest.raises(port.Unavailable) as error:
            calling.ask(connection, "records", Kind.ITEM, urgent=urgent, now=now)
        assert error.value.code == "budget"
    assert len(backend.sim.requests()) == before
    connection.refresh_from_db()
    assert connection.held_until is None


def test_r09_the_limits_of_the_provider_are_never_broken(backend, connection):
    backend.sims.clock.move(minutes=2)  # what made the connection counts no more
    backend.sim.switch(limits="enforced")
    connection.refresh_from_db()
    for _ in range(30):
        with suppress(port.Unavailable):  # for longer than anybody waits
            ask(connection, "get", [backend.company])
    assert backend.sim.usage()["violations"] == {}


def test_no_question_is_asked_inside_a_transaction(backend, connection):
    before = len(backend.sim.requests())
    with transaction.atomic(), pytest.raises(RuntimeError):
        ask(connection, "records", Kind.ITEM)
    assert len(backend.sim.requests()) == before


def test_tokens_of_two_connections_go_to_their_own_companies(backend, owner):
    other = backend.add_company()
    first = activate(connect(backend, by=owner))
    second = connect(backend, by=owner, company=other)
    for _ in range(2):
        for connection in (first, second):
            assert ask(connection, "company").id == connection.company_id
        expire(first)
        expire(second)
    assert {request.status for request in backend.sim.requests("read")} == {200}
