"""Payments and credit memos."""

from __future__ import annotations

import pytest
from quickbooks.objects import Payment

from . import sdk


@pytest.fixture
def invoice(api):
    return api.create("Invoice", sdk.invoice())


def paying(invoice, amount, applied=None, **fields):
    part = {
        "Amount": amount if applied is None else applied,
        "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}],
    }
    customer = {"value": invoice["CustomerRef"]["value"]}
    return {"CustomerRef": customer, "TotalAmt": amount, "Line": [part], **fields}


def test_a_payment_settles_and_links_both_ways(api, invoice):
    """E15"""
    made = api.create("Payment", paying(invoice, 40, PaymentRefNum="CHK-7"))
    assert (made["UnappliedAmt"], made["PaymentRefNum"]) == (0, "CHK-7")
    assert made["Line"][0]["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    read = api.read("Invoice", invoice["Id"])
    assert (read["Balance"], read["TotalAmt"], read["SyncToken"]) == (60, 100, "1")
    assert read["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]


def test_more_than_is_open_can_not_be_applied(api, invoice):
    """E15"""
    assert api.refused("payment", paying(invoice, 101))["code"] == "6000"
    assert api.refused("payment", paying(invoice, 50, applied=60))["code"] == "6000"
    made = api.create("Payment", paying(invoice, 150, applied=100))
    assert made["UnappliedAmt"] == 50
    assert api.read("Customer", "58")["Balance"] == -50


def test_deleting_a_payment_opens_the_invoice_again(api, invoice):
    """E15"""
    made = api.create("Payment", paying(invoice, 100))
    assert api.read("Invoice", invoice["Id"])["Balance"] == 0
    version = {"Id": made["Id"], "SyncToken": "0"}
    assert api.post("payment", version, operation="delete").status_code == 200
    read = api.read("Invoice", invoice["Id"])
    assert (read["Balance"], read["LinkedTxn"], read["SyncToken"]) == (100, [], "2")


def test_the_sdk_voids_a_payment(client, api, invoice):
    """E15: by update with include=void."""
    made = Payment.get(api.create("Payment", paying(invoice, 100))["Id"], qb=client)
    made.void(qb=client)
    read = Payment.get(made.Id, qb=client)
    assert (read.TotalAmt, read.Line, read.PrivateNote) == (0, [], "Voided")
    assert api.read("Invoice", invoice["Id"])["Balance"] == 100


def test_a_changed_payment_moves_the_money(api, invoice):
    """E15"""
    other = api.create("Invoice", sdk.invoice())
    made = api.create("Payment", paying(invoice, 100))
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    api.create("Payment", {**version, "Line": paying(other, 100)["Line"]})
    assert api.read("Invoice", invoice["Id"])["Balance"] == 100
    assert api.read("Invoice", other["Id"])["Balance"] == 0
    version["SyncToken"] = "1"
    api.create("Payment", {**version, "PrivateNote": "no line was sent"})
    assert api.read("Invoice", other["Id"])["Balance"] == 0


@pytest.mark.parametrize("left_out", ["CustomerRef", "TotalAmt"])
def test_a_payment_needs_payer_and_amount(api, invoice, left_out):
    body = paying(invoice, 10)
    del body[left_out]
    assert api.refused("payment", body)["element"] == left_out


def test_a_payment_pays_what_is_its_customers(api, invoice):
    body = {**paying(invoice, 10), "CustomerRef": {"value": "59"}}
    assert api.refused("payment", body)["code"] == "6000"
    body = paying({**invoice, "Id": "9999"}, 10)
    assert api.refused("payment", body)["code"] == "2500"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}, "2020"),
        ({"Amount": 5}, "2020"),
        ({"Amount": 5, "LinkedTxn": [{"TxnId": "145"}]}, "2020"),
        ({"Amount": -5, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}, "6000"),
    ],
)
def test_lines_of_a_payment_are_checked(api, invoice, line, code):
    body = {**paying(invoice, 10), "Line": [line]}
    assert api.refused("payment", body)["code"] == code


