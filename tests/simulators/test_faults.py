"""What can go wrong on the way, seen from a client."""

from __future__ import annotations

import contextlib
import time

import pytest
import requests
from quickbooks.exceptions import AuthorizationException, QuickbooksException
from quickbooks.objects import Invoice

from simulators.faults import COMMON
from simulators.qbo.faults import faults

from . import sdk


def save(client, **options):
    return Invoice.from_json(sdk.invoice()).save(qb=client, **options)


ENDS = [("drop_request", "without response"), ("reset_request", "reset by peer")]
LOSSES = [("lose_answer", "without response"), ("reset_answer", "reset by peer")]


@pytest.mark.parametrize(("fault", "seen"), ENDS)
def test_a_request_lost_on_the_way_was_not_done(qbo, client, fault, seen):
    qbo.arm(fault)
    with pytest.raises(requests.ConnectionError, match=seen):
        save(client)
    assert qbo.invoices() == []
    save(client)


@pytest.mark.parametrize(("fault", "seen"), LOSSES)
def test_an_answer_lost_on_the_way_was_done(qbo, client, fault, seen):
    """F03"""
    qbo.arm(fault)
    with pytest.raises(requests.ConnectionError, match=seen):
        save(client)
    assert len(qbo.invoices()) == 1


@pytest.mark.parametrize("options", [{}, {"seconds": 5}])
def test_silence_before_anything_was_done(qbo, client, options):
    """F02"""
    client.timeout = 0.05
    qbo.arm("hang", **options)
    with pytest.raises(requests.Timeout):
        save(client)
    assert qbo.invoices() == []


def test_a_hang_ends_in_a_reset(sims, qbo, client):
    """F02"""
    qbo.arm("hang", seconds=0.05)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        save(client)


def test_a_late_request_lands_after_its_retry(sims, qbo, client):
    sims.clock.freeze()
    client.timeout = 0.05
    qbo.arm("delay_request", seconds=150)
    with pytest.raises(requests.Timeout):
        save(client, request_id="one")
    save(client, request_id="two")
    sims.clock.move(seconds=150)
    deadline = time.monotonic() + 5
    while len(qbo.invoices()) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(qbo.invoices()) == 2


@pytest.mark.parametrize("fault", ["slow_commit", "delay_answer"])
def test_a_slow_answer_outlasts_the_patience(sims, qbo, client, fault):
    """F05, F30"""
    sims.clock.freeze()
    client.timeout = 0.05
    qbo.arm(fault, seconds=90)
    with pytest.raises(requests.Timeout):
        save(client, request_id="one")
    assert len(qbo.invoices()) == (1 if fault == "delay_answer" else 0)
    sims.clock.move(seconds=90)
    client.timeout = 5
    save(client, request_id="one")
    assert len(qbo.invoices()) == 1


def test_an_error_page_before_anything_was_done(qbo, client):
    qbo.arm("server_error")
    with pytest.raises(QuickbooksException) as caught:
        save(client)
    assert (caught.value.error_code, client.last.status_code) == (10000, 503)
    assert client.last.headers["Content-Type"] == "text/html"
    assert qbo.invoices() == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "stream timeout"),
        ({"status": 500, "body": "<html>", "content_type": "text/html"}, "<html>"),
    ],
)
def test_an_error_after_the_work_was_done(qbo, client, options, text):
    """F04"""
    qbo.arm("error_after_commit", **options)
    with pytest.raises(QuickbooksException):
        save(client)
    assert client.last.text == text
    assert len(qbo.invoices()) == 1


def test_half_an_answer(qbo, client):
    """F06"""
    qbo.arm("truncate_answer")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        save(client)
    assert len(qbo.invoices()) == 1


def test_an_empty_answer(qbo, client):
    """F06"""
    qbo.arm("empty_answer")
    with pytest.raises(QuickbooksException) as caught:
        save(client)
    assert (caught.value.error_code, client.last.status_code) == (10000, 200)
    assert len(qbo.invoices()) == 1


def test_an_answer_under_a_wrong_label(qbo, client):
    qbo.arm("wrong_content_type")
    assert save(client).TotalAmt == 100
    assert client.last.headers["Content-Type"] == "text/html"


def test_an_answer_byte_by_byte(qbo, client):
    qbo.arm("drip_answer", bytes_per_second=100_000)
    assert save(client).TotalAmt == 100
    client.timeout = 0.05
    qbo.arm("drip_answer", bytes_per_second=5)
    with pytest.raises(requests.RequestException):
        save(client)
    assert len(qbo.invoices()) == 2


def test_a_fault_inside_a_200(qbo, client):
    qbo.arm("fault_in_200", code="6000")
    with pytest.raises(QuickbooksException) as caught:
        save(client)
    assert (caught.value.error_code, client.last.status_code) == (6000, 200)
    assert len(qbo.invoices()) == 1


def test_a_redirect_leads_elsewhere(qbo, client):
    """F32"""
    qbo.arm("redirect")
    with pytest.raises(QuickbooksException):
        save(client)
    assert client.last.status_code == 302
    assert "Location" in client.last.headers


@pytest.mark.parametrize("times", [1, None])
def test_an_expired_token_once_or_for_ever(qbo, client, times):
    """F07, F08"""
    qbo.arm("unauthorized", on="any", times=times)
    for _ in range(2 if times is None else 1):
        with pytest.raises(AuthorizationException):
            save(client)
    if times == 1:
        save(client)
    assert len(qbo.invoices()) == (times or 0)


