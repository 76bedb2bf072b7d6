"""Invoices are made, numbered, changed and refused: behaviours 20 to 28."""

from __future__ import annotations

import time

import pytest
from xero_python.exceptions import AccountingBadRequestException

from . import sdk

NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_b20_put_creates_and_a_number_is_taken_once(client, xero):
    [first] = client.put(sdk.invoice(InvoiceNumber="A-1"))
    assert first.status_attribute_string == "OK"
    [second] = client.put(sdk.invoice(InvoiceNumber="a-1"))
    assert second.status_attribute_string == "ERROR"
    assert second.validation_errors[0].message == "Invoice # must be unique."
    assert second.invoice_id == NOWHERE
    assert len(xero.invoices()) == 1


def test_b20_bills_may_share_a_number(api, xero):
    bill = sdk.invoice(sdk.line(account="400"), Type="ACCPAY", InvoiceNumber="B-1", Reference="x")
    assert api.create(bill)["Reference"] == ""
    api.create(bill)
    api.create(InvoiceNumber="B-1")
    assert len(xero.invoices()) == 3


def test_b20_capitals_count_if_a_switch_says_so(api, xero):
    xero.switch(number_case="told_apart")
    api.create(InvoiceNumber="A-1")
    api.create(InvoiceNumber="a-1")


def test_b21_post_overwrites_by_id_or_by_number(api, xero, client):
    made = api.create(InvoiceNumber="A-1")
    sent = {"InvoiceID": made["InvoiceID"], "Reference": "by id"}
    client.accounting.update_or_create_invoices(client.tenant, {"Invoices": [sent]})
    assert api.invoice(made["InvoiceID"])["Reference"] == "by id"
    other = sdk.invoice(sdk.line("7.00"), InvoiceNumber="A-1")
    api.call("POST", "Invoices", {"Invoices": [other]})
    assert [each["SubTotal"] for each in xero.invoices()] == [7]
    api.call("POST", "Invoices", {"Invoices": [sdk.invoice(InvoiceNumber="A-2")]})
    assert len(xero.invoices()) == 2
    gone = {"Invoices": [{"InvoiceID": "11111111-1111-1111-1111-111111111111"}]}
    assert api.call("POST", "Invoices", gone).status_code == 404


def test_b21_post_to_a_void_or_paid_one_is_refused(api, person):
    voided, paid = api.create(InvoiceNumber="V"), api.create(InvoiceNumber="P")
    person.void(voided["InvoiceID"])
    person.receive_payment(paid["InvoiceID"])
    answer = api.call("POST", "Invoices", {"Invoices": [sdk.invoice(InvoiceNumber="V")]})
    assert answer.status_code == 400
    [refused] = answer.json()["Elements"]
    assert sdk.problems(refused) == ["Invoice not of valid status for modification"]
    answer = api.update(paid["InvoiceID"], LineItems=[sdk.line("1.00")])
    assert "payment or credit note allocated" in answer.text


def test_b22_numbers_are_given_and_jump_over_taken_ones(api, person):
    api.create(InvoiceNumber="INV-0002")
    assert [api.create()["InvoiceNumber"] for _ in range(2)] == ["INV-0001", "INV-0003"]
    person.set_up(InvoicePrefix="ORC", NextInvoice=41)
    assert api.create(InvoiceNumber="")["InvoiceNumber"] == "ORC0041"
    with pytest.raises(ValueError, match="no setting"):
        person.set_up(Colour="red")


def test_b22_a_refused_invoice_takes_no_number(api):
    api.put(sdk.invoice(sdk.line(account="999")))
    assert api.create()["InvoiceNumber"] == "INV-0001"


def test_b23_a_voided_number_stays_taken_unless_renamed_before(api, person):
    first = api.create(InvoiceNumber="A-1")
    person.void(first["InvoiceID"])
    [refused] = api.put(sdk.invoice(InvoiceNumber="A-1"))
    assert sdk.problems(refused) == ["Invoice # must be unique."]
    second = api.create(InvoiceNumber="A-2")
    person.rename_invoice(second["InvoiceID"], "A-2-old")
    person.void(second["InvoiceID"])
    api.create(InvoiceNumber="A-2")


