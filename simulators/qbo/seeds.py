"""Makes a company file of a scenario: lists, preferences, and on request some history."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from . import records, scenarios
from .company import Act, Company, Doc
from .kinds import KINDS
from .payments import part
from .rendering import CURRENCIES
from .scenarios import SCENARIOS, Scenario
from .switches import Switches

ISO3 = {"US": "USA", "CA": "CAN", "GB": "GBR", "AU": "AUS", "FR": "FRA"}
FIRST_IDS = {"transaction": 144, "class": 5_000_000_000_000_007_279, "name": 57}


def company(name: str, *, now: datetime, realm: str = "", history: bool = False) -> Company:
    """A new company file. ValueError for a scenario that does not exist."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
    made = Company(
        realm or scenario.realm, name, _info(scenario), _preferences(scenario), scenario.language,
        automated_tax=scenario.tax == scenarios.AST, counters=dict(FIRST_IDS),
        exchange_rates=dict(scenarios.EXCHANGE_RATES),
    )  # fmt: skip
    act = Act(made, Switches(), now, by="seed")
    for currency in (scenario.currency, *scenario.currencies) if scenario.currencies else ():
        _create(act, "CompanyCurrency", Code=currency, Name=CURRENCIES[currency])
    _taxes(act, scenario)
    _lists(act)
    _people(act, scenario)
    for doc in (made.info, made.preferences):
        doc["MetaData"] = {"CreateTime": act.stamp, "LastUpdatedTime": act.stamp}
    if history:
        _history(made, now)
    made.events.clear()
    return made


def _create(act: Act, kind: str, **fields: Any) -> Doc:
    return records.create(act, KINDS[kind], fields)


def _info(scenario: Scenario) -> Doc:
    place = scenario.place
    address = {
        "Id": "1", "Line1": place.street, "City": place.city, "PostalCode": place.postal_code,
        "CountrySubDivisionCode": place.state, "Country": ISO3[scenario.country],
    }  # fmt: skip
    address = {name: value for name, value in address.items() if value}
    pairs = {
        "SubscriptionStatus": "PAID", "OfferingSku": "QuickBooks Online Plus",
        "IsQbdtMigrated": "false", "ItemCategoriesFeature": "true",
        "QBOIndustryType": "Information Technology (Computers, Software)",
    }  # fmt: skip
    return {
        "CompanyName": scenario.company, "LegalName": scenario.company, "CompanyAddr": address,
        "LegalAddr": dict(address), "CustomerCommunicationAddr": dict(address),
        "Country": scenario.country, "DefaultTimeZone": scenario.zone,
        "Email": {"Address": "books@northwind.example"}, "FiscalYearStartMonth": "January",
        "SupportedLanguages": scenario.language, "CompanyStartDate": "2019-04-01",
        "NameValue": [{"Name": name, "Value": value} for name, value in pairs.items()],
        "domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "4",
    }  # fmt: skip


def _preferences(scenario: Scenario) -> Doc:
    field = [
        {"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": True},
        {"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Ticket"},
    ]
    groups: dict[str, dict[str, Any]] = {
        "AccountingInfoPrefs": {
            "ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False,
            "TrackDepartments": False, "UseAccountNumbers": True,
            "CustomerTerminology": "Customers",
        },
        "SalesFormsPrefs": {
            "CustomTxnNumbers": True, "AllowDiscount": True, "AllowDeposit": False,
            "AllowShipping": False, "AllowServiceDate": True, "AutoApplyCredit": False,
            "ETransactionPaymentEnabled": False, "UsingProgressInvoicing": False,
            "CustomField": [{"CustomField": [each]} for each in field],
        },
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": scenario.tax == scenarios.AST},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": bool(scenario.currencies),
            "HomeCurrency": {"value": scenario.currency},
        },
        "TimeTrackingPrefs": {
            "UseServices": True, "BillCustomers": True, "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday", "MarkTimeEntriesBillable": True,
        },
        "ProductAndServicesPrefs": {
            "ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True,
            "QuantityOnHand": False,
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
    }  # fmt: skip
    for group, changes in scenario.preferences.items():
        groups[group] |= changes
    return {**groups, "domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0"}


def _taxes(act: Act, scenario: Scenario) -> None:
    company = act.company
    agency = {"DisplayName": f"Tax authority of {scenario.country}", "TaxTrackedOnSales": True}
    _put(act, "TaxAgency", "1", **agency, TaxTrackedOnPurchases=False)
    if scenario.country == "US":
        for code, taxable in (("TAX", True), ("NON", False)):
            _put(
                act, "TaxCode", code, Name=code, Description=code, Active=True, Taxable=taxable,
                TaxGroup=False, Hidden=False,
            )  # fmt: skip
    for code, rates in scenario.taxes.items():
        add_tax_code(act, code, [add_tax_rate(act, *rate) for rate in rates])
    ids = {doc["Name"]: doc["Id"] for doc in company.of("TaxCode")}
    company.tax_by_state = {state: ids[code] for state, code in scenario.tax_by_state.items()}


def add_tax_rate(act: Act, name: str, percent: str, agency: str = "1") -> str:
    """A rate in force since ever; its id."""
    id = act.company.next_id("rate")
    value = Decimal(percent)
    since = "2019-04-01T00:00:00-07:00"
    _put(
        act, "TaxRate", id, Name=name, Description=name, RateValue=value, Active=True,
        AgencyRef={"value": agency}, SpecialTaxType="NONE", DisplayType="ReadOnly",
        EffectiveTaxRate=[{"RateValue": value, "EffectiveDate": since}],
    )  # fmt: skip
    return id


