"""Requests and answers that are lost, late, broken or of somebody else: F1-F12, F26-F28 of the
faults of Xero.
"""

from __future__ import annotations

import os
import signal
import time

import pytest
import urllib3
from django.db import connections

from accounting import delivery
from accounting.models import Export, RemoteInvoice
from tests.faults.test_races import at_once

from .office import SEND, XeroOffice


def three(office) -> list:
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    return invoices


@pytest.mark.parametrize("fault", ["drop_request", "reset_request", "server_error"])
def test_xero_f01_a_request_that_was_cut_before_any_work_ends_there_once(office, fault):
    invoices = three(office)
    office.xero.arm(fault, on=SEND)
    office.work()
    assert {office.of(each).state for each in invoices} == {"unknown"}
    office.wait()
    office.assert_there_once(*invoices)
    first, again = office.batches()
    assert first.request_body == again.request_body
    assert len(set(office.keys())) == 1


@pytest.mark.parametrize("fault", ["lose_answer", "reset_answer"])
def test_xero_f02_after_a_lost_answer_the_invoices_are_adopted(office, fault):
    invoices = three(office)
    office.xero.arm(fault, on=SEND)
    office.work()
    assert "we look there" in office.page(invoices[0])
    office.wait(minutes=1)  # too early: the request may still be at work
    assert {office.of(each).state for each in invoices} == {"unknown"}
    office.wait()
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_xero_f03_an_error_after_the_work_that_is_kept_under_the_key_is_looked_behind(office):
    invoices = three(office)
    office.xero.arm("error_after_work", on=SEND)
    office.work()
    assert office.batches()[0].status == 500
    office.wait()
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_xero_f04_an_error_before_the_work_is_replayed_until_the_key_is_forgotten(office):
    invoices = three(office)
    office.xero.arm("error_before_work", on=SEND)
    office.work()
    office.wait()  # absent; the same call again, which replays the error
    assert [each.status for each in office.batches()] == [500, 500]
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert len(set(office.keys())) == 1


def test_xero_f05_a_commit_after_we_gave_up_is_found_and_has_no_twin(office, impatient):
    invoices = three(office)
    office.sims.clock.run()
    office.xero.arm("slow_commit", seconds=1, on=SEND)
    office.work()
    assert {office.of(each).state for each in invoices} == {"unknown"}
    time.sleep(1.2)
    office.wait()
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_xero_f06_of_a_batch_that_breaks_off_the_first_thirty_are_adopted(office):
    invoices = [office.invoice() for _ in range(50)]
    office.queue(*invoices)
    office.xero.arm("cut_in_batch", after=30, on=SEND)
    office.work()
    assert len(office.xero.invoices()) == 30
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert [len(numbers) for numbers in office.sent_numbers()] == [50, 20]
    assert len(set(office.keys())) == 2


def test_xero_f07_when_the_key_is_forgotten_the_look_holds_the_line(office):
    invoices = three(office)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    office.xero.forget_keys()
    office.wait(minutes=7)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_xero_f07_and_where_the_look_comes_too_early_the_number_does(office):
    invoices = three(office)
    office.xero.arm("lose_answer", on=SEND)
    office.work()
    office.xero.forget_keys()
    office.xero.switch(query_lag_seconds=360.0)
    office.wait()  # nothing is seen yet: the call goes again, and all of its numbers are taken
    assert len(office.xero.invoices()) == 3
    assert len(office.batches()) == 2
    office.wait(rounds=3)
    office.assert_there_once(*invoices)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_xero_f08_a_worker_killed_around_the_call_leaves_it_to_the_next_one(office, moment):
    invoices = three(office)
    _killed(office, moment)
    assert {office.of(each).state for each in invoices} == {"sending"}
    assert len(office.xero.invoices()) == (3 if moment == "after" else 0)
    assert not RemoteInvoice.objects.exists()
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def _killed(office: XeroOffice, moment: str) -> None:
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
        self.is_batch = method == "PUT"
        if self.is_batch and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        return send(self, method, url, *args, **named)

    def getresponse(self, *args, **named):
        found = answer(self, *args, **named)
        if self.is_batch:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    wire.request, wire.getresponse = request, getresponse


LIMITS = {
    "minute": (26, 26),
    "concurrent": (None, 5),
    "appminute": (40, 40),
    "day": (66_975, 66_975),
}


