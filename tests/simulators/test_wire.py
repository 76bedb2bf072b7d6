"""Paths, headers, envelopes, limits."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
import requests
from quickbooks.exceptions import AuthorizationException, QuickbooksException, ValidationException
from quickbooks.objects import CompanyInfo, Customer, Invoice

from . import sdk

NAMESPACE = "{http://schema.intuit.com/finance/v3}"


@pytest.mark.parametrize("path", ["invoice", "Invoice", "INVOICE"])
def test_resource_names_have_no_case(api, path):
    """H01"""
    assert api.post(path, sdk.invoice()).status_code == 200


def test_an_expired_token_gets_the_recorded_401(api):
    """H02"""
    api.session.headers["Authorization"] = "Bearer expired"
    answer = api.get("companyinfo/1")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    body = answer.json()
    assert body["fault"]["error"][0]["code"] == "3200"
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert isinstance(body["time"], int)


def test_the_401_has_the_shape_of_the_sample(api, reference_data):
    """H02"""
    samples = json.loads((reference_data / "samples" / "faults.json").read_text())
    api.session.headers["Authorization"] = "Bearer expired"
    assert api.get("companyinfo/1").json().keys() == samples["http_401"].keys()


def test_the_sdk_understands_401_and_403(qbo, client):
    """H02, O13"""
    other = qbo.add_company("us")
    client.company_id = other
    with pytest.raises(QuickbooksException) as caught:
        Customer.all(qb=client)
    assert (caught.value.error_code, client.last.status_code) == (10000, 403)
    client.session.access_token = "nobody"
    with pytest.raises(AuthorizationException):
        Customer.all(qb=client)


def test_an_old_401_came_as_xml(qbo, api):
    qbo.switch(unauthorized_body="xml")
    del api.session.headers["Authorization"]
    answer = api.get("companyinfo/1")
    assert answer.status_code == 401
    assert answer.content.startswith(b"<?xml")


def test_every_answer_can_be_traced(api):
    """H03"""
    for answer in (api.get("preferences"), api.query("select nonsense"), api.get("nowhere")):
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", answer.headers["intuit_tid"])
        assert answer.headers["QBO-Version"]
        assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
        moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[78]:00"
        assert re.fullmatch(moment, answer.json()["time"])
    assert api.get("preferences").headers["intuit_tid"] != answer.headers["intuit_tid"]


def test_ids_are_text_amounts_are_numbers_and_nothing_is_null(api):
    """H04"""
    text = api.post("invoice", sdk.invoice(sdk.line("10.50"))).text
    made = json.loads(text)["Invoice"]
    assert (made["Id"], made["SyncToken"]) == ("145", "0")
    assert made["TotalAmt"] == 10.5
    assert "null" not in text
    assert '"_' not in text


def test_without_accept_the_answer_is_xml(api):
    """H05"""
    api.session.headers["Accept"] = "*/*"
    answer = api.get("invoice/999")
    assert answer.headers["Content-Type"].startswith("application/xml")
    error = ET.fromstring(answer.content).find(f".//{NAMESPACE}Error")
    assert error.get("code") == "610"
    made = api.post("invoice", sdk.invoice())
    assert ET.fromstring(made.content).find(f"{NAMESPACE}Invoice/{NAMESPACE}Id").text == "145"


@pytest.mark.parametrize("version", ["75", "1", "74", "", "latest"])
def test_every_minor_version_is_the_newest(api, version):
    """H06"""
    answer = api.get("companyinfo/1", minorversion=version)
    assert answer.json()["CompanyInfo"]["DefaultTimeZone"] == "America/Los_Angeles"


@pytest.mark.parametrize("path", ["nowhere", "invoice/1/2/3", "invoice/1/rename"])
def test_an_unknown_resource_is_a_system_fault(api, path):
    """H07"""
    answer = api.get(path)
    assert answer.json()["Fault"]["type"] == "SystemFault"
    assert answer.json()["Fault"]["Error"][0]["code"] == "10000"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_wrong_verb_is_unsupported(qbo, api, method):
    """H07"""
    answer = api.call(method, "invoice", json=sdk.invoice())
    assert answer.json()["Fault"]["Error"][0]["code"] == "500"
    assert qbo.invoices() == []


def test_what_quickbooks_has_and_the_simulator_has_not_is_refused_loudly(api):
    for answer in (api.post("bill", {}), api.get("estimate/1"), api.query("select * from Bill")):
        assert answer.status_code == 501
        assert "simulated" in answer.json()["Fault"]["Error"][0]["Detail"]
    answer = api.post("invoice", {**sdk.invoice(), "TxnRetainageDetail": {"x": 1}})
    assert answer.status_code == 501


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"{'single': 1}", b'{"Line": NaN}', b"[" * 9000],
    ids=["cut", "array", "text", "null", "bytes", "quotes", "nan", "deep"],
)
def test_a_broken_body_is_refused(qbo, api, body):
    """H11"""
    answer = api.call("POST", "invoice", data=body)
    assert answer.status_code == 400
    assert answer.json()["Fault"]["Error"][0]["code"] == "2010"
    assert qbo.invoices() == []


def test_an_empty_body_is_refused(api):
    """H11"""
    assert api.call("POST", "invoice", data=b"").status_code == 400


def test_messages_speak_the_language_of_the_company(api_of):
    """H13, F17"""
    api = api_of("fr")
    code = api.query("select * from TaxCode").json()["QueryResponse"]["TaxCode"][0]["Id"]
    body = sdk.invoice(sdk.line(tax=code), GlobalTaxCalculation="TaxExcluded", DocNumber="7")
    api.create("Invoice", body)
    error = api.refused("invoice", body)
    assert error["code"] == "6140"
    assert error["Message"] == "Erreur de numéro de document en double"
    assert "DocNumber=7 est attribué à TxnType=Invoice avec TxnId=145" in error["Detail"]


@pytest.fixture
def limited(sims, qbo):
    """Limits as Intuit enforces them, on a clock that stands still."""
    qbo.switch(limits="enforced")
    sims.clock.freeze()
    return qbo


def test_an_eleventh_request_in_a_second_is_too_many(sims, limited, api):
    """H08, H09"""
    made = [api.post("invoice", sdk.invoice()).status_code for _ in range(11)]
    assert made == [200] * 10 + [429]
    assert len(limited.invoices()) == 10
    sims.clock.move(seconds=1)
    assert api.post("invoice", sdk.invoice()).status_code == 200


def test_more_than_500_a_minute_are_too_many(sims, limited, api):
    """H08"""
    limited.switch(requests_per_minute=12)
    for _ in range(12):
        assert api.get("preferences").status_code == 200
        sims.clock.move(seconds=1)
    assert api.get("preferences").status_code == 429
    sims.clock.move(seconds=48)
    assert api.get("preferences").status_code == 200
    assert limited.usage()["violations"] == {"minute": 1}


def test_the_limit_per_second_is_of_each_company(limited, api):
    """H08"""
    other = sdk.Api(limited, limited.add_company("us"))
    for _ in range(10):
        assert api.get("preferences").status_code == 200
    assert other.get("preferences").status_code == 200


def test_41_batches_a_minute_are_too_many(sims, limited, api):
    """H08"""
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}
    codes = []
    for _ in range(41):
        codes.append(api.post("batch", body).status_code)
        sims.clock.move(seconds=1)
    assert codes == [200] * 40 + [429]


def test_a_429_looks_like_the_recorded_one(limited, client):
    """H08"""
    for _ in range(10):
        Customer.count(qb=client)
    with pytest.raises(ValidationException) as caught:
        Customer.count(qb=client)
    assert caught.value.error_code == 3001
    assert "ThrottleExceeded" in caught.value.message
    assert "Retry-After" not in client.last.headers
    limited.switch(throttle_body="xml", retry_after=True)
    with pytest.raises(QuickbooksException):
        Customer.count(qb=client)
    assert client.last.content.startswith(b"<?xml")
    assert client.last.headers["Retry-After"] == "60"


def test_limits_can_be_counted_instead(sims, qbo, api):
    sims.clock.freeze()
    for _ in range(12):
        assert api.get("preferences").status_code == 200
    assert qbo.usage()["violations"] == {"second": 2}


def test_a_clock_put_back_blocks_nobody(sims, limited, api):
    """F25"""
    for _ in range(10):
        api.get("preferences")
    sims.clock.move(minutes=-10)
    assert api.get("preferences").status_code == 200


def test_reads_are_metered_and_can_run_out(qbo, api):
    """H10"""
    qbo.switch(limits="enforced", reads_per_month=2)
    assert api.get("preferences").status_code == 200
    assert api.query("select * from Item").status_code == 200
    assert api.get("preferences").status_code == 429
    assert api.post("invoice", sdk.invoice()).status_code == 200
    usage = qbo.usage()
    assert list(usage["reads"].values()) == [2]
    assert list(usage["writes"].values()) == [1]


def test_exporting_an_invoice_costs_no_read(qbo, client):
    """H10"""
    client.create_object("Invoice", json.dumps(sdk.invoice()), request_id="r-1")
    assert qbo.usage()["reads"] == {}


def test_the_journal_keeps_the_exact_bytes(qbo, client):
    """H14"""
    body = json.dumps(sdk.invoice(), indent=3)
    client.create_object("Invoice", body, request_id="r-1")
    [write] = qbo.requests("write")
    assert write.request_body == body.encode()
    assert write.query == {"minorversion": "75", "requestid": "r-1"}
    assert write.response_body == client.last.content


def test_the_sdk_reads_and_saves(client):
    info = CompanyInfo.get(client.company_id, qb=client)
    assert (info.CompanyName, info.Country) == ("Northwind IT", "US")
    made = Invoice.from_json(sdk.invoice()).save(qb=client)
    assert Invoice.get(made.Id, qb=client).TotalAmt == 100


def test_characters_of_the_whole_world_survive(api):
    note = "Zoë 日の出 🧾 \u202ertl"
    made = api.create("Invoice", sdk.invoice(PrivateNote=note))
    assert api.read("Invoice", made["Id"])["PrivateNote"] == note


@pytest.mark.parametrize(("setting", "note"), [("replace", "Zoë ?"), ("refuse", None)])
def test_old_us_companies_may_know_latin_only(qbo, api, setting, note):
    qbo.switch(us_charset=setting)
    answer = api.post("invoice", sdk.invoice(PrivateNote="Zoë 日"))
    if note:
        assert answer.json()["Invoice"]["PrivateNote"] == note
    else:
        assert answer.json()["Fault"]["Error"][0]["code"] == "2050"


def test_an_address_outside_every_service_is_refused(sims):
    answer = requests.get(f"{sims.url}/v3/company/1/invoice/1", timeout=5)
    assert answer.status_code == 404
    assert "simulated" in answer.json()["error"]


def test_a_body_of_unknown_length_is_refused(api):
    answer = api.call("POST", "invoice", data=iter([b"{}"]))
    assert answer.status_code == 501
