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
BATCH = "POST /v3/company/*/batch*"


@pytest.fixture
def connection(sims, db) -> Connection:
    return books.connect(sims)


@pytest.fixture
def invoice(connection, sims, parts) -> Invoice:
    return books.invoice(*parts)


def sent(connection: Connection, sims, invoice: Invoice, *, arrives: bool) -> None:
    """Sent, and the answer is lost."""
    sims.qbo.arm("lose_answer" if arrives else "drop_request", times=1, on=BATCH)
    outbox.queue(connection, [invoice.pk], by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    assert Export.objects.get().state == "unknown"


def cut(connection: Connection, sims, owner) -> bool:
    Connection.objects.update(snapshot=snapshots.take())
    connection.refresh_from_db()
    listed = restoring.plan(connection, now=sims.clock.now())
    return restoring.disconnect(connection, by=owner, now=sims.clock.now(), digest=listed.digest)


def lose(connection: Connection, sims) -> None:
    access.lose(connection, "Signed out.", now=sims.clock.now())


def again(sims) -> Connection:
    """The same company, connected once more."""
    new = books.connect(sims)
    Link.objects.update(connection=new)
    past.carry_over(new)
    leftover.take_up(new, now=sims.clock.now())
    return new


def hold(connection, sims) -> None:
    calling.hold(connection, "Busy.", seconds=3600, now=sims.clock.now())


def pause(connection, sims) -> None:
    connected.pause(connection, now=sims.clock.now())


def wait(connection, sims) -> None:
    sims.clock.move(minutes=61)


@pytest.mark.parametrize("stop", [lose, hold, pause, wait])
def test_what_nobody_will_answer_does_not_keep_a_connection_from_being_cut(
    connection, sims, invoice, owner, stop
):
    sent(connection, sims, invoice, arrives=True)
    with pytest.raises(Refused) as refused:
        cut(connection, sims, owner)
    assert refused.value.code == "export_under_way"
    stop(connection, sims)
    connection.refresh_from_db()
    listed = restoring.plan(connection, now=sims.clock.now())
    assert (listed.left, listed.under_way, listed.cancelled) == (1, 0, 0)
    cut(connection, sims, owner)
    export = Export.objects.get()
    assert (export.state, export.code) == ("cancelled", "left_over")
    assert "may be in QuickBooks Online" in export.message
    invoice.refresh_from_db()
    assert invoice.export_queued_at is None
    assert invoice.events.latest("id").code == "export_left"


def test_what_a_sender_is_sending_right_now_is_waited_for(connection, sims, invoice, owner):
    sent(connection, sims, invoice, arrives=True)
    Export.objects.update(state="sending")
    lose(connection, sims)
    until = sims.clock.now() + dt.timedelta(minutes=1)
    Connection.objects.update(sender="somebody", sender_until=until)
    with pytest.raises(Refused):
        cut(connection, sims, owner)


@pytest.mark.parametrize("arrives", [True, False])
def test_connecting_the_company_again_looks_and_sends_nothing_blindly(
    connection, sims, invoice, owner, arrives
):
    sent(connection, sims, invoice, arrives=arrives)
    lose(connection, sims)
    cut(connection, sims, owner)
    sims.qbo.forget_request_ids()
    new = again(sims)
    with pytest.raises(Refused) as refused:
        outbox.queue(new, [invoice.pk], by=None, now=sims.clock.now())
    assert refused.value.code == "nothing_to_export"
    settle(new, sims, 2)
    export = Export.objects.get()
    invoice.refresh_from_db()
    assert invoice.export_queued_at is None
    if arrives:
        assert (export.state, export.code, bool(invoice.exported_at)) == ("sent", "", True)
        assert RemoteInvoice.objects.get(invoice=invoice).connection == new
    else:
        assert (export.state, export.code, invoice.exported_at) == ("cancelled", "", None)
        outbox.queue(new, [invoice.pk], by=None, now=sims.clock.now())
        settle(new, sims, 1)
    assert len(books.there(sims, invoice)) == 1


def test_an_invoice_that_was_linked_in_the_wizard_is_not_looked_for(
    connection, sims, invoice, owner
):
    sent(connection, sims, invoice, arrives=True)
    lose(connection, sims)
    cut(connection, sims, owner)
    new = books.connect(sims)
    RemoteInvoice.objects.create(
        connection=new, invoice=invoice, remote_id="7", subtotal=0, tax=0, total=0, balance=0,
        linked=True, seen_at=sims.clock.now(),
    )  # fmt: skip
    assert leftover.take_up(new, now=sims.clock.now()) == 0
    assert Export.objects.get().code == ""


def test_one_that_was_voided_here_meanwhile_shows_that_it_is_open_there(
    connection, sims, invoice, owner, client_as
):
    sent(connection, sims, invoice, arrives=True)
    lose(connection, sims)
    cut(connection, sims, owner)
    invoice.refresh_from_db()
    lifecycle.void(invoice, reason="Wrong", by=None, now=sims.clock.now())
    settle(again(sims), sims, 2)
    assert "still open there" in client_as("billing").get(f"/invoices/{invoice.pk}/").text


def test_time_without_an_answer_stays_claimed_until_it_was_looked_for(
    connection, sims, parts, owner
):
    entry = pushable(connection, sims, *parts)
    sims.qbo.arm("drop_request", times=1, on=BATCH)
    timepush.push(connection, [entry.pk], by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    lose(connection, sims)
    cut(connection, sims, owner)
    assert not facts.unbilled(TimeEntry.objects.all()).exists()
    settle(again(sims), sims, 2)
    assert facts.unbilled(TimeEntry.objects.all()).exists()
    assert sims.qbo.documents("TimeActivity") == []


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


def test_the_page_says_what_stays_open(connection, sims, invoice, client_as):
    sent(connection, sims, invoice, arrives=True)
    Connection.objects.update(snapshot=snapshots.take())
    lose(connection, sims)
    client = client_as("owner")
    page = client.get("/accounting/disconnect/").text
    assert "1 export without an answer stays open" in page
    assert (
        client.get(f"/api/v1/accounting/connections/{connection.pk}/disconnect/").json()["left"]
        == 1
    )
