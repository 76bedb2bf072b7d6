"""Lines, tax, accounts, contacts, currencies, lock dates: behaviours 29 to 38."""

from __future__ import annotations

from decimal import Decimal

import pytest
from xero_python.accounting import Contact as SdkContact
from xero_python.accounting import Invoice, LineItem

from . import sdk


def amounts(made):
    return tuple(made[name] for name in ("SubTotal", "TotalTax", "Total"))


def test_b29_prices_are_cut_to_cents_unless_four_decimals_are_asked_for(api, client):
    line = sdk.line("0.3525", quantity=1000)
    [rough] = api.put(sdk.invoice(line), unitdp="2")
    [fine] = api.put(sdk.invoice(line), unitdp="4")
    assert (rough["SubTotal"], fine["SubTotal"]) == (350, 352.5)
    assert api.invoice(fine["InvoiceID"])["LineItems"][0]["UnitAmount"] == 0.35
    [read] = client.accounting.get_invoice(client.tenant, fine["InvoiceID"], unitdp=4).invoices
    assert read.line_items[0].unit_amount == Decimal("0.3525")


def test_b29_a_change_elsewhere_keeps_four_decimals(api):
    made = api.create(sdk.invoice(sdk.line("0.3525", quantity=1000)))
    api.update(made["InvoiceID"], Reference="changed")
    assert api.invoice(made["InvoiceID"])["SubTotal"] == 352.5


def test_b30_tax_is_rounded_on_each_line(api):
    lines = [sdk.line(price) for price in ("25.06", "25.61", "25.63")]
    made = api.create(sdk.invoice(*lines))
    assert [line["TaxAmount"] for line in made["LineItems"]] == [3.76, 3.84, 3.84]
    assert amounts(made) == (76.3, 11.44, 87.74)


@pytest.mark.parametrize(
    ("types", "expected"),
    [("Exclusive", (100, 15, 115)), ("Inclusive", (86.96, 13.04, 100)), ("NoTax", (100, 0, 100))],
)
def test_b30_three_ways_to_give_amounts(api, types, expected):
    assert amounts(api.create(LineAmountTypes=types)) == expected


@pytest.mark.parametrize(
    ("places", "rate", "amount"), [("2", 33.33, 6667), ("4", 33.3333, 6666.67)]
)
def test_b30_how_many_places_of_a_discount_are_kept_is_a_switch(api, xero, places, rate, amount):
    xero.switch(discount_places=places)
    made = api.create(sdk.invoice(sdk.line("10000", DiscountRate=33.3333)))
    line = made["LineItems"][0]
    assert (line["DiscountRate"], line["LineAmount"]) == (rate, amount)


@pytest.mark.parametrize(("ties", "expected"), [("half_up", 0.02), ("half_even", 0.02)])
def test_b30_ties_are_a_switch(api, xero, ties, expected):
    xero.switch(ties=ties)
    assert api.create(sdk.invoice(sdk.line("0.10")))["TotalTax"] == expected
    tie = api.create(sdk.invoice(sdk.line("0.30")))["TotalTax"]
    assert tie == (0.05 if ties == "half_up" else 0.04)


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"DiscountRate": 10.0}, 270), ({"DiscountAmount": 5.0}, 295),
        ({"LineAmount": 300.0}, 300), ({"DiscountRate": 33.33}, 200.01),
    ],
)  # fmt: skip
def test_b30_discounts_and_amounts_that_agree(api, fields, amount):
    made = api.create(sdk.invoice(sdk.line("100", quantity=3, **fields)))
    assert made["LineItems"][0]["LineAmount"] == amount
    assert made["IsDiscounted"] is ("LineAmount" not in fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"LineAmount": 299.99},
            "The line total 299.99 does not match the expected line total 300.00",
        ),
        ({"DiscountRate": 10.0, "DiscountAmount": 1.0}, "Only one of"),
        ({"DiscountRate": 101.0}, "between 0 and 100"),
    ],
)
def test_b30_amounts_that_do_not_agree_are_refused(api, fields, says):
    [refused] = api.put(sdk.invoice(sdk.line("100", quantity=3, **fields)))
    assert says in sdk.problems(refused)[0]


def test_b30_a_tax_amount_can_be_given(api):
    made = api.create(sdk.invoice(sdk.line("100", TaxAmount=14.0)))
    assert amounts(made) == (100, 14, 114)
    [refused] = api.put(sdk.invoice(sdk.line("1", account="400", DiscountRate=5.0), Type="ACCPAY"))
    assert "sales invoices only" in sdk.problems(refused)[0]


def test_b31_what_is_left_out_comes_from_account_and_item(api):
    line = {"ItemCode": "BACKUP", "Quantity": 2, "TaxType": "NONE"}
    made = api.create(sdk.invoice({"ItemCode": "BACKUP"}, line))["LineItems"]
    assert made[0]["Description"] == "Online backup, per GB and month"
    assert (made[0]["UnitAmount"], made[0]["Quantity"]) == (0.3525, 1)
    assert (made[0]["AccountCode"], made[0]["TaxType"]) == ("210", "OUTPUT2")
    assert made[1]["TaxType"] == "NONE"
    assert made[0]["LineItemID"] != made[1]["LineItemID"]
    assert made[0]["AccountID"]


