"""The organisations on offer, as tables. `seeds` makes organisations of them."""

# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Tax(NamedTuple):
    """A tax rate: its code, its name, per cent, where it applies, and how it is reported."""

    type: str
    name: str
    rate: str
    applies: str  # R revenue, E expenses, A assets, L liabilities, Q equity
    report: str


@dataclass(frozen=True)
class Region:
    """A kind of organisation."""

    name: str
    about: str
    organisation: str
    country: str
    version: str
    currency: str
    zone: str
    zone_code: str
    taxes: tuple[Tax, ...]
    income: str  # tax of sales accounts
    spending: str  # tax of expense accounts
    currencies: tuple[str, ...] = ()
    basis: str = "INVOICE"
    period: str = "QUARTERLY"
    short_code: str = "!sim00"


ALL = "REALQ"
REGIONS: dict[str, Region] = {
    region.name: region
    for region in (
        Region(
            "nz", "New Zealand: GST 15%, several currencies", "Kōwhai Managed IT", "NZ", "NZ", "NZD",
            "Pacific/Auckland", "NEWZEALANDSTANDARDTIME",
            (
                Tax("OUTPUT2", "15% GST on Income", "15", "REALQ", "OUTPUT"),
                Tax("INPUT2", "15% GST on Expenses", "15", "EALQ", "INPUT"),
                Tax("ZERORATED", "Zero Rated", "0", ALL, "ZROUTPUT"),
                Tax("NONE", "No GST", "0", ALL, "NONE"),
                Tax("GSTONIMPORTS", "GST on Imports", "0", "EA", "GSTONIMPORTS"),
            ),
            "OUTPUT2", "INPUT2", ("NZD", "AUD", "USD"), "PAYMENTS", "TWOMONTHS", "!kowhai",
        ),
        Region(
            "au", "Australia: GST 10%", "Harbour Tech Pty Ltd", "AU", "AU", "AUD",
            "Australia/Sydney", "AUSEASTERNSTANDARDTIME",
            (
                Tax("OUTPUT", "GST on Income", "10", "REALQ", "OUTPUT"),
                Tax("INPUT", "GST on Expenses", "10", "EALQ", "INPUT"),
                Tax("EXEMPTOUTPUT", "GST Free Income", "0", "RALQ", "EXEMPTOUTPUT"),
                Tax("EXEMPTEXPENSES", "GST Free Expenses", "0", "EALQ", "EXEMPTEXPENSES"),
                Tax("BASEXCLUDED", "BAS Excluded", "0", ALL, "BASEXCLUDED"),
                Tax("GSTONIMPORTS", "GST on Imports", "0", "EA", "GSTONIMPORTS"),
            ),
            "OUTPUT", "INPUT", (), "CASH", "QUARTERLY1", "!harbr",
        ),
        Region(
            "gb", "United Kingdom: VAT 20% and 5%", "Thames Valley Support Ltd", "GB", "UK", "GBP",
            "Europe/London", "GMTSTANDARDTIME",
            (
                Tax("OUTPUT2", "20% (VAT on Income)", "20", "REALQ", "OUTPUT"),
                Tax("INPUT2", "20% (VAT on Expenses)", "20", "EALQ", "INPUT"),
                Tax("RROUTPUT", "5% (VAT on Income)", "5", "RALQ", "OUTPUT"),
                Tax("RRINPUT", "5% (VAT on Expenses)", "5", "EALQ", "INPUT"),
                Tax("ZERORATEDOUTPUT", "Zero Rated Income", "0", "RALQ", "OUTPUT"),
                Tax("ZERORATEDINPUT", "Zero Rated Expenses", "0", "EALQ", "INPUT"),
                Tax("EXEMPTOUTPUT", "Exempt Income", "0", "RALQ", "OUTPUT"),
                Tax("NONE", "No VAT", "0", ALL, "NONE"),
            ),
            "OUTPUT2", "INPUT2", ("GBP", "EUR", "USD"), "ACCRUAL", "QUARTERLY", "!thames",
        ),
        Region(
            "us", "United States: sales tax rates of its own making", "Northwind IT LLC", "US", "US", "USD",
            "America/Los_Angeles", "PACIFICSTANDARDTIME",
            (
                Tax("OUTPUT", "Tax on Sales", "0", "REALQ", "OUTPUT"),
                Tax("INPUT", "Tax on Purchases", "0", "EALQ", "INPUT"),
                Tax("NONE", "Tax Exempt", "0", ALL, "NONE"),
                Tax("TAX001", "Seattle, WA", "10.35", "REALQ", "OUTPUT"),
                Tax("TAX002", "New York City", "8.875", "REALQ", "OUTPUT"),
                Tax("TAX003", "Bellevue, WA", "10.2", "REALQ", "OUTPUT"),
                Tax("TAX004", "Tacoma, WA", "10.3", "REALQ", "OUTPUT"),
            ),
            "OUTPUT", "NONE", (), "ACCRUAL", "MONTHLY", "!nrthw",
        ),
    )
}  # fmt: skip

