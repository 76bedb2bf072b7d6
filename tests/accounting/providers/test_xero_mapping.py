"""Our documents as Xero bodies, judged by arithmetic of the test's own and by the models of Xero's
own library.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from xero_python import accounting
from xero_python.api_client.serializer import serialize

from accounting.providers.port import (
    Document,
    Kind,
    Line,
    NewRecord,
    Operation,
    Reason,
    TaxMode,
)
from accounting.providers.xero import checking, companies, faults, mapping, reading

HOME = "https://billing.example.com"
CONTACT = "11111111-1111-4111-8111-111111111111"
FACTS = {
    "currency": "NZD", "currencies": ["NZD"], "untaxed_id": "NONE", "may_approve": True,
    "tracking": [{"id": CONTACT, "name": "Region", "options": [{"id": HOME, "name": "North"}]}],
}  # fmt: skip
CENT = Decimal("0.01")


def line(net="125.00", **fields):
    fields = {
        "description": "Support", "quantity": Decimal(1), "unit_price": Decimal(net),
        "discount_percent": Decimal(0), "net": Decimal(net), "tax": Decimal(0),
        "item_id": "item:HOURS", "tax_id": "OUTPUT2", "taxable": True, **fields,
    }  # fmt: skip
    return Line(**fields)


def document(*lines, **fields):
    fields = {
        "uid": "u", "number": "INV-1", "customer_id": CONTACT, "date": dt.date(2026, 11, 20),
        "due_date": dt.date(2026, 12, 20), "currency": "NZD", "email": "", "message": "",
        "tax_mode": TaxMode.CODES, "lines": lines or (line(),), "subtotal": Decimal(125),
        "tax": Decimal(0), "total": Decimal(125), "marker": "Atera Invoicing 7", **fields,
    }  # fmt: skip
    return Document(**fields)


def frozen(*documents, operation=Operation.CREATE, facts=FACTS):
    return mapping.freeze(operation, documents, key="k", facts=facts, home=HOME)


def sent(*documents, **options):
    return json.loads(frozen(*documents, **options).body)["Invoices"]


def test_the_body_of_an_invoice_holds_what_we_mean_and_nothing_else():
    assert sent(document()) == [
        {
            "Type": "ACCREC", "InvoiceNumber": "INV-1", "Status": "DRAFT", "CurrencyCode": "NZD",
            "Contact": {"ContactID": CONTACT}, "Date": "2026-11-20", "DueDate": "2026-12-20",
            "LineAmountTypes": "Exclusive",
            "Url": f"{HOME}/accounting/from/?document=Atera+Invoicing+7",
            "LineItems": [
                {"Description": "Support", "Quantity": 1.0, "UnitAmount": 125.0,
                 "ItemCode": "HOURS", "TaxType": "OUTPUT2"},
            ],
        }
    ]  # fmt: skip


def test_what_was_chosen_stands_on_each_invoice_and_line():
    options = {"status": "AUTHORISED", "tracking-1": HOME}
    (body,) = sent(document(), facts={**FACTS, "options": options})
    assert body["Status"] == "AUTHORISED"
    tracked = {"TrackingCategoryID": CONTACT, "TrackingOptionID": HOME}
    assert body["LineItems"][0]["Tracking"] == [tracked]
    gone = {**FACTS, "options": {"status": "PAID", "tracking-1": "gone"}}
    (body,) = sent(document(), facts=gone)
    assert body["Status"] == "DRAFT"
    assert "Tracking" not in body["LineItems"][0]


def test_a_line_is_sold_as_an_item_or_put_to_an_account():
    by_account = line(item_id="account:200", tax_id="")
    (body,) = sent(document(line(), by_account))
    first, second = body["LineItems"]
    assert "AccountCode" not in first
    assert (second["AccountCode"], second["TaxType"]) == ("200", "NONE")
    assert "ItemCode" not in second


def test_text_is_a_line_with_nothing_but_its_words():
    words = line("0.00", item_id="", tax_id="", description="Covered by the contract")
    assert sent(document(words))[0]["LineItems"] == [{"Description": "Covered by the contract"}]
    with pytest.raises(ValueError, match="needs an item"):
        frozen(document(line(item_id="")))


figures = st.tuples(
    st.decimals(Decimal("0.0001"), Decimal(1000), places=4),
    st.decimals(Decimal(0), Decimal(1000), places=4),
    st.decimals(Decimal(0), Decimal(100), places=4),
    st.booleans(),
)


@given(figures)
@example((Decimal(1), Decimal(1000), Decimal("33.3333"), True))
def test_xero_computes_our_amount_from_what_is_sent(figure):
    quantity, price, discount, ours = figure
    exact = quantity * price * (100 - discount) / 100
    net = exact.quantize(CENT, ROUND_HALF_UP) if ours else Decimal("17.23")
    body = mapping.line_body(
        line(net, quantity=quantity, unit_price=price, discount_percent=discount), FACTS
    )
    rate = Decimal(str(body.get("DiscountRate", 0)))
    assert rate == rate.quantize(CENT)  # nothing says that Xero keeps more
    less = 1 - rate / 100
    computed = Decimal(str(body["Quantity"])) * Decimal(str(body["UnitAmount"])) * less
    assert computed.quantize(CENT, ROUND_HALF_UP) == net
    assert "LineAmount" not in body  # Xero would have to agree with it


def test_a_change_carries_the_version_that_it_is_a_change_of():
    changed = document(remote_id="r-1", remote_version="7-abc")
    head, _, wire = frozen(changed, operation=Operation.UPDATE).body.partition(b"\n")
    assert json.loads(head) == ["7-abc"]
    (body,) = json.loads(wire)["Invoices"]
    assert body["InvoiceID"] == "r-1"
    assert {"Url", "Status", "Type"} & body.keys() == set()


def test_the_library_of_xero_takes_what_we_write():
    (body,) = sent(document(line(), line("0.00", item_id="", tax_id="")))
    items = [
        accounting.LineItem(
            description=each["Description"], quantity=each.get("Quantity"),
            unit_amount=each.get("UnitAmount"), item_code=each.get("ItemCode"),
            tax_type=each.get("TaxType"),
        )
        for each in body["LineItems"]
    ]  # fmt: skip
    known = accounting.Invoice(
        type=body["Type"], contact=accounting.Contact(contact_id=CONTACT), line_items=items,
        date=dt.date.fromisoformat(body["Date"]), due_date=dt.date.fromisoformat(body["DueDate"]),
        invoice_number=body["InvoiceNumber"], status=body["Status"], url=body["Url"],
        line_amount_types=accounting.LineAmountTypes.EXCLUSIVE,
    )  # fmt: skip
    theirs = serialize(known)
    assert set(body) - {"CurrencyCode"} <= set(theirs)
    for ours, their in zip(body["LineItems"], theirs["LineItems"], strict=True):
        assert set(ours) <= set(their)


# Records ------------------------------------------------------------------------------------------


def test_a_contact_has_no_name_that_xero_refuses():
    record = NewRecord(Kind.CUSTOMER, "  Tom  <& Co>  ", email="no-address", phone="1" * 60)
    (body,) = json.loads(mapping.records_body([record]))["Contacts"]
    assert body["Name"] == "Tom (& Co)"
    assert "EmailAddress" not in body
    assert len(body["Phones"][0]["PhoneNumber"]) == 50


def test_an_item_without_a_code_gets_a_short_one_of_its_own():
    codes = [
        mapping.code_of(NewRecord(Kind.ITEM, f"Managed workstation, gold level, number {n}"))
        for n in range(20)
    ]
    assert len(set(codes)) == 20
    assert all(len(code) <= 30 for code in codes)
    assert mapping.code_of(NewRecord(Kind.ITEM, "Dock", sku="D-1")) == "D-1"


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "facts", "reason"),
    [
        ({"date": dt.date(2026, 10, 31)}, {"closed_through": "2026-10-31"}, Reason.PERIOD_CLOSED),
        ({"currency": "EUR"}, {}, Reason.CURRENCY),
        ({"total": Decimal("-1.00")}, {}, Reason.AMOUNT),
        ({"lines": ()}, {}, Reason.OTHER),
        ({"lines": (line(item_id=""),)}, {}, Reason.REFERENCE),
        ({}, {"may_approve": False, "options": {"status": "AUTHORISED"}}, Reason.NOT_ALLOWED),
    ],
)
def test_what_xero_would_refuse_is_said_before(changes, facts, reason):
    made = replace(document(), **changes)
    (problem,) = checking.problems(made, {**FACTS, **facts})
    assert problem.reason is reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Invoice # must be unique.", Reason.NUMBER_TAKEN),
        ("The invoice number must be unique", Reason.NUMBER_TAKEN),
        ("Invoice # can be at most 255 characters", Reason.TOO_LONG),
        ("The contact name Ana is already assigned to another contact. The contact name must be "
         "unique across all active contacts.", Reason.NAME_TAKEN),
        ("The document date cannot be before the period lock date, currently set at 30 June 2026",
         Reason.PERIOD_CLOSED),
        ("Account code '999' is not a valid code for this document.", Reason.REFERENCE),
        ("Account code '200' has been archived, or has been deleted.", Reason.REFERENCE),
        ("Item code 'X' is not valid", Reason.REFERENCE),
        ("A Contact must be specified for this type of transaction", Reason.REFERENCE),
        ("The TaxType code 'X' cannot be used with account code 'Y'.", Reason.TAX),
        ("Organisation is not subscribed to currency EUR", Reason.CURRENCY),
        ("This document cannot be edited as it has a payment or credit note allocated to it.",
         Reason.SETTLED),
        ("The status VOIDED cannot be applied to this document because it has payments or credit "
         "notes allocated", Reason.SETTLED),
        ("Invoice not of valid status for modification", Reason.STALE),
        ("You have reached the limit of invoices you can approve", Reason.NOT_ALLOWED),
        ("Der Himmel ist blau", Reason.OTHER),
    ],
)  # fmt: skip
def test_what_xero_says_means_that_somebody_must_do_something(said, reason):
    error = faults.of_element({"ValidationErrors": [{"Message": said}]})
    assert error.reason is reason
    assert error.code
    if reason is Reason.OTHER:
        assert said in error.message


# Reading ------------------------------------------------------------------------------------------


def paid(**fields):
    return {
        "InvoiceID": "i", "Status": "AUTHORISED", "Total": Decimal(100), "AmountDue": Decimal(0),
        "DateString": "2026-11-20T00:00:00", "LineItems": [], **fields,
    }  # fmt: skip


def test_every_way_to_settle_an_invoice_is_a_settlement():
    doc = paid(
        Payments=[
            {"PaymentID": "p", "Amount": 20, "Date": "/Date(1795132800000+0000)/"},
            {"PaymentID": "x", "Amount": 99, "Status": "DELETED", "Date": "/Date(0)/"},
        ],
        CreditNotes=[
            {"CreditNoteID": "c", "AppliedAmount": 10, "DateString": "2026-11-21T00:00:00"},
            {"CreditNoteID": "c", "AppliedAmount": 5, "DateString": "2026-11-21T00:00:00"},
        ],
        Prepayments=[{"PrepaymentID": "pre", "AppliedAmount": 30}],
        Overpayments=None,
    )
    found = {part.id: (part.amount, part.credit) for part in reading.settlements(doc)}
    assert found == {
        "p": (Decimal(20), False), "c": (Decimal(15), True), "pre": (Decimal(30), True),
        "other-i": (Decimal(35), True),
    }  # fmt: skip


def test_a_payment_without_a_day_is_of_the_day_of_its_invoice():
    (part, _) = reading.settlements(paid(Payments=[{"PaymentID": "p", "Amount": 20, "Date": None}]))
    assert (part.id, part.date) == ("p", dt.date(2026, 11, 20))


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_amounts_of_an_invoice_that_is_gone_count_for_nothing(status):
    made = reading.receipt(paid(Status=status, AmountDue=Decimal("24.15")), url="")
    assert (made.total, made.balance) == (0, 0)


def test_a_day_is_read_from_its_text_or_its_moment():
    assert reading.day_text({"DateString": "2026-11-22T00:00:00", "Date": None}, "Date") == (
        "2026-11-22"
    )
    assert reading.day_text({"Date": "/Date(1795305600000+0000)/"}, "Date") == "2026-11-22"
    assert reading.day_text({}, "Date") == ""


def test_what_can_be_chosen_follows_the_organisation():
    keys = [option.key for option in companies.options(FACTS)]
    assert keys == ["status", "tracking-1"]
    assert [option.key for option in companies.options({})] == ["status"]