@pytest.mark.parametrize("problem", LIMITS)
def test_xero_f09_a_limit_parks_the_organisation_and_nobody_sleeps(office, problem):
    told, seconds = LIMITS[problem]
    invoices = three(office)
    office.xero.arm("throttled", problem=problem, retry_after=told, on=SEND)
    began = time.monotonic()
    office.work()
    assert time.monotonic() - began < 5
    held = office.fresh().held_until - office.now
    assert seconds - 5 <= held.total_seconds() <= seconds + 5
    asked = len(office.xero.requests())
    delivery.work(office.connection.pk, now=office.now)
    assert len(office.xero.requests()) == asked
    office.wait(minutes=0, seconds=seconds + 10)
    office.assert_there_once(*invoices)
    assert {office.of(each).attempts for each in invoices} == {0}


@pytest.mark.parametrize(("told", "seconds"), [(None, 60), ("soon", 60), ("-5", 60), ("1e9", 60)])
def test_xero_f10_without_a_time_that_makes_sense_we_wait_for_a_usual_one(office, told, seconds):
    invoices = three(office)
    office.xero.arm("throttled", problem="minute", retry_after=told, on=SEND)
    office.work()
    held = (office.fresh().held_until - office.now).total_seconds()
    assert seconds - 5 <= held <= seconds + 5
    office.wait(minutes=2)
    office.assert_there_once(*invoices)


ERRORS = {
    "offline": ("offline", {}),
    "502 html": ("server_error", {"status": 502, "body": "<html>Bad Gateway</html>"}),
    "400 text": (
        "server_error",
        {"status": 400, "body": "no json {", "content_type": "text/plain"},
    ),
    "403 html": ("server_error", {"status": 403, "body": "<html>Blocked</html>"}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_xero_f11_an_error_page_of_whatever_form_is_tried_again(office, name):
    fault, options = ERRORS[name]
    invoices = three(office)
    office.xero.arm(fault, on=SEND, **options)
    office.work()
    assert {office.of(each).state for each in invoices} <= {"unknown", "waiting"}
    office.wait(rounds=2)
    office.assert_there_once(*invoices)


@pytest.mark.parametrize("fault", ["truncate_answer", "empty_answer", "wrong_length"])
def test_xero_f12_an_answer_that_is_cut_says_nothing_and_is_looked_behind(office, fault):
    invoices = three(office)
    office.xero.arm(fault, on=SEND)
    office.work()
    assert {office.of(each).state for each in invoices} == {"unknown"}
    office.wait()
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_xero_f26_a_redirect_is_not_followed_with_the_token(office):
    invoices = three(office)
    office.xero.arm(
        "redirect", on=SEND, headers={"Location": f"{office.sims.url}/xero/connections"}
    )
    office.work()
    assert office.batches()[0].status == 302
    followed = [each for each in office.xero.requests() if each.path.endswith("/connections")]
    assert followed == []
    office.wait()
    office.assert_there_once(*invoices)


def test_xero_f27_one_refused_invoice_stops_no_other_and_is_told_apart(office):
    good, bad = [office.invoice() for _ in range(3)], office.invoice()
    office.person.create_invoice(office.xero.documents("Contact")[1]["Name"], "10",
                                 number=bad.number)  # fmt: skip
    office.queue(good[0], bad, *good[1:])
    office.work()
    (call,) = office.batches()
    assert call.status == 200
    assert call.query["summarizeErrors"] == "false"
    office.assert_there_once(*good)
    assert office.there(bad) == []


def test_xero_f28_while_the_store_of_keys_is_down_nothing_is_lost(office):
    invoices = three(office)
    office.xero.arm("keys_down", on=SEND)
    office.work()
    assert office.batches()[0].status == 500
    assert office.xero.app.keys.memories == {}  # unlike the 500 of F3 this one is not kept
    office.wait()
    office.assert_there_once(*invoices)
    assert [each.status for each in office.batches()] == [500, 200]


def test_two_workers_send_an_invoice_once(office):
    invoices = three(office)
    office.sims.clock.move(seconds=5)
    at_once(4, lambda i: delivery.work(office.connection.pk, now=office.now))
    office.wait()
    office.assert_there_once(*invoices)
    assert Export.objects.filter(state="sent").count() == 3
