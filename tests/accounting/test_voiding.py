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
def connection(system, db):
    return books.connect(system)


@pytest.fixture
def invoice(connection, system, parts) -> Invoice:
    """Issued, ready to go out."""
    options = Installation.current()
    options.connected_to = system.name
    options.save()
    system.clock.move(
        seconds=(timezone.now() - system.clock.now()).total_seconds()
    )  # pages tell no time
    look(connection, system)  # so that the first cursor lies before it
    return books.invoice(*parts)


@pytest.fixture
def remote(connection, system, invoice) -> RemoteInvoice:
    """The same invoice, there."""
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    send(connection, system)
    return RemoteInvoice.objects.get()


def send(connection: Connection, system) -> None:
    system.clock.move(minutes=1)
    delivery.work(connection.pk, now=system.clock.now())


def look(connection: Connection, system) -> None:
    system.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=system.clock.now())


def test_voided_here_and_there_in_one_step(connection, system, remote, client_as):
    answer = client_as("billing").post(
        f"/accounting/there/{remote.pk}/void/", {"reason": "Wrong customer"}
    )
    assert answer.url == f"/invoices/{remote.invoice_id}/"
    send(connection, system)
    (document,) = system.of(remote.invoice)
    assert document.voided
    remote.refresh_from_db()
    assert remote.invoice.void_reason == "Wrong customer"
    look(connection, system)
    assert not remote.invoice.findings.exists()


def test_voided_here_first_and_there_later(connection, system, remote, client_as):
    lifecycle.void(remote.invoice, reason="Wrong", by=None, now=system.clock.now())
    client = client_as("billing")
    page = client.get(f"/invoices/{remote.invoice_id}/").text
    assert "still open there" in page
    assert f"/accounting/there/{remote.pk}/void-there/" in page
    client.post(f"/accounting/there/{remote.pk}/void-there/")
    send(connection, system)
    assert system.of(remote.invoice)[0].voided
    assert "still open there" not in client.get(f"/invoices/{remote.invoice_id}/").text


def test_what_is_paid_there_is_voided_nowhere(connection, system, remote):
    system.pay(remote.remote_id, "10")
    look(connection, system)
    remote.refresh_from_db()
    payment = remote.invoice.payments.get()
    with pytest.raises(Refused) as refused:
        paying.remove(payment, reason="Mine", by=make.user(), now=system.clock.now())
    assert refused.value.code == "kept_elsewhere"
    paying.remove(payment, reason="As sync does", by=None, now=system.clock.now())
    with pytest.raises(Refused) as refused:
        voiding.void(remote, reason="Wrong", by=None, now=system.clock.now())
    assert refused.value.code == "paid_there"
    assert not Invoice.objects.get().voided_at
    assert Export.objects.count() == 1


@pytest.mark.parametrize("system", ["qbo"], indirect=True)  # Xero keeps none
def test_an_address_that_changed_later_is_sent_again(connection, system, remote, client_as):
    lifecycle.set_email(remote.invoice, email="new@harbor.example", by=None, now=system.clock.now())
    client_as("billing").post(f"/accounting/there/{remote.pk}/send/")
    send(connection, system)
    (document,) = system.of(remote.invoice)
    assert document.email == "new@harbor.example"
    assert document.id == remote.remote_id


@pytest.mark.parametrize(
    "verb",
    [
        lambda one, now: lifecycle.void(one, reason="Wrong", by=None, now=now),
        lambda one, now: lifecycle.set_email(one, email="new@harbor.example", by=None, now=now),
        lambda one, now: numbering.renumber(one, number="X-1", reason="Typo", by=None, now=now),
    ],
    ids=["void", "e-mail", "number"],
)
def test_nothing_changes_while_it_is_on_its_way(connection, system, invoice, verb):
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    before = Invoice.objects.values().get()
    with pytest.raises(Refused) as refused:
        verb(invoice, system.clock.now())
    assert refused.value.code == "export_under_way"
    assert Invoice.objects.values().get() == before


def test_the_list_says_where_each_invoice_is(connection, system, remote, client_as):
    customer, item = remote.invoice.customer, remote.invoice.lines.first().item
    waiting = books.invoice(customer, item)
    books.invoice(customer, item)
    outbox.queue(connection, [waiting.pk], by=None, now=system.clock.now())
    page = client_as("billing").get("/invoices/").text
    assert page.count(f"{system.name}</a>") == 1
    assert page.count(">Queued</span>") == 1
    assert f"Export to {system.name}" in page


def test_ticked_invoices_are_led_to_their_plan(connection, invoice, client_as):
    answer = client_as("billing").post("/invoices/", {"action": "export", "selected": [invoice.pk]})
    assert answer.url == f"/accounting/export/plan/?invoice={invoice.pk}"


def test_rest_voids_both_ends_and_sends_again(connection, system, remote, api_as):
    api = api_as("billing")
    sent = api.post(f"/api/v1/accounting/remote-invoices/{remote.pk}/send/")
    assert (sent.status_code, sent.json()["operation"]) == (200, "update")
    send(connection, system)
    url = f"/api/v1/accounting/remote-invoices/{remote.pk}/void/"
    assert api.post(url, {}, format="json").status_code == 422
    assert api.post(url, {"reason": "Wrong"}, format="json").json()["operation"] == "void"
    send(connection, system)
    assert system.of(remote.invoice)[0].voided
