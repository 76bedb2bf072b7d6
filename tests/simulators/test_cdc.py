"""Change data capture."""

from __future__ import annotations

from datetime import timedelta

import pytest
from quickbooks.cdc import change_data_capture
from quickbooks.objects import Customer, Invoice, Payment

from . import sdk


def changes(api, entities, since):
    answer = api.get("cdc", entities=entities, changedSince=since)
    assert answer.status_code == 200, answer.text
    return answer.json()["CDCResponse"][0]["QueryResponse"]


@pytest.fixture
def before(sims):
    """A moment after the company was made and before everything in the test."""
    sims.clock.move(minutes=10)
    moment = sims.clock.now().isoformat()
    sims.clock.move(minutes=10)
    return moment


def test_changes_are_whole_objects_and_deleted_ones_stubs(qbo, api, before):
    """B03"""
    kept, gone = (api.create("Invoice", sdk.invoice()) for _ in range(2))
    qbo.as_person.delete("Invoice", gone["Id"])
    [page, nothing] = changes(api, "Invoice,Payment", before)
    assert nothing == {}
    assert (page["startPosition"], page["maxResults"]) == (1, 2)
    whole, stub = page["Invoice"]
    assert whole == api.read("Invoice", kept["Id"])
    assert stub["status"] == "Deleted"
    assert sorted(stub) == ["Id", "MetaData", "domain", "status"]


def test_nothing_changed_is_an_empty_object(api, before):
    """B03"""
    assert changes(api, "Invoice", before) == [{}]


def test_the_sdk_asks_for_changes(client, api, before):
    """B03"""
    api.create("Invoice", sdk.invoice())
    found = change_data_capture([Invoice, Customer, Payment], before, qb=client)
    assert len(found.Invoice) == 1
    assert not hasattr(found, "Payment")


def test_a_time_without_offset_is_the_companys(sims, client, api):
    """The CDC helper of the SDK drops the offset of a datetime."""
    sims.clock.set(sims.clock.now().replace(year=2026, month=11, day=20, hour=20))
    api.create("Invoice", sdk.invoice())
    noon_in_california = sims.clock.now().replace(hour=12)
    assert len(change_data_capture([Invoice], noon_in_california, qb=client).Invoice) == 1
    late = change_data_capture([Invoice], sims.clock.now(), qb=client)
    assert not hasattr(late, "Invoice")


def test_one_can_look_back_thirty_days(sims, api):
    """B03"""
    edge = sims.clock.now() - timedelta(days=30)
    assert changes(api, "Invoice", (edge + timedelta(minutes=1)).isoformat()) == [{}]
    old = (edge - timedelta(minutes=1)).isoformat()
    answer = api.get("cdc", entities="Invoice", changedSince=old)
    assert answer.status_code == 400


def test_at_most_a_thousand_objects_are_answered(qbo, api, before):
    """B03"""
    for number in range(1005):
        qbo.as_person.create("Term", Name=f"T{number}", DueDays=1)
    pages = changes(api, "Term,Item", before)
    assert [len(page.get("Term", [])) for page in pages] == [1000, 0]


@pytest.mark.parametrize("entity", ["TaxCode", "TaxRate", "TaxAgency", "TimeActivity"])
def test_some_entities_are_not_captured(qbo, api, before, entity):
    """B04"""
    answer = api.get("cdc", entities=f"Invoice,{entity}", changedSince=before)
    assert answer.json()["Fault"]["Error"][0]["element"] == "entities"
    qbo.switch(cdc_time_activity="answer")
    answer = api.get("cdc", entities=entity, changedSince=before)
    assert (answer.status_code == 200) is (entity == "TimeActivity")


@pytest.mark.parametrize(
    ("entities", "since"),
    [("", "2026-11-20"), ("Invoice", ""), ("Invoice", "yesterday"), ("Nothing", "2026-11-20")],
)
def test_questions_that_make_no_sense_are_refused(api, entities, since):
    answer = api.get("cdc", entities=entities, changedSince=since)
    assert answer.status_code == 400


def test_an_invoice_changed_by_its_payment_is_a_change(sims, qbo, api):
    made = api.create("Invoice", sdk.invoice())
    sims.clock.move(minutes=10)
    since = sims.clock.now().isoformat()
    qbo.as_person.receive_payment(made["Id"])
    [invoices, payments] = changes(api, "Invoice,Payment", since)
    assert invoices["Invoice"][0]["Balance"] == 0
    assert len(payments["Payment"]) == 1


def test_the_servers_time_is_a_cursor_that_misses_nothing(sims, api):
    """F25: the client's own clock may be wrong."""
    sims.clock.move(hours=-1)
    cursor = api.get("cdc", entities="Invoice", changedSince="2026-11-20").json().get("time")
    cursor = cursor or api.get("preferences").json()["time"]
    made = api.create("Invoice", sdk.invoice())
    [page] = changes(api, "Invoice", cursor)
    assert [each["Id"] for each in page["Invoice"]] == [made["Id"]]