CLASSES = {
    "BANK": "ASSET", "CURRENT": "ASSET", "FIXED": "ASSET", "INVENTORY": "ASSET", "PREPAYMENT": "ASSET",
    "NONCURRENT": "ASSET", "CURRLIAB": "LIABILITY", "LIABILITY": "LIABILITY", "TERMLIAB": "LIABILITY",
    "EQUITY": "EQUITY", "REVENUE": "REVENUE", "SALES": "REVENUE", "OTHERINCOME": "REVENUE",
    "EXPENSE": "EXPENSE", "DIRECTCOSTS": "EXPENSE", "OVERHEADS": "EXPENSE", "DEPRECIATN": "EXPENSE",
    "WAGESEXPENSE": "EXPENSE",
}  # fmt: skip

# code, name, type, system account
ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", ""),
    ("091", "Business Savings Account", "BANK", ""),
    ("200", "Sales", "REVENUE", ""),
    ("210", "Managed Services", "REVENUE", ""),
    ("220", "Project Work", "REVENUE", ""),
    ("230", "Hardware and Licences", "REVENUE", ""),
    ("260", "Other Revenue", "REVENUE", ""),
    ("270", "Interest Income", "OTHERINCOME", ""),
    ("280", "Old Support Plans", "REVENUE", "archived"),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", ""),
    ("400", "Advertising", "EXPENSE", ""),
    ("420", "Travel", "EXPENSE", ""),
    ("610", "Accounts Receivable", "CURRENT", "DEBTORS"),
    ("800", "Accounts Payable", "CURRLIAB", "CREDITORS"),
    ("820", "Sales Tax", "CURRLIAB", "GST"),
    ("855", "Clearing Account", "CURRLIAB", "payments"),
    ("860", "Rounding", "CURRLIAB", "ROUNDING"),
    ("960", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"),
)

# code, name, description, price, account
ITEMS = (
    ("HOURS", "Hours", "Technician time, per hour", "125", "200"),
    ("WORKPLACE", "Managed workplace", "Managed workplace, per month", "950", "210"),
    ("MONITOR", "Remote monitoring", "Remote monitoring, per device and month", "9", "210"),
    ("BACKUP", "Online backup", "Online backup, per GB and month", "0.3525", "210"),
    ("PROJECT", "Project work", "Project work, per hour", "140", "220"),
    ("M365", "Microsoft 365", "Microsoft 365, per seat and month", "22", "230"),
    ("HARDWARE", "Hardware", "Hardware", "0", "230"),
    ("TRAVEL", "Travel", "Travel to a client, per trip", "65", "200"),
)

# name, e-mail, street
CONTACTS = (
    ("Alder & Finch Architects", "renee@alderfinch.example", "418 Pike Street"),
    ("Ballard Boatworks", "ingrid@ballardboats.example", "2201 Shilshole Avenue NW"),
    ("Björk & Sønner Coffee", "aase@bjorksonner.example", "77 Yesler Way"),
    ("Cascade Dental", "accounts@cascadedental.example", "1520 Bellevue Way NE"),
    ("Gasworks Brewing Co.", "owen@gasworksbrewing.example", "1950 N Northlake Way"),
    ("Harborview Logistics, Inc.", "ap@harborviewlogistics.example", "1 Marginal Way S"),
    ("Juniper Wealth Partners", "charlotte@juniperwealth.example", "10900 NE 8th Street"),
    ("Madrona Pediatrics", "office@madronapeds.example", "1105 34th Avenue"),
    ("O'Hara & Daughters", "kate@ohara.example", "12 Harrison Street"),
    ("Zoë's Ferry Café", "zoe@ferrycafe.example", "10900 SW Ferry Road"),
)

# name, options
TRACKING = (
    ("Region", ("North", "South", "East", "West")),
    ("Service line", ("Managed", "Projects", "Products")),
)

# item, quantity, price, days ago
SOLD = (
    ("WORKPLACE", "1", "950", 62), ("HOURS", "3", "125", 47), ("HARDWARE", "1", "1349", 33),
    ("PROJECT", "12", "140", 20), ("MONITOR", "40", "9", 6),
)  # fmt: skip

# units of the currency for one US dollar: Xero's CurrencyRate is how much of a currency one unit of
# the base currency buys
RATES = {"USD": "1", "NZD": "1.66", "AUD": "1.52", "GBP": "0.76", "EUR": "0.88", "CAD": "1.38"}
CURRENCY_NAMES = {
    "USD": "United States Dollar", "NZD": "New Zealand Dollar", "AUD": "Australian Dollar",
    "GBP": "British Pound", "EUR": "Euro", "CAD": "Canadian Dollar",
}  # fmt: skip
