"""What somebody changed at the other end is written over only when a person decided so."""

from __future__ import annotations

import pytest

from accounting import delivery, findings, outbox, planning, sync, voiding
from accounting.models import Connection, Export, Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from invoices.models import Invoice

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(system, db) -> Connection:
    return books.connect(system)


@pytest.fixture
def out(connection, system, parts) -> Invoice:
    """An invoice that is there."""
    look(connection, system)  # so that the first cursor lies before it
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    send(connection, system)
    return invoice


def look(connection: Connection, system) -> None:
    """Some time later, ask what changed."""
    system.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=system.clock.now())


def send(connection: Connection, system) -> None:
    delivery.work(connection.pk, now=system.clock.now())


@pytest.fixture
def touched(connection, system, out) -> RemoteInvoice:
    """An invoice whose line a bookkeeper changed there, and we have seen it."""
    edit(connection, system, out, "Agreed by phone")
    return RemoteInvoice.objects.get()


def edit(connection, system, out, description: str) -> None:
    there = RemoteInvoice.objects.get(invoice=out).remote_id
    system.describe(there, description)
    look(connection, system)


def written(system, out) -> str:
    (document,) = system.of(out)
    return document.description


def refuse(system) -> Refused:
    with pytest.raises(Refused) as refused:
        voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    assert not Export.objects.filter(operation="update").exists()
    return refused.value


def test_an_edit_that_nobody_decided_about_is_not_written_over(connection, system, out, touched):
    refused = refuse(system)
    assert refused.code == "changed_there"
    assert "Differences" in refused.message
    out.refresh_from_db()
    assert out.export_queued_at is None


@pytest.mark.parametrize("answer", [findings.accept, findings.ignore])
def test_an_edit_that_was_left_as_it_is_is_not_written_over_later(system, touched, answer):
    answer(Finding.objects.get(), by=None, now=system.clock.now())
    assert refuse(system).code == "left_as_it_is"
    remote = RemoteInvoice.objects.get()
    plan = planning.resend(remote.connection, remote)
    voiding.update(remote, by=None, now=system.clock.now(), plan_hash=plan.hash)


def test_deciding_for_ours_writes_it_and_frees_the_way(connection, system, out, touched):
    findings.push(Finding.objects.get(kind="drift"), by=None, now=system.clock.now())
    send(connection, system)
    assert written(system, out).startswith("Work in October")
    look(connection, system)
    voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())


def test_what_was_accepted_once_is_no_obstacle_after_ours_was_written(
    connection, system, out, touched
):
    findings.accept(Finding.objects.get(), by=None, now=system.clock.now())
    edit(connection, system, out, "Agreed once more")
    findings.push(Finding.objects.get(answer=""), by=None, now=system.clock.now())
    send(connection, system)
    look(connection, system)
    voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    assert Export.objects.filter(operation="update", state="queued").count() == 1


def test_a_refused_update_is_not_tried_again_over_a_later_edit(connection, system, out):
    voiding.update(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    Export.objects.filter(operation="update").update(state="rejected", code="reference")
    edit(connection, system, out, "Agreed by phone")
    with pytest.raises(Refused) as refused:
        outbox.retry(Export.objects.get(operation="update"), by=None, now=system.clock.now())
    assert refused.value.code == "changed_there"


def test_rest_and_page_say_where_to_decide(touched, api_as, client_as):
    answer = api_as("billing").post(f"/api/v1/accounting/remote-invoices/{touched.pk}/send/")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_there")
    page = client_as("billing").post(f"/accounting/there/{touched.pk}/send/", follow=True)
    assert "Decide under Accounting, Differences" in page.text
    assert not Export.objects.filter(operation="update").exists()
