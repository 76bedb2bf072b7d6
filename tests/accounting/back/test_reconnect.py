"""Findings and payments of an earlier connection, and the first look of a new one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import findings, past, restoring, sync, tasks
from accounting.models import Connection, Finding, RemoteInvoice
from atera_invoicing.errors import Refused

from .. import books
from .conftest import id_there, look, status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def drifted(connection, system, out) -> Finding:
    system.describe(id_there(out), "Support")
    look(connection, system)
    return Finding.objects.get()


@pytest.fixture
def cut(connection, system, drifted, owner) -> Finding:
    restoring.disconnect(connection, by=owner, now=system.clock.now())
    return drifted


def again(system) -> Connection:
    connection = books.connect(system)
    past.carry_over(connection)
    return connection


def test_what_differed_is_not_offered_after_a_disconnect(connection, cut, out, client_as):
    client = client_as("billing")
    assert str(out) not in client.get("/accounting/differences/").text
    page = client.get(f"/accounting/differences/{cut.pk}/").text
    assert "Accept theirs" not in page
    assert "Send ours again" not in page
    assert f"/accounting/differences/{cut.pk}/" not in client.get(f"/invoices/{out.pk}/").text
    assert "Differs there" not in client.get("/invoices/").text
    for verb in ("accept", "push", "ignore"):
        client.post(f"/accounting/differences/{cut.pk}/{verb}/")
        assert Finding.objects.get(pk=cut.pk).answered_at is None
    assert client.get("/api/v1/accounting/findings/?open=true").json()["results"] == []


@pytest.mark.parametrize("verb", [findings.accept, findings.push, findings.ignore])
def test_nothing_is_decided_over_a_connection_that_is_cut(verb, system, cut):
    with pytest.raises(Refused) as refused:
        verb(cut, by=None, now=system.clock.now())
    assert refused.value.code == "not_connected"


def test_connecting_again_offers_it_again(system, cut, client_as):
    new = again(system)
    client = client_as("billing")
    assert "Accept theirs" in client.get(f"/accounting/differences/{cut.pk}/").text
    findings.accept(cut, by=None, now=system.clock.now())
    sync.sweep(new, now=system.clock.now())
    assert not Finding.objects.filter(answered_at=None).exists()


def test_what_was_ignored_stays_ignored_after_connecting_again(connection, system, drifted, owner):
    findings.ignore(drifted, by=owner, now=system.clock.now())
    restoring.disconnect(connection, by=owner, now=system.clock.now())
    sync.sweep(again(system), now=system.clock.now())
    assert Finding.objects.count() == 1


def test_two_earlier_connections_leave_one_open_finding(system, cut, owner):
    older = books.connect(system)
    Connection.objects.filter(pk=older.pk).update(state="closed", sealed="")
    Finding.objects.create(
        connection=older, invoice=cut.invoice, kind="drift", found_at=system.clock.now()
    )
    new = again(system)
    assert Finding.objects.get(answered_at=None).connection == new
    assert Finding.objects.filter(connection=new).count() == 2


def test_a_finding_whose_invoice_is_no_longer_known_there_says_so(system, drifted):
    RemoteInvoice.objects.all().delete()
    with pytest.raises(Refused) as refused:
        findings.accept(drifted, by=None, now=system.clock.now())
    assert refused.value.code == "not_there"


def test_what_happened_while_nobody_was_connected_is_seen_at_once(connection, system, out, owner):
    restoring.disconnect(connection, by=owner, now=system.clock.now())
    system.pay(id_there(out))
    look(again(system), system)
    assert status(out) == "paid"


def test_an_invoice_that_was_linked_brings_its_payments(connection, system, out):
    """As the commit leaves it: linked, looked at before, and with no cursor yet."""
    system.pay(id_there(out), "100")
    RemoteInvoice.objects.update(linked=True, status="partially_paid", balance=150)
    Connection.objects.update(cursor="", poll_at=system.clock.now())
    tasks.look(connection.pk)
    assert [payment.amount for payment in out.payments.live()] == [Decimal(100)]
    assert Connection.objects.get().cursor


@pytest.mark.parametrize("door", ["setup/review/", "connections/{pk}/commit/"])
def test_the_commit_rings_for_the_first_look(door, connection, client_as, monkeypatch):
    """A second click on it too, as the first one may have lost its message."""
    rung: list[int] = []
    monkeypatch.setattr(tasks.look, "delay", rung.append)
    api = door.startswith("connections")
    url = ("/api/v1/accounting/" if api else "/accounting/") + door.format(pk=connection.pk)
    kind = {"content_type": "application/json"} if api else {}
    assert client_as("owner").post(url, {"version": 1}, **kind).status_code == (200 if api else 302)
    assert rung == [connection.pk]
