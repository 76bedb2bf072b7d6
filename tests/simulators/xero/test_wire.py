"""What goes over the wire: behaviours 13 to 19."""

from __future__ import annotations

import re

import pytest

from simulators.xero.wireform import parse_day, pretty

from . import sdk


def test_b13_pretty_json_with_crlf_and_dates_in_their_form(api):
    made = api.create()
    answer = api.get(f"Invoices/{made['InvoiceID']}")
    text = answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert text.startswith('{\r\n  "Id": "')
    assert "\n" not in text.replace("\r\n", "")
    assert re.search(r'"DateTimeUTC": "\\/Date\(\d{13}\)\\/"', text)
    assert r'"Date": "\/Date(1795132800000+0000)\/"' in text
    assert '"DateString": "2026-11-20T00:00:00"' in text
    assert '"DueDateString": "2026-12-20T00:00:00"' in text
    assert '"Total": 115.00' in text
    assert '"Quantity": 1.0000' in text
    assert '"CurrencyRate": 1.000000' in text


def test_b13_the_envelope_and_the_correlation_id(xero, api):
    answer = api.get("Organisation")
    body = answer.json()
    assert list(body) == ["Id", "Status", "ProviderName", "DateTimeUTC", "Organisations"]
    assert (body["Status"], body["ProviderName"]) == ("OK", "An app under test")
    assert body["Id"] == answer.headers["Xero-Correlation-Id"]


def test_b13_written_like_xero_writes():
    assert pretty({"a": [], "b": {}, "c": "x/y", "d": "/Date(1)/", "e": None, "f": True}) == (
        b'{\r\n  "a": [],\r\n  "b": {},\r\n  "c": "x/y",\r\n  "d": "\\/Date(1)\\/",\r\n'
        b'  "e": null,\r\n  "f": true\r\n}'
    )


def test_b14_without_accept_json_there_is_a_loud_refusal(xero, api):
    answer = api.call("GET", "Organisation", headers={"Accept": "*/*"})
    assert answer.status_code == 501
    assert "XML" in answer.text
    xero.switch(without_accept="json")
    assert api.call("GET", "Organisation", headers={"Accept": "*/*"}).status_code == 200


def test_b14_an_invoice_as_pdf(api, client):
    made = api.create(InvoiceNumber="PDF-1")
    answer = api.call("GET", f"Invoices/{made['InvoiceID']}", headers={"Accept": "application/pdf"})
    assert answer.content.startswith(b"%PDF-")
    assert "PDF-1" in answer.headers["Content-Disposition"]
    path = client.accounting.get_invoice_as_pdf(client.tenant, made["InvoiceID"])
    with open(path, "rb") as file:
        assert file.read(5) == b"%PDF-"


def test_b15_what_is_left_counts_down_for_each_organisation(sims, xero):
    one = sdk.Api(xero)
    two = sdk.Api(xero, xero.add_organisation("au"))
    left = [int(api.get("Organisation").headers["X-MinLimit-Remaining"]) for api in (one, one, two)]
    assert left == [59, 58, 59]
    answer = two.get("Organisation")
    assert answer.headers["X-AppMinLimit-Remaining"] == "9996"
    assert answer.headers["X-DayLimit-Remaining"] == "4998"
    sims.clock.move(seconds=61)
    assert two.get("Organisation").headers["X-MinLimit-Remaining"] == "59"
    assert two.get("Organisation").headers["X-DayLimit-Remaining"] == "4996"


def test_b16_not_found_is_an_empty_page(api):
    answer = api.get("Invoices/11111111-1111-1111-1111-111111111111")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_b16_too_many_is_empty(sims, xero, api):
    xero.switch(calls_per_minute=1, limits="enforced")
    api.get("Organisation")
    answer = api.get("Organisation")
    assert (answer.status_code, answer.content) == (429, b"")


@pytest.mark.parametrize("spelt", ["True", "False", "true", "false"])
def test_b17_booleans_in_any_spelling(api, spelt):
    sent = {"Invoices": [sdk.invoice()]}
    answer = api.call("PUT", "Invoices", sent, summarizeErrors=spelt)
    [made] = answer.json()["Invoices"]
    assert ("StatusAttributeString" in made) is (spelt.lower() == "false")


def test_b17_unknown_parameters_are_refused_or_ignored(xero, api):
    answer = api.get("Invoices", colour="red")
    assert answer.status_code == 501
    assert "colour" in answer.text
    xero.switch(unknown_parameter="ignore")
    assert api.call("GET", "Invoices", headers={"x-odd": "1"}, colour="red").status_code == 200


def test_b17_unknown_fields_and_addresses_are_refused(xero, api):
    answer = api.call("PUT", "Invoices", {"Invoices": [sdk.invoice(Refrence="x")]})
    assert answer.status_code == 501
    assert "Refrence" in answer.text
    assert api.get("Journals").status_code == 501
    assert api.call("DELETE", "Organisation").status_code == 405
    xero.switch(unknown_property="ignore")
    sent = {"Invoices": [sdk.invoice(Refrence="x")]}
    assert api.call("PUT", "Invoices", sent, headers={"x-odd": "1"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T13:00:00", "2026-11-20"),
        ("/Date(1795132800000)/", "2026-11-20"),
        ("/Date(1795132800000+1300)/", "2026-11-20"),
    ],
)
def test_b18_dates_in_two_forms(api, sent, kept):
    assert api.create(Date=sent)["DateString"] == f"{kept}T00:00:00"


@pytest.mark.parametrize("sent", ["tomorrow", "2026-13-01", 20261120, "20/11/2026", ""])
def test_b18_nonsense_is_error_fourteen(api, sent):
    answer = api.call("PUT", "Invoices", {"Invoices": [sdk.invoice(Date=sent)]})
    assert answer.status_code == 400
    assert answer.json()["ErrorNumber"] == 14
    assert answer.json()["Type"] == "PostDataInvalidException"


def test_b18_dates_that_no_calendar_has():
    assert parse_day("/Date(99999999999999999)/") is None
    assert parse_day(None) is None


@pytest.mark.parametrize("body", [b"", b"not json", b"[1", b"\xff\xfe", b'{"Invoices": 5}', b"[7]"])
def test_b18_what_cannot_be_read_is_error_fourteen(api, body):
    answer = api.call("PUT", "Invoices", body)
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)


@pytest.mark.parametrize(
    ("field", "value"),
    [("LineItems", {}), ("CurrencyRate", "much"), ("SentToContact", "perhaps"), ("Reference", {}),
     ("BrandingThemeID", "7"), ("CurrencyRate", True)],
)  # fmt: skip
def test_b18_fields_of_a_wrong_kind_are_error_fourteen(api, field, value):
    answer = api.call("PUT", "Invoices", {"Invoices": [sdk.invoice(**{field: value})]})
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)


def test_b19_a_body_can_be_too_large(xero, api):
    xero.switch(largest_body_megabytes=0.001)
    assert api.call("PUT", "Invoices", b" " * 2_000).status_code == 413


def test_b19_an_address_can_be_too_long(api):
    ids = ["11111111-1111-1111-1111-111111111111"] * 60
    assert api.get("Invoices", IDs=",".join(ids)).status_code == 414
    assert api.get("Invoices", IDs=",".join(ids[:50])).status_code == 200
