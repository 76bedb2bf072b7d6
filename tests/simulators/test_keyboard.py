"""A person at the keyboard changes things behind an integration's back."""

from __future__ import annotations

import pytest

from simulators.qbo.refusals import Refused

from . import sdk


@pytest.fixture
def invoice(api):
    return api.create("Invoice", sdk.invoice(sdk.line("100", Qty=2, UnitPrice=50), DocNumber="1"))


def test_a_person_edits_a_line(qbo, api, invoice):
    qbo.as_person.edit_line(invoice["Id"], quantity=3, description="More")
    read = api.read("Invoice", invoice["Id"])
    assert (read["TotalAmt"], read["Line"][0]["Description"]) == (150, "More")
    qbo.as_person.edit_line(invoice["Id"], "1", amount="99.99", item="2")
    read = api.read("Invoice", invoice["Id"])
    assert (read["TotalAmt"], read["SyncToken"]) == (99.99, "2")
    assert read["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Managed workplace"
    with pytest.raises(Refused):
        qbo.as_person.edit_line(invoice["Id"], "9", amount=1)


def test_a_person_receives_and_removes_money(qbo, api, invoice):
    payment = qbo.as_person.receive_payment(invoice["Id"], "30.5")
    assert api.read("Invoice", invoice["Id"])["Balance"] == 69.5
    qbo.as_person.remove_payment(payment["Id"])
    assert api.read("Invoice", invoice["Id"])["Balance"] == 100
    qbo.as_person.receive_payment(invoice["Id"])
    assert api.read("Invoice", invoice["Id"])["Balance"] == 0


def test_a_person_voids_and_deletes(qbo, api, invoice):
    qbo.as_person.void("Invoice", invoice["Id"])
    assert api.read("Invoice", invoice["Id"])["TotalAmt"] == 0
    qbo.as_person.delete("Invoice", invoice["Id"])
    assert qbo.invoices() == []


def test_a_person_renames_and_documents_follow(qbo, api, invoice):
    qbo.as_person.rename("Customer", "58", "Alder Architects")
    qbo.as_person.rename("Item", "1", "Labour")
    read = api.read("Invoice", invoice["Id"])
    assert read["CustomerRef"]["name"] == "Alder Architects"
    assert read["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Labour"
    assert read["SyncToken"] == "0"


def test_a_person_merges_two_customers(qbo, api, invoice):
    qbo.as_person.merge_customers("58", "59")
    read = api.read("Invoice", invoice["Id"])
    assert (read["CustomerRef"]["value"], read["SyncToken"]) == ("59", "1")
    assert api.get("customer/58").json()["Fault"]["Error"][0]["code"] == "610"
    assert api.read("Customer", "59")["Balance"] == 100


def test_a_person_switches_preferences(qbo, api):
    qbo.as_person.prefer("SalesFormsPrefs", CustomTxnNumbers=False)
    preferences = api.get("preferences").json()["Preferences"]
    assert preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert preferences["SyncToken"] == "1"
    assert api.create("Invoice", sdk.invoice())["DocNumber"] == "1001"
    with pytest.raises(ValueError, match="no group"):
        qbo.as_person.prefer("Nonsense", a=1)


def test_a_person_writes_an_invoice_with_the_next_number(qbo, api, invoice):
    made = qbo.as_person.create_invoice("60", "12.34", PrivateNote="by phone")
    assert (made["DocNumber"], api.read("Invoice", made["Id"])["TotalAmt"]) == ("2", 12.34)


def test_a_person_works_in_any_company(qbo, api_of):
    api = api_of("uk")
    realm = api.base.rpartition("/")[2]
    made = qbo.person(realm).create_invoice("58", 10)
    assert api.read("Invoice", made["Id"])["TotalAmt"] == 12
    with pytest.raises(ValueError, match="no company"):
        qbo.person("77")


def test_a_person_undoes_while_the_integration_updates(qbo, api, invoice):
    """F29"""
    qbo.as_person.void("Invoice", invoice["Id"])
    change = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert api.refused("invoice", change)["code"] == "5010"


def test_a_person_is_held_to_the_rules_too(qbo, api, invoice):
    with pytest.raises(Refused, match="6000"):
        qbo.as_person.receive_payment(invoice["Id"], 1000)
    with pytest.raises(ValueError, match="no kind"):
        qbo.as_person.create("Spaceship", Name="X")
