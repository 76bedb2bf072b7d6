"""Each document arrives exactly once, and everybody can see what became of it."""

from __future__ import annotations

import datetime as dt

import pytest

from accounting import amendments, budget, connected, delivery, outbox
from accounting.models import Connection, Export, RemoteInvoice
from accounting.providers.port import Cost
from atera_invoicing.errors import Refused
from invoices.models import Invoice
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


def settle(connection, sims, rounds: int = 6) -> None:
    """Let time pass and the sender work until nothing moves any more."""
    for _ in range(rounds):
        delivery.work(connection.pk, now=sims.clock.now())
        sims.clock.move(minutes=4)
    delivery.work(connection.pk, now=sims.clock.now())


def test_an_invoice_arrives_with_customer_item_and_number(connection, sims, parts):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    (document,) = books.there(sims, invoice)
    assert document["DocNumber"] == invoice.number
    assert str(document["TotalAmt"]) == "250.00"
    invoice.refresh_from_db()
    assert invoice.exported_at
    assert invoice.export_queued_at is None
    remote = RemoteInvoice.objects.get(invoice=invoice)
    assert remote.remote_id == document["Id"]
    assert remote.status == "open"


@pytest.mark.parametrize(
    "fault",
    ["lose_answer", "reset_answer", "truncate_answer", "empty_answer", "error_after_commit",
     "drop_request", "reset_request", "server_error", "wrong_content_type"],
)  # fmt: skip
def test_a_lost_answer_does_not_create_a_second_invoice(connection, sims, parts, fault):
    invoices = [books.invoice(*parts) for _ in range(3)]
    outbox.queue(connection, [i.pk for i in invoices], by=None, now=books.NOW)
    armed = sims.qbo.arm(fault, times=1, on="POST /v3/company/*/batch*")
    settle(connection, sims)
    assert armed.hits == 1
    assert [len(books.there(sims, invoice)) for invoice in invoices] == [1, 1, 1]
    assert set(Export.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.parametrize("relinked", [False, True])
def test_what_was_created_with_its_customer_is_found_without_a_number_or_a_key(
    connection, sims, parts, relinked
):
    """Its customer has an id there only since this very delivery; by that it is looked for."""
    Connection.objects.update(numbering="theirs")
    connection.refresh_from_db()
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    armed = sims.qbo.arm("lose_answer", times=1, on="POST /v3/company/*/batch*")
    delivery.work(connection.pk, now=books.NOW)
    assert armed.hits == 1
    sims.qbo.forget_request_ids()
    if relinked:
        other = sims.qbo.documents("Customer")[0]["Id"]
        connection.links.filter(kind="customer").update(remote_id=other)
    settle(connection, sims)
    assert len(books.there(sims, invoice)) == 1
    assert Export.objects.get().state == "sent"


def test_a_customer_whose_creation_was_not_answered_is_adopted_once_the_search_finds_it(
    connection, sims, parts
):
    sims.qbo.switch(requestid="ignored", query_lag_seconds=60.0)
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    armed = sims.qbo.arm("lose_answer", times=1, on="POST /v3/company/*/customer*")
    delivery.work(connection.pk, now=books.NOW)
    assert armed.hits == 1
    sims.clock.move(seconds=20)
    delivery.work(connection.pk, now=sims.clock.now())
    assert Export.objects.get().state == "waiting"
    settle(connection, sims)
    assert len(books.there(sims, invoice)) == 1
    names = [doc["DisplayName"] for doc in sims.qbo.documents("Customer")]
    assert names.count("Harbor Coffee") == 1


def test_a_name_that_stays_taken_by_nobody_we_find_needs_a_person(connection, sims, parts):
    sims.qbo.switch(requestid="ignored")
    sims.qbo.as_person.create("Vendor", DisplayName="Harbor Coffee")
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    armed = sims.qbo.arm("empty_answer", times=1, on="POST /v3/company/*/customer*")
    settle(connection, sims)
    assert armed.hits == 1
    export = Export.objects.get()
    assert (export.state, export.code) == ("rejected", "name_taken")
    assert connection.links.get(kind="customer").key is None


def test_an_invoice_that_is_out_already_is_not_queued_again(connection, sims, parts):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    with pytest.raises(Refused) as refused:
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    assert refused.value.code == "nothing_to_export"
    settle(connection, sims, 1)
    with pytest.raises(Refused):
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    assert len(books.there(sims, invoice)) == 1


def test_a_rejected_invoice_needs_a_person_and_the_others_go_on(connection, sims, parts):
    customer, item = parts
    gone = make.item("Old plan")
    books.link(connection, gone, "99999")
    good, bad = books.invoice(customer, item), books.invoice(customer, gone)
    outbox.queue(connection, [good.pk, bad.pk], by=None, now=books.NOW)
    settle(connection, sims, 1)
    states = dict(Export.objects.values_list("invoice_id", "state"))
    assert states == {good.pk: "sent", bad.pk: "rejected"}
    export = Export.objects.get(invoice=bad)
    assert export.message
    assert export.code == "reference"


def test_a_cancelled_export_unlocks_its_invoice(connection, parts):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    outbox.cancel(Export.objects.get(), by=None, now=books.NOW)
    invoice.refresh_from_db()
    assert invoice.export_queued_at is None
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)