def add_tax_code(act: Act, name: str, rates: list[str]) -> str:
    """A code that stands for some rates; its id."""
    id = act.company.next_id("code")
    details = [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
        for rate in rates
    ]
    _put(
        act, "TaxCode", id, Name=name, Description=name, Active=True, Taxable=bool(rates),
        TaxGroup=True, Hidden=False, TaxCodeConfigType="USER_DEFINED",
        SalesTaxRateList={"TaxRateDetail": details},
        PurchaseTaxRateList={"TaxRateDetail": []},
    )  # fmt: skip
    return id


def _put(act: Act, kind: str, id: str, **fields: Any) -> None:
    times = {"CreateTime": act.stamp, "LastUpdatedTime": act.stamp}
    own = {"Id": id, "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": times}
    act.company.put(kind, {**fields, **own})


def _lists(act: Act) -> None:
    accounts = {}
    for name, kind, subtype, number in scenarios.ACCOUNTS:
        made = _create(
            act, "Account", Name=name, AccountType=kind, AccountSubType=subtype, AcctNum=number
        )
        accounts[name] = made["Id"]
    sales = act.company.preferences["SalesFormsPrefs"]
    sales["DefaultDiscountAccount"] = accounts["Discounts given"]
    expense = {"value": accounts["Subcontractors"]}
    for name, kind, price, taxable, account in scenarios.ITEMS:
        _create(
            act, "Item", Name=name, Type=kind, UnitPrice=price, Taxable=taxable,
            IncomeAccountRef={"value": accounts[account]}, ExpenseAccountRef=expense,
        )  # fmt: skip
    act.company.preferences["TimeTrackingPrefs"]["DefaultTimeItem"] = {"value": "1"}
    for name, days in scenarios.TERMS:
        made = _create(act, "Term", Name=name, DueDays=days)
        if name == "Net 30":
            sales["DefaultTerms"] = {"value": made["Id"]}
    for name, kind in scenarios.PAYMENT_METHODS:
        _create(act, "PaymentMethod", Name=name, Type=kind)
    for name in scenarios.CLASSES:
        _create(act, "Class", Name=name)
    for name in scenarios.DEPARTMENTS:
        _create(act, "Department", Name=name)


def _people(act: Act, scenario: Scenario) -> None:
    terms = {doc["Name"]: doc["Id"] for doc in act.company.of("Term")}
    place = scenario.place
    for name, mail, street, term in scenarios.CUSTOMERS:
        address = {
            "Line1": street, "City": place.city, "CountrySubDivisionCode": place.state,
            "PostalCode": place.postal_code,
        }  # fmt: skip
        more = {"SalesTermRef": {"value": terms[term]}} if term else {}
        _create(
            act, "Customer", DisplayName=name, CompanyName=name, BillAddr=address,
            PrimaryEmailAddr={"Address": mail}, **more,
        )  # fmt: skip
    if scenario.currencies:
        for currency in scenario.currencies:
            ref = {"value": currency}
            _create(act, "Customer", DisplayName=f"Overseas customer {currency}", CurrencyRef=ref)
    for given, family in scenarios.EMPLOYEES:
        _create(act, "Employee", GivenName=given, FamilyName=family, BillableTime=True)
    for name in scenarios.VENDORS:
        _create(act, "Vendor", DisplayName=name)


def _history(company: Company, now: datetime) -> None:
    """Invoices as a person would have written them: paid, partly paid, overdue, voided."""
    items = {doc["Name"]: doc["Id"] for doc in company.of("Item")}
    codes = [doc["Id"] for doc in company.of("TaxCode") if doc.get("TaxGroup")]
    customers = [doc["Id"] for doc in company.of("Customer")]
    for position, (item, quantity, price, age) in enumerate(scenarios.SOLD):
        act = Act(company, Switches(), now - timedelta(days=age), by="person")
        code = "TAX" if item == "Hardware" else "NON"
        detail = {
            "ItemRef": {"value": items[item]}, "Qty": quantity, "UnitPrice": price,
            "TaxCodeRef": {"value": code if company.country == "US" else codes[0]},
        }  # fmt: skip
        line = {
            "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail,
            "Amount": Decimal(price) * quantity, "Description": item,
        }  # fmt: skip
        invoice = _create(
            act, "Invoice", CustomerRef={"value": customers[position]}, Line=[line],
            CurrencyRef={"value": company.home_currency}, AutoDocNumber=True,
            GlobalTaxCalculation="TaxExcluded",
        )  # fmt: skip
        _life(act, position, invoice)


def _life(act: Act, position: int, invoice: Doc) -> None:
    """The first is paid, the second in part, the fourth voided."""
    if position in (0, 1):
        amount = invoice["TotalAmt"] if position == 0 else Decimal(100)
        _create(
            act, "Payment", CustomerRef={"value": invoice["CustomerRef"]["value"]},
            TotalAmt=amount, Line=[part("Invoice", invoice["Id"], amount)],
        )  # fmt: skip
    if position == 3:
        version = {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}
        records.void(act, KINDS["Invoice"], version)
