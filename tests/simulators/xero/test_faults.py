"""The faults F1 to F28 as a client meets them (F21 and F22 are with the webhooks)."""

from __future__ import annotations

import json
import time

import pytest
import requests
import urllib3
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException

from . import sdk

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def keyed(api, key="k", *invoices):
    sent = {"Invoices": list(invoices) or [sdk.invoice(InvoiceNumber="A-1")]}
    return api.call("PUT", "Invoices", sent, headers={"Idempotency-Key": key})


def looked_up(api):
    return [each["InvoiceNumber"] for each in api.read("Invoices", InvoiceNumbers="A-1")]


@pytest.mark.parametrize("fault", ["drop_request", "reset_request"])
def test_f1_cut_before_anything_was_done(xero, client, fault):
    xero.arm(fault)
    with pytest.raises((urllib3.exceptions.HTTPError, ConnectionError)):
        client.put(sdk.invoice(), key="k")
    assert xero.invoices() == []
    assert len(xero.requests("write")) == 1  # the transport did not try again
    client.put(sdk.invoice(), key="k")


@pytest.mark.parametrize("fault", ["lose_answer", "reset_answer"])
def test_f2_cut_after_the_commit(xero, client, fault):
    xero.arm(fault)
    with pytest.raises((urllib3.exceptions.HTTPError, ConnectionError)):
        client.put(sdk.invoice(), key="k")
    assert len(xero.invoices()) == 1
    [again] = client.put(sdk.invoice(), key="k")
    assert again.invoice_id == xero.invoices()[0]["InvoiceID"]
    assert len(xero.invoices()) == 1


def test_f3_a_500_after_the_commit_is_kept_under_the_key(sims, xero, api):
    xero.arm("error_after_work")
    assert keyed(api).status_code == 500
    assert keyed(api).status_code == 500
    assert looked_up(api) == ["A-1"]
    sims.clock.move(minutes=7)
    assert "must be unique" in keyed(api).text
    assert len(xero.invoices()) == 1


def test_f4_a_500_before_the_commit_is_kept_too_and_nothing_is_there(xero, api):
    xero.arm("error_before_work")
    assert keyed(api).status_code == 500
    assert keyed(api).status_code == 500
    assert looked_up(api) == []
    assert keyed(api, "another").status_code == 200


def test_f5_committed_after_the_client_gave_up(xero, api):
    xero.arm("slow_commit", seconds=0.6)
    with pytest.raises(requests.Timeout):
        api.call("PUT", "Invoices", {"Invoices": [sdk.invoice(InvoiceNumber="A-1")]}, timeout=0.2)
    assert looked_up(api) == []
    time.sleep(0.8)
    assert looked_up(api) == ["A-1"]


def test_f6_a_batch_is_cut_after_thirty(xero, api):
    batch = [sdk.invoice(InvoiceNumber=f"B-{number}") for number in range(50)]
    xero.arm("cut_in_batch", after=30)
    with pytest.raises(LOST):
        keyed(api, "k", *batch)
    assert [each["InvoiceNumber"] for each in xero.invoices()] == [f"B-{n}" for n in range(30)]
    answer = keyed(api, "k", *batch)  # the key was forgotten: executed again
    assert len(answer.json()["Elements"]) == 30
    assert len(xero.invoices()) == 50


def test_f6_or_the_key_replays_an_error(xero, api):
    xero.switch(idempotency_after_cut="error")
    xero.arm("cut_in_batch", after=1)
    with pytest.raises(LOST):
        keyed(api)
    assert keyed(api).status_code == 500
    assert len(xero.invoices()) == 1


def test_f7_the_key_is_forgotten_and_the_number_holds(sims, xero, api):
    xero.arm("lose_answer")
    with pytest.raises(LOST):
        keyed(api)
    sims.clock.move(minutes=7)
    assert "Invoice # must be unique." in keyed(api).text
    assert len(xero.invoices()) == 1


def test_f8_what_was_done_is_found_by_whoever_comes_after(xero):
    xero.arm("lose_answer")
    with pytest.raises(LOST):
        keyed(sdk.Api(xero))
    assert looked_up(sdk.Api(xero)) == ["A-1"]


@pytest.mark.parametrize(
    ("problem", "after"),
    [("minute", 26), ("concurrent", None), ("appminute", 3), ("day", 66_975)],
)
def test_f9_too_many_requests(xero, api, problem, after):
    xero.arm("throttled", problem=problem, retry_after=after)
    answer = keyed(api)
    assert (answer.status_code, answer.content) == (429, b"")
    assert answer.headers["X-Rate-Limit-Problem"] == problem
    assert answer.headers.get("Retry-After") == (None if after is None else str(after))
    assert xero.invoices() == []


