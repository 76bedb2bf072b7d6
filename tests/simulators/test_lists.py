"""Customers and their kin, items, accounts, terms, classes, locations."""

from __future__ import annotations

import pytest
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects import Account, Class, Customer, Department, Employee, Item, Term, Vendor

from simulators.qbo.scenarios import SCENARIOS

from . import sdk


def edited(api, kind, doc, **fields):
    version = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
    return api.create(kind, {**fields, **version})


def test_the_sdk_creates_every_kind(client, api):
    for kind, fields in (
        (Customer, {"DisplayName": "New"}),
        (Vendor, {"DisplayName": "New vendor"}),
        (Employee, {"GivenName": "Ada", "FamilyName": "L"}),
        (Item, {"Name": "New", "Type": "Service", "IncomeAccountRef": {"value": "1"}}),
        (Account, {"Name": "New", "AccountType": "Income"}),
        (Term, {"Name": "Net 7", "DueDays": "7"}),
        (Class, {"Name": "New"}),
        (Department, {"Name": "New"}),
    ):
        made = kind.from_json(fields).save(qb=client)
        assert kind.get(made.Id, qb=client).Active is True
    assert (
        api.query("select * from Term where Name = 'Net 7'").json()["QueryResponse"]["Term"][0][
            "DueDays"
        ]
        == 7
    )


def test_a_name_belongs_to_one_customer_vendor_or_employee(api):
    """E22"""
    for kind, name in (
        ("customer", "ALDER & FINCH architects"), ("vendor", "Madrona Pediatrics"),
        ("customer", "Ingram Supplies"), ("customer", "Priya Raman"),
    ):  # fmt: skip
        assert api.refused(kind, {"DisplayName": name})["code"] == "6240"


def test_the_sdk_sees_6240_as_a_plain_exception(client):
    """E22"""
    with pytest.raises(QuickbooksException) as caught:
        Customer.from_json({"DisplayName": "Madrona Pediatrics"}).save(qb=client)
    assert caught.value.error_code == 6240


@pytest.mark.parametrize("name", ["a:b", "a\tb", "a\nb"])
def test_names_have_no_colon_tab_or_newline(api, name):
    """E22"""
    assert api.refused("customer", {"DisplayName": name})["element"] == "DisplayName"


def test_a_customer_needs_some_name(api):
    assert api.refused("customer", {"CompanyName": "Only a company"})["code"] == "2020"
    made = api.create("Customer", {"GivenName": "Ada", "FamilyName": "Lovelace"})
    assert made["DisplayName"] == "Ada Lovelace"
    assert api.refused("customer", {"DisplayName": "x" * 501})["code"] == "2050"


def test_a_mail_address_looks_like_one(api):
    body = {"DisplayName": "X", "PrimaryEmailAddr": {"Address": "nobody"}}
    assert api.refused("customer", body)["element"] == "PrimaryEmailAddr"


@pytest.mark.parametrize(("setting", "free"), [("taken", False), ("free", True)])
def test_names_of_inactive_customers(qbo, api, setting, free):
    qbo.switch(inactive_names=setting)
    qbo.as_person.deactivate("Customer", "58")
    answer = api.post("customer", {"DisplayName": "Alder & Finch Architects"})
    assert (answer.status_code == 200) is free


def test_a_customer_can_keep_or_change_its_own_name(api):
    doc = api.read("Customer", "58")
    doc = edited(api, "Customer", doc, DisplayName="alder & finch architects")
    doc = edited(api, "Customer", doc, DisplayName="Alder, Finch & Sons")
    assert doc["FullyQualifiedName"] == "Alder, Finch & Sons"
    assert doc["SyncToken"] == "2"
    assert doc["CompanyName"] == "Alder & Finch Architects"


def test_jobs_stand_below_customers(api):
    parent = "58"
    for depth in range(1, 5):
        made = api.create("Customer", {"DisplayName": f"J{depth}", "ParentRef": {"value": parent}})
        assert (made["Level"], made["Job"]) == (depth, True)
        parent = made["Id"]
    assert made["FullyQualifiedName"] == "Alder & Finch Architects:J1:J2:J3:J4"
    body = {"DisplayName": "J5", "ParentRef": {"value": parent}}
    assert api.refused("customer", body)["code"] == "6000"


def test_what_jobs_owe_counts_for_the_parent(api):
    job = api.create("Customer", {"DisplayName": "Job", "ParentRef": {"value": "58"}})
    api.create("Invoice", sdk.invoice(customer=job["Id"]))
    parent = api.read("Customer", "58")
    assert (parent["Balance"], parent["BalanceWithJobs"]) == (0, 100)