def test_b23_the_number_of_a_deleted_draft_is_a_switch(api, xero, person):
    made = api.create(InvoiceNumber="A-1", Status="DRAFT")
    person.delete(made["InvoiceID"])
    [refused] = api.put(sdk.invoice(InvoiceNumber="A-1"))
    assert sdk.problems(refused) == ["Invoice # must be unique."]
    xero.switch(deleted_numbers="free")
    api.create(InvoiceNumber="A-1")


def test_b24_a_draft_needs_hardly_more_than_type_and_contact(api):
    [made] = api.put({"Type": "ACCREC", "Contact": {"Name": "Cascade Dental"}})
    assert (made["Status"], made["Total"], made["LineItems"]) == ("DRAFT", 0, [])
    assert made["DateString"] == "2026-11-20T00:00:00"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"DueDate": None}, "DueDate must be specified"),
        ({"Contact": None}, "A Contact must be specified"),
        ({"LineItems": []}, "line items must be specified"),
        ({"LineItems": [{"Description": "x", "UnitAmount": 1.0}]}, "Account code must be"),
        ({"LineItems": [{"AccountCode": "200", "UnitAmount": 1.0}]}, "Description must be"),
        ({"Type": "SALE"}, "Type must be"),
        ({"Status": "PAID"}, "not of valid status"),
        ({"Status": "VOIDED"}, "not of valid status"),
        ({"LineAmountTypes": "Gross"}, "LineAmountTypes"),
        ({"BrandingThemeID": NOWHERE}, "BrandingThemeID"),
        ({"Url": "nowhere"}, "valid absolute url"),
        ({"Url": "https://go.xero.com/1"}, "can't contain xero"),
        ({"LineItems": [sdk.line("-5.00")]}, "can't be negative"),
        ({"SentToContact": True, "Status": "DRAFT"}, "approved invoices only"),
    ],
)  # fmt: skip
def test_b24_an_approved_invoice_needs_all_of_it(api, xero, fields, says):
    [refused] = api.put(sdk.invoice(**fields))
    assert refused["StatusAttributeString"] == "ERROR"
    assert says in "; ".join(sdk.problems(refused))
    assert xero.invoices() == []


@pytest.mark.parametrize(
    ("before", "after", "fine"),
    [
        ("DRAFT", "SUBMITTED", True), ("SUBMITTED", "DRAFT", True), ("DRAFT", "AUTHORISED", True),
        ("SUBMITTED", "AUTHORISED", True), ("DRAFT", "DELETED", True),
        ("SUBMITTED", "DELETED", True), ("DRAFT", "VOIDED", False), ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "DELETED", False), ("AUTHORISED", "VOIDED", True),
        ("DRAFT", "PAID", False),
    ],
)  # fmt: skip
def test_b24_moves_of_the_status(api, before, after, fine):
    made = api.create(Status=before)
    answer = api.update(made["InvoiceID"], Status=after)
    assert (answer.status_code == 200) is fine
    assert api.invoice(made["InvoiceID"])["Status"] == (after if fine else before)
    assert fine or "Invoice not of valid status for modification" in answer.text


@pytest.mark.parametrize("end", ["VOIDED", "DELETED"])
def test_b24_nothing_comes_back(api, end):
    made = api.create(Status="AUTHORISED" if end == "VOIDED" else "DRAFT")
    assert api.update(made["InvoiceID"], Status=end).status_code == 200
    for status in ("DRAFT", "AUTHORISED", end):
        assert api.update(made["InvoiceID"], Status=status).status_code == 400


def test_b24_a_paid_invoice_can_not_be_voided(api, person):
    made = api.create()
    person.receive_payment(made["InvoiceID"])
    answer = api.update(made["InvoiceID"], Status="VOIDED")
    assert "has payments or credit notes allocated" in answer.text


