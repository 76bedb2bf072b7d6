"""Batches: many operations, one answer, no common fate."""

from __future__ import annotations

import pytest
from quickbooks.batch import batch_create, batch_delete
from quickbooks.objects import Customer, Invoice

from . import sdk


def create(id, body, kind="Invoice"):
    return {"bId": id, "operation": "create", kind: body}


def send(api, *items, **params):
    """Answers by bId."""
    answer = api.post("batch", {"BatchItemRequest": list(items)}, **params)
    assert answer.status_code == 200, answer.text
    return {each["bId"]: each for each in answer.json()["BatchItemResponse"]}


def test_each_item_has_its_own_outcome(qbo, api):
    """B01, F26"""
    answers = send(api, create("a", sdk.invoice()), create("b", {}), create("c", sdk.invoice()))
    assert answers["a"]["Invoice"]["TotalAmt"] == 100
    assert answers["b"]["Fault"]["Error"][0]["code"] == "2020"
    assert len(qbo.invoices()) == 2


def test_a_batch_in_which_all_fails_is_still_a_200(api):
    """B01"""
    answers = send(api, create("a", {}), create("b", {"Line": []}))
    assert all("Fault" in each for each in answers.values())


def test_more_than_thirty_items_are_refused_together(qbo, api):
    """B01"""
    items = [create(str(number), sdk.invoice()) for number in range(31)]
    error = api.refused("batch", {"BatchItemRequest": items})
    assert "30" in error["Detail"]
    assert qbo.invoices() == []
    assert len(send(api, *items[:30])) == 30


def test_answers_come_in_any_order(qbo, api):
    """B01"""
    items = [create(str(number), sdk.invoice()) for number in range(8)]
    answer = api.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    order = [each["bId"] for each in answer]
    assert order != sorted(order)
    assert sorted(order) == [str(number) for number in range(8)]
    qbo.switch(batch_order="kept")
    answer = api.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert [each["bId"] for each in answer] == sorted(order)


def test_items_do_not_see_each_other(qbo, api):
    """B02"""
    qbo.switch(batch_order="kept")
    next_customer = str(1 + max(int(each["Id"]) for kind in ("Customer", "Vendor", "Employee")
                                for each in qbo.documents(kind)))  # fmt: skip
    answers = send(
        api,
        create("c", {"DisplayName": "Brand new"}, "Customer"),
        create("i", sdk.invoice(customer=next_customer)),
        {"bId": "q", "Query": "select * from Customer where DisplayName = 'Brand new'"},
    )
    assert answers["c"]["Customer"]["Id"] == next_customer
    assert answers["i"]["Fault"]["Error"][0]["code"] == "2500"
    assert answers["q"]["QueryResponse"] == {}
    api.create("Invoice", sdk.invoice(customer=next_customer))


def test_items_can_be_of_every_operation(qbo, api):
    made = [api.create("Invoice", sdk.invoice()) for _ in range(3)]
    version = [{"Id": each["Id"], "SyncToken": "0"} for each in made]
    answers = send(
        api,
        {"bId": "u", "operation": "update", "Invoice": {
            **version[0], "sparse": True, "PrivateNote": "x"}},
        {"bId": "d", "operation": "delete", "Invoice": version[1]},
        {"bId": "v", "operation": "void", "Invoice": version[2]},
        {"bId": "q", "Query": "select count(*) from Item"},
        {"bId": "bad", "Query": "select"},
    )  # fmt: skip
    assert answers["u"]["Invoice"]["PrivateNote"] == "x"
    assert answers["d"]["Invoice"]["status"] == "Deleted"
    assert answers["v"]["Invoice"]["TotalAmt"] == 0
    assert answers["q"]["QueryResponse"] == {"totalCount": 8}
    assert answers["bad"]["Fault"]["Error"][0]["code"] == "4000"


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"BatchItemRequest": {}}, {"BatchItemRequest": ["x"]},
        {"BatchItemRequest": [{"operation": "create", "Invoice": {}}]},
        {"BatchItemRequest": [create("a", {}), create("a", {})]},
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(api, body):
    assert api.refused("batch", body)["code"] == "2020"


@pytest.mark.parametrize(
    "item",
    [
        {"bId": "a"},
        {"bId": "a", "operation": "create"},
        {"bId": "a", "Invoice": sdk.invoice()},
        {"bId": "a", "operation": "create", "Bill": {}},
        {"bId": "a", "operation": "create", "Invoice": "text"},
        {"bId": "a", "operation": "merge", "Invoice": sdk.invoice()},
        {"bId": "a", "operation": "update", "Invoice": sdk.invoice()},
    ],
)
def test_an_item_that_makes_no_sense_fails_alone(qbo, api, item):
    answers = send(api, item, create("good", sdk.invoice()))
    assert "Fault" in answers["a"]
    assert "Invoice" in answers["good"]


def test_the_sdk_creates_and_deletes_in_batches(client, qbo):
    customers = [Customer.from_json({"DisplayName": f"Batch {number}"}) for number in range(35)]
    made = batch_create(customers, qb=client)
    assert (len(made.successes), len(made.faults)) == (35, 0)
    invoices = [Invoice.from_json(sdk.invoice()) for _ in range(2)]
    invoices = batch_create(invoices, qb=client).successes
    invoices[0].SyncToken = "7"
    deleted = batch_delete(invoices, qb=client)
    assert len(deleted.successes) == 1
    assert deleted.faults[0].Error[0].code == "5010"


def test_queries_in_a_batch_are_metered_reads(qbo, api):
    """H10"""
    send(api, {"bId": "1", "Query": "select * from Term"}, create("2", sdk.invoice()))
    assert list(qbo.usage()["reads"].values()) == [1]


def test_credits_are_applied_to_an_invoice_of_a_batch_too(qbo, api):
    """E16: but not credits that the same batch makes."""
    qbo.as_person.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    qbo.switch(batch_order="kept")
    api.create("CreditMemo", sdk.invoice(sdk.line("30")))
    answers = send(
        api,
        create("memo", sdk.invoice(sdk.line("50")), "CreditMemo"),
        create("invoice", sdk.invoice()),
    )
    made = answers["invoice"]["Invoice"]
    assert made["Balance"] == 100
    read = api.read("Invoice", made["Id"])
    assert (read["Balance"], read["SyncToken"]) == (70, "1")
    assert answers["memo"]["CreditMemo"]["RemainingCredit"] == 50
