"""Each document arrives exactly once, and everybody can see what became of it."""

from __future__ import annotations

import pytest

from accounting import delivery, outbox
from accounting.models import Export, RemoteInvoice
from atera_invoicing.errors import Refused
from invoices.models import Invoice
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def parts(connection):
    """A customer and a service that are linked with nothing there yet."""
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    books.link(connection, customer)
    books.link(connection, item)
    return customer, item


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
    outbox.pause(connection, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    assert books.there(sims, invoice) == []
    outbox.resume(connection, now=books.NOW)
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
    outbox.queue_change(connection, remote, operation="void", by=None, now=sims.clock.now())
    settle(connection, sims, 1)
    assert str(books.there(sims, other)[0]["TotalAmt"]) == "250.00"
    (voided,) = [doc for doc in sims.qbo.invoices() if doc["Id"] == remote.remote_id]
    assert voided["TotalAmt"] == 0