def test_access_tokens_can_die_all_at_once(qbo, client):
    """F07"""
    qbo.expire_access_tokens()
    with pytest.raises(AuthorizationException):
        save(client)


def test_the_rotation_is_kept_though_its_answer_is_lost(qbo):
    """F09"""
    qbo.switch(refresh_rotation="always", refresh_grace_hours=24)
    auth = sdk.auth_client(qbo, refresh_token=qbo.connect().refresh_token)
    qbo.arm("lose_answer", on="token")
    with pytest.raises(requests.ConnectionError):
        auth.refresh()
    auth.refresh()
    assert auth.access_token


@pytest.mark.parametrize("fault", ["server_error", "hang", "invalid_grant"])
def test_the_token_endpoint_can_fail(qbo, fault):
    """F10, F11"""
    from intuitlib.exceptions import AuthClientError

    auth = sdk.auth_client(qbo, refresh_token=qbo.connect().refresh_token)
    options = {"seconds": 0.05} if fault == "hang" else {}
    qbo.arm(fault, on="token", **options)
    with pytest.raises((AuthClientError, requests.ConnectionError)):
        auth.refresh()
    auth.refresh()


@pytest.mark.parametrize("body", ["json", "xml"])
def test_throttling_for_a_while(sims, qbo, api, body):
    """F12"""
    sims.clock.freeze()
    qbo.arm("throttled", on="any", for_seconds=30, body=body)
    answers = [api.post("invoice", sdk.invoice()) for _ in range(2)]
    assert [each.status_code for each in answers] == [429, 429]
    assert answers[0].content.startswith(b"{" if body == "json" else b"<?xml")
    sims.clock.move(seconds=30)
    assert api.post("invoice", sdk.invoice()).status_code == 200


def test_a_company_can_forbid(qbo, api):
    """F13"""
    qbo.arm("forbidden")
    answer = api.post("invoice", sdk.invoice())
    assert answer.status_code == 403
    assert answer.json()["fault"]["error"][0]["code"] == "3100"


def test_refusals_of_every_odd_shape(qbo, api):
    """F17"""
    qbo.arm("fault", code="6140", language="fr")
    error = api.refused("invoice", sdk.invoice())
    assert error["Message"] == "Erreur de numéro de document en double"
    qbo.arm("fault", code=["6000", "6070"])
    assert len(api.post("invoice", sdk.invoice()).json()["Fault"]["Error"]) == 2
    qbo.arm("fault", detail=None)
    assert "Detail" not in api.refused("invoice", sdk.invoice())
    qbo.arm("fault", code="ABC", status=500)
    answer = api.post("invoice", sdk.invoice())
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (500, "ABC")


def test_connections_can_be_refused(sims, qbo, client):
    """F01"""
    save(client)
    sims.unplug()
    with pytest.raises(requests.ConnectionError):
        save(client)
    sims.plug()
    save(client)
    assert len(qbo.invoices()) == 2


def test_a_batch_can_fail_after_the_first_calls(qbo, api):
    """F26"""
    qbo.arm("throttled", skip=2, on="POST /v3/company/*/batch")
    body = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Invoice": sdk.invoice()}]}
    codes = [api.post("batch", body).status_code for _ in range(4)]
    assert codes == [200, 200, 429, 200]


def test_a_fault_strikes_what_it_was_armed_for(qbo, api):
    qbo.arm("server_error", on="POST /v3/company/*/invoice?operation=void*")
    made = api.create("Invoice", sdk.invoice())
    assert api.get("preferences").status_code == 200
    version = {"Id": made["Id"], "SyncToken": "0"}
    assert api.post("invoice", version, operation="void").status_code == 503
    assert api.post("invoice", version, operation="void").status_code == 200


def test_writes_are_struck_unless_told_otherwise(qbo, api):
    qbo.arm("server_error")
    assert api.get("preferences").status_code == 200
    assert api.query("select * from Item").status_code == 200
    assert api.post("invoice", sdk.invoice()).status_code == 503
    qbo.arm("server_error", on="read")
    assert api.post("invoice", sdk.invoice()).status_code == 200
    assert api.get("preferences").status_code == 503


def test_armed_faults_strike_one_after_the_other(qbo, api):
    qbo.arm("server_error")
    qbo.arm("forbidden")
    codes = [api.post("invoice", sdk.invoice()).status_code for _ in range(3)]
    assert codes == [503, 403, 200]


def test_chance_is_repeatable(qbo, api):
    def struck():
        qbo.disarm()
        qbo.arm("server_error", on="any", times=None, chance=0.5, seed=7)
        return [api.get("preferences").status_code for _ in range(20)]

    first = struck()
    assert set(first) == {200, 503}
    assert struck() == first


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("earthquake", {}, "no fault"),
        ("hang", {"minutes": 1}, "no option"),
        ("hang", {"on": "tuesdays"}, "tuesdays"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused(qbo, name, options, text):
    with pytest.raises(ValueError, match=text):
        qbo.arm(name, **options)


def test_the_journal_tells_what_was_done_in_spite_of_a_fault(qbo, api):
    for fault in ("server_error", "lose_answer"):
        qbo.arm(fault)
        with contextlib.suppress(requests.ConnectionError):
            api.post("invoice", sdk.invoice())
    first, second = qbo.requests("write")
    assert (first.fault, first.done, first.status) == ("server_error", False, 503)
    assert (second.fault, second.done, second.status) == ("lose_answer", True, 0)


def test_every_fault_says_what_it_is(qbo):
    for fault in {**COMMON, **faults(qbo.app)}.values():
        assert fault.about
        assert fault.stage in ("arrival", "commit", "answer")
