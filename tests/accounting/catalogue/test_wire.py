"""Requests and answers that are lost, late, broken or of somebody else: F01-F06, F18, F22, F30,
F32 of the faults of QuickBooks, 2-8 of the catalogue of reliability.
"""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection as database

from accounting import delivery
from accounting.models import Attempt, Connection

from .office import BATCH, until

LOST = {
    "closed": ("lose_answer", {}),
    "reset": ("reset_answer", {}),
}
ERRORS = {
    "500": {"status": 500, "body": "oops"},
    "503 html": {"status": 503, "body": "<html>Sorry</html>", "content_type": "text/html"},
    "504 text": {"status": 504, "body": "stream timeout"},
    "a gateway's 502": {"status": 502, "body": "<html>502 Bad Gateway</html>"},
}


@pytest.mark.parametrize("why", ["refused", "no such host"])
def test_f01_what_could_not_be_sent_waits_and_goes_once(office, settings, why):
    invoice = office.invoice()
    office.queue(invoice)
    right = settings.QBO
    if why == "refused":
        office.sims.unplug()
    else:
        settings.QBO = {**right, "api": "http://no-such-host.invalid"}
    office.work()
    office.wait(minutes=0, seconds=31)
    office.assert_waits(invoice, "can't be reached", "tried again by itself")
    settings.QBO = right
    office.sims.plug()
    office.wait(minutes=0, seconds=31)
    office.assert_there_once(invoice)
    assert len(office.batches()) == 1
    office.assert_reference_kept(office.batches()[0])


def test_f02_r03_silence_before_anything_was_done_ends_and_the_same_call_goes_again(
    office, impatient
):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("hang", seconds=100, on=BATCH)
    began = time.monotonic()
    office.work()
    assert time.monotonic() - began < 5
    assert office.of(invoice).state == "unknown"
    assert "answer was lost" in office.page(invoice)
    office.wait()
    office.assert_there_once(invoice)
    first, again = office.batches()
    assert first.request_body == again.request_body
    assert first.query["requestid"] == again.query["requestid"]


@pytest.mark.parametrize("fault", ["drop_request", "reset_request", "server_error"])
def test_f02_r03_a_request_that_was_lost_before_the_commit_ends_there_once(office, fault):
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.qbo.arm(fault, on=BATCH)
    office.work()
    assert {office.of(each).state for each in invoices} == {"unknown"}
    office.wait()
    office.assert_there_once(*invoices)
    assert len(set(office.keys())) == 1


@pytest.mark.parametrize("name", LOST)
def test_f03_r02_after_a_lost_answer_the_document_is_found_and_linked(office, name):
    fault, options = LOST[name]
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.qbo.arm(fault, on=BATCH, **options)
    office.work()
    assert {office.of(each).state for each in invoices} == {"unknown"}
    assert "we look there" in office.page(invoices[0])
    office.wait(minutes=1)  # too early: the request may still be at work
    assert len(office.batches()) == 1
    office.wait(minutes=2)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1  # found, so nothing was sent again
    assert Attempt.objects.values_list("outcome", flat=True).get() == "unknown"


@pytest.mark.parametrize("name", ERRORS)
def test_f04_r07_an_error_page_after_the_commit_is_no_proof_of_anything(office, name):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("error_after_commit", on=BATCH, **ERRORS[name])
    office.work()
    assert office.of(invoice).state == "unknown"
    office.wait()
    office.assert_there_once(invoice)


