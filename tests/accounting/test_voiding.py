"""An invoice that is there is voided at both ends, or written there anew."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounting import delivery, outbox, sync, voiding
from accounting.models import Connection, Export, RemoteInvoice
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from invoices import lifecycle, numbering, paying
from invoices.models import Invoice
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def invoice(connection, sims, parts) -> Invoice:
    """Issued, ready to go out."""
    options = Installation.current()
    options.connected_to = "QuickBooks Online"
    options.save()
    sims.clock.move(
        seconds=(timezone.now() - sims.clock.now()).total_seconds()
    )  # pages tell no time
    look(connection, sims)  # so that the first cursor lies before it
    return books.invoice(*parts)


@pytest.fixture
def remote(connection, sims, invoice) -> RemoteInvoice:
    """The same invoice, there."""
    outbox.queue(connection, [invoice.pk], by=None, now=sims.clock.now())
    send(connection, sims)
    return RemoteInvoice.objects.get()


def send(connection: Connection, sims) -> None:
    sims.clock.move(minutes=1)
    delivery.work(connection.pk, now=sims.clock.now())


def look(connection: Connection, sims) -> None:
    sims.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=sims.clock.now())


def test_voided_here_and_there_in_one_step(connection, sims, remote, client_as):
    answer = client_as("billing").post(
        f"/accounting/there/{remote.pk}/void/", {"reason": "Wrong customer"}
    )
    assert answer.url == f"/invoices/{remote.invoice_id}/"
    send(connection, sims)
    (document,) = books.there(sims, remote.invoice)
    assert document["TotalAmt"] == 0
    assert "Voided" in document["PrivateNote"]
    remote.refresh_from_db()
    assert remote.invoice.void_reason == "Wrong customer"
    look(connection, sims)
    assert not remote.invoice.findings.exists()


def test_voided_here_first_and_there_later(connection, sims, remote, client_as):
    lifecycle.void(remote.invoice, reason="Wrong", by=None, now=sims.clock.now())
    client = client_as("billing")
    page = client.get(f"/invoices/{remote.invoice_id}/").text
    assert "still open there" in page
    assert f"/accounting/there/{remote.pk}/void-there/" in page
    client.post(f"/accounting/there/{remote.pk}/void-there/")
    send(connection, sims)
    assert books.there(sims, remote.invoice)[0]["TotalAmt"] == 0
    assert "still open there" not in client.get(f"/invoices/{remote.invoice_id}/").text


def test_what_is_paid_there_is_voided_nowhere(connection, sims, remote):
    sims.qbo.as_person.receive_payment(remote.remote_id, "10")
    look(connection, sims)
    remote.refresh_from_db()
    payment = remote.invoice.payments.get()
    with pytest.raises(Refused) as refused:
        paying.remove(payment, reason="Mine", by=make.user(), now=sims.clock.now())
    assert refused.value.code == "kept_elsewhere"
    paying.remove(payment, reason="As sync does", by=None, now=sims.clock.now())
    with pytest.raises(Refused) as refused:
        voiding.void(remote, reason="Wrong", by=None, now=sims.clock.now())
    assert refused.value.code == "paid_there"
    assert not Invoice.objects.get().voided_at
    assert Export.objects.count() == 1


def test_an_address_that_changed_later_is_sent_again(connection, sims, remote, client_as):
    lifecycle.set_email(remote.invoice, email="new@harbor.example", by=None, now=sims.clock.now())
    client_as("billing").post(f"/accounting/there/{remote.pk}/send/")
    send(connection, sims)
    (document,) = books.there(sims, remote.invoice)
    assert document["BillEmail"]["Address"] == "new@harbor.example"
    assert document["Id"] == remote.remote_id


@pytest.mark.parametrize(
    "verb",
    [
        lambda one, now: lifecycle.void(one, reason="Wrong", by=None, now=now),
        lambda one, now: lifecycle.set_email(one, email="new@harbor.example", by=None, now=now),
        lambda one, now: numbering.renumber(one, number="X-1", reason="Typo", by=None, now=now),
    ],
    ids=["void", "e-mail", "number"],
)
def test_nothing_changes_while_it_is_on_its_way(connection, sims, invoice, verb):
    outbox.queue(connection, [invoice.pk], by=None, now=sims.clock.now())
    before = Invoice.objects.values().get()
    with pytest.raises(Refused) as refused:
        verb(invoice, sims.clock.now())
    assert refused.value.code == "export_under_way"
    assert Invoice.objects.values().get() == before


def test_the_list_says_where_each_invoice_is(connection, sims, remote, client_as):
    customer, item = remote.invoice.customer, remote.invoice.lines.first().item
    waiting = books.invoice(customer, item)
    books.invoice(customer, item)
    outbox.queue(connection, [waiting.pk], by=None, now=sims.clock.now())
    page = client_as("billing").get("/invoices/").text
    assert page.count("QuickBooks Online</a>") == 1
    assert page.count(">Queued</span>") == 1
    assert "Export to QuickBooks Online" in page


def test_ticked_invoices_are_led_to_their_plan(connection, invoice, client_as):
    answer = client_as("billing").post("/invoices/", {"action": "export", "selected": [invoice.pk]})
    assert answer.url == f"/accounting/export/plan/?invoice={invoice.pk}"


def test_rest_voids_both_ends_and_sends_again(connection, sims, remote, api_as):
    api = api_as("billing")
    sent = api.post(f"/api/v1/accounting/remote-invoices/{remote.pk}/send/")
    assert (sent.status_code, sent.json()["operation"]) == (200, "update")
    send(connection, sims)
    url = f"/api/v1/accounting/remote-invoices/{remote.pk}/void/"
    assert api.post(url, {}, format="json").status_code == 422
    assert api.post(url, {"reason": "Wrong"}, format="json").json()["operation"] == "void"
    send(connection, sims)
    assert books.there(sims, remote.invoice)[0]["TotalAmt"] == 0
