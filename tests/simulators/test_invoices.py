"""What an invoice must say, what the server adds, and what becomes of it."""

from __future__ import annotations

import pytest
import requests
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects import Customer, Invoice, Item, SalesItemLine, SalesItemLineDetail

from . import sdk

TEXT = {"DetailType": "DescriptionOnly", "Description": "Thank you", "DescriptionLineDetail": {}}
DISCOUNT = {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {}}


def changed(api, doc, **fields):
    """A sparse update."""
    version = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
    return api.create("Invoice", {**fields, **version})


@pytest.mark.parametrize(
    ("body", "element"),
    [
        ({"Line": [sdk.line()]}, "CustomerRef"),
        ({"CustomerRef": {"value": "58"}}, "Line"),
        ({"CustomerRef": {"value": "58"}, "Line": []}, "Line"),
        (sdk.invoice({**sdk.line(), "Amount": None}), "Amount"),
        (sdk.invoice({**sdk.line(), "DetailType": ""}), "DetailType"),
        (sdk.invoice(EmailStatus="NeedToSend"), "BillEmail"),
    ],
)
def test_what_is_missing_is_named(api, body, element):
    """E01"""
    error = api.refused("invoice", body)
    assert (error["code"], error["element"]) == ("2020", element)


def test_unknown_references_are_refused(api):
    """E02"""
    for body in (
        sdk.invoice(customer="9999"),
        sdk.invoice(sdk.line(item="9999")),
        sdk.invoice(SalesTermRef={"value": "9999"}),
        sdk.invoice(ClassRef={"value": "9999"}),
    ):
        assert api.refused("invoice", body)["code"] == "2500"
    error = api.refused("invoice", sdk.invoice(customer="9999"))
    assert error["Detail"] == "Invalid Reference Id : Names element id 9999 not found"


def test_inactive_references_are_refused(qbo, api):
    """E02, F21"""
    qbo.as_person.deactivate("Customer", "58")
    error = api.refused("invoice", sdk.invoice())
    assert (error["code"], "inactive" in error["Detail"]) == ("610", True)
    qbo.as_person.deactivate("Item", "1")
    assert api.refused("invoice", sdk.invoice(customer="59"))["code"] == "610"


@pytest.mark.parametrize(
    "body",
    [
        sdk.invoice(CustRef={"value": "1"}),
        sdk.invoice(customerref={"value": "1"}),
        sdk.invoice({**sdk.line(), "Quantity": 1}),
        sdk.invoice(sdk.line(Itemref={"value": "1"})),
        sdk.invoice(CustomerMemo={"Value": "hello"}),
        sdk.invoice({**sdk.line(), "SalesItemLineDetail": {"ItemRef": {"Value": "1"}}}),
    ],
)
def test_a_property_that_does_not_exist_is_refused(qbo, api, body):
    """E03"""
    assert api.refused("invoice", body)["code"] == "2010"
    qbo.switch(unknown_property="ignore")
    assert "CustRef" not in api.post("invoice", body).json().get("Invoice", {})


@pytest.mark.parametrize(
    "body",
    [
        {"CustomerRef": "58", "Line": [sdk.line()]},
        {"CustomerRef": {"value": "58"}, "Line": sdk.line()},
        sdk.invoice(TxnDate="20th of November"),
        sdk.invoice(TxnDate=20261120),
        sdk.invoice({**sdk.line(), "Amount": "much"}),
        sdk.invoice({**sdk.line(), "Amount": True}),
        sdk.invoice({**sdk.line(), "DetailType": "SubtotalLineDetail"}),
        sdk.invoice(EmailStatus="SENT"),
        sdk.invoice(PrivateNote=["a"]),
        sdk.invoice(ApplyTaxAfterDiscount="perhaps"),
        sdk.invoice({**TEXT, "SalesItemLineDetail": {"Qty": 1}}),
        sdk.invoice({**sdk.line(), "LineNum": 1.5}),
        sdk.invoice(BillAddr="1 Example Way"),
        sdk.invoice(CustomField={"DefinitionId": "1"}),
    ],
)
def test_a_wrong_type_is_refused(api, body):
    """E03: the mutations that a checker of types must catch."""
    assert api.refused("invoice", body)["code"] == "2010"


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [
        ("DocNumber", "D" * 22, 21),
        ("PrivateNote", "n" * 4001, 4000),
        ("CustomerMemo", {"value": "m" * 1001}, 1000),
        ("BillEmail", {"Address": f"{'a' * 90}@long.example"}, 100),
        ("BillEmailCc", {"Address": f"{'a' * 190}@long.example"}, 200),
    ],
)
def test_texts_have_a_greatest_length(api, field, value, most):
    """E04"""
    error = api.refused("invoice", sdk.invoice(**{field: value}))
    assert (error["code"], error["element"]) == ("2050", field)
    assert f"Min:0 Max:{most} supported. Supplied length:" in error["Detail"]