def test_b31_the_tax_of_the_item_is_not_taken(api, person):
    person.change_item(
        "HOURS", SalesDetails={"UnitPrice": 100, "AccountCode": "200", "TaxType": "NONE"}
    )
    [line] = api.create(sdk.invoice({"ItemCode": "HOURS"}))["LineItems"]
    assert line["TaxType"] == "OUTPUT2"
    [refused] = api.put(sdk.invoice({"ItemCode": "NOPE", "Description": "x"}))
    assert sdk.problems(refused) == ["Item code 'NOPE' is not valid"]


@pytest.mark.parametrize(
    ("tax", "says"),
    [
        ("15% GST on Income", "does not exist or cannot be used"),
        ("OUTPUT", "does not exist or cannot be used"),
        ("INPUT2", "The TaxType code 'INPUT2' cannot be used with account code '200'."),
    ],
)
def test_b32_a_tax_type_must_exist_and_suit_the_account(api, tax, says):
    [refused] = api.put(sdk.invoice(sdk.line(tax=tax)))
    assert says in sdk.problems(refused)[0]


def test_b32_a_tax_type_must_be_active(api, person):
    person.change_tax_rate("ZERORATED", status="ARCHIVED")
    [refused] = api.put(sdk.invoice(sdk.line(tax="ZERORATED")))
    assert "does not exist" in sdk.problems(refused)[0]
    person.change_tax_rate("OUTPUT2", rate="12.5")
    assert api.create()["TotalTax"] == 12.5


@pytest.mark.parametrize("code", ["999", "090", "610", "820"])
def test_b33_an_account_must_exist_and_take_lines(api, code):
    [refused] = api.put(sdk.invoice(sdk.line(account=code)))
    assert sdk.problems(refused) == [
        f"Account code '{code}' is not a valid code for this document."
    ]


def test_b33_an_account_must_be_active(api):
    [refused] = api.put(sdk.invoice(sdk.line(account="280")))
    assert sdk.problems(refused) == ["Account code '280' has been archived, or has been deleted."]
    api.create(sdk.invoice(sdk.line("0.01", account="860", tax="NONE")))  # rounding may be used


def test_b33_an_account_by_its_id(api, xero):
    account = xero.organisation().account("220")
    line = {"Description": "x", "UnitAmount": 1.0, "AccountID": account["AccountID"]}
    assert api.create(sdk.invoice(line))["LineItems"][0]["AccountCode"] == "220"


def test_b34_lines_are_replaced_as_a_whole(api):
    first, second = (
        line["LineItemID"]
        for line in api.create(sdk.invoice(sdk.line("1"), sdk.line("2"), InvoiceNumber="L"))[
            "LineItems"
        ]
    )
    id = api.read("Invoices", InvoiceNumbers="L")[0]["InvoiceID"]
    kept = {**sdk.line("5"), "LineItemID": first}
    [changed] = sdk.records(api.update(id, LineItems=[kept, sdk.line("7")]))
    ids = [line["LineItemID"] for line in changed["LineItems"]]
    assert ids[0] == first
    assert second not in ids
    assert changed["SubTotal"] == 12
    strange = {**sdk.line("5"), "LineItemID": second}
    answer = api.update(id, LineItems=[strange])
    assert "Could not find line item(s) with the following id(s)" in answer.text


@pytest.mark.parametrize(("named_lines", "discount"), [("kept", 10), ("replaced", None)])
def test_b34_what_is_left_out_of_a_named_line_stays_or_goes(api, xero, named_lines, discount):
    xero.switch(named_lines=named_lines)
    made = api.create(sdk.invoice(sdk.line("5", DiscountRate=10)))
    named = {**sdk.line("20"), "LineItemID": made["LineItems"][0]["LineItemID"]}
    [changed] = sdk.records(api.update(made["InvoiceID"], LineItems=[named]))
    assert changed["LineItems"][0].get("DiscountRate") == discount
    assert changed["SubTotal"] == (20 if discount is None else 18)


def test_b34_another_discount_takes_the_place_of_the_one_before(api):
    made = api.create(sdk.invoice(sdk.line("5", DiscountRate=10)))
    id = made["LineItems"][0]["LineItemID"]
    named = {**sdk.line("5"), "LineItemID": id, "DiscountAmount": 1}
    [changed] = sdk.records(api.update(made["InvoiceID"], LineItems=[named]))
    assert changed["SubTotal"] == 4


def test_b35_contacts_by_id(api, xero, person):
    known = next(iter(xero.organisation().of("Contact")))["ContactID"]
    made = api.create(Contact={"ContactID": known})
    assert made["Contact"]["ContactID"] == known
    [refused] = api.put(sdk.invoice(Contact={"ContactID": "1" * 8 + "-1111-1111-1111-" + "1" * 12}))
    assert "ContactID" in sdk.problems(refused)[0]
    person.archive_contact(known)
    [refused] = api.put(sdk.invoice(Contact={"ContactID": known}))
    assert "archived" in sdk.problems(refused)[0]