def test_a_paused_connection_sends_nothing_until_it_goes_on(connection, sims, parts):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    connected.pause(connection, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert books.there(sims, invoice) == []
    connected.resume(connection, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert len(books.there(sims, invoice)) == 1


def test_an_order_whose_plan_no_longer_holds_is_refused(connection, parts):
    from accounting import planning

    invoice = books.invoice(*parts)
    plan = planning.make(connection, [invoice.pk])
    Invoice.objects.filter(pk=invoice.pk).update(email="other@example.com")
    with pytest.raises(Refused) as refused:
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW, plan_hash=plan.hash)
    assert refused.value.code == "plan_changed"
    assert not Export.objects.exists()


def test_voiding_there_voids_the_right_one(connection, sims, parts):
    invoice, other = books.invoice(*parts), books.invoice(*parts)
    outbox.queue(connection, [invoice.pk, other.pk], by=None, now=books.NOW)
    settle(connection, sims, 1)
    remote = RemoteInvoice.objects.get(invoice=invoice)
    amendments.queue_change(connection, remote, operation="void", by=None, now=sims.clock.now())
    settle(connection, sims, 1)
    assert str(books.there(sims, other)[0]["TotalAmt"]) == "250.00"
    (voided,) = [doc for doc in sims.qbo.invoices() if doc["Id"] == remote.remote_id]
    assert voided["TotalAmt"] == 0


def test_two_senders_do_not_send_the_same(connection, sims, parts):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    later = books.NOW + dt.timedelta(seconds=1)
    connection.sender, connection.sender_until = "other", later + dt.timedelta(seconds=60)
    connection.save()
    assert not delivery.work(connection.pk, now=later)
    assert books.there(sims, invoice) == []


@pytest.mark.parametrize("count", [2, 12])
def test_a_call_takes_as_many_statements_for_many_invoices_as_for_few(
    connection, sims, parts, count, django_assert_max_num_queries
):
    first = books.invoice(*parts)  # makes customer and item there
    outbox.queue(connection, [first.pk], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    invoices = [books.invoice(*parts) for _ in range(count)]
    outbox.queue(connection, [invoice.pk for invoice in invoices], by=None, now=books.NOW)
    with django_assert_max_num_queries(50):
        delivery.work(connection.pk, now=books.NOW)
    assert [len(books.there(sims, invoice)) for invoice in invoices] == [1] * count


def test_answers_of_one_call_go_each_to_its_own_invoice(connection, sims, parts):
    item, taken = parts[1], make.customer("Foreign")
    books.link(connection, taken, "99999")  # nobody there has this id
    good, bad = [books.invoice(*parts) for _ in range(3)], books.invoice(taken, item)
    ids = [good[0].pk, bad.pk, good[1].pk, good[2].pk]
    outbox.queue(connection, ids, by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    states = dict(Export.objects.values_list("invoice", "state"))
    assert states == {**{one.pk: "sent" for one in good}, bad.pk: "rejected"}
    for one in good:
        (document,) = books.there(sims, one)
        remote = RemoteInvoice.objects.get(invoice=one)
        assert (remote.remote_id, remote.number) == (document["Id"], one.number)
        assert [e.code for e in one.events.order_by("id")][-1] == "exported"
    assert not RemoteInvoice.objects.filter(invoice=bad).exists()
    bad.refresh_from_db()
    assert bad.exported_at is None


def spend_the_minute(connection: Connection, now: dt.datetime, *, ago: float) -> None:
    """All calls that the limits leave to nobody in a hurry were made so many seconds ago."""
    for number in range(38):
        at = now - dt.timedelta(seconds=ago + (38 - number) / 8)
        budget.take(connection, Cost.CALL, now=at)


def test_the_sender_waits_for_its_turn_when_that_is_near(connection, sims, parts):
    invoices = [books.invoice(*parts) for _ in range(2)]
    spend_the_minute(connection, books.NOW, ago=55)
    outbox.queue(connection, [one.pk for one in invoices], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert [len(books.there(sims, one)) for one in invoices] == [1, 1]


def test_the_sender_goes_when_its_turn_is_far_and_a_person_is_served(connection, sims, parts):
    invoices = [books.invoice(*parts) for _ in range(3)]
    spend_the_minute(connection, books.NOW, ago=10)
    outbox.queue(connection, [one.pk for one in invoices[:2]], by=None, now=books.NOW)
    outbox.queue(connection, [invoices[2].pk], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert [len(books.there(sims, one)) for one in invoices] == [0, 0, 1]
    connection.refresh_from_db()
    assert connection.sender == ""


@pytest.mark.parametrize("arrived", [True, False])
def test_while_paused_what_was_lost_is_looked_for_but_not_sent(connection, sims, parts, arrived):
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    fault = "lose_answer" if arrived else "drop_request"
    sims.qbo.arm(fault, times=1, on="POST /v3/company/*/batch*")
    delivery.work(connection.pk, now=books.NOW)
    assert Export.objects.get().state == "unknown"
    connected.pause(connection, now=books.NOW)
    settle(connection, sims, 3)
    assert len(books.there(sims, invoice)) == arrived
    assert Export.objects.get().state == ("sent" if arrived else "unknown")
    connected.resume(connection, now=sims.clock.now())
    settle(connection, sims, 2)
    assert len(books.there(sims, invoice)) == 1
    assert Export.objects.get().state == "sent"
