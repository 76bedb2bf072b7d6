"""What a plan shows is what is written, and nothing else is."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounting import delivery, findings, outbox, planning, sync, voiding
from accounting.models import Connection, Export, Finding, Link, RemoteInvoice, Run
from accounting.providers.port import TaxMode
from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from invoices import lifecycle
from invoices.models import Invoice, InvoiceLine

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(system, db):
    past = (timezone.now() - system.clock.now()).total_seconds()
    system.clock.move(seconds=past)  # pages tell no time
    return books.connect(system)


@pytest.fixture
def out(connection, system, parts) -> Invoice:
    """An invoice of 250.00 that is there."""
    look(connection, system)  # so that the first cursor lies before it
    invoice = books.invoice(*parts)
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    send(connection, system)
    return invoice


@pytest.fixture
def deleted(deletable, connection, system, out) -> RemoteInvoice:
    """It was deleted there, and somebody ignored that."""
    system.delete(RemoteInvoice.objects.get().remote_id)
    look(connection, system)
    findings.ignore(Finding.objects.get(), by=None, now=system.clock.now())
    return RemoteInvoice.objects.get()


def look(connection: Connection, system) -> None:
    system.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=system.clock.now())


def send(connection: Connection, system) -> None:
    delivery.work(connection.pk, now=system.clock.now())


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def new_values(row: planning.Row) -> dict[str, str]:
    return {change.field: change.new for change in row.changes}


# The hash -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda: Link.objects.filter(kind="customer").update(action="link", remote_id="58"),
        lambda: Link.objects.filter(kind="item").update(action="link", remote_id="1"),
        lambda: InvoiceLine.objects.update(description="Something else"),
        lambda: InvoiceLine.objects.update(quantity=5, unit_price=50),
        lambda: Invoice.objects.update(message="Thank you"),
        lambda: Invoice.objects.update(email="other@example.com"),
    ],
    ids=["customer", "item", "description", "quantity", "message", "email"],
)
def test_an_order_is_refused_when_anything_that_would_be_written_changed(connection, parts, change):
    invoice = books.invoice(*parts)
    plan = planning.make(connection, [invoice.pk])
    assert planning.make(connection, [invoice.pk]).hash == plan.hash
    change()
    with refused("plan_changed"):
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW, plan_hash=plan.hash)
    assert not Export.objects.exists()


def test_what_changes_while_an_order_is_written_is_not_frozen(connection, parts, monkeypatch):
    first, second = books.invoice(*parts), books.invoice(*parts)
    ids = [first.pk, second.pk]
    plan = planning.make(connection, ids)
    monkeypatch.setattr(outbox, "CHUNK", 1)
    written = bulk.insert_new

    def meanwhile(rows):
        written(rows)
        InvoiceLine.objects.filter(invoice=second).update(description="Something else")

    monkeypatch.setattr(bulk, "insert_new", meanwhile)
    with refused("plan_changed"):
        outbox.queue(connection, ids, by=None, now=books.NOW, plan_hash=plan.hash)
    export, run = Export.objects.get(), Run.objects.get()
    assert (export.invoice, export.run, run.total) == (first, run, 1)
    (row,) = [row for row in plan.rows if row.kind == "invoice" and row.local_id == first.pk]
    assert row.digest == export.digest
    second.refresh_from_db()
    assert second.export_queued_at is None


def test_each_line_is_shown_as_it_will_stand_there(connection, system, parts):
    invoice = books.invoice(*parts)
    (row,) = [row for row in planning.make(connection, [invoice.pk]).rows if row.kind == "invoice"]
    values = new_values(row)
    tax = "computed there" if connection.tax_mode == TaxMode.PROVIDER else "0.00"
    expected = {
        "customer": "Harbor Coffee", "number": invoice.number, "date": "2026-11-20",
        "lines.1.item": "Remote support", "lines.1.description": "Work in October",
        "lines.1.quantity": "2.5", "lines.1.unit_price": "100", "lines.1.net": "250.00",
        "lines.1.tax_code": system.untaxed, "subtotal": "250.00", "tax": tax,
    }  # fmt: skip
    assert {field: values.get(field) for field in expected} == expected
    assert {change.old for change in row.changes} == {""}
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    send(connection, system)
    (line,) = RemoteInvoice.objects.get().content["lines"]
    assert [line[name] for name in ("quantity", "unit_price", "net", "tax_id")] == [
        values[f"lines.1.{name}"] for name in ("quantity", "unit_price", "net", "tax_code")
    ]


def test_the_page_of_a_plan_shows_the_lines(connection, parts, client_as):
    invoice = books.invoice(*parts)
    page = client_as("billing").get(f"/accounting/export/plan/?invoice={invoice.pk}").text
    for text in ("Work in October", "Remote support", ">2.5<", "1 line"):
        assert text in page


# Changes of what is there -------------------------------------------------------------------------


def test_sending_again_shows_old_and_new_of_what_differs(connection, system, out, client_as):
    lifecycle.set_email(out, email="new@harbor.example", by=None, now=system.clock.now())
    InvoiceLine.objects.update(description="Work in November")
    remote = RemoteInvoice.objects.get()
    (row,) = planning.resend(connection, remote).rows
    assert row.action == "update"
    kept = "email" in system.provider.holds
    assert [(change.field, change.old, change.new) for change in row.changes] == [
        *[("email", "", "new@harbor.example")] * kept,
        ("lines.1.description", "Work in October", "Work in November"),
    ]
    page = client_as("billing").get(f"/accounting/there/{remote.pk}/send/").text
    for text in ("Line 1, description", "Work in October", "Work in November"):
        assert text in page
    assert ("new@harbor.example" in page) == kept


def test_nothing_differs_right_after_it_was_sent(connection, out):
    (row,) = planning.resend(connection, RemoteInvoice.objects.get()).rows
    assert (row.action, row.changes) == ("update", ())


@pytest.mark.parametrize("side", ["here", "there"])
def test_an_update_is_refused_when_either_side_changed_after_the_plan(
    connection, system, out, client_as, side
):
    remote = RemoteInvoice.objects.get()
    plan = planning.resend(connection, remote)
    if side == "here":
        InvoiceLine.objects.update(description="Work in November")
    else:
        RemoteInvoice.objects.update(version="9")
    with refused("plan_changed"):
        voiding.send(remote, by=None, now=system.clock.now(), plan_hash=plan.hash)
    client_as("billing").post(f"/accounting/there/{remote.pk}/send/", {"plan": plan.hash})
    assert not Export.objects.filter(operation="update").exists()
    page = client_as("billing").get(f"/accounting/there/{remote.pk}/send/").text
    fresh = planning.resend(connection, RemoteInvoice.objects.get()).hash
    assert fresh in page
    client_as("billing").post(f"/accounting/there/{remote.pk}/send/", {"plan": fresh})
    assert Export.objects.filter(operation="update").exists()


def test_ours_is_sent_over_theirs_only_as_it_was_shown(connection, system, out, client_as):
    system.describe(RemoteInvoice.objects.get().remote_id, "Support")
    look(connection, system)
    finding, client = Finding.objects.get(), client_as("billing")
    url = f"/accounting/differences/{finding.pk}/push/"
    page = client.get(url).text
    assert "Support" in page
    assert "Work in October" in page
    stale = planning.resend(connection, RemoteInvoice.objects.get()).hash
    system.describe(RemoteInvoice.objects.get().remote_id, "Other")
    look(connection, system)
    client.post(url, {"plan": stale})
    assert not Export.objects.filter(operation="update").exists()
    client.post(url, {"plan": planning.resend(connection, RemoteInvoice.objects.get()).hash})
    send(connection, system)
    (document,) = system.of(out)
    assert document.description == "Work in October"


def test_what_somebody_changed_there_is_not_written_over_in_passing(
    connection, system, out, api_as
):
    remote = RemoteInvoice.objects.get()
    system.describe(remote.remote_id, "Agreed by phone")
    look(connection, system)
    answer = api_as("billing").post(f"/api/v1/accounting/remote-invoices/{remote.pk}/send/")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_there")
    assert not Export.objects.filter(operation="update").exists()


def test_rest_shows_what_sending_again_changes_and_holds_to_it(connection, system, out, api_as):
    InvoiceLine.objects.update(description="Work in November")
    api, url = api_as("billing"), f"/api/v1/accounting/remote-invoices/{out.remotes.get().pk}"
    plan = api.get(f"{url}/plan/").json()
    assert plan["rows"][0]["changes"] == [
        {"field": "lines.1.description", "old": "Work in October", "new": "Work in November"}
    ]
    InvoiceLine.objects.update(description="Work in December")
    answer = api.post(f"{url}/send/", {"plan": plan["hash"]}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_changed")
    plan = api.get(f"{url}/plan/").json()
    assert api.post(f"{url}/send/", {"plan": plan["hash"]}, format="json").status_code == 200


# Deleted there ------------------------------------------------------------------------------------


def test_an_ignored_deletion_can_still_be_sent_anew(connection, system, deleted, client_as):
    invoice, client = deleted.invoice, client_as("billing")
    (row,) = planning.make(connection, [invoice.pk]).rows
    assert (row.action, row.there) == ("skip", deleted.pk)
    assert row.why[0].startswith("Deleted there")
    url = f"/accounting/there/{deleted.pk}/send/"
    assert url in client.get(f"/accounting/export/plan/?invoice={invoice.pk}").text
    assert url in client.get(f"/invoices/{invoice.pk}/").text
    page = client.get(url).text
    assert "sent as a new document" in page
    assert "Work in October" in page
    client.post(url, {"plan": planning.resend(connection, deleted).hash})
    send(connection, system)
    (document,) = system.of(invoice)
    remote = RemoteInvoice.objects.get()
    assert (remote.remote_id, remote.status) == (document.id, "open")
    assert "Send it anew" not in client.get(f"/invoices/{invoice.pk}/").text


def test_rest_sends_anew_what_was_deleted_there(connection, system, deleted, api_as):
    url = f"/api/v1/accounting/remote-invoices/{deleted.pk}"
    api = api_as("billing")
    plan = api.get(f"{url}/plan/").json()
    assert [row["action"] for row in plan["rows"]] == ["create"]
    sent = api.post(f"{url}/send/", {"plan": plan["hash"]}, format="json")
    assert (sent.status_code, sent.json()["operation"]) == (200, "create")
    send(connection, system)
    assert len(system.of(deleted.invoice)) == 1


def test_what_is_sent_anew_can_be_taken_back_and_sent_later(connection, system, deleted):
    export = voiding.send(deleted, by=None, now=system.clock.now())
    outbox.cancel(export, by=None, now=system.clock.now())
    outbox.queue(connection, [deleted.invoice_id], by=None, now=system.clock.now())
    send(connection, system)
    assert len(system.of(deleted.invoice)) == 1


def test_sending_anew_answers_the_open_question(deletable, connection, system, out):
    system.delete(RemoteInvoice.objects.get().remote_id)
    look(connection, system)
    voiding.send(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    assert Finding.objects.get().answer == "pushed"
    send(connection, system)
    look(connection, system)
    assert not Finding.objects.filter(answered_at=None).exists()


# Runs ---------------------------------------------------------------------------------------------


def test_an_order_that_is_refused_leaves_no_run(connection, parts, monkeypatch):
    invoice = books.invoice(*parts)

    def taken(rows):
        raise IntegrityError

    monkeypatch.setattr(bulk, "insert_new", taken)
    with refused("already_queued"):
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    assert not Run.objects.exists()


def test_a_run_counts_what_was_queued_when_a_later_part_is_refused(connection, parts, monkeypatch):
    invoices = [books.invoice(*parts) for _ in range(3)]
    monkeypatch.setattr(outbox, "CHUNK", 2)
    written, calls = bulk.insert_new, []

    def taken_later(rows):
        calls.append(rows)
        if len(calls) > 1:
            raise IntegrityError
        written(rows)

    monkeypatch.setattr(bulk, "insert_new", taken_later)
    with refused("already_queued"):
        outbox.queue(connection, [one.pk for one in invoices], by=None, now=books.NOW)
    run = Run.objects.get()
    assert run.total == run.exports.count() == 2
