"""An invoice that was deleted there and goes again: as another document, with a true history."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import delivery, documents, findings, outbox, voiding
from accounting.models import Connection, Export, Finding, RemoteInvoice, Settlement
from atera_invoicing.errors import Refused
from invoices import paying
from invoices.models import Invoice
from tests import make

from .. import books
from .conftest import id_there, look, status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(system, db) -> Connection:
    """Whose invoices can be deleted there, and go again."""
    return books.connect(system, **system.deletable)


@pytest.fixture
def deleted(connection, system, out) -> None:
    """The invoice was deleted there; where that can be, after a payment that was deleted too."""
    if system.deletes_what_was_paid:
        payment = system.pay(id_there(out), "100")
        look(connection, system)
        system.unpay(payment)
    system.delete(id_there(out))


def opened() -> Finding:
    return Finding.objects.get(kind="deleted", answered_at=None)


def again(connection, system) -> Export:
    export = findings.push(opened(), by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    export.refresh_from_db()
    return export


def test_what_had_a_payment_there_can_be_sent_anew(connection, system, out, deleted):
    old = id_there(out)
    look(connection, system)
    again(connection, system)
    (document,) = system.of(out)
    assert document.id == id_there(out) != old
    assert not out.payments.live().exists()
    assert not Settlement.objects.exists()
    assert status(out) == "exported"


@pytest.mark.parametrize("system", ["qbo"], indirect=True)  # a draft at Xero has no payments
def test_money_that_came_from_there_does_not_stay_behind(connection, system, out, deleted):
    """It was there when we last looked, and the deletion is all that we heard of."""
    now = system.clock.now()
    refund = paying.record(
        Invoice.objects.get(pk=out.pk), amount=Decimal(40), received_on=make.day("2026-11-24"),
        kind="refund", by=None, now=now,
    )  # fmt: skip
    look(connection, system)
    assert out.payments.live().count() == 2
    with pytest.raises(Refused) as refused:
        findings.push(opened(), by=None, now=now)
    assert refused.value.code == "refunded_since"
    assert RemoteInvoice.objects.get().status == "deleted"
    paying.remove(refund, reason="wrong", by=make.user("owner"), now=now)
    findings.push(opened(), by=None, now=now)
    assert not out.payments.live().exists()
    assert not Finding.objects.filter(answered_at=None).exists()


def test_the_first_export_is_still_told_as_done(connection, system, out, deleted, client_as):
    old = id_there(out)
    look(connection, system)
    second = again(connection, system)
    first = Export.objects.get(remote_id=old)
    assert (first.state, second.state) == ("replaced", "sent")
    assert first.settled_at
    page = client_as("billing").get(f"/accounting/export/{first.pk}/").text
    assert "Deleted there since" in page
    assert "Cancelled" not in page


def test_each_time_it_goes_again_it_bears_another_marker(connection, system, out):
    ours, markers = documents.marker(out), []
    for _ in range(3):
        (document,) = system.of(out)
        markers.append(document.marker)
        system.delete(document.id)
        look(connection, system)
        again(connection, system)
    assert markers == [ours, f"{ours} 2", f"{ours} 3"]


def test_a_document_that_is_written_anew_keeps_its_marker(connection, system, out, deleted):
    look(connection, system)
    export = findings.push(opened(), by=None, now=system.clock.now())
    Export.objects.filter(pk=export.pk).update(state="rejected", code="x", run_at=None)
    Invoice.objects.filter(pk=out.pk).update(message="Thank you")
    outbox.retry(export, by=None, now=system.clock.now())
    export.refresh_from_db()
    assert export.document["marker"] == export.marker == f"{documents.marker(out)} 2"
    delivery.work(connection.pk, now=system.clock.now())
    (document,) = system.of(out)
    assert document.marker == export.marker


def test_a_later_change_writes_the_marker_that_is_there(connection, system, out, deleted):
    look(connection, system)
    again(connection, system)
    voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    (document,) = system.of(out)
    assert document.marker == f"{documents.marker(out)} 2"
    assert Export.objects.first().marker == document.marker


def test_taken_back_and_queued_from_the_plan_it_is_another_document_too(
    connection, system, out, deleted
):
    look(connection, system)
    outbox.cancel(findings.push(opened(), by=None, now=system.clock.now()), by=None, now=books.NOW)
    run = outbox.queue(connection, [out.pk], by=None, now=system.clock.now())
    assert run.exports.get().marker == f"{documents.marker(out)} 2"
    assert run.exports.get().document["marker"] == run.exports.get().marker


def test_an_invoice_is_created_once_however_often_it_was_replaced(connection, system, out, deleted):
    look(connection, system)
    again(connection, system)
    with pytest.raises(Refused) as refused:
        outbox.queue(connection, [out.pk], by=None, now=system.clock.now())
    assert refused.value.code == "nothing_to_export"


def test_what_was_changed_from_here_before_it_was_deleted_goes_again(connection, system, out):
    voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    system.describe(id_there(out), "Support")
    look(connection, system)
    system.delete(id_there(out))
    look(connection, system)
    assert again(connection, system).state == "sent"
    assert not Finding.objects.filter(answered_at=None).exists()
