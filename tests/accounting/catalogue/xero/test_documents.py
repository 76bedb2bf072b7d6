"""What people at Xero do meanwhile, and answers that are odd: F13, F19, F20, F22-F25 of the faults
of Xero.
"""

from __future__ import annotations

import datetime as dt

import pytest

from accounting import sync, webhooks
from accounting.models import Finding, RemoteInvoice

from .office import SEND
from .test_notices import rung

READ = "GET /api.xro/2.0/Invoices*"
ODD = ("enum", "null_date", "null_list", "extra", "long")


@pytest.mark.parametrize("what", ODD)
def test_xero_f13_odd_values_in_the_answer_to_a_write_lose_nothing(office, what):
    invoices = [office.invoice() for _ in range(2)]
    office.queue(*invoices)
    office.xero.arm("odd_data", what=what, on=SEND)
    office.work()
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


@pytest.mark.parametrize("what", ODD)
def test_xero_f13_odd_values_in_a_list_are_named_and_stop_nothing(office, what):
    invoice = office.export()
    office.look()
    office.person.receive_payment(office.remote(invoice).remote_id, "100")
    office.xero.arm("odd_data", what=what, on=READ, times=1)
    office.look()
    office.look()
    sync.sweep(office.connection, now=office.now)
    assert office.remote(invoice).status == "partially_paid"
    assert not Finding.objects.filter(kind=Finding.Kind.UNREAD, answered_at=None).exists()


def test_xero_f19_a_number_that_a_bookkeeper_took_is_for_a_person_and_never_adopted(office):
    invoice = office.invoice()
    office.person.create_invoice(office.document_contact(), "10", number=invoice.number)
    office.queue(invoice)
    office.work()
    office.wait()
    office.assert_needs_a_person(invoice, "number_taken", "Another invoice in Xero")
    assert office.there(invoice) == []
    assert not RemoteInvoice.objects.exists()
    assert len(office.batches()) == 1


def _archive_contact(office) -> None:
    office.person.archive_contact(office.document_contact())


def _lock(office) -> None:
    office.person.lock_period("2026-11-23")


MEANWHILE = {
    "reference": (_archive_contact, "archived"),
    "period_closed": (_lock, "locked for this date"),
}


@pytest.mark.parametrize("code", MEANWHILE)
def test_xero_f20_what_changed_there_before_the_send_is_said_and_not_tried_again(office, code):
    change, words = MEANWHILE[code]
    invoice = office.invoice()
    office.queue(invoice)
    change(office)
    office.work()
    office.wait(rounds=2)
    office.assert_needs_a_person(invoice, code, words)
    assert len(office.batches()) == 1


def test_xero_f20_an_invoice_that_was_edited_there_is_not_overwritten(office):
    invoice = office.export()
    office.look()
    office.edit_there(invoice, "Changed by a bookkeeper")
    office.look()
    office.push_ours(invoice)
    office.edit_there(invoice, "Changed once more")
    office.work()
    assert office.document(invoice)["LineItems"][0]["Description"] == "Changed once more"
    office.wait(rounds=2)
    assert Finding.objects.filter(invoice=invoice, answered_at=None).exists()


def test_xero_f20_an_invoice_that_was_renamed_there_is_still_ours(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    (document,) = office.there(invoice)
    office.person.rename_invoice(document["InvoiceID"], "RENAMED-1")
    office.wait(rounds=2)
    assert office.of(invoice).state == "sent"
    assert office.remote(invoice).number == "RENAMED-1"
    assert len(office.there(invoice)) == 1


def test_xero_f20_an_invoice_that_was_voided_there_is_told(office):
    invoice = office.export()
    office.look()
    office.person.void(office.remote(invoice).remote_id)
    office.look()
    assert Finding.objects.get(invoice=invoice, answered_at=None).kind == "voided"


def test_xero_f22_a_notice_before_our_own_answer_makes_no_second_record(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    (document,) = office.there(invoice)
    body, headers = rung(office.connection.company_id, document["InvoiceID"])
    webhooks.receive("xero", body, headers, now=office.now)
    office.look()
    assert not RemoteInvoice.objects.exists()
    office.wait(rounds=2)
    office.assert_there_once(invoice)
    assert RemoteInvoice.objects.count() == 1


def test_xero_f23_a_total_that_differs_by_a_cent_is_flagged_and_not_sent_again(office):
    office.xero.switch(total_drift="0.01")
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    assert office.of(invoice).state == "sent"
    assert Finding.objects.get(invoice=invoice).kind == "total"
    office.wait(rounds=2)
    assert len(office.batches()) == 1


@pytest.mark.parametrize("minutes", [-10, -2, 2, 10])
def test_xero_f24_clocks_that_differ_miss_no_change(office, minutes):
    invoice = office.export()
    skew = dt.timedelta(minutes=minutes)

    def look() -> None:
        office.sims.clock.move(minutes=20)
        assert sync.poll(office.connection.pk, now=office.now + skew)

    look()
    office.person.receive_payment(office.remote(invoice).remote_id, "100")
    look()
    assert office.remote(invoice).status == "partially_paid"


def test_xero_f25_a_list_that_shows_a_new_invoice_late_makes_no_second_one(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.switch(query_lag_seconds=200.0)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    office.wait()
    office.assert_there_once(invoice)
    assert len(office.batches()) == 1


def test_xero_f25_not_even_when_it_is_later_than_any_key(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.switch(query_lag_seconds=900.0)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    office.wait(rounds=8)
    office.xero.switch(query_lag_seconds=0.0)
    office.wait(rounds=2)
    assert len(office.there(invoice)) == 1
    assert len(office.xero.invoices()) == 1
