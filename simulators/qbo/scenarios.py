"""The company files on offer, as tables. `seeds` makes companies of them."""

# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

AST, NONE = "automated", ""


class Place(NamedTuple):
    """An address as tables can hold it."""

    street: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True)
class Scenario:
    """One company file. `taxes` are codes with their rates; `tax_by_state` names the code of a state."""

    name: str
    about: str
    realm: str
    company: str
    place: Place
    country: str = "US"
    currency: str = "USD"
    zone: str = "America/Los_Angeles"
    language: str = "en"
    tax: str = AST
    taxes: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    tax_by_state: dict[str, str] = field(default_factory=dict)
    preferences: dict[str, dict[str, Any]] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()


_US_TAXES: dict[str, tuple[tuple[str, str], ...]] = {
    "Washington, Seattle": (("Washington State", "6.5"), ("Seattle", "3.85")),
    "California, Los Angeles": (("California State", "7.25"), ("Los Angeles", "2.25")),
    "New York City": (("New York State", "4"), ("New York City", "4.875")),
    "Oregon": (("Oregon", "0"),),
}
_BY_STATE = {
    "WA": "Washington, Seattle", "CA": "California, Los Angeles", "NY": "New York City",
    "OR": "Oregon",
}  # fmt: skip
_SEATTLE = Place("600 Stewart Street", "Seattle", "WA", "98101")


def _us(name: str, about: str, number: int, company: str, **more: Any) -> Scenario:
    given = {"taxes": _US_TAXES, "tax_by_state": _BY_STATE, **more}
    return Scenario(name, about, f"93414500000000{number:02}", company, _SEATTLE, **given)


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _us("us", "Automated sales tax, custom transaction numbers on", 1, "Northwind IT"),
        _us(
            "us-manual", "An old file: sales tax by codes, not automated", 2,
            "Old Mill Computing", tax="manual",
        ),
        _us(
            "us-auto-numbers", "Custom transaction numbers off", 3, "Pike Street Systems",
            preferences={"SalesFormsPrefs": {"CustomTxnNumbers": False}},
        ),
        _us(
            "us-classes", "Classes and locations are tracked, on lines too", 4,
            "Cascade Managed Services",
            preferences={"AccountingInfoPrefs": {
                "ClassTrackingPerTxn": True, "ClassTrackingPerTxnLine": True,
                "TrackDepartments": True,
            }},
        ),
        _us(
            "us-multicurrency", "Several currencies", 5, "Pacific Rim IT Partners",
            currencies=("CAD", "EUR", "GBP"),
        ),
        Scenario(
            "ca", "Canada: a tax code on every line", "9341450000000011", "Lakeshore Networks",
            Place("88 Queens Quay W", "Toronto", "ON", "M5J 0B8"), "CA", "CAD", "America/Toronto",
            tax=NONE,
            taxes={
                "HST ON": (("HST ON", "13"),), "GST": (("GST", "5"),),
                "GST/PST BC": (("GST BC", "5"), ("PST BC", "7")), "Exempt": (),
            },
        ),
        Scenario(
            "uk", "United Kingdom: VAT codes on every line", "9341450000000012",
            "Thames Valley Support", Place("4 Kennet Side", "Reading", "", "RG1 3DR"),
            "GB", "GBP", "Europe/London", tax=NONE,
            taxes={
                "20.0% S": (("VAT 20%", "20"),), "5.0% R": (("VAT 5%", "5"),),
                "0.0% Z": (("VAT 0%", "0"),), "Exempt": (),
            },
        ),
        Scenario(
            "au", "Australia: GST codes on every line", "9341450000000013", "Harbour Tech",
            Place("1 Macquarie Place", "Sydney", "NSW", "2000"), "AU", "AUD",
            "Australia/Sydney", tax=NONE,
            taxes={"GST": (("GST 10%", "10"),), "GST free": (("GST free", "0"),)},
        ),
        Scenario(
            "fr", "France: messages in French", "9341450000000014", "Réseaux Lumière",
            Place("12 rue de la République", "Lyon", "", "69002"), "FR", "EUR",
            "Europe/Paris", "fr", tax=NONE,
            taxes={
                "20 %": (("TVA 20 %", "20"),), "5,5 %": (("TVA 5,5 %", "5.5"),),
                "Exonéré": (),
            },
        ),
    )
}  # fmt: skip

# name, type, subtype, number
ACCOUNTS = (
    ("Services", "Income", "ServiceFeeIncome", "4000"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome", "4100"),
    ("Discounts given", "Income", "DiscountsRefundsGiven", "4900"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs", "5000"),
    ("Subcontractors", "Expense", "CostOfLabor", "6000"),
    ("Checking", "Bank", "Checking", "1000"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds", "1200"),
    ("Accounts Receivable", "Accounts Receivable", "AccountsReceivable", "1100"),
    ("Inventory Asset", "Other Current Asset", "Inventory", "1300"),
)

# name, type, price, taxable, income account
ITEMS = (
    ("Hours", "Service", "125", False, "Services"),
    ("Managed workplace", "Service", "950", False, "Services"),
    ("Remote monitoring", "Service", "9", False, "Services"),
    ("Online backup", "Service", "0.35", False, "Services"),
    ("Project work", "Service", "140", False, "Services"),
    ("Microsoft 365", "Service", "22", True, "Services"),
    ("Hardware", "NonInventory", "0", True, "Sales of Product Income"),
    ("Mileage", "Service", "0.67", False, "Services"),
)

# name, days or day of the month
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))

# name, e-mail, address (None: where the company is), term
CUSTOMERS = (
    ("Alder & Finch Architects", "renee@alderfinch.example", "418 Pike Street", "Net 30"),
    ("Ballard Boatworks", "ingrid@ballardboats.example", "2201 Shilshole Avenue NW", "Net 15"),
    ("Björk & Sønner Coffee", "aase@bjorksonner.example", "77 Yesler Way", "Net 30"),
    ("Cascade Dental", "accounts@cascadedental.example", "1520 Bellevue Way NE", "Net 30"),
    ("Gasworks Brewing Co.", "owen@gasworksbrewing.example", "1950 N Northlake Way", ""),
    ("Harborview Logistics, Inc.", "ap@harborviewlogistics.example", "1 Marginal Way S", "Net 60"),
    ("Juniper Wealth Partners", "charlotte@juniperwealth.example", "10900 NE 8th Street", ""),
    ("Madrona Pediatrics", "office@madronapeds.example", "1105 34th Avenue", "Net 30"),
    ("O'Hara & Daughters", "kate@ohara.example", "12 Harrison Street", "Net 15"),
    ("Zoë's Ferry Café", "zoe@ferrycafe.example", "10900 SW Ferry Road", ""),
)
EMPLOYEES = (("Priya", "Raman"), ("Ben", "Achterberg"), ("Sofia", "Marchetti"))
VENDORS = ("Ingram Supplies", "Puget Cabling Crew")
CLASSES = ("Managed services", "Projects", "Products")
DEPARTMENTS = ("Seattle", "Tacoma")
PAYMENT_METHODS = (
    ("Check", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("ACH", "NON_CREDIT_CARD"),
)
# item, quantity, price, days ago
SOLD = (
    ("Managed workplace", 1, "950", 62), ("Hours", 3, "125", 47), ("Hardware", 1, "1349", 33),
    ("Project work", 12, "140", 20), ("Remote monitoring", 40, "9", 6),
)  # fmt: skip
EXCHANGE_RATES = {"CAD": "0.714286", "EUR": "1.085", "GBP": "1.2731", "USD": "1"}