def test_descriptions_of_lines_have_a_greatest_length(api):
    """E04"""
    error = api.refused("invoice", sdk.invoice({**sdk.line(), "Description": "d" * 4001}))
    assert (error["code"], error["element"]) == ("2050", "Description")
    api.create("Invoice", sdk.invoice({**sdk.line(), "Description": "d" * 4000}))


def test_an_amount_is_quantity_times_price_rounded_half_up(api):
    """E05: 14.50 x 128.350 from a recording."""
    bad = {**sdk.line(Qty=14.5, UnitPrice=128.35), "Amount": 1861.07}
    error = api.refused("invoice", sdk.invoice(bad))
    assert error["code"] == "6070"
    assert error["Detail"].endswith("Supplied value:1,861.07")
    good = {**bad, "Amount": 1861.08}
    assert api.create("Invoice", sdk.invoice(good))["TotalAmt"] == 1861.08


@pytest.mark.parametrize("detail", [{}, {"Qty": 0, "UnitPrice": 0}, {"Qty": 3}, {"UnitPrice": 7}])
def test_without_quantity_or_price_the_amount_stands(api, detail):
    """E05"""
    assert api.create("Invoice", sdk.invoice(sdk.line("100", **detail)))["TotalAmt"] == 100


def test_a_line_that_sells_nothing_is_text(qbo, api):
    """E06"""
    bare = {"DetailType": "SalesItemLineDetail", "Amount": 50, "SalesItemLineDetail": {}}
    made = api.create("Invoice", sdk.invoice(sdk.line(), bare))
    assert made["TotalAmt"] == 100
    assert made["Line"][1]["DetailType"] == "DescriptionOnly"
    qbo.switch(line_without_item="default_item")
    qbo.as_person.prefer("SalesFormsPrefs", DefaultItem={"value": "3"})
    made = api.create("Invoice", sdk.invoice(bare))
    assert made["TotalAmt"] == 50
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Remote monitoring"


def test_what_the_sdk_sends_is_accepted(client):
    """E07: numbers as text, "" for no date, an integer SyncToken."""
    made = Invoice()
    made.CustomerRef = Customer.get(58, qb=client).to_ref()
    line = SalesItemLine()
    line.Amount = "100.10"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.get(1, qb=client).to_ref()
    made.Line.append(line)
    saved = made.save(qb=client)
    assert saved.TotalAmt == 100.1
    assert saved.AllowIPNPayment is False
    assert saved.DueDate


def test_an_empty_reference_means_nothing(api):
    """E07: the SDK's `Ref()` has three empty texts."""
    empty = {"value": "", "name": "", "type": ""}
    made = api.create("Invoice", sdk.invoice(ClassRef=empty, SalesTermRef=empty))
    assert made["SalesTermRef"]["name"] == "Net 30"


def test_what_the_server_computes_can_not_be_sent(api):
    """E08"""
    lies = {
        "TotalAmt": 1, "Balance": 2, "SyncToken": "7", "Id": "0", "HomeBalance": 3,
        "MetaData": {"CreateTime": "2001-01-01T00:00:00Z"},
    }  # fmt: skip
    made = api.create("Invoice", sdk.invoice(**lies))
    assert (made["TotalAmt"], made["Balance"], made["SyncToken"]) == (100, 100, "0")
    assert not made["MetaData"]["CreateTime"].startswith("2001")


