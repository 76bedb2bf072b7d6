"""Sales tax in every kind of company, and currencies."""

from __future__ import annotations

import pytest

from . import sdk


def total(made):
    return made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]


def code_of(api, name):
    statement = f"select * from TaxCode where Name = '{name}'"
    return api.query(statement).json()["QueryResponse"]["TaxCode"][0]["Id"]


def abroad(*lines, mode="TaxExcluded", **fields):
    return sdk.invoice(*lines, GlobalTaxCalculation=mode, **fields)


def test_automated_tax_knows_only_taxed_and_not(api):
    """E17"""
    made = api.create("Invoice", sdk.invoice(sdk.line("100", tax="TAX"), sdk.line("50", tax="NON")))
    assert total(made) == (10.35, 160.35)
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [6.5, 3.85]
    assert api.refused("invoice", sdk.invoice(sdk.line(tax="3")))["code"] == "6000"


def test_the_state_of_the_goods_decides(api):
    """E17"""
    line = sdk.line("100", tax="TAX")
    to_oregon = {"CountrySubDivisionCode": "OR", "City": "Portland"}
    assert total(api.create("Invoice", sdk.invoice(line, ShipAddr=to_oregon))) == (0, 100)
    to_la = {"CountrySubDivisionCode": "CA"}
    assert total(api.create("Invoice", sdk.invoice(line, BillAddr=to_la))) == (9.5, 109.5)


def test_a_sent_total_overrides_automated_tax(qbo, api):
    """E17"""
    lines = sdk.invoice(sdk.line("100", tax="TAX"), TxnTaxDetail={"TotalTax": 9.99})
    made = api.create("Invoice", lines)
    assert total(made) == (9.99, 109.99)
    assert made["TxnTaxDetail"]["TaxReviewStatus"] == "AST_TAX_OVERRIDE"
    assert round(sum(each["Amount"] for each in made["TxnTaxDetail"]["TaxLine"]), 2) == 9.99
    lines["TxnTaxDetail"]["UseAutomatedSalesTax"] = True
    assert total(api.create("Invoice", lines)) == (10.35, 110.35)
    qbo.switch(tax_override="ignore")
    del lines["TxnTaxDetail"]["UseAutomatedSalesTax"]
    assert total(api.create("Invoice", lines)) == (10.35, 110.35)


def test_an_override_survives_a_change_of_something_else(api):
    made = api.create(
        "Invoice", sdk.invoice(sdk.line("100", tax="TAX"), TxnTaxDetail={"TotalTax": 9.99})
    )
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert total(api.create("Invoice", {**version, "PrivateNote": "x"})) == (9.99, 109.99)


def test_tax_that_is_only_sent_back_is_computed_anew(api):
    made = api.create("Invoice", sdk.invoice(sdk.line("100", tax="TAX")))
    made["Line"][0]["Amount"] = 200
    again = api.create("Invoice", made)
    assert total(again) == (20.7, 220.7)


def test_without_a_code_a_line_is_not_taxed_or_as_the_item_says(qbo, api):
    hardware = sdk.invoice(sdk.line("100", item="7"))
    assert total(api.create("Invoice", hardware)) == (0, 100)
    qbo.switch(missing_line_tax_code="item")
    assert total(api.create("Invoice", hardware)) == (10.35, 110.35)
    assert total(api.create("Invoice", sdk.invoice(sdk.line("100", item="1")))) == (0, 100)


def test_an_old_us_company_takes_a_code_for_the_document(api_of):
    api = api_of("us-manual")
    code = code_of(api, "New York City")
    line = sdk.line("100", tax="TAX")
    detail = {"TxnTaxCodeRef": {"value": code}}
    assert total(api.create("Invoice", sdk.invoice(line, TxnTaxDetail=detail))) == (8.88, 108.88)
    assert total(api.create("Invoice", sdk.invoice(line))) == (0, 100)


def test_a_company_without_sales_tax_has_none(qbo, api):
    qbo.as_person.prefer("TaxPrefs", UsingSalesTax=False)
    assert total(api.create("Invoice", sdk.invoice(sdk.line("100", tax="TAX")))) == (0, 100)


