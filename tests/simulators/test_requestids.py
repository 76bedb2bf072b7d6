"""requestid: the one idempotency that QuickBooks has."""

from __future__ import annotations

import json
import threading
import time

import pytest
import requests
from quickbooks.objects import Invoice

from . import sdk


def test_the_sdk_creates_once_under_one_id(qbo, client):
    """I01: what `test_create_idempotence` of python-quickbooks shows against the real service."""
    first = Invoice.from_json(sdk.invoice()).save(qb=client, request_id="one")
    answer = client.last.content
    second = Invoice.from_json(sdk.invoice()).save(qb=client, request_id="one")
    assert first.Id == second.Id
    assert client.last.content == answer
    assert len(qbo.invoices()) == 1
    third = Invoice.from_json(sdk.invoice()).save(qb=client, request_id="two")
    assert third.Id != first.Id


def test_a_replay_changes_nothing_and_tells_nobody(qbo, api):
    """I01"""
    made = api.create("Invoice", sdk.invoice())
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    answers = [api.post("invoice", change, requestid="c").json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert qbo.invoices()[0]["SyncToken"] == "1"


def test_ids_belong_to_a_company(qbo, api):
    """I02"""
    other = sdk.Api(qbo, qbo.add_company("us"))
    api.create("Invoice", sdk.invoice(), requestid="same")
    other.create("Invoice", sdk.invoice(), requestid="same")
    assert len(qbo.invoices()) == len(qbo.invoices(other.base.rpartition("/")[2])) == 1


def test_ids_have_a_greatest_length(qbo, api):
    """I03"""
    api.create("Invoice", sdk.invoice(), requestid="r" * 50)
    assert api.refused("invoice", sdk.invoice(), requestid="r" * 51)["code"] == "2050"
    batch = {"BatchItemRequest": [{"bId": "b" * 11, "Query": "select * from Term"}]}
    assert api.refused("batch", batch, requestid="r" * 36)["element"] == "bId"
    batch["BatchItemRequest"][0]["bId"] = "b" * 10
    assert api.post("batch", batch, requestid="r" * 36).status_code == 200
    assert api.refused("batch", batch, requestid="r" * 37)["element"] == "requestid"
    qbo.switch(requestid_lengths="ignored")
    assert api.post("batch", batch, requestid="r" * 37).status_code == 200


def test_a_batch_is_replayed_only_with_the_same_items(qbo, api):
    """I04"""
    item = {"bId": "a", "operation": "create", "Invoice": sdk.invoice()}
    first = api.post("batch", {"BatchItemRequest": [item]}, requestid="b").json()
    again = api.post("batch", {"BatchItemRequest": [item]}, requestid="b").json()
    assert first == again
    api.post("batch", {"BatchItemRequest": [{**item, "bId": "other"}]}, requestid="b")
    assert len(qbo.invoices()) == 2


@pytest.mark.parametrize(("setting", "replayed"), [("remembered", True), ("forgotten", False)])
def test_refusals_are_remembered_or_not(qbo, api, setting, replayed):
    """I05, F19"""
    qbo.switch(requestid_errors=setting)
    api.refused("invoice", {}, requestid="e")
    answer = api.post("invoice", sdk.invoice(), requestid="e")
    assert answer.status_code == (400 if replayed else 200)


@pytest.mark.parametrize(
    ("setting", "count", "status"), [("replay", 1, 200), ("execute", 2, 200), ("fault", 1, 400)]
)
def test_another_body_under_a_known_id(qbo, api, setting, count, status):
    """I05"""
    qbo.switch(requestid_other_body=setting)
    api.create("Invoice", sdk.invoice(), requestid="same")
    answer = api.post("invoice", sdk.invoice(sdk.line("7.00")), requestid="same")
    assert answer.status_code == status
    assert len(qbo.invoices()) == count


def test_ids_are_forgotten_after_their_time(sims, qbo, api):
    """I05, F18"""
    qbo.switch(requestid_ttl_seconds=60)
    api.create("Invoice", sdk.invoice(), requestid="x")
    sims.clock.move(seconds=59)
    api.create("Invoice", sdk.invoice(), requestid="x")
    assert len(qbo.invoices()) == 1
    sims.clock.move(seconds=2)
    api.create("Invoice", sdk.invoice(), requestid="x")
    assert len(qbo.invoices()) == 2


def test_ids_can_be_forgotten_at_once_or_never_read(qbo, api):
    """F18"""
    api.create("Invoice", sdk.invoice(), requestid="x")
    qbo.forget_request_ids()
    api.create("Invoice", sdk.invoice(), requestid="x")
    qbo.switch(requestid="ignored")
    api.create("Invoice", sdk.invoice(), requestid="x")
    assert len(qbo.invoices()) == 3


@pytest.mark.parametrize("setting", ["wait", "fault"])
def test_a_twin_that_arrives_during_the_work(sims, qbo, api, setting):
    """I05, F05"""
    qbo.switch(requestid_in_flight=setting)
    sims.clock.freeze()
    qbo.arm("slow_commit", seconds=30)
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(api.post("invoice", sdk.invoice(), requestid="x"))
    )
    slow.start()
    while not qbo.app.requestids.memories:
        time.sleep(0.001)
    twin = sdk.Api(qbo)
    if setting == "fault":
        assert twin.refused("invoice", sdk.invoice(), requestid="x")["code"] == "6000"
        sims.clock.move(seconds=30)
        slow.join(5)
    else:
        threading.Timer(0.05, sims.clock.move, kwargs={"seconds": 30}).start()
        answers.append(twin.post("invoice", sdk.invoice(), requestid="x"))
        slow.join(5)
        assert answers[0].json() == answers[1].json()
    assert len(qbo.invoices()) == 1