def test_the_answer_completes_what_was_sent(api):
    """E09"""
    made = api.create("Invoice", sdk.invoice(sdk.line(), TEXT, sdk.line("20.00")))
    assert [line.get("Id") for line in made["Line"]] == ["1", "2", "3", None]
    assert [line.get("LineNum") for line in made["Line"]] == [1, 2, 3, None]
    subtotal = {"Amount": 120, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    assert made["Line"][-1] == subtotal
    assert made["CustomerRef"] == {"value": "58", "name": "Alder & Finch Architects"}
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Hours"
    assert made["Line"][0]["SalesItemLineDetail"]["ItemAccountRef"]["name"] == "Services"
    assert made["BillAddr"]["Line1"] == "418 Pike Street"
    assert made["CurrencyRef"]["name"] == "United States Dollar"


def test_a_subtotal_that_is_sent_back_does_no_harm(api):
    """E09"""
    made = api.create("Invoice", sdk.invoice())
    again = changed(api, made, Line=made["Line"])
    assert again["Line"] == made["Line"]


@pytest.mark.parametrize(
    ("given", "due"),
    [
        ({"TxnDate": "2026-11-20"}, "2026-12-20"),  # the customer's Net 30
        ({"TxnDate": "2026-11-20", "SalesTermRef": {"value": "2"}}, "2026-12-05"),
        ({"TxnDate": "2026-11-20", "DueDate": "2026-11-21"}, "2026-11-21"),
        (
            {"TxnDate": "2026-11-20", "DueDate": "2026-11-21", "SalesTermRef": {"value": "4"}},
            "2026-11-21",
        ),
    ],
)
def test_a_due_date_is_sent_or_follows_from_the_term(api, given, due):
    """E09"""
    assert api.create("Invoice", sdk.invoice(**given))["DueDate"] == due


@pytest.mark.parametrize(
    ("start", "due"), [("2026-11-05", "2026-11-15"), ("2026-11-20", "2026-12-15")]
)
def test_a_term_can_name_a_day_of_the_month(qbo, api, start, due):
    """E09"""
    term = qbo.as_person.create("Term", Name="On the 15th", DayOfMonthDue=15)
    body = sdk.invoice(TxnDate=start, SalesTermRef={"value": term["Id"]})
    assert api.create("Invoice", body)["DueDate"] == due


def test_without_a_date_it_is_today_in_california(sims, api):
    sims.clock.set(sims.clock.now().replace(year=2026, month=11, day=20, hour=5))
    assert api.create("Invoice", sdk.invoice())["TxnDate"] == "2026-11-19"


def test_a_sparse_update_touches_only_what_is_sent(api):
    """E12"""
    body = sdk.invoice(sdk.line(), sdk.line("5.00"), PrivateNote="keep", DocNumber="1")
    made = api.create("Invoice", body)
    after = changed(api, made, DueDate="2030-01-01")
    assert after["DueDate"] == "2030-01-01"
    assert (after["PrivateNote"], after["DocNumber"]) == ("keep", "1")
    assert (after["TotalAmt"], after["SyncToken"]) == (105, "1")


def test_lines_are_replaced_as_a_whole(api):
    """E12"""
    made = api.create("Invoice", sdk.invoice(sdk.line(), sdk.line("5.00")))
    kept = made["Line"][1]
    after = changed(api, made, Line=[kept, sdk.line("7.00")])
    assert [line.get("Id") for line in after["Line"]] == ["2", "3", None]
    assert after["TotalAmt"] == 12


def test_a_full_update_clears_what_is_not_sent(api):
    """E12"""
    made = api.create("Invoice", sdk.invoice(PrivateNote="gone", DocNumber="1"))
    version = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    after = api.create("Invoice", sdk.invoice(**version))
    assert "PrivateNote" not in after
    assert "DocNumber" not in after
    assert after["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]


def test_an_empty_field_clears_too(api):
    made = api.create("Invoice", sdk.invoice(PrivateNote="gone"))
    assert "PrivateNote" not in changed(api, made, PrivateNote="")


def test_a_stale_version_is_refused(qbo, api):
    """E13, F14"""
    made = api.create("Invoice", sdk.invoice())
    qbo.as_person.change("Invoice", made["Id"], PrivateNote="mine")
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    error = api.refused("invoice", {**version, "DueDate": "2030-01-01"})
    assert (error["code"], error["Message"]) == ("5010", "Stale Object Error")
    assert qbo.invoices()[0]["PrivateNote"] == "mine"


@pytest.mark.parametrize("left_out", ["Id", "SyncToken"])
def test_an_update_needs_identity_and_version(api, left_out):
    """E13"""
    made = api.create("Invoice", sdk.invoice())
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    del version[left_out]
    error = api.refused("invoice", version, operation="update")
    assert (error["code"], error["element"]) == ("2020", left_out)


def test_the_sdk_learns_of_a_second_save(client):
    """E13: `save` keeps the old SyncToken on the object."""
    made = Invoice.from_json(sdk.invoice())
    made.save(qb=client)
    made.save(qb=client)
    with pytest.raises(QuickbooksException) as caught:
        made.save(qb=client)
    assert caught.value.error_code == 5010


def test_voiding_keeps_number_and_takes_the_money(client, qbo):
    """E14"""
    body = sdk.invoice(sdk.line(Qty=2, UnitPrice=50, tax="TAX"), DocNumber="9", PrivateNote="ours")
    made = Invoice.from_json(body).save(qb=client)
    made.void(qb=client)
    read = Invoice.get(made.Id, qb=client)
    assert (read.TotalAmt, read.Balance, read.DocNumber) == (0, 0, "9")
    assert read.PrivateNote == "Voided - ours"
    assert read.SyncToken == "1"
    assert [line.Amount for line in read.Line] == [0]
    assert read.Line[0].SalesItemLineDetail.Qty == 0
    [shown] = qbo.invoices()
    assert shown["TxnTaxDetail"] == {"TotalTax": 0}


def test_voiding_without_a_note_writes_the_word(api):
    """E14"""
    made = api.create("Invoice", sdk.invoice())
    version = {"Id": made["Id"], "SyncToken": "0"}
    assert api.create("Invoice", version, operation="void")["PrivateNote"] == "Voided"
    version["SyncToken"] = "1"
    assert api.create("Invoice", version, operation="void")["PrivateNote"] == "Voided"


def test_the_answer_to_a_void_may_shout(qbo, api):
    qbo.switch(void_enum_spelling="shouted")
    made = api.create("Invoice", sdk.invoice())
    voided = api.create("Invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    assert voided["PrintStatus"] == "NEED_TO_PRINT"
    assert voided["Line"][0]["DetailType"] == "SALES_ITEM_LINE_DETAIL"
    assert api.read("Invoice", made["Id"])["PrintStatus"] == "NeedToPrint"


def test_a_payment_of_a_voided_invoice_becomes_credit(qbo, api):
    """E14"""
    made = api.create("Invoice", sdk.invoice())
    payment = qbo.as_person.receive_payment(made["Id"], 40)
    qbo.as_person.void("Invoice", made["Id"])
    read = api.read("Payment", payment["Id"])
    assert (read["UnappliedAmt"], read["Line"]) == (40, [])


def test_deleting_leaves_nothing(client, qbo):
    """E14"""
    made = Invoice.from_json(sdk.invoice()).save(qb=client)
    answer = made.delete(qb=client)
    assert answer["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": "145"}
    assert qbo.invoices() == []


def test_an_invoice_with_a_payment_is_not_deleted(qbo, api):
    """E14"""
    made = api.create("Invoice", sdk.invoice())
    payment = qbo.as_person.receive_payment(made["Id"])
    version = {"Id": made["Id"], "SyncToken": "1"}
    assert api.refused("invoice", version, operation="delete")["code"] == "6000"
    qbo.as_person.remove_payment(payment["Id"])
    version["SyncToken"] = "2"
    assert api.post("invoice", version, operation="delete").status_code == 200


def test_sending_mails_and_says_so(client, qbo):
    """E14"""
    made = Invoice.from_json(sdk.invoice(BillEmail={"Address": "old@b.example"})).save(qb=client)
    made.send(qb=client, send_to="new@b.example")
    read = Invoice.get(made.Id, qb=client)
    assert (read.EmailStatus, read.BillEmail.Address) == ("EmailSent", "new@b.example")
    assert read.DeliveryInfo.DeliveryType == "Email"
    assert read.SyncToken == "1"
    assert qbo.mails()[0]["to"] == "new@b.example"


def test_sending_needs_an_address(api):
    """E14"""
    made = api.create("Invoice", sdk.invoice())
    assert api.refused(f"invoice/{made['Id']}/send", None)["code"] == "6000"


def test_a_bad_address_shows_only_in_the_delivery(api):
    """E31"""
    made = api.create("Invoice", sdk.invoice(BillEmail={"Address": "nonsense"}))
    sent = api.post(f"invoice/{made['Id']}/send").json()["Invoice"]
    assert sent["DeliveryInfo"]["DeliveryErrorType"] == "Undeliverable"


def test_a_list_of_addresses_may_be_refused(qbo, api):
    body = sdk.invoice(BillEmail={"Address": "a@b.example, c@d.example"})
    api.create("Invoice", body)
    qbo.switch(several_emails="refuse")
    assert api.refused("invoice", body)["element"] == "BillEmail"


def test_an_invoice_can_be_had_as_pdf(client):
    """E14"""
    import io

    from pypdf import PdfReader

    body = sdk.invoice({**sdk.line(), "Description": "Ünïcode (work)"}, DocNumber="PDF-1")
    made = Invoice.from_json(body).save(qb=client)
    pdf = made.download_pdf(qb=client)
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "Invoice PDF-1" in text
    assert "Ünïcode (work)   100.00" in text
    assert client.last.headers["Content-Type"] == "application/pdf"


def test_errors_of_a_pdf_are_json(api):
    """E14"""
    answer = api.get("invoice/999/pdf")
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "610")
    assert api.get("customer/58/pdf").json()["Fault"]["Error"][0]["code"] == "500"


def test_closed_books_stay_closed(qbo, api):
    """E21"""
    made = api.create("Invoice", sdk.invoice(TxnDate="2026-10-15"))
    qbo.as_person.close_books("2026-10-31")
    assert api.refused("invoice", sdk.invoice(TxnDate="2026-10-31"))["code"] == "6210"
    version = {"Id": made["Id"], "SyncToken": "0"}
    move = {**version, "sparse": True, "TxnDate": "2026-11-20"}
    assert api.refused("invoice", move)["code"] == "6210"
    assert api.refused("invoice", version, operation="void")["code"] == "6210"
    assert api.refused("invoice", version, operation="delete")["code"] == "6210"
    api.create("Invoice", sdk.invoice(TxnDate="2026-11-01"))
    qbo.as_person.close_books("")
    api.create("Invoice", sdk.invoice(TxnDate="2026-10-31"))


def test_custom_fields_need_their_definition(api):
    """E27"""
    sent = [
        {"DefinitionId": "1", "StringValue": "4711"}, {"StringValue": "lost"},
        {"DefinitionId": "3", "StringValue": "lost"},
    ]  # fmt: skip
    made = api.create("Invoice", sdk.invoice(CustomField=sent))
    assert made["CustomField"] == [
        {"DefinitionId": "1", "StringValue": "4711", "Name": "Ticket", "Type": "StringType"}
    ]


def test_online_payment_is_as_the_company_wants_unless_told(qbo, api):
    """E28"""
    qbo.as_person.prefer("SalesFormsPrefs", ETransactionPaymentEnabled=True)
    made = api.create("Invoice", sdk.invoice())
    assert made["AllowOnlineCreditCardPayment"] is True
    off = api.create("Invoice", sdk.invoice(AllowOnlineCreditCardPayment=False))
    assert off["AllowOnlineCreditCardPayment"] is False
    link = api.get(f"invoice/{made['Id']}", include="invoiceLink").json()["Invoice"]
    assert link["InvoiceLink"].startswith("https://")
    assert "InvoiceLink" not in api.read("Invoice", made["Id"])


def test_an_unpaid_subscription_allows_reading_only(qbo, api):
    """E29"""
    made = api.create("Invoice", sdk.invoice())
    qbo.as_person.let_subscription_end()
    assert api.refused("invoice", sdk.invoice())["code"] == "6190"
    assert api.refused(f"invoice/{made['Id']}/send", None)["code"] == "6190"
    assert api.read("Invoice", made["Id"])
    qbo.as_person.renew_subscription()
    api.create("Invoice", sdk.invoice())


def test_a_taxable_invoice_has_at_most_750_lines(api):
    """E30"""
    taxed = [sdk.line("1.00", tax="TAX") for _ in range(751)]
    assert api.refused("invoice", sdk.invoice(*taxed))["code"] == "6000"
    api.create("Invoice", sdk.invoice(*[sdk.line("1.00") for _ in range(751)]))


def test_a_discount_subtracts_and_comes_after_the_subtotal(api):
    made = api.create("Invoice", sdk.invoice(sdk.line(), DISCOUNT))
    assert made["TotalAmt"] == 90
    assert [line["DetailType"] for line in made["Line"]] == [
        "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail",
    ]  # fmt: skip
    account = made["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"]
    assert account["name"] == "Discounts given"
    percent = {"PercentBased": True, "DiscountPercent": 12.5}
    line = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": percent}
    assert api.create("Invoice", sdk.invoice(sdk.line("33.33"), line))["TotalAmt"] == 29.16


def test_discounts_have_rules(qbo, api):
    assert api.refused("invoice", sdk.invoice(sdk.line(), DISCOUNT, DISCOUNT))["code"] == "6000"
    negative = {**DISCOUNT, "Amount": -10}
    assert api.refused("invoice", sdk.invoice(sdk.line(), negative))["code"] == "6000"
    qbo.as_person.prefer("SalesFormsPrefs", AllowDiscount=False)
    assert api.refused("invoice", sdk.invoice(sdk.line(), DISCOUNT))["code"] == "6000"


def test_negative_lines_are_fine_and_negative_totals_are_not(api):
    made = api.create("Invoice", sdk.invoice(sdk.line("100"), sdk.line("-30")))
    assert made["TotalAmt"] == 70
    assert api.refused("invoice", sdk.invoice(sdk.line("-1")))["code"] == "6000"


def test_a_deposit_lowers_the_balance(qbo, api):
    body = sdk.invoice(Deposit=25, DepositToAccountRef={"value": "6"})
    assert api.refused("invoice", body)["code"] == "6000"
    qbo.as_person.prefer("SalesFormsPrefs", AllowDeposit=True)
    made = api.create("Invoice", body)
    assert (made["TotalAmt"], made["Balance"]) == (100, 75)


def test_a_bundle_is_not_simulated(api):
    line = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"Quantity": 1}}
    assert api.post("invoice", sdk.invoice(line)).status_code == 501