def test_a_customers_currency_is_for_ever(api_of, api):
    assert (
        api.refused("customer", {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}})["code"]
        == "6000"
    )
    multi = api_of("us-multicurrency")
    made = multi.create("Customer", {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}})
    after = edited(multi, "Customer", made, CurrencyRef={"value": "USD"})
    assert after["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    body = {"DisplayName": "Y", "CurrencyRef": {"value": "JPY"}}
    assert multi.refused("customer", body)["code"] == "2500"
    multi.create("CompanyCurrency", {"Code": "JPY"})
    multi.create("Customer", body)
    assert api.refused("companycurrency", {"Code": "JPY"})["code"] == "6000"
    assert multi.refused("companycurrency", {"Code": "YE"})["element"] == "Code"


def test_an_employee_has_a_name_of_his_own(api):
    assert api.refused("employee", {"DisplayName": "Robot"})["element"] == "GivenName"


def test_list_entries_are_never_deleted(api):
    version = {"Id": "58", "SyncToken": "0"}
    assert api.refused("customer", version, operation="delete")["code"] == "500"
    assert edited(api, "Customer", version, Active=False)["Active"] is False


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"Type": "Service", "IncomeAccountRef": {"value": "1"}}, "2020", "Name"),
        ({"Name": "X", "Type": "Service"}, "2020", "IncomeAccountRef"),
        ({"Name": "hours", "IncomeAccountRef": {"value": "1"}}, "6240", ""),
        ({"Name": "X", "IncomeAccountRef": {"value": "6"}}, "6430", "IncomeAccountRef"),
        ({"Name": "X", "IncomeAccountRef": {"value": "99"}}, "2500", "IncomeAccountRef"),
        ({"Name": "X", "Type": "Category"}, "6000", "Type"),
        ({"Name": "X", "SubItem": True, "IncomeAccountRef": {"value": "1"}}, "2020", "ParentRef"),
        ({"Name": "X" * 101, "IncomeAccountRef": {"value": "1"}}, "2050", "Name"),
    ],
)
def test_rules_of_items(api, body, code, element):
    """E23"""
    error = api.refused("item", body)
    assert (error["code"], error["element"]) == (code, element)


def test_an_inventory_item_needs_its_stock(api):
    """E23"""
    body = {
        "Name": "Disk", "Type": "Inventory", "IncomeAccountRef": {"value": "2"},
        "ExpenseAccountRef": {"value": "4"}, "AssetAccountRef": {"value": "9"},
        "InvStartDate": "2026-01-01", "QtyOnHand": 5, "TrackQtyOnHand": True,
    }  # fmt: skip
    for name in (
        "AssetAccountRef",
        "ExpenseAccountRef",
        "InvStartDate",
        "QtyOnHand",
        "TrackQtyOnHand",
    ):
        lacking = {key: value for key, value in body.items() if key != name}
        assert api.refused("item", lacking)["element"] == name
    made = api.create("Item", body)
    version = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert api.refused("item", {**version, "Type": "Service"})["code"] == "6000"


@pytest.mark.parametrize("scenario", ["ca", "uk"])
def test_in_some_countries_an_item_needs_both_accounts(api_of, scenario):
    """E23"""
    body = {"Name": "X", "IncomeAccountRef": {"value": "1"}}
    assert api_of(scenario).refused("item", body)["element"] == "ExpenseAccountRef"


def test_items_can_stand_below_items(api):
    below = {"SubItem": True, "ParentRef": {"value": "1"}, "IncomeAccountRef": {"value": "1"}}
    assert api.create("Item", {"Name": "Night", **below})["FullyQualifiedName"] == "Hours:Night"


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"Name": "X"}, "2020", "AccountType"),
        ({"AccountType": "Income"}, "2020", "Name"),
        ({"Name": "a:b", "AccountType": "Income"}, "2090", "Name"),
        ({"Name": "services", "AccountType": "Income"}, "6240", ""),
        ({"Name": "X", "AccountType": "Income", "AcctNum": "12345678"}, "2050", "AcctNum"),
        ({"Name": "X", "AccountType": "Riches"}, "2010", "AccountType"),
    ],
)
def test_rules_of_accounts(api, body, code, element):
    """E23"""
    error = api.refused("account", body)
    assert (error["code"], error["element"]) == (code, element)


def test_an_account_completes_itself(api, api_of):
    """E23"""
    made = api.create("Account", {"Name": "X", "AccountSubType": "ServiceFeeIncome"})
    assert (made["AccountType"], made["Classification"]) == ("Income", "Revenue")
    api_of("au").create("Account", {"Name": "X", "AccountType": "Bank", "AcctNum": "1" * 20})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DueDays": 5}, "2020"),
        ({"Name": "X"}, "2020"),
        ({"Name": "X", "DueDays": 5, "DayOfMonthDue": 1}, "2020"),
        ({"Name": "X", "DueDays": 1000}, "2090"),
        ({"Name": "X", "DayOfMonthDue": 32}, "2090"),
        ({"Name": "X" * 32, "DueDays": 5}, "2050"),
    ],
)
def test_rules_of_terms(api, body, code):
    """E23"""
    assert api.refused("term", body)["code"] == code