def test_every_kind_of_write_is_remembered(qbo, api_of):
    """I06"""
    api = api_of("uk")
    realm = api.base.rpartition("/")[2]

    def twice(path, body, **params):
        answers = [api.post(path, body, **params) for _ in range(2)]
        assert answers[0].status_code == 200, answers[0].text
        assert answers[0].content == answers[1].content
        return answers[0].json()

    rate = {"TaxRateName": "New", "RateValue": "4", "TaxAgencyId": "1"}
    made = twice("taxservice/taxcode", {"TaxCode": "N", "TaxRateDetails": [rate]}, requestid="t")
    body = sdk.invoice(sdk.line(tax=made["TaxCodeId"]), GlobalTaxCalculation="TaxExcluded")
    id = twice("invoice", body, requestid="c")["Invoice"]["Id"]
    twice(f"invoice/{id}/send", None, requestid="s", sendTo="a@b.example")
    assert len(qbo.mails(realm)) == 1
    twice("invoice", {"Id": id, "SyncToken": "1"}, operation="void", requestid="v")
    twice("invoice", {"Id": id, "SyncToken": "2"}, operation="delete", requestid="d")
    assert qbo.invoices(realm) == []


def test_without_an_id_a_retry_mails_twice(qbo, client):
    made = Invoice.from_json(sdk.invoice()).save(qb=client)
    made.send(qb=client, send_to="a@b.example")
    made.send(qb=client, send_to="a@b.example")
    assert len(qbo.mails()) == 2


@pytest.mark.parametrize("fault", ["unauthorized", "throttled", "server_error", "forbidden"])
def test_a_request_refused_at_the_door_leaves_no_trace(qbo, api, fault):
    """I07"""
    qbo.arm(fault)
    assert api.post("invoice", sdk.invoice(), requestid="x").status_code >= 401
    assert api.post("invoice", sdk.invoice(), requestid="x").status_code == 200
    assert len(qbo.invoices()) == 1


def test_a_lost_answer_is_given_again(qbo, api):
    """I08, F03"""
    qbo.arm("lose_answer")
    with pytest.raises(requests.ConnectionError):
        api.post("invoice", sdk.invoice(), requestid="x")
    again = api.create("Invoice", sdk.invoice(), requestid="x")
    assert [each["Id"] for each in qbo.invoices()] == [again["Id"]]


def test_parameters_of_the_sdk_leak_into_the_next_save(qbo, client):
    """The trap of shared `params`: the second save replays the first."""
    params = {"include": "invoiceLink"}
    Invoice.from_json(sdk.invoice()).save(qb=client, request_id="A", params=params)
    Invoice.from_json(sdk.invoice(sdk.line("9.00"))).save(qb=client, params=params)
    assert len(qbo.invoices()) == 1


def test_low_level_calls_carry_the_id_too(qbo, client):
    made = client.create_object("Invoice", json.dumps(sdk.invoice()), request_id="c")["Invoice"]
    url = f"{qbo.api_url}/company/{client.company_id}/invoice"
    body = json.dumps({"Id": made["Id"], "SyncToken": "0"})
    for _ in range(2):
        client.post(url, body, params={"operation": "void"}, request_id="v")
    assert qbo.invoices()[0]["SyncToken"] == "1"
    assert qbo.requests("write")[-1].query["requestid"] == "v"