def test_b24_an_address_is_given_back_as_it_was_or_in_another_form(api, xero):
    sent = "http://Books.Example:80/from/?document=ai%2D1"
    assert api.create(Url=sent)["Url"] == sent
    xero.switch(url_form="normal")
    assert api.create(Url=sent)["Url"] == "http://books.example/from/?document=ai-1"


def test_b24_with_money_applied_a_few_fields_can_change(api, person):
    made = api.create()
    person.receive_payment(made["InvoiceID"], 10)
    loose = {"DueDate": "2027-01-01", "Reference": "new", "Url": "https://example.com/1"}
    assert api.update(made["InvoiceID"], **loose).status_code == 200
    for frozen in (
        {"LineItems": [sdk.line("1.00")]}, {"Contact": {"Name": "Ballard Boatworks"}},
        {"Date": "2026-11-21"}, {"CurrencyCode": "USD"},
    ):  # fmt: skip
        answer = api.update(made["InvoiceID"], **frozen)
        assert "payment or credit note allocated" in answer.text
    person.receive_payment(made["InvoiceID"])
    assert api.update(made["InvoiceID"], Reference="paid").status_code == 200
    assert api.invoice(made["InvoiceID"])["Status"] == "PAID"


def test_b25_the_answer_to_a_void_still_shows_what_was_due(api, xero):
    made = api.create()
    [voided] = sdk.records(api.update(made["InvoiceID"], Status="VOIDED"))
    assert (voided["Status"], voided["AmountDue"]) == ("VOIDED", 115)
    assert api.invoice(made["InvoiceID"])["AmountDue"] == 0
    xero.switch(void_answer_amount="zero")
    other = api.create()
    assert sdk.records(api.update(other["InvoiceID"], Status="VOIDED"))[0]["AmountDue"] == 0


def test_b26_a_failed_element_shows_what_was_asked_and_the_truth_stays(api):
    made = api.create()
    sent = {"InvoiceID": made["InvoiceID"], "Status": "DELETED"}
    answer = api.call("POST", "Invoices", {"Invoices": [sent]}, summarizeErrors="false")
    [failed] = answer.json()["Invoices"]
    assert answer.status_code == 200
    assert (failed["Status"], failed["StatusAttributeString"]) == ("DELETED", "ERROR")
    assert failed["HasErrors"]
    assert failed["InvoiceID"] == made["InvoiceID"]
    assert api.invoice(made["InvoiceID"])["Status"] == "AUTHORISED"


def batch():
    """Three invoices, of which the second is wrong."""
    lines = ("200", "999", "200")
    return [
        sdk.invoice(sdk.line(account=account), InvoiceNumber=f"A-{number}")
        for number, account in enumerate(lines, 1)
    ]


def test_b27_by_default_400_tells_of_the_bad_ones_and_the_good_ones_are_saved(client, xero):
    with pytest.raises(AccountingBadRequestException) as refused:
        client.put(*batch(), each_by_itself=False)
    body = refused.value.error_data
    assert (body["ErrorNumber"], body["Type"]) == (10, "ValidationException")
    assert body["Message"] == "A validation exception occurred"
    assert [each["InvoiceNumber"] for each in body["Elements"]] == ["A-2"]
    assert [each["InvoiceNumber"] for each in xero.invoices()] == ["A-1", "A-3"]


def test_b27_or_they_are_not_as_a_switch_says(client, xero):
    xero.switch(batch_siblings="lost")
    with pytest.raises(AccountingBadRequestException):
        client.put(*batch(), each_by_itself=False)
    assert xero.invoices() == []
    client.put(sdk.invoice(), each_by_itself=False)
    assert [each["InvoiceNumber"] for each in xero.invoices()] == ["INV-0001"]


def test_b27_each_by_itself_answers_200_in_order(client, xero):
    made = client.put(*batch())
    assert [each.invoice_number for each in made] == ["A-1", "A-2", "A-3"]
    assert [each.status_attribute_string for each in made] == ["OK", "ERROR", "OK"]
    assert made[1].has_errors
    assert len(xero.invoices()) == 2