def test_b35_a_name_alone_finds_or_makes_a_contact(api, xero):
    before = len(xero.documents("Contact"))
    api.create(Contact={"Name": "CASCADE dental"})
    assert len(xero.documents("Contact")) == before
    api.create(Contact={"Name": "Somebody New"})
    assert len(xero.documents("Contact")) == before + 1


def test_b35_more_fields_change_the_contact(api, xero):
    known = next(iter(xero.organisation().of("Contact")))["ContactID"]
    people = [{"FirstName": "A", "EmailAddress": "a@example.com"}]
    api.create(Contact={"ContactID": known, "ContactPersons": people, "FirstName": "Renée"})
    [read] = api.read(f"Contacts/{known}")
    assert (read["FirstName"], len(read["ContactPersons"])) == ("Renée", 1)
    [refused] = api.put(sdk.invoice(Contact={"ContactID": known, "EmailAddress": "nowhere"}))
    assert sdk.problems(refused) == ["Email address must be valid."]


@pytest.mark.parametrize(
    "fields",
    [
        {"InvoiceNumber": "9" * 256}, {"Reference": "r" * 256},
        {"LineItems": [sdk.line(Description="d" * 4001)]}, {"Contact": {"Name": "n" * 256}},
        {"LineItems": [sdk.line(Tracking=[{"Name": "Region", "Option": "North"}] * 3)]},
    ],
)  # fmt: skip
def test_b36_lengths(api, fields):
    [refused] = api.put(sdk.invoice(**fields))
    assert "most" in sdk.problems(refused)[0]


def test_b36_as_long_as_may_be(api):
    api.create(sdk.invoice(sdk.line(Description="d" * 4000), Reference="r" * 255))


def test_b36_tracking_by_names_and_ids(api, xero, person):
    category = xero.documents("TrackingCategory")[0]
    by_id = {"TrackingCategoryID": category["TrackingCategoryID"],
             "TrackingOptionID": category["Options"][1]["TrackingOptionID"]}  # fmt: skip
    by_name = {"Name": "Service line", "Option": "Managed"}
    [line] = api.create(sdk.invoice(sdk.line(Tracking=[by_id, by_name])))["LineItems"]
    assert [each["Option"] for each in line["Tracking"]] == ["South", "Managed"]
    person.rename_tracking_option("Region", "North", "Far North")
    for wrong in (
        {"Name": "region", "Option": "South"}, {"Name": "Region", "Option": "North"},
        {"Option": "South"},
    ):  # fmt: skip
        [refused] = api.put(sdk.invoice(sdk.line(Tracking=[wrong])))
        assert "tracking" in sdk.problems(refused)[0]


def test_b37_a_currency_must_be_subscribed(api, api_of):
    [refused] = api.put(sdk.invoice(CurrencyCode="EUR"))
    assert sdk.problems(refused) == ["Organisation is not subscribed to currency EUR"]
    assert api.create()["CurrencyRate"] == 1
    assert api.create(CurrencyCode="USD")["CurrencyRate"] == 0.60241
    [refused] = api_of("au").put(sdk.invoice(CurrencyCode="USD"))
    assert "not subscribed" in sdk.problems(refused)[0]


def test_b37_an_odd_rate_warns(api, person):
    made = api.create(CurrencyCode="USD", CurrencyRate=0.9)
    assert (made["StatusAttributeString"], made["CurrencyRate"]) == ("WARNING", 0.9)
    assert "rate" in made["Warnings"][0]["Message"]
    person.set_up(Rates={"USD": "0.91"})
    assert api.create(CurrencyCode="USD", CurrencyRate=0.9)["StatusAttributeString"] == "OK"


@pytest.mark.parametrize("year_end", [False, True])
def test_b38_nothing_happens_in_a_locked_period(api, person, year_end):
    made = api.create()
    person.lock_period("2026-11-20", year_end=year_end)
    [refused] = api.put(sdk.invoice())
    which = "end of year" if year_end else "period"
    text = f"The document date cannot be before the {which} lock date"
    assert sdk.problems(refused) == [f"{text}, currently set at 20 November 2026"]
    for change in ({"Reference": "x"}, {"Status": "VOIDED"}):
        assert "lock date" in api.update(made["InvoiceID"], **change).text
    api.create(Date="2026-11-21")
    person.lock_period("", year_end=year_end)
    assert api.update(made["InvoiceID"], Status="VOIDED").status_code == 200


def test_the_models_of_the_sdk_are_taken_as_they_are(client, xero):
    line = LineItem(description="Work", quantity=2.0, unit_amount=12.5, account_code="200")
    contact = SdkContact(name="Cascade Dental")
    made = Invoice(type="ACCREC", contact=contact, line_items=[line], status="DRAFT")
    [answer] = client.put(made)
    assert answer.total == Decimal("28.75")


def test_a_total_can_differ_by_a_cent_on_purpose(api, xero):
    xero.switch(total_drift="0.01")
    assert amounts(api.create()) == (100, 15.01, 115.01)
