"""Our documents as QuickBooks bodies, judged by arithmetic of the test's own and, where the
published schemas are at hand, by those.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.providers.port import (
    Document,
    Kind,
    Line,
    NewRecord,
    Operation,
    Reason,
    TaxMode,
    TimeDocument,
)
from accounting.providers.qbo import checking, mapping, query
from tests.simulators import reference

US = {"us": True, "sales_tax": True, "automated_tax": True, "custom_numbers": True, "time": True}
OLD = {**US, "automated_tax": False}
CANADA = {"custom_numbers": True, "untaxed_id": "9"}


def line(net="125.00", **fields):
    fields = {
        "description": "Support",
        "quantity": Decimal(1),
        "unit_price": Decimal(net),
        "discount_percent": Decimal(0),
        "net": Decimal(net),
        "tax": Decimal(0),
        "item_id": "5",
        "tax_id": "",
        "taxable": False,
        **fields,
    }
    return Line(**fields)


def document(*lines, **fields):
    lines = lines or (line(),)
    fields = {
        "uid": "u",
        "number": "INV-1",
        "customer_id": "58",
        "date": dt.date(2026, 11, 20),
        "due_date": dt.date(2026, 12, 20),
        "currency": "USD",
        "email": "ana@customer.example",
        "message": "Thank you",
        "tax_mode": TaxMode.PROVIDER,
        "lines": lines,
        "subtotal": sum(each.net for each in lines),
        "tax": Decimal(0),
        "total": sum(each.net for each in lines),
        "marker": "ai-u",
        **fields,
    }
    return Document(**fields)


TIME = TimeDocument(
    uid="t", person_id="Vendor-31", customer_id="58", item_id="5", date=dt.date(2026, 11, 20),
    minutes=95, hourly_rate=Decimal("120.5"), description="Moved mail", marker="ai-t",
)  # fmt: skip


def items(*documents, operation=Operation.CREATE, facts=US):
    call = mapping.freeze(operation, documents, key="k" * 36, facts=facts)
    return json.loads(call.body)["BatchItemRequest"]


def body(made, facts=US, operation=Operation.CREATE):
    (item,) = items(made, operation=operation, facts=facts)
    return item["TimeActivity" if isinstance(made, TimeDocument) else "Invoice"]


def test_the_smallest_body_says_only_what_we_mean():
    assert body(document(message="", email="")) == {
        "CustomerRef": {"value": "58"},
        "DocNumber": "INV-1",
        "TxnDate": "2026-11-20",
        "DueDate": "2026-12-20",
        "EmailStatus": "NotSet",
        "PrivateNote": "ai-u",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": 125,
                "Description": "Support",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "5"},
                    "Qty": 1,
                    "UnitPrice": 125,
                    "TaxCodeRef": {"value": "NON"},
                },
            }
        ],
    }


def test_the_names_of_items_are_short_and_the_bytes_sorted():
    documents = [replace(document(), uid=str(number)) for number in range(30)]
    call = mapping.freeze(Operation.CREATE, documents, key="k" * 36, facts=US)
    assert max(len(place) for place in call.places) <= 10
    sent = [item["bId"] for item in json.loads(call.body)["BatchItemRequest"]]
    assert tuple(sent) == call.places
    again = json.dumps(json.loads(call.body), sort_keys=True, separators=(",", ":"))
    assert call.body.decode() == again


decimals = st.decimals("0.0001", "9999.9999", places=4)


@given(
    quantity=decimals | st.decimals("0.01", "999.99", places=2),
    price=decimals | st.decimals("0.01", "9999.99", places=2),
    discount=st.sampled_from(["0", "0", "5", "7.5", "12.34", "33.33", "99.99"]),
    sign=st.sampled_from([1, -1]),
)
def test_quantity_times_price_is_the_amount_or_the_amount_stands_alone(
    quantity, price, discount, sign
):
    exact = Fraction(quantity) * Fraction(price) * (100 - Fraction(discount)) / 100
    cents = int(exact * 100 + Fraction(1, 2))
    net = sign * Decimal(cents) / 100
    made = mapping.line_body(
        line(
            net=net.quantize(Decimal("0.01")),
            quantity=sign * quantity,
            unit_price=price,
            discount_percent=Decimal(discount),
        ),
        US,
    )
    if not net:
        assert made["DetailType"] == "DescriptionOnly"
        return
    sent = json.loads(json.dumps(made), parse_float=Decimal, parse_int=Decimal)
    assert sent["Amount"] == net
    detail = sent["SalesItemLineDetail"]
    if "Qty" in detail:
        product = (detail["Qty"] * detail["UnitPrice"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert product == net
        assert detail["Qty"] == sign * quantity
    else:
        assert f"{mapping.plain(sign * quantity)} × " in made["Description"]


def test_a_discount_is_in_the_price_and_said_in_words():
    made = mapping.line_body(
        line("208.10", quantity=Decimal("2.25"), unit_price=Decimal("99.99"),
             discount_percent=Decimal("7.5")), US,
    )  # fmt: skip
    assert made["SalesItemLineDetail"]["UnitPrice"] == 92.49075
    assert made["Description"] == "Support\n7.5% off 99.99"


def test_words_of_ours_are_never_cut_off():
    made = mapping.line_body(
        line(
            "90.00", unit_price=Decimal(100), discount_percent=Decimal(10), description="x" * 9000
        ),
        US,
    )
    assert len(made["Description"]) == 4000
    assert made["Description"].endswith("…\n10% off 100")
    time = body(replace(TIME, description="y" * 9000))
    assert time["Description"].endswith("…\nai-t")
    assert len(time["Description"]) == 4000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"quantity": Decimal("2.5"), "unit_price": Decimal(0)},
            "Support\nQuantity 2.5, no charge",
        ),
        ({"quantity": Decimal(1), "unit_price": Decimal(0)}, "Support"),
        ({"quantity": Decimal(0), "unit_price": Decimal(0), "item_id": ""}, "Support"),
    ],
)
def test_what_costs_nothing_is_text(fields, words):
    made = mapping.line_body(line("0.00", **fields), US)
    assert made == {
        "DetailType": "DescriptionOnly",
        "Description": words,
        "DescriptionLineDetail": {},
    }


def test_a_line_that_costs_something_is_never_sent_as_text():
    with pytest.raises(ValueError):
        body(document(line(item_id="")))


def test_numbers_follow_the_company():
    assert body(document())["DocNumber"] == "INV-1"
    assert body(document(number=""))["DocNumber"] == "AUTO_GENERATE"
    assert "DocNumber" not in body(document(), {**US, "custom_numbers": False})


def test_tax_in_the_united_states_is_a_word_per_line():
    made = body(document(line(taxable=True), line()))
    codes = [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in made["Line"]]
    assert codes == ["TAX", "NON"]
    assert "TxnTaxDetail" not in made
    assert "GlobalTaxCalculation" not in made


def test_an_old_american_company_has_one_code_for_the_whole():
    made = body(document(line(tax_id="3"), line(), tax_mode=TaxMode.CODES), OLD)
    codes = [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in made["Line"]]
    assert codes == ["TAX", "NON"]
    assert made["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}}


def test_elsewhere_every_line_has_a_code():
    made = body(document(line(tax_id="3"), line(), tax_mode=TaxMode.CODES), CANADA)
    codes = [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in made["Line"]]
    assert codes == ["3", "9"]
    assert made["GlobalTaxCalculation"] == "TaxExcluded"


def test_elsewhere_without_any_code_the_tax_does_not_apply():
    made = body(document(tax_mode=TaxMode.CODES), {**CANADA, "untaxed_id": ""})
    assert made["GlobalTaxCalculation"] == "NotApplicable"
    assert "TaxCodeRef" not in made["Line"][0]["SalesItemLineDetail"]


def test_the_currency_is_said_where_there_are_several():
    assert "CurrencyRef" not in body(document())
    assert body(document(currency="EUR"), {**US, "multicurrency": True})["CurrencyRef"] == {
        "value": "EUR"
    }


def test_an_update_is_sparse_and_leaves_their_notes_alone():
    known = {"remote_id": "145", "remote_version": "3"}
    made = body(document(email="", message="", **known), operation=Operation.UPDATE)
    assert (made["Id"], made["SyncToken"], made["sparse"]) == ("145", "3", True)
    assert "PrivateNote" not in made
    assert "EmailStatus" not in made
    assert made["BillEmail"] == {"Address": ""}
    assert made["CustomerMemo"] == {"value": ""}


def test_a_void_names_the_version_that_was_seen():
    known = {"remote_id": "145", "remote_version": "3"}
    version = {"Id": "145", "SyncToken": "3"}
    assert items(document(**known), operation=Operation.VOID) == [
        {"bId": "1", "operation": "void", "Invoice": version}
    ]
    assert items(replace(TIME, **known), operation=Operation.VOID) == [
        {"bId": "1", "operation": "delete", "TimeActivity": version}
    ]


def test_time_names_who_worked_and_bears_its_marker():
    made = body(TIME)
    assert made["NameOf"] == "Vendor"
    assert made["VendorRef"] == {"value": "31"}
    assert (made["Hours"], made["Minutes"]) == (1, 35)
    assert made["HourlyRate"] == 120.5
    assert made["BillableStatus"] == "Billable"
    assert made["Description"] == "Moved mail\nai-t"


@pytest.mark.parametrize(
    ("name", "kept"), [("A:B", "A - B"), ("Tab\there", "Tab - here"), ("x" * 600, "x" * 499 + "…")]
)
def test_names_that_mean_something_else_there_are_mended(name, kept):
    assert mapping.record_body(NewRecord(Kind.CUSTOMER, name), US)["DisplayName"] == kept


@pytest.mark.parametrize("value", ["O'Neill", "back\\slash", "end\\", "'", "\\'", "100%"])
def test_a_quoted_value_is_one_value(value):
    quoted = query.quote(value)
    inner, position, read = quoted[1:-1], 0, ""
    while position < len(inner):  # as the grammar reads it
        assert inner[position] != "'"
        if inner[position] == "\\":
            position += 1
        read += inner[position]
        position += 1
    assert read == value


def test_control_characters_are_never_asked_for():
    with pytest.raises(ValueError):
        query.quote("a\nb")


@pytest.mark.parametrize(
    ("made", "facts", "reason"),
    [
        (document(number="N" * 22), US, Reason.TOO_LONG),
        (document(email="a" * 100 + "@b.example"), US, Reason.TOO_LONG),
        (document(currency="EUR"), {**US, "currency": "USD"}, Reason.CURRENCY),
        (document(line("-5.00")), US, Reason.AMOUNT),
        (document(lines=()), US, Reason.OTHER),
        (document(line(item_id="")), US, Reason.REFERENCE),
        (document(*[line(taxable=True)] * 751), US, Reason.TOO_LONG),
        (document(*[line()] * 10_001), US, Reason.TOO_LONG),
        (document(), {**US, "closed_through": "2026-11-20"}, Reason.PERIOD_CLOSED),
        (
            document(line(tax_id="3"), line(tax_id="4"), tax_mode=TaxMode.CODES),
            OLD,
            Reason.TAX,
        ),
        (
            document(line(tax_id="3"), line(), tax_mode=TaxMode.CODES),
            {**CANADA, "untaxed_id": ""},
            Reason.TAX,
        ),
        (TIME, {**US, "time": False}, Reason.NOT_ALLOWED),
        (replace(TIME, minutes=0), US, Reason.OTHER),
    ],
)
def test_what_would_be_refused_is_said_with_a_way_out(made, facts, reason):
    (problem,) = checking.problems(made, facts)
    assert problem.reason is reason
    assert len(problem.message) > 20


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        (document(), US),
        (document(currency="EUR"), {**US, "currency": "USD", "multicurrency": True}),
        (document(*[line()] * 751), US),
        (document(line(tax_id="3"), tax_mode=TaxMode.CODES), {**CANADA, "untaxed_id": ""}),
        (document(), {**US, "closed_through": "2026-11-19"}),
        (TIME, US),
    ],
)
def test_what_is_fine_is_not_complained_about(made, facts):
    assert list(checking.problems(made, facts)) == []


# Intuit's published schemas know every field by name and type.

judged = pytest.mark.skipif(
    reference.folder() is None, reason="needs the published schemas: set REFERENCE_DATA"
)
KNOWN = {"remote_id": "145", "remote_version": "3"}
EVERYTHING = document(
    line(tax_id="3", taxable=True),
    line("90.00", unit_price=Decimal(100), discount_percent=Decimal(10)),
    line("0.00", quantity=Decimal("2.5"), unit_price=Decimal(0)),
    tax_mode=TaxMode.CODES,
    **KNOWN,
)


@judged
@pytest.mark.parametrize("facts", [US, OLD, CANADA, {**US, "multicurrency": True}])
@pytest.mark.parametrize("operation", list(Operation))
def test_every_body_of_a_document_is_what_the_schemas_say(facts, operation):
    for made in (EVERYTHING, replace(TIME, **KNOWN)):
        for item in items(made, operation=operation, facts=facts):
            name = "TimeActivity" if isinstance(made, TimeDocument) else "Invoice"
            assert reference.problems(name, item[name]) == []


@judged
@pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.ITEM])
def test_every_body_of_a_record_is_what_the_schemas_say(kind):
    new = NewRecord(
        kind, "Acme", email="a@b.example", phone="1", address=("1 High St", "", "Town", "WA", "1"),
        currency="USD", sku="S", description="D", price=Decimal("9.5"), account_id="4",
    )  # fmt: skip
    name = "Customer" if kind is Kind.CUSTOMER else "Item"
    made = mapping.record_body(new, {**US, "multicurrency": True})
    assert reference.problems(name, made) == []


@judged
def test_the_schemas_find_a_field_that_we_misspelt():
    made = body(EVERYTHING)
    assert reference.problems("Invoice", {**made, "DocNo": "7"})
    assert reference.problems("Invoice", {**made, "TxnDate": "20.11.2026"})