def test_b27_success_by_default_has_no_status_of_elements(api):
    [made] = sdk.records(api.call("PUT", "Invoices", {"Invoices": [sdk.invoice()]}))
    assert "StatusAttributeString" not in made
    assert made["LineItems"][0]["ValidationErrors"] == []


def test_b27_one_invoice_without_an_envelope(api):
    answer = api.call("PUT", "Invoices", sdk.invoice(), headers={"x-odd": "1"})
    assert len(answer.json()["Invoices"]) == 1


def test_b27_a_batch_can_have_a_limit(xero, api):
    xero.switch(batch_elements=2)
    assert api.call("PUT", "Invoices", {"Invoices": batch()}).status_code == 400
    assert api.call("PUT", "Invoices", {"Invoices": []}).status_code == 400


def keyed(api, key, *invoices, path="Invoices", method="PUT", **params):
    sent = {"Invoices": list(invoices) or [sdk.invoice()]}
    return api.call(method, path, sent, headers={"Idempotency-Key": key}, **params)


def test_b28_a_key_replays_its_answer_for_six_minutes(sims, api, xero):
    first = keyed(api, "k")
    assert keyed(api, "k").content == first.content
    assert keyed(api, "k").headers["Xero-Correlation-Id"] == first.headers["Xero-Correlation-Id"]
    sims.clock.move(minutes=5, seconds=50)
    keyed(api, "k")
    assert len(xero.invoices()) == 1
    sims.clock.move(seconds=15)  # counted from the first use, not from the last
    keyed(api, "k")
    assert len(xero.invoices()) == 2


@pytest.mark.parametrize(
    "other",
    [{"method": "POST"}, {"unitdp": "4"}, {"path": "CreditNotes"}],
)
def test_b28_the_same_key_with_another_request_is_refused(api, xero, other):
    keyed(api, "k")
    answer = keyed(api, "k", **other)
    assert answer.status_code == 400
    assert "is used with a different request." in answer.text
    assert keyed(api, "k", sdk.invoice(Reference="x")).status_code == 400
    assert len(xero.invoices()) == 1


def test_b28_errors_are_kept_too(api, person):
    person.archive_account("200")
    first = keyed(api, "k")
    assert first.status_code == 400
    person.restore_account("200")
    assert keyed(api, "k").content == first.content
    assert keyed(api, "another").status_code == 200


def test_b28_keys_have_a_length_and_belong_to_an_app(api, xero):
    assert keyed(api, "k" * 128).status_code == 200
    assert keyed(api, "k" * 129).status_code == 400
    other = xero.register([sdk.CALLBACK])
    keyed(sdk.Api(xero, client_id=other["client_id"]), "k" * 128)
    assert len(xero.invoices()) == 2


def test_b28_a_second_one_at_the_same_time_waits_for_the_first(api, xero):
    xero.arm("slow_commit", seconds=0.3)
    began = time.monotonic()
    answers = sdk.together(lambda: keyed(api, "k"), lambda: keyed(api, "k"))
    assert answers[0].content == answers[1].content
    assert time.monotonic() - began >= 0.3
    assert len(xero.invoices()) == 1


def test_b28_a_different_one_at_the_same_time_is_refused(api, xero):
    xero.arm("slow_commit", seconds=0.4)

    def late():
        time.sleep(0.15)
        return keyed(api, "k", sdk.invoice(Reference="other"))

    answers = sdk.together(lambda: keyed(api, "k"), late)
    assert [each.status_code for each in answers] == [200, 400]


def test_b28_too_many_requests_leave_no_trace(sims, api, xero):
    xero.switch(limits="enforced", calls_per_minute=1)
    api.get("Organisation")
    assert keyed(api, "k").status_code == 429
    sims.clock.move(seconds=61)
    assert keyed(api, "k").status_code == 200


def test_b28_keys_can_be_forgotten_or_ignored(api, xero):
    keyed(api, "k")
    xero.forget_keys()
    keyed(api, "k")
    xero.switch(idempotency="ignored")
    keyed(api, "k")
    assert len(xero.invoices()) == 3