@pytest.mark.parametrize("after", [None, "soon", -5, "1e9"])
def test_f10_no_or_a_senseless_retry_after(xero, api, after):
    xero.arm("throttled", retry_after=after)
    answer = keyed(api)
    assert answer.headers.get("Retry-After") == (None if after is None else str(after))


def test_f11_errors_that_are_not_json(xero, api, client):
    xero.arm("offline")
    answer = keyed(api)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/plain")
    assert "offline" in answer.text
    xero.arm("server_error", status=502, body="<html>Bad gateway</html>")
    assert keyed(api).text == "<html>Bad gateway</html>"
    xero.arm("server_error", status=400, body="<html>no</html>")
    with pytest.raises(AccountingBadRequestException) as refused:
        client.put(sdk.invoice())
    with pytest.raises(json.JSONDecodeError):  # why an application must not print it
        str(refused.value)


def test_f12_answers_that_can_not_be_read(xero, api):
    for fault, number in (("truncate_answer", 1), ("empty_answer", 2), ("wrong_length", 3)):
        xero.arm(fault)
        try:
            answer = keyed(api, fault, sdk.invoice())
            with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
                answer.json()
        except LOST:
            assert fault == "truncate_answer"
        assert len(xero.invoices()) == number


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("enum", ValueError),
        ("null_date", ValueError),
        ("null_list", TypeError),
        ("long", ValueError),
    ],
)
def test_f13_odd_data_breaks_the_models_of_the_sdk(xero, client, api, what, error):
    api.create()
    xero.arm("odd_data", what=what, on="read")
    with pytest.raises(error):
        client.accounting.get_invoices(client.tenant, page=1)
    client.accounting.get_invoices(client.tenant, page=1)


def test_f13_fields_that_nobody_knows_break_nothing(xero, client, api):
    api.create()
    xero.arm("odd_data", what="extra", on="read", times=2)
    assert client.accounting.get_invoices(client.tenant, page=1).invoices
    assert api.read("Invoices")[0]["SomethingNew"] == {"Deep": [1]}


def test_f14_the_token_dies_in_the_middle(xero, client):
    client.put(sdk.invoice())
    xero.expire_access_tokens()
    with pytest.raises(HTTPStatusException) as refused:
        client.put(sdk.invoice())
    assert refused.value.status == 401
    client.kept["expires_at"] = 1.0  # have the SDK refresh
    client.put(sdk.invoice())
    xero.arm("unauthorized")  # although the token is good
    with pytest.raises(HTTPStatusException):
        client.put(sdk.invoice())
    client.put(sdk.invoice())
    assert len(xero.invoices()) == 3


def refresh(xero, token, **options):
    return sdk.token(xero, grant_type="refresh_token", refresh_token=token, **options)


def test_f15_the_answer_to_a_refresh_is_lost(xero):
    token = xero.connect().refresh_token
    xero.arm("lose_answer", on="token")
    with pytest.raises(LOST):
        refresh(xero, token)
    assert "refresh_token" in refresh(xero, token)


@pytest.mark.parametrize(("setting", "statuses"), [("serve", [200, 200]), ("refuse", [200, 400])])
def test_f15_two_refresh_at_once(xero, setting, statuses):
    xero.switch(concurrent_refresh=setting)
    token = xero.connect().refresh_token
    xero.arm("slow_commit", seconds=0.4, on="token")
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": xero.client_id,
            "client_secret": xero.client_secret}  # fmt: skip

    def late():
        time.sleep(0.15)
        return requests.post(xero.token_url, data=form, timeout=5).status_code

    first, second = sdk.together(
        lambda: requests.post(xero.token_url, data=form, timeout=5).status_code, late
    )
    assert [first, second] == statuses


def test_f16_more_keys_than_announced_break_the_sdk(xero, client):
    xero.switch(token_extra_keys=True)
    client.kept["expires_at"] = 1.0
    with pytest.raises(TypeError):
        client.put(sdk.invoice())
    assert "refresh_token" in refresh(xero, client.kept["refresh_token"])  # by the grace


def test_f17_the_organisation_is_gone_in_the_middle(xero):
    other = xero.add_organisation("gb")
    client = sdk.Client(xero, xero.connect(tenants=[xero.tenant, other]))
    client.put(sdk.invoice())
    xero.person(xero.tenant).disconnect()
    with pytest.raises(HTTPStatusException) as refused:
        client.put(sdk.invoice())
    assert refused.value.status == 403
    client.accounting.get_organisations(other)
    xero.person(other).lose_rights()
    with pytest.raises(HTTPStatusException):
        client.accounting.get_organisations(other)
    xero.arm("forbidden")
    assert sdk.Api(xero).call("PUT", "Invoices", {}).status_code == 403


