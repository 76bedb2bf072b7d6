"""What QuickBooks says of a document, and what people there do to it: F14-F21, F29 and F31 of the
faults of QuickBooks, 26, 27 and 39 of the catalogue of reliability.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from accounting import findings, outbox, refreshing, staging, sync, voiding
from accounting.models import Connection, Export, Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from invoices import lifecycle, numbering
from invoices.models import Invoice, Status
from tests import make
from tests.accounting import books

from .office import BATCH, Office


def pushed(office: Office) -> Invoice:
    """An invoice whose line was changed there, and which somebody wants back as it was."""
    office.look()
    invoice = office.export()
    office.edit_there(invoice, "Support, October")
    office.look()
    office.push_ours(invoice)
    return invoice


def opened(invoice: Invoice) -> list[Finding]:
    return list(Finding.objects.filter(invoice=invoice, answered_at=None))


def status(invoice: Invoice) -> Status:
    return Invoice.objects.get(pk=invoice.pk).status(make.day("2026-11-24"))


# Somebody there was faster ------------------------------------------------------------------------


def test_f14_what_somebody_changed_beside_ours_stays_and_ours_goes_on_top(office):
    invoice = pushed(office)
    note = office.document(invoice)["PrivateNote"]
    office.person.change(
        "Invoice", office.remote(invoice).remote_id, PrivateNote=f"{note} / called Ana"
    )
    office.work()
    office.wait()
    office.assert_there_once(invoice)
    (document,) = office.there(invoice)
    assert document["Line"][0]["Description"] == "Work in October"
    assert document["PrivateNote"].endswith("called Ana")
    assert office.of(invoice).generation == 2
    assert len(set(office.keys())) == 3  # created, refused as stale, and changed
    office.look()
    assert opened(invoice) == []


def test_f14_what_somebody_changed_in_the_same_place_is_never_written_over_unseen(office):
    invoice = pushed(office)
    office.edit_there(invoice, "Agreed on the phone")
    office.work()
    office.wait(rounds=2)
    assert office.document(invoice)["Line"][0]["Description"] == "Agreed on the phone"
    (finding,) = opened(invoice)
    theirs = [row["theirs"] for row in finding.differences if "description" in row["field"]]
    assert (finding.kind, theirs) == ("drift", ["Agreed on the phone"])
    assert office.of(invoice).state == "cancelled"
    assert "decide whose version counts" in office.page(invoice)
    assert reverse("accounting:finding", args=[finding.pk]) in office.page(invoice)
    assert Invoice.objects.get(pk=invoice.pk).export_queued_at is None


@pytest.mark.parametrize("answer", ["accept", "push", "ignore"])
def test_f14_a_conflict_is_decided_by_a_person_and_then_it_is_over(office, answer):
    invoice = pushed(office)
    office.edit_there(invoice, "Agreed on the phone")
    office.work()
    (finding,) = opened(invoice)
    office.press(f"accounting:finding-{answer}", finding.pk)
    office.wait()
    wanted = "Work in October" if answer == "push" else "Agreed on the phone"
    assert office.document(invoice)["Line"][0]["Description"] == wanted
    office.look()
    assert opened(invoice) == []
    assert not Export.objects.filter(state__in=Export.OPEN).exists()


def test_f14_a_change_that_was_lost_is_not_taken_for_done_because_somebody_else_changed_it(office):
    invoice = pushed(office)
    office.qbo.arm("drop_request", on=BATCH)
    office.work()
    office.edit_there(invoice, "Agreed on the phone")
    office.wait(rounds=3)
    assert office.document(invoice)["Line"][0]["Description"] == "Agreed on the phone"
    assert [finding.kind for finding in opened(invoice)] == ["drift"]


@pytest.mark.parametrize("memory", ["kept", "forgotten"])
def test_f14_r02_a_change_whose_answer_was_lost_is_recognised(office, memory):
    invoice = pushed(office)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    if memory == "forgotten":
        office.qbo.forget_request_ids()
    office.wait()
    office.assert_there_once(invoice)
    assert office.document(invoice)["SyncToken"] == "2"
    assert len(office.batches()) == 2


def test_f14_an_invoice_paid_in_the_meantime_is_not_changed_any_more(office):
    invoice = pushed(office)
    office.person.receive_payment(office.remote(invoice).remote_id, "100")
    office.work()
    office.wait()
    assert office.document(invoice)["Line"][0]["Description"] == "Support, October"
    office.assert_needs_a_person(invoice, "settled", "partially paid there")
    assert status(invoice) == Status.PARTIALLY_PAID
    with pytest.raises(Refused) as refused:
        outbox.retry(office.of(invoice), by=None, now=office.now)
    assert refused.value.code == "settled_there"
    outbox.cancel(office.of(invoice), by=None, now=office.now)
    assert Invoice.objects.get(pk=invoice.pk).export_queued_at is None


def test_f14_a_credit_that_the_company_applied_by_itself_is_seen_before_the_first_change(office):
    office.look()
    office.export()
    remote = office.remote(Invoice.objects.get())
    line = {
        "DetailType": "SalesItemLineDetail", "Amount": Decimal(30),
        "SalesItemLineDetail": {"ItemRef": {"value": office.connection.links.get(
            item=office.item).remote_id}},
    }  # fmt: skip
    customer = office.document(remote.invoice)["CustomerRef"]
    office.person.create("CreditMemo", CustomerRef=customer, Line=[line])
    office.person.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    invoice = office.export()
    assert office.remote(invoice).version != office.document(invoice)["SyncToken"]
    lifecycle.set_email(invoice, email="ana@example.com", by=None, now=office.now)
    voiding.update(office.remote(invoice), by=None, now=office.now)
    office.work()
    office.assert_needs_a_person(invoice, "settled", "partially paid there")
    assert "BillEmail" not in office.document(invoice)
    assert [p.method for p in invoice.payments.live()] == ["credit"]


def test_f29_r27_what_was_voided_while_we_changed_it_stays_voided_and_a_person_is_told(office):
    invoice = pushed(office)
    office.person.void("Invoice", office.remote(invoice).remote_id)
    office.work()
    office.wait(rounds=2)
    assert office.document(invoice)["TotalAmt"] == 0
    assert office.of(invoice).state == "cancelled"
    (finding,) = opened(invoice)
    assert finding.kind == "voided"
    assert status(invoice) != Status.VOIDED
    findings.accept(finding, by=None, now=office.now)
    assert status(invoice) == Status.VOIDED


@pytest.mark.parametrize("act", ["void", "delete"])
def test_f29_what_was_voided_or_deleted_while_we_voided_it_is_what_we_wanted(office, act):
    invoice = office.export()
    remote = office.remote(invoice)
    voiding.void(remote, reason="Wrong", by=None, now=office.now)
    getattr(office.person, act)("Invoice", remote.remote_id)
    office.work()
    office.wait()
    assert office.of(invoice).state == "sent"
    assert opened(invoice) == []


def test_f29_a_void_of_what_somebody_changed_waits_until_that_was_seen(office):
    invoice = office.export()
    voiding.void(office.remote(invoice), reason="Wrong", by=None, now=office.now)
    office.edit_there(invoice, "Agreed on the phone")
    office.work()
    office.assert_needs_a_person(invoice, "stale", "Somebody changed this", "See what differs")
    assert office.document(invoice)["TotalAmt"] == invoice.total
    office.retry(invoice)
    office.work()
    assert office.document(invoice)["TotalAmt"] == 0
    assert office.of(invoice).state == "sent"
    assert opened(invoice) == []


def test_f29_r27_what_was_deleted_while_we_changed_it_is_not_made_again_by_itself(office):
    invoice = pushed(office)
    office.person.delete("Invoice", office.remote(invoice).remote_id)
    office.work()
    office.wait(rounds=3)
    assert office.there(invoice) == []
    assert [finding.kind for finding in opened(invoice)] == ["deleted"]
    assert office.of(invoice).state == "cancelled"
    assert outbox.exportable(office.connection).count() == 0


def test_f29_a_void_of_what_somebody_just_paid_is_refused_and_one_of_an_annotated_goes_on(office):
    paid, annotated = office.export(), office.export()
    for invoice in (paid, annotated):
        voiding.void(office.remote(invoice), reason="Wrong", by=None, now=office.now)
    office.person.receive_payment(office.remote(paid).remote_id)
    note = office.document(annotated)["PrivateNote"]
    office.person.change(
        "Invoice", office.remote(annotated).remote_id, PrivateNote=f"{note} / to be voided"
    )
    office.work()
    office.wait()
    assert office.document(paid)["TotalAmt"] == paid.total
    office.assert_needs_a_person(paid, "settled", "paid there")
    assert office.document(annotated)["TotalAmt"] == 0
    assert office.of(annotated).state == "sent"


# Numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_f15_f17_r40_a_number_taken_by_our_own_earlier_write_is_adopted(office, language):
    """Our books are older than theirs, as after a backup was restored."""
    office.qbo.company().language = language
    invoice = office.export()
    id = office.remote(invoice).remote_id
    RemoteInvoice.objects.all().delete()
    Export.objects.all().delete()
    Invoice.objects.update(exported_at=None)
    office.queue(invoice)
    office.work()
    office.wait()
    office.assert_there_once(invoice)
    assert office.remote(invoice).remote_id == id


@pytest.mark.parametrize("amount", ["10", "250"])
def test_f16_a_number_that_a_stranger_has_is_never_adopted(office, amount):
    invoice = office.invoice()
    customer = next(iter(office.qbo.company().of("Customer")))["Id"]
    office.person.create_invoice(customer, amount, number=invoice.number)
    office.queue(invoice)
    office.work()
    office.assert_needs_a_person(
        invoice, "number_taken", "Another document in QuickBooks has this number"
    )
    assert office.there(invoice) == []
    assert not RemoteInvoice.objects.exists()
    office.assert_reference_kept(office.batches()[0])
    stranger = next(d["Id"] for d in office.qbo.invoices() if d["DocNumber"] == invoice.number)
    office.person.change("Invoice", stranger, DocNumber="MANUAL-1")
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([{"Message": "Erreur", "code": "6000"}], "6000"),
        ([{"Message": "First", "code": "X.Y"}, {"Message": "Closed", "code": "6210"}],
         "period_closed"),
        ([{"Message": "Odd", "Detail": "Quelque chose <b>", "code": "not.a.number"}],
         "not.a.number"),
        ([], "other"),
    ],
)  # fmt: skip
def test_f17_a_refusal_of_any_shape_stops_at_a_person_with_words(office, errors, code):
    fault = {"Fault": {"Error": errors, "type": "ValidationFault"}, "bId": "1"}
    body = json.dumps({"BatchItemResponse": [fault], "time": "x"})
    office.qbo.arm("server_error", on=BATCH, status=200, body=body, content_type="application/json")
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    export = office.assert_needs_a_person(invoice, code)
    assert len(export.message) > 40
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)


@pytest.mark.parametrize("memory", ["remembered", "forgotten"])
def test_f19_a_corrected_invoice_goes_under_a_new_key(office, memory):
    office.qbo.switch(requestid_errors=memory)
    office.person.close_books("2026-11-30")
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    office.assert_needs_a_person(invoice, "period_closed", "books in QuickBooks are closed")
    office.person.close_books("")
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)
    assert len(set(office.keys())) == 2


@pytest.mark.parametrize("numbering", ["ours", "theirs"])
def test_f31_an_invoice_without_a_number_there_is_still_ours(office, numbering):
    """The company began to keep custom numbers after we were told that it does not."""
    office.connection.facts |= {"custom_numbers": False}
    office.connection.numbering = numbering
    office.connection.save()
    office.person.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    office.wait()
    (document,) = office.there(invoice)
    assert "DocNumber" not in document
    remote = office.remote(invoice)
    assert (remote.remote_id, remote.number) == (document["Id"], "")
    page = office.browser.get(reverse("invoices:detail", args=[invoice.pk])).text
    assert remote.url.replace("&", "&amp;") in page
    voiding.void(remote, reason="Wrong", by=None, now=office.now)
    office.work()
    assert office.document(invoice)["TotalAmt"] == 0


# Totals and records -------------------------------------------------------------------------------


@pytest.mark.parametrize("cents", ["0.01", "40"])
def test_f20_r34_a_total_that_differs_is_named_and_ours_stays(office, cents):
    office.qbo.switch(total_drift=cents)
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    (document,) = office.there(invoice)
    (finding,) = opened(invoice)
    theirs = Decimal("250.00") + Decimal(cents)
    assert document["TotalAmt"] == office.remote(invoice).total == theirs
    assert finding.kind == "total"
    assert {
        "field": "total", "ours": "250.00", "theirs": f"{theirs:.2f}",
    } in finding.differences  # fmt: skip
    assert Invoice.objects.get(pk=invoice.pk).total == Decimal("250.00")
    listed = office.browser.get(reverse("accounting:findings")).text
    assert invoice.number in listed
    shown = office.browser.get(reverse("accounting:finding", args=[finding.pk])).text
    assert "The sums there are not ours" in shown
    office.look()
    sync.sweep(office.connection, now=office.now)
    assert len(opened(invoice)) == 1


def test_f21_a_record_that_became_inactive_is_linked_anew_and_the_others_go_on(office):
    office.export()  # both records are there now
    other = make.item("On-site work")
    replacement = office.person.create(
        "Item", Name="Field service", Type="Service",
        IncomeAccountRef={"value": office.connection.income_account_id},
    )  # fmt: skip
    link = books.link(office.connection, other)
    first = books.invoice(office.customer, other)
    office.queue(first)
    office.work()
    office.assert_there_once(first)
    link.refresh_from_db()
    bad, good = books.invoice(office.customer, other), office.invoice()
    office.queue(bad, good)
    office.person.deactivate("Item", link.remote_id)
    office.work()
    office.assert_there_once(good)
    office.assert_needs_a_person(bad, "reference", "made inactive", "link another one")
    refreshing.everything(office.connection, today=make.day("2026-11-24"), now=office.now)
    link.refresh_from_db()
    staging.choose(link, replacement["Id"], by=office.owner, now=office.now)
    office.retry(bad)
    office.work()
    office.assert_there_once(bad)
    (document,) = office.there(bad)
    assert document["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == replacement["Id"]
    assert office.of(bad).generation == 2


def test_r26_an_invoice_on_its_way_is_frozen_and_can_not_be_edited(office):
    invoice = office.invoice()
    number = invoice.number
    office.queue(invoice)
    named = {"by": None, "now": office.now}
    for change in (
        lambda: lifecycle.void(invoice, reason="Wrong", **named),
        lambda: lifecycle.set_email(invoice, email="other@example.com", **named),
        lambda: numbering.renumber(invoice, number="OTHER-1", reason="Wrong", **named),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert refused.value.code == "export_under_way"
    Invoice.objects.filter(pk=invoice.pk).update(message="Changed behind everybody's back")
    office.work()
    office.assert_there_once(invoice)
    assert office.document(invoice)["DocNumber"] == number
    assert "CustomerMemo" not in office.document(invoice)


def test_r27_what_was_deleted_there_is_shown_and_not_made_again_by_itself(office):
    office.look()
    invoice = office.export()
    office.person.delete("Invoice", office.remote(invoice).remote_id)
    office.look()
    with pytest.raises(Refused):
        office.queue(invoice)
    office.wait(rounds=3)
    assert office.there(invoice) == []
    (finding,) = opened(invoice)
    shown = office.browser.get(reverse("accounting:finding", args=[finding.pk])).text
    assert "This invoice was deleted there" in shown


def test_r39_what_nobody_told_us_is_found_by_the_nightly_look(office):
    invoices = [office.export() for _ in range(4)]
    ids = [office.remote(each).remote_id for each in invoices]
    office.edit_there(invoices[0], "Changed")
    office.person.void("Invoice", ids[1])
    office.person.delete("Invoice", ids[2])
    office.person.receive_payment(ids[3])
    Connection.objects.update(cursor="2026-11-24T23:00:00+00:00")  # as if all of it was missed
    office.sims.clock.move(hours=14)
    sync.sweep(office.fresh(), now=office.now)
    kinds = [[finding.kind for finding in opened(each)] for each in invoices]
    assert kinds == [["drift"], ["voided"], ["deleted"], []]
    assert status(invoices[3]) == Status.PAID
