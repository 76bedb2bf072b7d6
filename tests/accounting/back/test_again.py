"""An invoice that was deleted there and goes again: as another document, with a true history."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import delivery, documents, findings, outbox, voiding
from accounting.models import Export, Finding, RemoteInvoice, Settlement
from atera_invoicing.errors import Refused
from invoices import paying
from invoices.models import Invoice
from tests import make

from .. import books
from .conftest import id_there, look, status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deleted(connection, sims, out) -> None:
    """The invoice was paid there, then the payment and the invoice were deleted."""
    payment = sims.qbo.as_person.receive_payment(id_there(out), "100")
    look(connection, sims)
    sims.qbo.as_person.remove_payment(payment["Id"])
    sims.qbo.as_person.delete("Invoice", id_there(out))


def opened() -> Finding:
    return Finding.objects.get(kind="deleted", answered_at=None)


def again(connection, sims) -> Export:
    export = findings.push(opened(), by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    export.refresh_from_db()
    return export


def test_what_had_a_payment_there_can_be_sent_anew(connection, sims, out, deleted):
    old = id_there(out)
    look(connection, sims)
    again(connection, sims)
    (document,) = books.there(sims, out)
    assert document["Id"] == id_there(out) != old
    assert not out.payments.live().exists()
    assert not Settlement.objects.exists()
    assert status(out) == "exported"


def test_money_that_came_from_there_does_not_stay_behind(connection, sims, out, deleted):
    """It was there when we last looked, and the deletion is all that we heard of."""
    now = sims.clock.now()
    refund = paying.record(
        Invoice.objects.get(pk=out.pk), amount=Decimal(40), received_on=make.day("2026-11-24"),
        kind="refund", by=None, now=now,
    )  # fmt: skip
    look(connection, sims)
    assert out.payments.live().count() == 2
    with pytest.raises(Refused) as refused:
        findings.push(opened(), by=None, now=now)
    assert refused.value.code == "refunded_since"
    assert RemoteInvoice.objects.get().status == "deleted"
    paying.remove(refund, reason="wrong", by=make.user("owner"), now=now)
    findings.push(opened(), by=None, now=now)
    assert not out.payments.live().exists()
    assert not Finding.objects.filter(answered_at=None).exists()


def test_the_first_export_is_still_told_as_done(connection, sims, out, deleted, client_as):
    old = id_there(out)
    look(connection, sims)
    second = again(connection, sims)
    first = Export.objects.get(remote_id=old)
    assert (first.state, second.state) == ("replaced", "sent")
    assert first.settled_at
    page = client_as("billing").get(f"/accounting/export/{first.pk}/").text
    assert "Deleted there since" in page
    assert "Cancelled" not in page


def test_each_time_it_goes_again_it_bears_another_marker(connection, sims, out):
    ours, markers = documents.marker(out), []
    for _ in range(3):
        (document,) = books.there(sims, out)
        markers.append(document["PrivateNote"])
        sims.qbo.as_person.delete("Invoice", document["Id"])
        look(connection, sims)
        again(connection, sims)
    assert markers == [ours, f"{ours} 2", f"{ours} 3"]


def test_a_document_that_is_written_anew_keeps_its_marker(connection, sims, out, deleted):
    look(connection, sims)
    export = findings.push(opened(), by=None, now=sims.clock.now())
    Export.objects.filter(pk=export.pk).update(state="rejected", code="x", run_at=None)
    Invoice.objects.filter(pk=out.pk).update(message="Thank you")
    outbox.retry(export, by=None, now=sims.clock.now())
    export.refresh_from_db()
    assert export.document["marker"] == export.marker == f"{documents.marker(out)} 2"
    delivery.work(connection.pk, now=sims.clock.now())
    (document,) = books.there(sims, out)
    assert document["PrivateNote"] == export.marker


def test_a_later_change_writes_the_marker_that_is_there(connection, sims, out, deleted):
    look(connection, sims)
    again(connection, sims)
    voiding.update(RemoteInvoice.objects.get(), by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    (document,) = books.there(sims, out)
    assert document["PrivateNote"] == f"{documents.marker(out)} 2"
    assert Export.objects.first().marker == document["PrivateNote"]


def test_taken_back_and_queued_from_the_plan_it_is_another_document_too(
    connection, sims, out, deleted
):
    look(connection, sims)
    outbox.cancel(findings.push(opened(), by=None, now=sims.clock.now()), by=None, now=books.NOW)
    run = outbox.queue(connection, [out.pk], by=None, now=sims.clock.now())
    assert run.exports.get().marker == f"{documents.marker(out)} 2"
    assert run.exports.get().document["marker"] == run.exports.get().marker


def test_an_invoice_is_created_once_however_often_it_was_replaced(connection, sims, out, deleted):
    look(connection, sims)
    again(connection, sims)
    with pytest.raises(Refused) as refused:
        outbox.queue(connection, [out.pk], by=None, now=sims.clock.now())
    assert refused.value.code == "nothing_to_export"


def test_what_was_changed_from_here_before_it_was_deleted_goes_again(connection, sims, out):
    voiding.update(RemoteInvoice.objects.get(), by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    sims.qbo.as_person.edit_line(id_there(out), "1", description="Support")
    look(connection, sims)
    sims.qbo.as_person.delete("Invoice", id_there(out))
    look(connection, sims)
    assert again(connection, sims).state == "sent"
    assert not Finding.objects.filter(answered_at=None).exists()