@pytest.mark.parametrize("scenario", ["ca", "uk", "au", "fr"])
def test_abroad_every_line_has_a_code(api_of, scenario):
    """E18"""
    api = api_of(scenario)
    code = api.query("select * from TaxCode").json()["QueryResponse"]["TaxCode"][0]["Id"]
    api.create("Invoice", abroad(sdk.line(tax=code)))
    error = api.refused("invoice", abroad(sdk.line(tax=code), sdk.line()))
    assert error["code"] == "6000"
    assert api.refused("invoice", abroad(sdk.line(tax="TAX")))["code"] == "2500"


def test_abroad_the_way_of_calculation_is_said(api_of):
    """E18"""
    api = api_of("uk")
    body = sdk.invoice(sdk.line(tax="1"))
    assert api.refused("invoice", body)["element"] == "GlobalTaxCalculation"
    made = api.create("Invoice", abroad(sdk.line(), mode="NotApplicable"))
    assert total(made) == (0, 100)


def test_a_code_for_the_document_is_not_enough_abroad(api_of):
    """E18: the Ontario test."""
    api = api_of("ca")
    detail = {"TxnTaxCodeRef": {"value": "1"}}
    assert api.refused("invoice", abroad(sdk.line(), TxnTaxDetail=detail))["code"] == "6000"


def test_a_code_can_stand_for_two_rates(api_of):
    api = api_of("ca")
    code = code_of(api, "GST/PST BC")
    made = api.create("Invoice", abroad(sdk.line("200", tax=code)))
    assert total(made) == (24, 224)
    assert [each["TaxLineDetail"]["TaxPercent"] for each in made["TxnTaxDetail"]["TaxLine"]] == [
        5,
        7,
    ]


def test_tax_is_rounded_once_for_each_rate(api_of):
    """E19: line by line it would be 3 x 0.02 = 0.06."""
    api = api_of("au")
    made = api.create("Invoice", abroad(*[sdk.line("0.15", tax="1")] * 3))
    assert total(made) == (0.05, 0.5)


def test_half_a_cent_of_tax_is_rounded_up(api_of):
    """E19"""
    made = api_of("uk").create("Invoice", abroad(sdk.line("0.10", tax=str(2))))
    assert total(made) == (0.01, 0.11)


def test_discount_comes_before_or_after_tax(api_of):
    api = api_of("uk")
    discount = {
        "DetailType": "DiscountLineDetail", "Amount": 20, "DiscountLineDetail": {},
    }  # fmt: skip
    lines = [sdk.line("100", tax="1"), discount]
    assert total(api.create("Invoice", abroad(*lines))) == (20, 100)
    after = abroad(*lines, ApplyTaxAfterDiscount=True)
    assert total(api.create("Invoice", after)) == (16, 96)


