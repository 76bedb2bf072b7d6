"""A connection is cut before an answer came: it can be, and nothing is sent twice afterwards."""

from __future__ import annotations

import datetime as dt

import pytest

from accounting import (
    access,
    calling,
    connected,
    delivery,
    leftover,
    outbox,
    past,
    restoring,
    snapshots,
    timepush,
    wizard,
)
from accounting.models import Connection, Export, Link, RemoteInvoice
from atera_invoicing.errors import Refused
from contracts import facts
from contracts.models import TimeEntry
from invoices import lifecycle
from invoices.models import Invoice
from tests import make
from tests.accounting import build

from . import books
from .test_delivery import settle
from .test_timepush import pushable

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(system, db) -> Connection:
    return books.connect(system)


@pytest.fixture
def invoice(connection, system, parts) -> Invoice:
    return books.invoice(*parts)


def sent(connection: Connection, system, invoice: Invoice, *, arrives: bool) -> None:
    """Sent, and the answer is lost."""
    system.arm_send("lose_answer" if arrives else "drop_request")
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    assert Export.objects.get().state == "unknown"


def cut(connection: Connection, system, owner) -> bool:
    Connection.objects.update(snapshot=snapshots.take())
    connection.refresh_from_db()
    listed = restoring.plan(connection, now=system.clock.now())
    return restoring.disconnect(connection, by=owner, now=system.clock.now(), digest=listed.digest)


def lose(connection: Connection, system) -> None:
    access.lose(connection, "Signed out.", now=system.clock.now())


def again(system) -> Connection:
    """The same company, connected once more."""
    new = books.connect(system)
    Link.objects.update(connection=new)
    past.carry_over(new)
    leftover.take_up(new, now=system.clock.now())
    return new


def hold(connection, system) -> None:
    calling.hold(connection, "Busy.", seconds=3600, now=system.clock.now())


def pause(connection, system) -> None:
    connected.pause(connection, now=system.clock.now())


def wait(connection, system) -> None:
    system.clock.move(minutes=61)


@pytest.mark.parametrize("stop", [lose, hold, pause, wait])
def test_what_nobody_will_answer_does_not_keep_a_connection_from_being_cut(
    connection, system, invoice, owner, stop
):
    sent(connection, system, invoice, arrives=True)
    with pytest.raises(Refused) as refused:
        cut(connection, system, owner)
    assert refused.value.code == "export_under_way"
    stop(connection, system)
    connection.refresh_from_db()
    listed = restoring.plan(connection, now=system.clock.now())
    assert (listed.left, listed.under_way, listed.cancelled) == (1, 0, 0)
    cut(connection, system, owner)
    export = Export.objects.get()
    assert (export.state, export.code) == ("cancelled", "left_over")
    assert f"may be in {system.name}" in export.message
    invoice.refresh_from_db()
    assert invoice.export_queued_at is None
    assert invoice.events.latest("id").code == "export_left"


def test_what_a_sender_is_sending_right_now_is_waited_for(connection, system, invoice, owner):
    sent(connection, system, invoice, arrives=True)
    Export.objects.update(state="sending")
    lose(connection, system)
    until = system.clock.now() + dt.timedelta(minutes=1)
    Connection.objects.update(sender="somebody", sender_until=until)
    with pytest.raises(Refused):
        cut(connection, system, owner)


@pytest.mark.parametrize("arrives", [True, False])
def test_connecting_the_company_again_looks_and_sends_nothing_blindly(
    connection, system, invoice, owner, arrives
):
    sent(connection, system, invoice, arrives=arrives)
    lose(connection, system)
    cut(connection, system, owner)
    system.forget_keys()
    new = again(system)
    with pytest.raises(Refused) as refused:
        outbox.queue(new, [invoice.pk], by=None, now=system.clock.now())
    assert refused.value.code == "nothing_to_export"
    settle(new, system, 2)
    export = Export.objects.get()
    invoice.refresh_from_db()
    assert invoice.export_queued_at is None
    if arrives:
        assert (export.state, export.code, bool(invoice.exported_at)) == ("sent", "", True)
        assert RemoteInvoice.objects.get(invoice=invoice).connection == new
    else:
        assert (export.state, export.code, invoice.exported_at) == ("cancelled", "", None)
        outbox.queue(new, [invoice.pk], by=None, now=system.clock.now())
        settle(new, system, 1)
    assert len(system.of(invoice)) == 1


def test_an_invoice_that_was_linked_in_the_wizard_is_not_looked_for(
    connection, system, invoice, owner
):
    sent(connection, system, invoice, arrives=True)
    lose(connection, system)
    cut(connection, system, owner)
    new = books.connect(system)
    RemoteInvoice.objects.create(
        connection=new, invoice=invoice, remote_id="7", subtotal=0, tax=0, total=0, balance=0,
        linked=True, seen_at=system.clock.now(),
    )  # fmt: skip
    assert leftover.take_up(new, now=system.clock.now()) == 0
    assert Export.objects.get().code == ""


def test_one_that_was_voided_here_meanwhile_shows_that_it_is_open_there(
    connection, system, invoice, owner, client_as
):
    sent(connection, system, invoice, arrives=True)
    lose(connection, system)
    cut(connection, system, owner)
    invoice.refresh_from_db()
    lifecycle.void(invoice, reason="Wrong", by=None, now=system.clock.now())
    settle(again(system), system, 2)
    assert "still open there" in client_as("billing").get(f"/invoices/{invoice.pk}/").text


@pytest.mark.parametrize("system", ["qbo"], indirect=True)  # Xero takes no time
def test_time_without_an_answer_stays_claimed_until_it_was_looked_for(
    connection, system, parts, owner
):
    entry = pushable(connection, system.sims, *parts)
    system.arm_send("drop_request")
    timepush.push(connection, [entry.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    lose(connection, system)
    cut(connection, system, owner)
    assert not facts.unbilled(TimeEntry.objects.all()).exists()
    settle(again(system), system, 2)
    assert facts.unbilled(TimeEntry.objects.all()).exists()
    assert system.sim.documents("TimeActivity") == []


def test_the_wizard_takes_up_what_was_left_over(owner):
    old = build.connected(by=owner)
    invoice = make.claim(make.entry(make.ticket(make.hourly())), "INV-1").invoice
    Export.objects.create(
        connection=old, invoice=invoice, operation="create", document={}, digest="x", marker="m",
        queued_at=build.NOW, state="cancelled", code="left_over", call=make_call(old),
    )  # fmt: skip
    restoring.disconnect(old, by=owner, now=build.NOW)
    new = build.connected(by=owner)
    export = Export.objects.get()
    assert (export.connection, export.state) == (new, "unknown")
    assert wizard.active() == new


def make_call(connection: Connection):
    return connection.calls.create(
        operation="create", key="k", body=b"", places=["1"], first_sent_at=build.NOW,
        sent_at=build.NOW, state="unknown",
    )  # fmt: skip


def test_the_page_says_what_stays_open(connection, system, invoice, client_as):
    sent(connection, system, invoice, arrives=True)
    Connection.objects.update(snapshot=snapshots.take())
    lose(connection, system)
    client = client_as("owner")
    page = client.get("/accounting/disconnect/").text
    assert "1 export without an answer stays open" in page
    assert (
        client.get(f"/api/v1/accounting/connections/{connection.pk}/disconnect/").json()["left"]
        == 1
    )
