"""Access that ends, is refused or throttled while invoices wait: F07-F13 of the faults of
QuickBooks, 9 and 18 of the catalogue of reliability.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounting import sync, tasks
from accounting.models import Attempt
from accounting.providers.port import Unavailable

from .office import BATCH


def test_f07_a_token_that_expires_on_the_way_is_renewed_once_and_the_same_call_goes_on(office):
    invoice = office.export()  # so that nothing is left to be created
    other = office.invoice()
    office.queue(other)
    office.qbo.expire_access_tokens()
    office.work()
    office.assert_there_once(invoice, other)
    *_, refused, taken = office.batches()
    assert [refused.status, taken.status] == [401, 200]
    assert refused.query["requestid"] == taken.query["requestid"]
    assert refused.request_body == taken.request_body
    assert office.refreshes() == 1


def test_f08_a_token_that_is_refused_for_ever_makes_no_loop_and_loses_nothing(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("unauthorized", on=BATCH, times=None)
    office.work()
    office.work()
    office.assert_waits(invoice, "refuses the access that it has just given")
    assert (len(office.batches()), office.refreshes()) == (2, 1)
    assert office.fresh().lost_at is None
    office.qbo.disarm()
    office.wait(minutes=6)
    office.assert_there_once(invoice)


def test_f09_within_the_grace_the_token_before_brings_the_access_back(office):
    office.qbo.switch(refresh_rotation="always", refresh_grace_hours=24)
    invoice = office.invoice()
    office.queue(invoice)
    office.expire_access()
    office.qbo.arm("lose_answer", on="token")
    office.work()
    office.assert_waits(invoice)
    office.wait(minutes=1)
    office.assert_there_once(invoice)
    assert office.fresh().lost_at is None


def test_f09_r18_without_grace_the_lost_access_is_told_and_the_queue_goes_on_after_consent(office):
    office.qbo.switch(refresh_rotation="always", refresh_grace_hours=0)
    invoice = office.invoice()
    office.queue(invoice)
    office.expire_access()
    office.qbo.arm("lose_answer", on="token")
    office.work()
    office.wait(minutes=1)
    assert office.fresh().lost_at
    office.assert_waits(invoice)
    office.reconnect()
    office.wait(minutes=1)
    office.assert_there_once(invoice)


@pytest.mark.parametrize("fault", ["server_error", "hang"])
def test_f10_an_outage_of_the_token_service_costs_time_and_no_token(office, monkeypatch, fault):
    from accounting.providers.qbo import oauth

    monkeypatch.setattr(oauth, "TIMEOUT", (1.0, 0.3))
    invoice = office.invoice()
    office.queue(invoice)
    office.expire_access()
    office.qbo.arm(fault, on="token")
    office.work()
    office.assert_waits(invoice)
    assert office.fresh().refresh_owner == ""
    office.wait(minutes=1)
    office.assert_there_once(invoice)


@pytest.mark.parametrize("how", ["invalid grant", "disconnected there"])
def test_f11_r18_a_dead_consent_parks_the_queue_burns_no_try_and_is_told_once(office, how):
    invoice = office.invoice()
    office.queue(invoice)
    if how == "invalid grant":
        office.qbo.arm("invalid_grant", on="token", times=None)
        office.expire_access()
    else:
        office.person.disconnect()
    office.work()
    lost_at = office.fresh().lost_at
    assert lost_at
    office.assert_waits(invoice)
    asked = len(office.qbo.requests())
    office.wait(rounds=3, minutes=60)
    tasks.sweep()
    assert len(office.qbo.requests()) == asked
    assert office.fresh().lost_at == lost_at
    shown = office.browser.get(reverse("accounting:home")).text
    assert "onnect again" in shown
    office.qbo.disarm()
    office.reconnect()
    office.work()
    office.assert_there_once(invoice)


@pytest.mark.parametrize("body", ["json", "xml"])
def test_f12_r09_throttling_holds_the_connection_and_costs_no_try(office, body):
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.qbo.arm("throttled", on="any", for_seconds=150, body=body)
    office.work()
    office.work()
    assert len(office.qbo.requests("write")) == 1  # and then nobody asks
    office.wait(rounds=4, minutes=1)
    assert len(office.qbo.requests("write")) <= 4 + 2  # one for each minute, then it goes
    office.assert_there_once(*invoices)
    assert {office.of(each).attempts for each in invoices} == {0}


def test_f12_r09_the_same_minute_the_page_says_why_it_waits(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("throttled", on=BATCH)
    office.work()
    office.assert_waits(invoice, "asks us to wait")
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code) == ("unavailable", "3001")
    office.assert_reference_kept(office.batches()[0])
    assert office.fresh().held_until >= office.now + dt.timedelta(seconds=59)


def test_f12_when_the_reads_of_a_month_are_used_up_exports_go_on(office):
    office.qbo.switch(reads_per_month=1, limits="enforced")
    with pytest.raises(Unavailable):
        sync.poll(office.connection.pk, now=office.now)
    assert office.fresh().held_until is None
    office.export()


def test_f13_r18_a_company_that_shut_us_out_is_connected_again_and_nothing_is_lost(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.qbo.arm("forbidden", on=BATCH)
    office.work()
    assert office.fresh().lost_at
    assert "connect again" in office.fresh().lost_reason
    office.assert_waits(invoice)
    office.reconnect()
    office.work()
    office.assert_there_once(invoice)
    assert [each.status for each in office.batches()] == [403, 200]