def test_f18_a_scope_is_missing_for_one_address(xero):
    api = sdk.Api(xero, scope="accounting.invoices accounting.settings.read")
    assert keyed(api).status_code == 200
    answer = api.get("Contacts")
    assert (answer.status_code, answer.json()["Detail"]) == (401, "AuthorizationUnsuccessful")
    xero.arm("unentitled", on="read")
    assert api.get("Organisation").status_code == 401


def test_f19_a_bookkeeper_takes_our_number(xero, api, person):
    person.create_invoice("Ballard Boatworks", 9, number="A-1")
    assert "Invoice # must be unique." in keyed(api).text
    [other] = api.read("Invoices", InvoiceNumbers="A-1", page=1)
    assert (other["Contact"]["Name"], other["SubTotal"]) == ("Ballard Boatworks", 9)


def test_f20_a_bookkeeper_changes_everything_in_between(api, person):
    made = api.create(InvoiceNumber="A-1")
    person.edit_line("A-1", price="1.00")
    person.rename_invoice("A-1", "MINE")
    person.void("MINE")
    read = api.invoice(made["InvoiceID"])
    assert (read["InvoiceNumber"], read["Status"], read["AmountDue"]) == ("MINE", "VOIDED", 0)
    person.archive_contact("Cascade Dental")
    person.archive_account("210")
    person.lock_period("2026-11-20")
    [refused] = api.put(
        sdk.invoice(sdk.line(account="210"), Contact={"ContactID": made["Contact"]["ContactID"]})
    )
    told = "; ".join(sdk.problems(refused))
    assert all(word in told for word in ("lock date", "archived", "Account code '210'"))


def test_f23_the_total_is_a_cent_off(xero, api):
    xero.switch(total_drift="0.01")
    made = api.create()
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == (100, 15.01, 115.01)


@pytest.mark.parametrize("minutes", [2, -2])
def test_f24_the_clocks_disagree(sims, xero, api, minutes):
    api.create()
    sims.clock.move(minutes=minutes)
    assert api.get("Organisation").status_code == 200
    made = api.create()
    ours = sims.clock.now().timestamp() - 60 * minutes
    stamp = int(api.invoice(made["InvoiceID"])["UpdatedDateUTC"][6:19]) / 1000
    assert stamp - ours == pytest.approx(60 * minutes, abs=20)


def test_f25_a_new_invoice_is_found_late(sims, xero, api):
    xero.switch(query_lag_seconds=3.0)
    keyed(api)
    assert looked_up(api) == []
    sims.clock.move(seconds=4)
    assert looked_up(api) == ["A-1"]


def test_f26_a_redirect_to_another_host(xero, client):
    xero.arm("redirect")
    with pytest.raises(HTTPStatusException) as refused:
        client.put(sdk.invoice())
    assert refused.value.status == 302
    assert xero.invoices() == []


def test_f27_siblings_are_saved_although_the_answer_is_400(xero, client):
    bad = sdk.invoice(sdk.line(account="999"))
    with pytest.raises(AccountingBadRequestException):
        client.put(sdk.invoice(InvoiceNumber="A-1"), bad, each_by_itself=False)
    assert [each["InvoiceNumber"] for each in xero.invoices()] == ["A-1"]


def test_f28_the_store_of_keys_is_down(xero, api):
    xero.arm("keys_down")
    assert keyed(api).status_code == 500
    assert xero.invoices() == []
    assert keyed(api).status_code == 200


@pytest.mark.parametrize("fault", ["error_before_work", "keys_down"])
def test_a_breakdown_of_the_token_service_is_a_500_and_no_token_is_spent(xero, fault):
    tokens = xero.connect()
    form = {
        "grant_type": "refresh_token", "refresh_token": tokens.refresh_token,
        "client_id": xero.client_id, "client_secret": xero.client_secret,
    }  # fmt: skip
    xero.arm(fault, on="token")
    assert requests.post(xero.token_url, data=form, timeout=5).status_code == 500
    assert requests.post(xero.token_url, data=form, timeout=5).status_code == 200


def test_a_dead_refresh_token_on_demand(xero):
    token = xero.connect().refresh_token
    xero.arm("invalid_grant", on="token")
    assert refresh(xero, token, status=400) == {"error": "invalid_grant"}
    assert "access_token" in refresh(xero, token)


def test_every_fault_of_xero_has_words(xero):
    for name, fault in xero.app.faults.items():
        assert fault.about, name
        assert fault.stage in ("arrival", "commit", "element", "done", "answer")