@pytest.mark.parametrize(("setting", "status"), [("ignore", 200), ("refuse", 400)])
def test_classes_in_a_company_without_classes(qbo, api, setting, status):
    qbo.switch(class_tracking_off=setting)
    body = sdk.invoice(ClassRef={"value": "5000000000000007280"})
    answer = api.post("invoice", body)
    assert answer.status_code == status
    assert "ClassRef" not in answer.json().get("Invoice", {})


def test_a_refused_invoice_changes_nothing(qbo, api):
    before = repr(qbo.app.ledger())
    balance = api.read("Customer", "58")["Balance"]
    api.refused("invoice", sdk.invoice(sdk.line(), sdk.line(item="9999")))
    api.refused("invoice", sdk.invoice(DocNumber="D" * 22))
    assert repr(qbo.app.ledger()) == before
    assert api.read("Customer", "58")["Balance"] == balance
    assert api.create("Invoice", sdk.invoice())["Id"] == "145"


def test_what_a_customer_owes_follows_the_documents(qbo, api):
    made = api.create("Invoice", sdk.invoice())
    api.create("Invoice", sdk.invoice(sdk.line("50.00")))
    assert api.read("Customer", "58")["Balance"] == 150
    qbo.as_person.receive_payment(made["Id"], 30)
    assert api.read("Customer", "58")["Balance"] == 120
    qbo.as_person.void("Invoice", made["Id"])
    assert api.read("Customer", "58")["Balance"] == 20


def test_answers_match_the_samples_in_shape(api, reference_data):
    """Self-check: what a sample answer has, ours has too, with the same types."""
    import json

    folder = reference_data / "samples"
    sent = json.loads((folder / "invoice_create_request_full.json").read_text())
    sample = json.loads((folder / "invoice_response.json").read_text())["Invoice"]
    sent["Line"] = [line for line in sent["Line"] if line["DetailType"] != "DiscountLineDetail"]
    made = api.create("Invoice", sent)
    assert sample.keys() - made.keys() == set()
    for name, value in sample.items():
        assert type(made[name]) is type(value) or isinstance(value, float), name
    assert made["Line"][0]["SalesItemLineDetail"].keys() == (
        sample["Line"][0]["SalesItemLineDetail"].keys()
    )


def test_a_client_that_goes_away_breaks_nothing(qbo, api):
    qbo.arm("delay_answer", seconds=0.3)
    with pytest.raises(requests.Timeout):
        api.call("POST", "invoice", json=sdk.invoice(), timeout=0.05)
    assert api.get("preferences").status_code == 200
