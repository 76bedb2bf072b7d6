"""Workers that die, several at once, and many invoices in one go: F26-F28 of the faults of
QuickBooks, 1, 19, 20, 28 and 35 of the catalogue of reliability.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import threading

import pytest
import urllib3
from django.db import connections

from accounting import connected, delivery, outbox, progress, restoring
from accounting.models import Export, RemoteInvoice
from accounting.providers.qbo.adapter import QuickBooksOnline
from atera_invoicing.errors import Refused
from invoices.models import Invoice
from tests.faults.test_races import at_once

from .office import BATCH, Office, until


def killed(office: Office, moment: str) -> None:
    """Deliver in a process that is killed the moment the call with the invoices is about to be
    sent ("before"), or when QuickBooks has answered it and nothing is saved yet ("after").
    """
    office.sims.clock.move(seconds=5)
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            _die_at(moment)
            office.work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was to be killed"


def _die_at(moment: str) -> None:
    wire = urllib3.connection.HTTPConnection
    send, answer = wire.request, wire.getresponse

    def request(self, method, url, *args, **named):
        self.is_batch = "/batch" in url
        if self.is_batch and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        return send(self, method, url, *args, **named)

    def getresponse(self, *args, **named):
        found = answer(self, *args, **named)
        if self.is_batch:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    wire.request, wire.getresponse = request, getresponse


@pytest.fixture
def small_calls(monkeypatch):
    """Calls of three invoices, so that a few of them make several calls."""
    limits = dataclasses.replace(QuickBooksOnline.limits, batch=3)
    monkeypatch.setattr(QuickBooksOnline, "limits", limits)


def test_f26_r19_a_second_call_that_is_throttled_leaves_the_first_as_it_is(office, small_calls):
    invoices = [office.invoice() for _ in range(5)]
    office.queue(*invoices)
    office.qbo.arm("throttled", on=BATCH, skip=1)
    office.work()
    states = list(Export.objects.order_by("id").values_list("state", flat=True))
    assert states == ["sent"] * 3 + ["waiting"] * 2
    assert len(office.qbo.invoices()) == 3
    office.wait(minutes=2)
    office.assert_there_once(*invoices)
    assert [each.status for each in office.batches()] == [200, 429, 200]
    assert set(Export.objects.values_list("attempts", flat=True)) == {0}


@pytest.mark.parametrize("bad", [1, 5])
def test_f26_r19_refused_items_of_a_call_stop_no_others(office, bad):
    good = [office.invoice() for _ in range(6 - bad)]
    taken = [office.invoice() for _ in range(bad)]
    customer = next(iter(office.qbo.company().of("Customer")))["Id"]
    for each in taken:
        office.person.create_invoice(customer, "10", number=each.number)
    office.queue(*good, *taken)
    office.work()
    assert len(office.batches()) == 1
    assert office.batches()[0].status == 200
    office.assert_there_once(*good)
    for each in taken:
        office.assert_needs_a_person(each, "number_taken", "Another document in QuickBooks")
        assert office.there(each) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_f27_r01_a_worker_killed_around_the_call_leaves_it_to_the_next_one(office, moment):
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    killed(office, moment)
    assert {office.of(each).state for each in invoices} == {"sending"}
    assert len(office.qbo.invoices()) == (3 if moment == "after" else 0)
    assert not RemoteInvoice.objects.exists()
    assert not office.work()  # the dead one's lease still holds
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1  # found there, or sent for the first time


def test_f28_two_workers_send_an_invoice_once(office):
    invoices = [office.invoice() for _ in range(5)]
    office.queue(*invoices)
    at_once(4, lambda i: delivery.work(office.connection.pk, now=office.now))
    office.wait()
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_f28_two_people_queue_an_invoice_once(office):
    invoice = office.invoice()

    def queue(i: int) -> str:
        try:
            outbox.queue(office.connection, [invoice.pk], by=None, now=office.now)
        except Refused as refused:
            return refused.code
        return "queued"

    told = at_once(4, queue)
    assert told.count("queued") == 1
    assert set(told) <= {"queued", "already_queued", "nothing_to_export", "export_under_way"}
    office.work()
    office.assert_there_once(invoice)


def test_f28_a_worker_that_was_thought_dead_writes_nothing_over(office):
    """It was slow, lost its lease, and gets its answer when another one has settled all."""
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("delay_answer", seconds=900, on=BATCH)
    now = office.now

    def slow() -> None:
        delivery.work(office.connection.pk, now=now)
        connections.close_all()

    worker = threading.Thread(target=slow)
    worker.start()
    until(office.qbo.invoices)
    office.wait(rounds=3)
    assert worker.is_alive()
    office.assert_there_once(invoice)
    seen_at = office.remote(invoice).seen_at
    office.sims.clock.move(minutes=20)
    worker.join(10)
    assert not worker.is_alive()
    office.assert_there_once(invoice)
    assert office.remote(invoice).seen_at == seen_at
    assert len(office.batches()) == 1


def test_r20_an_invoice_that_can_not_be_written_needs_a_person_and_the_others_go(office):
    bad = office.invoice()
    good = [office.invoice() for _ in range(3)]
    office.queue(bad, *good)
    export = office.of(bad)
    export.document["lines"][0]["item_id"] = ""  # an amount without an item: our own mistake
    export.save()
    office.work()
    office.wait()
    office.assert_there_once(*good)
    office.assert_needs_a_person(bad, "broken", "fault in this software")


@pytest.mark.parametrize(
    "words",
    ["x" * 100_000, "a\x1fb", "\u202eright", "\N{SLICE OF PIZZA} 請求書", "'; DROP TABLE --\\"],
    ids=["long", "control", "right to left", "emoji", "quotes"],
)
def test_r20_odd_words_arrive_or_are_cut_but_stop_nobody(office, words):
    odd, plain = office.invoice(), office.invoice()
    odd.lines.update(description=words)
    office.queue(odd, plain)
    office.work()
    office.assert_there_once(odd, plain)


def test_r28_disconnecting_waits_for_answers_that_are_out_and_takes_back_the_rest(office):
    sent, waiting = office.invoice(), office.invoice()
    office.queue(sent)
    office.qbo.arm("lose_answer", on=BATCH)
    office.work()
    office.queue(waiting)
    with pytest.raises(Refused) as refused:
        restoring.disconnect(office.fresh(), by=office.owner, now=office.now)
    assert refused.value.code == "export_under_way"
    assert office.fresh().is_active
    connected.pause(office.connection, now=office.now)
    office.wait()
    office.assert_there_once(sent)
    restoring.disconnect(office.fresh(), by=office.owner, now=office.now)
    assert office.of(waiting).state == "cancelled"
    assert Invoice.objects.get(pk=waiting.pk).export_queued_at is None
    assert not office.work()
    assert office.there(waiting) == []


def test_r35_an_export_is_taken_back_half_way_and_says_how_far_it_is(office, small_calls):
    invoices = [office.invoice() for _ in range(5)]
    office.queue(*invoices)
    office.qbo.arm("throttled", on=BATCH, skip=1)
    office.work()
    made = progress.of(office.fresh(), now=office.now)
    assert (made.done, made.left) == (3, 2)
    for export in Export.objects.filter(state="waiting"):
        outbox.cancel(export, by=None, now=office.now)
    office.wait(minutes=3)
    assert len(office.qbo.invoices()) == 3
    office.assert_there_once(*invoices[:3])
