"""Who numbers the documents, and what happens to a number that is taken."""

from __future__ import annotations

import pytest

from simulators.qbo.numbers import following

from . import sdk


def numbered(api, **fields):
    return api.create("Invoice", sdk.invoice(**fields)).get("DocNumber")


def test_with_custom_numbers_a_number_is_kept_and_none_is_none(api):
    """E10, F31"""
    assert numbered(api, DocNumber="INV-1") == "INV-1"
    assert numbered(api) is None


def test_with_custom_numbers_the_server_can_be_asked_for_one(api):
    """E10"""
    assert numbered(api, DocNumber="App_1000") == "App_1000"
    assert numbered(api, DocNumber="AUTO_GENERATE") == "App_1001"
    assert numbered(api, AutoDocNumber=True) == "App_1002"


def test_without_custom_numbers_the_server_numbers(api_of):
    """E10"""
    api = api_of("us-auto-numbers")
    assert numbered(api) == "1001"
    assert numbered(api, DocNumber="OURS-7") == "OURS-7"
    assert numbered(api) == "OURS-8"
    assert numbered(api, DocNumber="OURS-7") == "OURS-7"  # nobody checks


def test_our_prefix_becomes_the_next_number_of_a_person(qbo, api):
    """E10: and then ours is taken."""
    numbered(api, DocNumber="App_1000")
    assert qbo.as_person.create_invoice("59", 10)["DocNumber"] == "App_1001"
    error = api.refused("invoice", sdk.invoice(DocNumber="App_1001"))
    assert error["code"] == "6140"


def test_a_changed_number_does_not_move_the_counter(api):
    """E10"""
    made = api.create("Invoice", sdk.invoice(DocNumber="5"))
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    api.create("Invoice", {**version, "DocNumber": "900"})
    assert numbered(api, DocNumber="AUTO_GENERATE") == "6"


def test_a_taken_number_names_its_holder(api):
    """E11, F15"""
    made = api.create("Invoice", sdk.invoice(DocNumber="TK-1"))
    error = api.refused("invoice", sdk.invoice(DocNumber="tk-1"))
    assert (error["code"], error["Message"]) == ("6140", "Duplicate Document Number Error")
    tokens = f"DocNumber=tk-1 is assigned to TxnType=Invoice with TxnId={made['Id']}"
    assert error["Detail"].endswith(tokens)


def test_a_number_can_be_taken_by_a_stranger(qbo, api):
    """F16"""
    qbo.as_person.create_invoice("60", "999.99", number="TK-7")
    error = api.refused("invoice", sdk.invoice(DocNumber="TK-7"))
    id = error["Detail"].rpartition("TxnId=")[2]
    foreign = api.read("Invoice", id)
    assert (foreign["CustomerRef"]["value"], foreign["TotalAmt"]) == ("60", 999.99)


def test_a_voided_invoice_holds_its_number_and_a_deleted_one_does_not(qbo, api):
    """E11"""
    made = api.create("Invoice", sdk.invoice(DocNumber="1"))
    qbo.as_person.void("Invoice", made["Id"])
    assert api.refused("invoice", sdk.invoice(DocNumber="1"))["code"] == "6140"
    qbo.as_person.delete("Invoice", made["Id"])
    assert numbered(api, DocNumber="1") == "1"


def test_the_check_can_be_switched_off(qbo, api):
    """E11"""
    numbered(api, DocNumber="1")
    api.create("Invoice", sdk.invoice(DocNumber="1"), include="allowduplicatedocnum")
    item = {"bId": "a", "operation": "create", "Invoice": sdk.invoice(DocNumber="1")}
    answer = api.post("batch", {"BatchItemRequest": [item]}).json()
    assert answer["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "6140"
    item["optionsData"] = "allowduplicatedocnum"
    api.post("batch", {"BatchItemRequest": [item]})
    assert [each["DocNumber"] for each in qbo.invoices()] == ["1"] * 3


def test_an_update_to_a_taken_number_is_refused(api):
    """E11"""
    numbered(api, DocNumber="1")
    made = api.create("Invoice", sdk.invoice(DocNumber="2"))
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert api.refused("invoice", {**version, "DocNumber": "1"})["code"] == "6140"
    assert api.create("Invoice", {**version, "DocNumber": "2"})["DocNumber"] == "2"


def test_credit_memos_have_numbers_of_their_own(api):
    numbered(api, DocNumber="1")
    assert api.create("CreditMemo", sdk.invoice(DocNumber="1"))["DocNumber"] == "1"


@pytest.mark.parametrize(
    ("number", "after"),
    [("1001", "1002"), ("App_1009", "App_1010"), ("A-099", "A-100"), ("2026-7/a", "2026-8/a"),
     ("INVOICE", "INVOICE1"), ("999", "1000")],
)  # fmt: skip
def test_the_next_number_counts_the_last_digits(number, after):
    assert following(number) == after