def test_a_deposited_payment_is_out_of_reach(qbo, api, invoice):
    made = api.create("Payment", paying(invoice, 100))
    qbo.as_person.deposit_payment(made["Id"])
    version = {"Id": made["Id"], "SyncToken": "1"}
    assert api.refused("payment", version, operation="delete")["code"] == "6540"
    assert api.refused("payment", {**version, "sparse": True, "PrivateNote": "x"})["code"] == "6540"
    void = {**version, "sparse": True}
    assert api.refused("payment", void, operation="update", include="void")["code"] == "6540"


def test_an_invoice_is_not_made_smaller_than_what_was_paid(api, invoice):
    api.create("Payment", paying(invoice, 80))
    version = {"Id": invoice["Id"], "SyncToken": "1", "sparse": True}
    assert api.refused("invoice", {**version, "Line": [sdk.line("50")]})["code"] == "6000"
    assert api.create("Invoice", {**version, "Line": [sdk.line("90")]})["Balance"] == 10


def test_a_credit_memo_settles_through_a_payment_of_nothing(api, invoice):
    """E16"""
    credit = api.create("CreditMemo", sdk.invoice(sdk.line("30")))
    assert credit["RemainingCredit"] == 30
    assert api.read("Customer", "58")["Balance"] == 70
    body = paying(invoice, 0, applied=30)
    link = [{"TxnId": credit["Id"], "TxnType": "CreditMemo"}]
    body["Line"].append({"Amount": 30, "LinkedTxn": link})
    payment = api.create("Payment", body)
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 0)
    assert api.read("Invoice", invoice["Id"])["Balance"] == 70
    read = api.read("CreditMemo", credit["Id"])
    assert (read["RemainingCredit"], read["Balance"]) == (0, 0)
    assert read["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert api.read("Customer", "58")["Balance"] == 70


def test_more_credit_than_there_is_can_not_be_applied(api, invoice):
    """E16"""
    credit = api.create("CreditMemo", sdk.invoice(sdk.line("30")))
    body = paying(invoice, 0, applied=40)
    link = [{"TxnId": credit["Id"], "TxnType": "CreditMemo"}]
    body["Line"].append({"Amount": 40, "LinkedTxn": link})
    assert api.refused("payment", body)["code"] == "6000"


def test_a_company_may_apply_credits_by_itself(qbo, api):
    """E16: the invoice is smaller at the next look, without a human."""
    qbo.as_person.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    credit = api.create("CreditMemo", sdk.invoice(sdk.line("30")))
    made = api.create("Invoice", sdk.invoice())
    assert made["Balance"] == 100
    read = api.read("Invoice", made["Id"])
    assert read["Balance"] == 70
    assert read["LinkedTxn"][0]["TxnType"] == "Payment"
    assert api.read("CreditMemo", credit["Id"])["RemainingCredit"] == 0
    assert api.read("Payment", read["LinkedTxn"][0]["TxnId"])["TotalAmt"] == 0


def test_an_applied_credit_memo_is_not_deleted(qbo, api, invoice):
    credit = api.create("CreditMemo", sdk.invoice(sdk.line("30")))
    qbo.as_person.apply_credit(invoice["Id"], credit["Id"], 30)
    version = {"Id": credit["Id"], "SyncToken": "1"}
    assert api.refused("creditmemo", version, operation="delete")["code"] == "6000"


def test_voiding_of_a_credit_memo_is_not_simulated(api):
    credit = api.create("CreditMemo", sdk.invoice())
    version = {"Id": credit["Id"], "SyncToken": "0"}
    assert api.post("creditmemo", version, operation="void").status_code == 501


def test_several_invoices_are_paid_at_once(api, invoice):
    other = api.create("Invoice", sdk.invoice(sdk.line("7.50")))
    body = paying(invoice, 107.5, applied=100)
    body["Line"] += paying(other, 7.5)["Line"]
    api.create("Payment", body)
    assert [api.read("Invoice", each["Id"])["Balance"] for each in (invoice, other)] == [0, 0]