def test_terms_know_their_type(api):
    """E23"""
    assert api.create("Term", {"Name": "A", "DueDays": "120"})["Type"] == "STANDARD"
    assert api.create("Term", {"Name": "B", "DayOfMonthDue": 15})["Type"] == "DATE_DRIVEN"


def test_classes_go_five_levels_deep(api):
    """E23"""
    parent = None
    for depth in range(1, 6):
        body = {"Name": f"C{depth}"}
        if parent:
            body |= {"SubClass": True, "ParentRef": {"value": parent}}
        parent = api.create("Class", body)["Id"]
        assert len(parent) == 19
    body = {"Name": "C6", "SubClass": True, "ParentRef": {"value": parent}}
    assert api.refused("class", body)["code"] == "6000"
    assert api.refused("class", {"Name": "C7", "SubClass": True})["element"] == "ParentRef"
    assert api.refused("department", {"Name": "seattle"})["code"] == "6240"


def test_a_tax_agency_is_made_abroad_only(api, api_of):
    body = {"DisplayName": "Another authority"}
    assert api.refused("taxagency", body)["code"] == "500"
    assert api_of("uk").create("TaxAgency", body)["TaxTrackedOnSales"] is True


def test_tax_codes_of_the_us_are_words(api):
    codes = api.query("select * from TaxCode").json()["QueryResponse"]["TaxCode"]
    assert {"TAX", "NON"} < {each["Id"] for each in codes}
    assert api.read("TaxCode", "TAX")["Name"] == "TAX"
    assert api.refused("taxcode/1", {})["code"] == "10000"
    assert api.post("taxcode", {"Name": "X"}).status_code == 501


def test_a_bad_id_is_refused(api):
    assert api.get("customer/abc").json()["Fault"]["Error"][0]["code"] == "2030"
    assert api.get("customer/99999").json()["Fault"]["Error"][0]["code"] == "610"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_company_file_is_complete(api_of, scenario):
    """E25"""
    api = api_of(scenario)
    for kind in (
        "Account", "Class", "Customer", "Department", "Employee", "Item", "PaymentMethod",
        "TaxAgency", "TaxCode", "TaxRate", "Term", "Vendor",
    ):  # fmt: skip
        assert api.query(f"select * from {kind}").json()["QueryResponse"][kind], kind
    info = api.get(f"companyinfo/{api.base.rpartition('/')[2]}").json()["CompanyInfo"]
    assert info["Country"] == SCENARIOS[scenario].country
    assert len(info["CompanyAddr"]["Country"]) == 3
    assert not info["CompanyAddr"].keys() & {"Lat", "Long"}
    preferences = api.get("preferences").json()["Preferences"]
    assert preferences["CurrencyPrefs"]["HomeCurrency"]["value"] == SCENARIOS[scenario].currency
    abroad = info["Country"] != "US"
    code = api.query("select * from TaxCode where TaxGroup = true").json()["QueryResponse"]
    line = sdk.line(tax=code["TaxCode"][0]["Id"] if abroad else "NON")
    currency = {"value": SCENARIOS[scenario].currency}
    api.create(
        "Invoice", sdk.invoice(line, CurrencyRef=currency, GlobalTaxCalculation="TaxExcluded")
    )


def test_preferences_differ_as_the_companies_do(api_of):
    """E25"""

    def prefers(scenario, group, name):
        return api_of(scenario).get("preferences").json()["Preferences"][group][name]

    assert prefers("us", "TaxPrefs", "PartnerTaxEnabled") is True
    assert prefers("us-manual", "TaxPrefs", "PartnerTaxEnabled") is False
    assert prefers("us-auto-numbers", "SalesFormsPrefs", "CustomTxnNumbers") is False
    assert prefers("us-classes", "AccountingInfoPrefs", "ClassTrackingPerTxnLine") is True
    assert prefers("us-multicurrency", "CurrencyPrefs", "MultiCurrencyEnabled") is True


def test_classes_stay_where_they_are_tracked(api_of):
    """E25"""
    api = api_of("us-classes")
    classes = api.query("select * from Class").json()["QueryResponse"]["Class"]
    ref = {"value": classes[0]["Id"]}
    body = sdk.invoice(sdk.line(ClassRef=ref), ClassRef=ref, DepartmentRef={"value": "1"})
    made = api.create("Invoice", body)
    assert made["ClassRef"]["name"] == "Managed services"
    assert made["DepartmentRef"]["name"] == "Seattle"
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"]["name"] == "Managed services"


def test_company_and_preferences_are_not_written(api):
    for path in ("companyinfo", "preferences"):
        assert api.post(path, {"Id": "1"}).status_code == 501