def test_f05_r04_a_first_try_that_lands_after_its_retry_makes_no_second(office, impatient):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("slow_commit", seconds=400, on=BATCH)
    office.work()
    office.wait(minutes=3)  # by now it is looked for, not found, and sent again
    assert len(office.batches()) == 2
    assert office.there(invoice) == []
    assert office.of(invoice).state == "unknown"
    office.sims.clock.move(minutes=5)
    until(office.qbo.invoices)
    office.work()
    office.assert_there_once(invoice)
    assert len(set(office.keys())) == 1


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("truncate_answer", {}),
        ("empty_answer", {}),
        ("fault_in_200", {"code": "10000"}),
        ("error_after_commit", {"status": 200, "body": "{}"}),
        ("error_after_commit", {"status": 200, "body": '{"BatchItemResponse": []}'}),
    ],
)
def test_f06_r07_nothing_is_exported_without_an_id_that_was_read(office, fault, options):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm(fault, on=BATCH, **options)
    office.work()
    export = office.of(invoice)
    assert (export.state, export.remote_id) == ("unknown", "")
    assert not invoice.remotes.exists()
    office.wait()
    office.assert_there_once(invoice)


@pytest.mark.parametrize("numbering", ["ours", "theirs"])
@pytest.mark.parametrize("how", ["forgotten", "ignored"])
def test_f18_r06_a_forgotten_request_id_is_made_good_by_looking_first(office, how, numbering):
    """Also where they number, so that only customer and day are left to look for."""
    Connection.objects.update(numbering=numbering)
    office.connection.refresh_from_db()
    office.qbo.switch(requestid="ignored" if how == "ignored" else "honoured")
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    office.qbo.forget_request_ids()
    office.wait()
    office.assert_there_once(*invoices)


@pytest.mark.parametrize("lag", [60, 400])
def test_f22_r05_a_search_that_lags_is_no_reason_to_create_again(office, lag):
    """Longer than we wait before we look, the key alone keeps it from being there twice."""
    office.qbo.switch(query_lag_seconds=lag)
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    office.wait(minutes=3)
    office.assert_there_once(invoice)
    assert len(set(office.keys())) == 1


def test_f22_r05_a_number_taken_by_our_own_unseen_document_is_no_strangers(office):
    office.qbo.switch(query_lag_seconds=250)
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    office.qbo.forget_request_ids()
    office.wait(minutes=3)  # not found, sent again, and its number is taken
    assert office.of(invoice).state == "unknown"
    office.wait(minutes=2)
    office.assert_there_once(invoice)


def test_f30_r08_slow_answers_hold_one_worker_and_for_no_longer_than_we_wait(office, impatient):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("delay_answer", seconds=90, on=BATCH)

    def first() -> None:
        office.work()
        database.close()

    worker = threading.Thread(target=first)
    worker.start()
    until(office.batches)
    began = time.monotonic()
    others = [delivery.work(office.connection.pk, now=office.now) for _ in range(20)]
    assert not any(others)  # free at once, for other work
    assert office.page(invoice)
    worker.join(5)
    assert not worker.is_alive()
    assert time.monotonic() - began < 5
    assert office.of(invoice).state == "unknown"
    office.wait()
    office.assert_there_once(invoice)
    assert len(office.batches()) == 1


def test_f30_r08_an_answer_that_drips_does_not_hold_a_worker(office, monkeypatch):
    from accounting.providers.qbo import client

    monkeypatch.setattr(client, "DEADLINE", 0.4)
    office.sims.clock.run()  # drips by it
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("drip_answer", bytes_per_second=200.0, on=BATCH)
    began = time.monotonic()
    office.work()
    assert time.monotonic() - began < 5
    assert office.of(invoice).state == "unknown"
    office.wait()
    office.assert_there_once(invoice)


def test_f32_a_redirect_is_not_followed_and_the_invoice_goes_to_where_it_belongs(office):
    invoice = office.invoice()
    office.queue(invoice)
    elsewhere = f"{office.sims.url}/elsewhere"
    office.qbo.arm("redirect", on=BATCH, headers={"Location": elsewhere})
    office.work()
    assert office.of(invoice).state == "unknown"
    office.wait()
    office.assert_there_once(invoice)
    assert [each.status for each in office.batches()] == [302, 200]
    assert not [each for each in office.sims.journal if "elsewhere" in each.path]