def test_gross_amounts_by_switch(qbo, api_of):
    api = api_of("uk")
    net = {**sdk.line("100", tax="1"), "Amount": 100}
    assert total(api.create("Invoice", abroad(net, mode="TaxInclusive"))) == (20, 120)
    qbo.switch(tax_inclusive="gross")
    made = api.create(
        "Invoice", abroad(sdk.line("120", tax="1", Qty=2, UnitPrice=60), mode="TaxInclusive")
    )
    assert total(made) == (20, 120)
    assert made["Line"][0]["Amount"] == 100
    assert made["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 120
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert total(api.create("Invoice", {**version, "PrivateNote": "x"})) == (20, 120)


@pytest.mark.parametrize(("drift", "expected"), [("0.01", 110.36), ("-50", 60.35)])
def test_totals_can_be_made_to_differ(qbo, api, drift, expected):
    """F20"""
    qbo.switch(total_drift=drift)
    made = api.create("Invoice", sdk.invoice(sdk.line("100", tax="TAX")))
    assert made["TotalAmt"] == made["Balance"] == expected


def test_the_tax_service_makes_codes_where_tax_is_by_hand(api_of, api, client):
    """E32"""
    from quickbooks.objects import TaxRateDetails, TaxService

    manual = api_of("us-manual")
    rate = {"TaxRateName": "GST 10%", "RateValue": "10", "TaxAgencyId": "1"}
    body = {"TaxCode": "GST 10% (app)", "TaxRateDetails": [rate]}
    made = manual.post("taxservice/taxcode", body).json()
    assert sorted(made) == ["TaxCode", "TaxCodeId", "TaxRateDetails"]
    assert made["TaxRateDetails"][0]["RateValue"] == 10
    reuse = {
        "TaxCode": "Again",
        "TaxRateDetails": [{"TaxRateId": made["TaxRateDetails"][0]["TaxRateId"]}],
    }
    assert manual.post("taxservice/taxcode", reuse).status_code == 200
    assert manual.refused("taxservice/taxcode", body)["code"] == "6240"
    assert manual.refused("taxservice/taxcode", {"TaxCode": "x"})["element"] == "TaxRateDetails"
    assert manual.refused("taxservice/taxcode", [])["code"] == "2020"
    service, detail = TaxService(), TaxRateDetails()
    detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "By the SDK", 4, "1"
    service.TaxCode, service.TaxRateDetails = "By the SDK", [detail]
    client.company_id = manual.base.rpartition("/")[2]
    client.session.access_token = manual.session.headers["Authorization"].split()[1]
    client.create_object("TaxService/Taxcode", service.to_json())
    assert code_of(manual, "By the SDK")
    assert api.refused("taxservice/taxcode", body)["code"] == "500"


@pytest.fixture
def worldwide(qbo, api_of):
    """A US company with several currencies, and its customer who pays in euros."""
    api = api_of("us-multicurrency")
    where = "where CurrencyRef = 'EUR'"
    assert api.query(f"select * from Customer {where}").status_code == 400
    customers = api.query("select * from Customer").json()["QueryResponse"]["Customer"]
    euro = next(each["Id"] for each in customers if each["CurrencyRef"]["value"] == "EUR")
    return api, euro


def test_a_company_with_currencies_wants_to_be_told_which(worldwide):
    """E20"""
    api, euro = worldwide
    assert api.refused("invoice", sdk.invoice(customer=euro))["element"] == "CurrencyRef"
    wrong = sdk.invoice(customer=euro, CurrencyRef={"value": "GBP"})
    assert api.refused("invoice", wrong)["code"] == "6000"


def test_the_rate_is_the_companys_unless_sent(worldwide):
    """E20"""
    api, euro = worldwide
    body = sdk.invoice(customer=euro, CurrencyRef={"value": "EUR"})
    made = api.create("Invoice", body)
    assert (made["ExchangeRate"], made["HomeTotalAmt"]) == (1.085, 108.5)
    made = api.create("Invoice", {**body, "ExchangeRate": 1.2})
    assert (made["HomeTotalAmt"], made["HomeBalance"], made["TotalAmt"]) == (120, 120, 100)


def test_the_sdks_rate_of_one_books_at_par(worldwide):
    """The trap: `ExchangeRate: 1` is sent by default."""
    api, euro = worldwide
    body = sdk.invoice(customer=euro, CurrencyRef={"value": "EUR"}, ExchangeRate=1)
    assert api.create("Invoice", body)["HomeTotalAmt"] == 100


def test_home_currency_needs_no_rate(api, worldwide):
    """E20"""
    multi, _ = worldwide
    made = multi.create("Invoice", sdk.invoice(CurrencyRef={"value": "USD"}))
    assert (made["ExchangeRate"], made["HomeTotalAmt"]) == (1, 100)
    assert "ExchangeRate" not in api.create("Invoice", sdk.invoice(ExchangeRate=7))


def test_rates_can_be_read(api, worldwide):
    multi, _ = worldwide
    rate = multi.get("exchangerate", sourcecurrencycode="EUR").json()["ExchangeRate"]
    assert (rate["Rate"], rate["TargetCurrencyCode"]) == (1.085, "USD")
    listed = multi.query("select * from ExchangeRate").json()["QueryResponse"]["ExchangeRate"]
    assert len(listed) == 4
    assert api.get("exchangerate", sourcecurrencycode="EUR").status_code == 400
