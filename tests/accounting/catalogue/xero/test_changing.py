"""Changes of invoices that are at Xero, from this office to the books there: edits of a bookkeeper
that must survive, numbers that stay taken, and invoices for nothing.
"""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounting import findings, planning, voiding
from accounting.models import Connection, Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from invoices.models import Invoice

API = "/api/v1/accounting"
ANEW = {"kind": "deleted", "answered_at": None}


def line(office, invoice):
    return office.document(invoice)["LineItems"][0]


def options(line):
    return [each["Option"] for each in line["Tracking"]]


def wait_for(office, invoice):
    """Until its export is settled; the state that it has then."""
    office.work()
    office.wait(rounds=3)
    return office.of(invoice).state


# What a bookkeeper did ----------------------------------------------------------------------------


def test_a_due_date_that_is_pushed_arrives_although_something_else_was_changed_there(office):
    invoice = office.export()
    office.look()
    id = office.remote(invoice).remote_id
    office.person.change_invoice(id, DueDate="2027-03-01")
    office.look()
    office.push_ours(invoice)
    office.sims.clock.move(minutes=1)
    office.person.change_invoice(id, Reference="PO 4711")
    assert wait_for(office, invoice) == "sent"
    office.look()
    assert office.document(invoice)["DueDateString"][:10] == str(invoice.due_date)
    assert not Finding.objects.filter(answered_at=None).exists()


def test_account_and_tracking_that_a_bookkeeper_chose_survive_sending_again(office):
    invoice = office.export()
    office.look()
    category = office.xero.documents("TrackingCategory")[0]
    theirs = {"Name": category["Name"], "Option": category["Options"][0]["Name"]}
    edited = {name: line(office, invoice)[name] for name in (
        "LineItemID", "ItemCode", "Description", "Quantity", "UnitAmount", "TaxType",
    )}  # fmt: skip
    office.person.change_invoice(
        office.remote(invoice).remote_id,
        LineItems=[{**edited, "AccountCode": "260", "Tracking": [theirs]}],
    )
    office.look()
    voiding.send(office.remote(invoice), by=office.owner, now=office.now)
    assert wait_for(office, invoice) == "sent"
    after = line(office, invoice)
    assert (after["AccountCode"], options(after)) == ("260", [theirs["Option"]])


def test_an_edit_that_a_list_does_not_show_yet_is_not_written_over(office):
    invoice = office.export()
    office.look()
    office.xero.switch(query_lag_seconds=90.0)
    office.edit_there(invoice, "Theirs")
    voiding.send(office.remote(invoice), by=office.owner, now=office.now)
    office.work()
    office.work()
    assert line(office, invoice)["Description"] == "Theirs"
    assert office.of(invoice).state == "cancelled"
    (finding,) = Finding.objects.filter(answered_at=None)
    assert finding.kind == "drift"
    findings.push(finding, by=office.owner, now=office.now)
    assert wait_for(office, invoice) == "sent"
    assert line(office, invoice)["Description"] == "Work in October"


# Numbers that stay taken --------------------------------------------------------------------------


@pytest.fixture
def deleted(office) -> Invoice:
    """An invoice whose draft somebody deleted there."""
    Connection.objects.update(options={"status": "DRAFT"})
    office.connection.refresh_from_db()
    invoice = office.export()
    office.look()
    office.person.delete(office.remote(invoice).remote_id)
    office.look()
    assert office.remote(invoice).status == "deleted"
    return invoice


def test_a_deleted_draft_whose_number_stays_taken_does_not_go_anew(office, deleted, api_as):
    remote, finding = office.remote(deleted), Finding.objects.get(**ANEW)
    with pytest.raises(Refused, match="Void it here"):
        voiding.send(remote, by=office.owner, now=office.now)
    with pytest.raises(Refused, match="Void it here"):
        findings.push(finding, by=office.owner, now=office.now)
    for url in (f"{API}/remote-invoices/{remote.pk}/send/", f"{API}/findings/{finding.pk}/push/"):
        answer = api_as("billing" if "remote" in url else "owner").post(url)
        assert (answer.status_code, answer.json()["code"]) == (409, "number_stays_taken")
        assert "under a new number" in answer.json()["detail"]
    (row,) = api_as("billing").get(f"{API}/remote-invoices/{remote.pk}/plan/").json()["rows"]
    assert row["action"] == "blocked"
    assert "under a new number" in row["why"][0]
    assert len(office.batches()) == 1


def test_the_pages_say_what_to_do_with_it(office, deleted):
    pages = [
        reverse("invoices:detail", args=[deleted.pk]),
        reverse("accounting:finding", args=[Finding.objects.get(**ANEW).pk]),
        reverse("accounting:plan") + f"?invoice={deleted.pk}",
    ]
    send = reverse("accounting:send-again", args=[office.remote(deleted).pk])
    push = reverse("accounting:finding-push", args=[Finding.objects.get(**ANEW).pk])
    for page in pages:
        shown = office.browser.get(page).text
        assert "under a new number" in shown
        assert send not in shown
        assert push not in shown
    (row,) = planning.make(office.connection, [deleted.pk]).rows
    assert (row.action, row.there) == ("skip", None)


def test_once_it_is_ignored_the_invoice_itself_has_the_way_out(office, deleted):
    findings.ignore(Finding.objects.get(**ANEW), by=office.owner, now=office.now)
    shown = office.browser.get(reverse("invoices:detail", args=[deleted.pk])).text
    assert "under a new number" in shown
    assert shown.count(reverse("invoices:void", args=[deleted.pk])) > 1


def test_voided_here_its_work_is_billed_anew_under_a_new_number(office, deleted):
    findings.accept(Finding.objects.get(**ANEW), by=office.owner, now=office.now)
    deleted.refresh_from_db()
    assert deleted.voided_at
    other = office.export()
    assert other.number != deleted.number


def test_where_xero_numbers_them_a_deleted_draft_goes_anew(office):
    Connection.objects.update(options={"status": "DRAFT"}, numbering="theirs")
    office.connection.refresh_from_db()
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    office.look()
    office.person.delete(office.remote(invoice).remote_id)
    office.look()
    before = office.remote(invoice)
    shown = office.browser.get(reverse("invoices:detail", args=[invoice.pk])).text
    assert "under a new number" not in shown
    findings.push(Finding.objects.get(**ANEW), by=office.owner, now=office.now)
    assert wait_for(office, invoice) == "sent"
    after = RemoteInvoice.objects.get(invoice=invoice)
    assert (after.status, after.number != before.number) == ("open", True)


# For nothing --------------------------------------------------------------------------------------


def test_an_invoice_for_nothing_is_told_as_paid_and_why_it_is_not_voided_there(office):
    invoice = office.invoice(price="0")
    office.queue(invoice)
    office.work()
    office.look()
    remote = office.remote(invoice)
    assert (remote.status, remote.total) == ("paid", 0)
    assert not Finding.objects.filter(answered_at=None).exists()
    with pytest.raises(Refused, match="comes to nothing"):
        voiding.void(remote, reason="Wrong", by=office.owner, now=office.now)
    invoice.refresh_from_db()
    assert invoice.voided_at is None


def test_voided_only_here_it_does_not_ask_to_be_voided_there(office):
    invoice = office.invoice(price="0")
    office.queue(invoice)
    office.work()
    office.look()
    office.browser.post(reverse("invoices:void", args=[invoice.pk]), {"reason": "Wrong"})
    invoice.refresh_from_db()
    assert invoice.voided_at
    shown = office.browser.get(reverse("invoices:detail", args=[invoice.pk])).text
    assert "still open there" not in shown
