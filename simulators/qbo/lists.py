"""Items, accounts, terms, classes, locations: entries are deactivated, never deleted."""

from __future__ import annotations

from decimal import Decimal

from .company import DELETED, Act, Doc
from .refusals import Refused, business, missing

CREATABLE = ("Service", "NonInventory", "Inventory")
DEEPEST = 5  # levels of classes
INCOME = ("Income", "Other Income")
NEEDS_BOTH_ACCOUNTS = ("CA", "GB")
CLASSIFICATIONS = {
    "Asset": (
        "Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset",
    ),
    "Liability": (
        "Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability",
    ),
    "Equity": ("Equity",),
    "Revenue": INCOME,
    "Expense": ("Cost of Goods Sold", "Expense", "Other Expense"),
}  # fmt: skip
SUBTYPES = {
    "SalesOfProductIncome": "Income", "ServiceFeeIncome": "Income",
    "DiscountsRefundsGiven": "Income", "OtherPrimaryIncome": "Income", "Checking": "Bank",
    "Savings": "Bank", "SuppliesMaterialsCogs": "Cost of Goods Sold",
    "AccountsReceivable": "Accounts Receivable", "UndepositedFunds": "Other Current Asset",
    "Inventory": "Other Current Asset",
}  # fmt: skip


def prepare_item(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """What may be sold, and to which account it is booked."""
    name(act, "Item", doc, before)
    kind = doc.setdefault("Type", "Service")
    if before is None and kind not in CREATABLE:
        raise business(f"Items of type {kind} can not be created", "Type")
    if before is not None and before["Type"] == "Inventory" != kind:
        raise business("The type of an inventory item can not be changed", "Type")
    needed = {"IncomeAccountRef"}
    if act.company.country in NEEDS_BOTH_ACCOUNTS:
        needed |= {"ExpenseAccountRef"}
    if kind == "Inventory":
        needed |= {"AssetAccountRef", "ExpenseAccountRef", "InvStartDate", "QtyOnHand"}
        if not doc.get("TrackQtyOnHand"):
            raise missing("TrackQtyOnHand")
    for field in sorted(needed):
        if field not in doc:
            raise missing(field)
    _account(act, doc, "IncomeAccountRef", INCOME)
    _account(act, doc, "ExpenseAccountRef", CLASSIFICATIONS["Expense"])
    _account(act, doc, "AssetAccountRef", CLASSIFICATIONS["Asset"])
    parent(act, "Item", doc)
    doc.setdefault("UnitPrice", Decimal(0))
    doc.setdefault("Taxable", False)
    return doc


def prepare_account(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """Type and subtype complete each other; the classification follows."""
    name(act, "Account", doc, before)
    if '"' in doc["Name"] or ":" in doc["Name"]:
        raise Refused("2090", "Invalid String : quote and colon are not allowed", "Name")
    kind = doc.get("AccountType") or SUBTYPES.get(doc.get("AccountSubType", ""))
    if kind is None:
        raise missing("AccountType")
    longest = 20 if act.company.country in ("AU", "CA") else 7
    if len(doc.get("AcctNum", "")) > longest:
        detail = f"Min:0 Max:{longest} supported. Supplied length:{len(doc['AcctNum'])}"
        raise Refused("2050", detail, "AcctNum")
    doc["AccountType"] = kind
    groups = CLASSIFICATIONS.items()
    doc["Classification"] = next((group for group, kinds in groups if kind in kinds), "Equity")
    doc["CurrencyRef"] = doc.get("CurrencyRef", {"value": act.company.home_currency})
    for field in ("CurrentBalance", "CurrentBalanceWithSubAccounts"):
        doc.setdefault(field, Decimal(0))
    parent(act, "Account", doc)
    return doc


def prepare_term(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """Due after days, or on a day of the month."""
    name(act, "Term", doc, before)
    if ("DueDays" in doc) == ("DayOfMonthDue" in doc):
        raise missing("DueDays")
    for field, least, most in (("DueDays", 0, 999), ("DayOfMonthDue", 1, 31)):
        if field in doc and not least <= doc[field] <= most:
            raise Refused("2090", f"Invalid value : {least} to {most} supported", field)
    doc["Type"] = "STANDARD" if "DueDays" in doc else "DATE_DRIVEN"
    return doc


def prepare_class(act: Act, doc: Doc, before: Doc | None) -> Doc:
    name(act, "Class", doc, before)
    parent(act, "Class", doc)
    doc.setdefault("SubClass", "ParentRef" in doc)
    if doc["FullyQualifiedName"].count(":") >= DEEPEST:
        raise business(f"A class can be at most {DEEPEST} levels deep", "ParentRef")
    return doc


def prepare_department(act: Act, doc: Doc, before: Doc | None) -> Doc:
    name(act, "Department", doc, before)
    parent(act, "Department", doc)
    doc.setdefault("SubDepartment", "ParentRef" in doc)
    return doc


def prepare_named(kind: str, act: Act, doc: Doc, before: Doc | None) -> Doc:
    """A list that has nothing but names."""
    name(act, kind, doc, before)
    return doc


def prepare_currency(act: Act, doc: Doc, before: Doc | None) -> Doc:
    if not act.company.multicurrency:
        raise business("Multicurrency is not turned on")
    if len(doc.get("Code", "")) != len("USD"):
        raise missing("Code")
    doc.setdefault("Name", doc["Code"])
    doc.setdefault("Active", True)
    return doc


def prepare_agency(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """Only outside the United States."""
    if act.company.country == "US":
        raise Refused("500", "Operation create is not supported for TaxAgency in this company")
    if "DisplayName" not in doc:
        raise missing("DisplayName")
    doc.setdefault("TaxTrackedOnSales", True)
    doc.setdefault("TaxTrackedOnPurchases", False)
    return doc


def name(act: Act, kind: str, doc: Doc, before: Doc | None) -> None:
    """A name that no other entry of the list has; inactive entries show that they are."""
    if "Name" not in doc:
        raise missing("Name")
    own = doc["Name"].removesuffix(DELETED)
    for other in act.company.of(kind):
        itself = before is not None and other["Id"] == before["Id"]
        ignored = other.get("Active") is False and act.switches.inactive_names == "free"
        if other["Name"].removesuffix(DELETED).lower() == own.lower() and not (itself or ignored):
            detail = f"The name supplied already exists. : Id={other['Id']}"
            raise Refused("6240", detail, french=f"Le nom fourni existe déjà. : Id={other['Id']}")
    doc.setdefault("Active", True)
    doc["Name"] = own if doc["Active"] else own + DELETED


def parent(act: Act, kind: str, doc: Doc) -> None:
    """The full name, and that a record marked as below another says below which."""
    above = act.company.referred(kind, doc, "ParentRef")
    if doc.get(f"Sub{kind}") and above is None:
        raise missing("ParentRef")
    prefix = f"{above['FullyQualifiedName']}:" if above else ""
    doc["FullyQualifiedName"] = prefix + doc["Name"]


def _account(act: Act, doc: Doc, field: str, kinds: tuple[str, ...]) -> None:
    account = act.company.referred("Account", doc, field)
    if account is not None and account["AccountType"] not in kinds:
        wrong = f"You need to select a different type of account, not {account['Name']}"
        detail = f"Invalid account type: {wrong}"
        raise Refused("6430", detail, field)
