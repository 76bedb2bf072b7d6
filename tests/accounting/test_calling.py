"""Every question to the provider: one renewed token, no loop, no request while we are to wait."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from accounting import budget, calling
from accounting.models import Connection
from accounting.providers import port, registry
from accounting.providers.port import Kind, Operation

from .making import activate, connect, expire

pytestmark = pytest.mark.django_db


def ask(connection, name, *args, **named):
    return calling.ask(connection, name, *args, now=timezone.now(), **named)


def frozen(qbo, connection, *documents):
    return registry.get("qbo").freeze(
        Operation.CREATE, documents, key=str(uuid.uuid4()), facts=connection.facts
    )


def refreshes(qbo):
    sent = qbo.sim.requests("token")
    return [request for request in sent if b"grant_type=refresh_token" in request.request_body]


def test_an_answer_comes_as_it_is(qbo, connection):
    records = ask(connection, "records", Kind.ITEM)
    assert {record.kind for record in records} == {Kind.ITEM}
    call = frozen(qbo, connection, qbo.document())
    (outcome,) = ask(connection, "send", call)
    assert outcome.receipt.id == qbo.invoices()[0]["Id"]
    assert ask(connection, "changes", "", at=timezone.now()).cursor


def test_f07_a_token_that_died_on_the_way_is_renewed_once_and_the_same_call_sent(qbo, connection):
    qbo.sim.expire_access_tokens()
    call = frozen(qbo, connection, qbo.document())
    (outcome,) = ask(connection, "send", call)
    assert outcome.receipt
    writes = qbo.sim.requests("write")
    assert [request.status for request in writes] == [401, 200]
    assert writes[0].query["requestid"] == writes[1].query["requestid"] == call.key
    assert writes[0].request_body == writes[1].request_body == call.body
    assert len(refreshes(qbo)) == 1
    assert len(qbo.invoices()) == 1


def test_f08_a_token_that_is_refused_for_ever_makes_no_loop(qbo, connection):
    before = len(qbo.sim.requests("read"))
    qbo.sim.arm("unauthorized", on="read", times=None)
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.whole_company
    assert len(qbo.sim.requests("read")) == before + 2
    assert len(refreshes(qbo)) == 1
    connection.refresh_from_db()
    assert connection.lost_at is None
    assert connection.held_until > timezone.now() + dt.timedelta(minutes=4)
    with pytest.raises(port.Unavailable):
        ask(connection, "records", Kind.ITEM)
    assert len(qbo.sim.requests("read")) == before + 2


def test_f13_a_connection_that_was_cut_there_is_marked_and_asked_no_more(qbo, connection):
    qbo.sim.arm("forbidden", on="read")
    with pytest.raises(port.Unauthorized) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.final
    connection.refresh_from_db()
    assert connection.lost_at
    assert "connect again" in connection.lost_reason
    before = len(qbo.sim.requests())
    with pytest.raises(port.Unauthorized):
        ask(connection, "records", Kind.ITEM)
    assert len(qbo.sim.requests()) == before


def test_f11_a_disconnected_company_is_noticed_by_the_next_question(qbo, connection):
    qbo.disconnect()
    with pytest.raises(port.Unauthorized) as error:
        ask(connection, "records", Kind.ITEM)
    assert error.value.final
    connection.refresh_from_db()
    assert connection.lost_at


def test_f12_a_pause_that_the_provider_asks_for_holds_everybody(qbo, connection):
    qbo.throttle()
    call = frozen(qbo, connection, qbo.document())
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "send", call)
    assert error.value.retry_after == 60.0
    before = len(qbo.sim.requests())
    with pytest.raises(port.Unavailable) as error:
        ask(connection, "records", Kind.ITEM, urgent=True)
    assert error.value.code == "held"
    assert 55 < error.value.retry_after <= 60
    assert len(qbo.sim.requests()) == before
    later = timezone.now() + dt.timedelta(seconds=61)
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


def test_every_request_is_counted_also_those_of_one_question(qbo, connection):
    qbo.add_customers(1500)
    ask(connection, "records", Kind.CUSTOMER)
    connection.refresh_from_db()
    usage = budget.usage(connection, now=timezone.now())
    assert (usage.minute, usage.reads) == (2, 2)


def test_a_spent_budget_stops_before_the_request(qbo, connection):
    now = timezone.now()
    second = int(now.timestamp())
    Connection.objects.filter(pk=connection.pk).update(spent={"seconds": [[second, 480, 40]]})
    before = len(qbo.sim.requests())
    for urgent in (False, True):
        with pytest.raises(port.Unavailable) as error:
            calling.ask(connection, "records", Kind.ITEM, urgent=urgent, now=now)
        assert error.value.code == "budget"
    assert len(qbo.sim.requests()) == before
    connection.refresh_from_db()
    assert connection.held_until is None


def test_r09_the_limits_of_the_provider_are_never_broken(qbo, connection):
    qbo.sims.clock.move(minutes=2)  # what made the connection counts no more
    qbo.sim.switch(limits="enforced")
    connection.refresh_from_db()
    for _ in range(25):
        ask(connection, "get", ["1"])
    assert qbo.sim.usage()["violations"] == {}


def test_no_question_is_asked_inside_a_transaction(qbo, connection):
    before = len(qbo.sim.requests())
    with transaction.atomic(), pytest.raises(RuntimeError):
        ask(connection, "records", Kind.ITEM)
    assert len(qbo.sim.requests()) == before


def test_tokens_of_two_connections_go_to_their_own_companies(qbo, owner):
    other = qbo.sim.add_company("us-manual")
    first = activate(connect(qbo, by=owner))
    second = connect(qbo, by=owner, realm=other)
    for _ in range(2):
        for connection in (first, second):
            assert ask(connection, "company").id == connection.company_id
        expire(first)
        expire(second)
    assert {request.status for request in qbo.sim.requests("read")} == {200}
