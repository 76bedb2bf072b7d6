"""The judge is awake: Xero's own recordings pass, and broken bodies do not."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

from ..reference import folder
from . import judge, sdk

RECORDED = ("test_get_organisations", "test_invoice_attachment_upload_and_download")
ID = "11111111-1111-1111-1111-111111111111"
HEADERS = {"xero-tenant-id": ID, "content-type": "application/json"}


@pytest.fixture(autouse=True)
def _described(description):
    """Needs Xero's description."""


@pytest.mark.parametrize("name", RECORDED)
def test_what_xero_really_answered_passes(name):
    text = (folder("xero") / "recordings" / f"{name}.yaml").read_text()
    for each in yaml.safe_load(text)["interactions"]:
        type = each["response"]["headers"]["Content-Type"][0]
        path = each["request"]["uri"].partition("?")[0].removeprefix(judge.HOST + judge.BASE)
        if not type.startswith("application/json"):
            continue
        body = each["response"]["body"]["string"].encode()
        method = each["request"]["method"]
        assert judge.answer_problems(method, path, status=200, body=body) == []


def asked(sent, *, method="PUT", path="/Invoices", headers=None, **query):
    return judge.request_problems(
        method, path, query=query, headers=HEADERS if headers is None else headers,
        body=json.dumps(sent).encode(),
    )  # fmt: skip


def fine():
    return {"Invoices": [sdk.invoice(sdk.line(Tracking=[{"Name": "Region", "Option": "North"}]))]}


def test_a_good_request_passes():
    assert asked(fine(), summarizeErrors="false", unitdp="4") == []


BROKEN_REQUESTS = {
    "wrong status": ("Invoices.0.Status", "APPROVED"),
    "wrong type": ("Invoices.0.Type", "SALE"),
    "wrong currency": ("Invoices.0.CurrencyCode", "XYZ"),
    "wrong kind of amounts": ("Invoices.0.LineAmountTypes", "Gross"),
    "a misspelt field": ("Invoices.0.Refrence", "x"),
    "a misspelt field of a line": ("Invoices.0.LineItems.0.Quantiy", 1),
    "a misspelt field of a contact": ("Invoices.0.Contact.Nmae", "x"),
    "a number as text": ("Invoices.0.LineItems.0.Quantity", "1"),
    "text as a number": ("Invoices.0.Reference", 7),
    "an id that is none": ("Invoices.0.Contact.ContactID", "7"),
    "a line id that is none": ("Invoices.0.LineItems.0.LineItemID", "7"),
    "a number that is too long": ("Invoices.0.InvoiceNumber", "9" * 256),
    "a name that is too long": ("Invoices.0.Contact.Name", "n" * 256),
    "lines that are no list": ("Invoices.0.LineItems", {}),
    "a contact that is no object": ("Invoices.0.Contact", "Cascade"),
    "a total, which only Xero writes": ("Invoices.0.Total", 1),
    "an amount due, which only Xero writes": ("Invoices.0.AmountDue", 1),
    "a flag as text": ("Invoices.0.SentToContact", "yes"),
    "nothing where text is wanted": ("Invoices.0.Reference", None),
    "tracking of an unknown field": ("Invoices.0.LineItems.0.Tracking.0.Value", "x"),
}


def broken(body, path, value):
    """A copy with one thing wrong."""
    body = copy.deepcopy(body)
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = body
    for step in steps:
        place = place[step]
    place[last] = value
    return body


@pytest.mark.parametrize("name", BROKEN_REQUESTS)
def test_a_broken_request_is_found(name):
    assert asked(broken(fine(), *BROKEN_REQUESTS[name]))


@pytest.mark.parametrize(
    ("sent", "options"),
    [
        ({"invoices": fine()["Invoices"]}, {}),
        ({"Items": [{"Name": "without a code"}]}, {"path": "/Items"}),
        (fine(), {"headers": {"content-type": "application/json"}}),
        (fine(), {"unitdp": "many"}),
        (fine(), {"colour": "red"}),
        (fine(), {"path": "/Invoice"}),
        (fine(), {"method": "DELETE"}),
        ({"Contacts": [{"Name": "x", "ContactNumber": "9" * 51}]}, {"path": "/Contacts"}),
    ],
)
def test_a_request_with_a_broken_frame_is_found(sent, options):
    assert asked(sent, **options)


BROKEN_ANSWERS = {
    "an invented field": ("Invoices.0.Colour", "red"),
    "an invented field around": ("Page", 1),
    "an unknown status": ("Invoices.0.Status", "OPEN"),
    "an amount as text": ("Invoices.0.Total", "115.00"),
    "an id that is none": ("Invoices.0.InvoiceID", "7"),
    "a date that is no text": ("Invoices.0.Date", 7),
    "no list": ("Invoices", {}),
    "nothing where a list is wanted": ("Invoices.0.LineItems", None),
    "an invented field of a line": ("Invoices.0.LineItems.0.Tax", 1),
    "an invented field of a contact": ("Invoices.0.Contact.Email", "x"),
}


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_a_broken_answer_is_found(api, name):
    made = api.create()
    body = api.get(f"Invoices/{made['InvoiceID']}").json()
    told = judge.answer_problems(
        "GET",
        "/Invoices",
        status=200,
        body=json.dumps(broken(body, *BROKEN_ANSWERS[name])).encode(),
    )
    assert told
    again = judge.answer_problems("GET", "/Invoices", status=200, body=json.dumps(body).encode())
    assert again == []


def test_more_than_twenty_broken_bodies_were_tried():
    assert len(BROKEN_REQUESTS) >= 20


def test_the_simulator_answers_with_the_names_of_the_recordings(api, person):
    """The same names in the same order; ours may lack what only some recorded invoices have."""
    text = (folder("xero") / "recordings" / f"{RECORDED[1]}.yaml").read_text()
    page = json.loads(yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"])
    recorded = next(each for each in page["Invoices"] if each["Payments"])
    made = api.create(sdk.invoice(sdk.line(Tracking=[{"Name": "Region", "Option": "North"}])))
    person.receive_payment(made["InvoiceID"])
    [ours] = api.read("Invoices", page=1)
    newer = {"AccountID", "ValidationErrors", "TotalDiscount"}  # in recordings of 2026
    for theirs, mine in (
        (recorded, ours), (recorded["Contact"], ours["Contact"]),
        (recorded["Payments"][0], ours["Payments"][0]),
        (recorded["LineItems"][0], ours["LineItems"][0]),
    ):  # fmt: skip
        names = [name for name in mine if name not in newer]
        assert [name for name in names if name in theirs] == [n for n in theirs if n in names]
        extra = {"SentToContact", "CurrencyRate", "BrandingThemeID", "FullyPaidOnDate", "ItemCode"}
        assert set(names) ^ set(theirs) <= extra


def test_the_simulator_answers_organisations_with_known_names(api):
    text = (folder("xero") / "recordings" / f"{RECORDED[0]}.yaml").read_text()
    [each] = yaml.safe_load(text)["interactions"]
    [recorded] = json.loads(each["response"]["body"]["string"])["Organisations"]
    [ours] = api.read("Organisation")
    assert set(recorded) - set(ours) == {"PeriodLockDate"}  # nothing is locked here
    assert set(ours) <= set(recorded)
