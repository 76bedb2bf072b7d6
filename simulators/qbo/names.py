"""Customers, vendors and employees: one pool of names."""

from __future__ import annotations

from decimal import Decimal

from .company import DELETED, PEOPLE, Act, Doc
from .refusals import Refused, business, missing

PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
DEEPEST = 4  # levels of jobs below a customer
TAKEN = (
    "The name supplied already exists. : Another customer, vendor or employee is already using "
    "this name. Please use a different name."
)


def prepare_customer(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """Names, parent and currency of a customer; the currency never changes after creation."""
    doc = _prepare("Customer", act, doc, before)
    parent = act.company.referred("Customer", doc, "ParentRef")
    doc["Level"] = parent["Level"] + 1 if parent else 0
    if doc["Level"] > DEEPEST:
        raise business(f"A sub-customer can be at most {DEEPEST} levels deep", "ParentRef")
    prefix = f"{parent['FullyQualifiedName']}:" if parent else ""
    doc["FullyQualifiedName"] = prefix + doc["DisplayName"]
    doc.setdefault("Job", parent is not None)
    doc.setdefault("Taxable", True)
    doc.setdefault("BillWithParent", False)
    doc.setdefault("PreferredDeliveryMethod", "None")
    for name in ("SalesTermRef", "PaymentMethodRef"):
        act.company.referred(name.removesuffix("Ref").removeprefix("Sales"), doc, name)
    _currency(act, doc, before)
    for name in ("Balance", "BalanceWithJobs"):
        doc.setdefault(name, Decimal(0))
    return doc


def prepare_vendor(act: Act, doc: Doc, before: Doc | None) -> Doc:
    doc = _prepare("Vendor", act, doc, before)
    _currency(act, doc, before)
    doc.setdefault("Vendor1099", False)
    doc.setdefault("Balance", Decimal(0))
    return doc


def prepare_employee(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """An employee needs a given or a family name."""
    if not (doc.get("GivenName") or doc.get("FamilyName")):
        raise missing("GivenName")
    doc = _prepare("Employee", act, doc, before)
    doc.setdefault("BillableTime", False)
    return doc


def _prepare(kind: str, act: Act, doc: Doc, before: Doc | None) -> Doc:
    name = doc.get("DisplayName") or " ".join(doc[part] for part in PARTS if part in doc)
    if not name.strip():
        raise missing("DisplayName")
    name = name.removesuffix(DELETED)
    if any(character in name for character in ":\t\n"):
        detail = "Invalid String : colon, tab and newline are not allowed in a name"
        raise Refused("2090", detail, "DisplayName")
    _check_mail(doc)
    check_free(act, name, kind, before)
    doc.setdefault("Active", True)
    doc["DisplayName"] = name if doc["Active"] else name + DELETED
    doc.setdefault("PrintOnCheckName", doc.get("CompanyName") or name)
    return doc


def check_free(act: Act, name: str, kind: str, before: Doc | None) -> None:
    """6240 when a customer, vendor or employee has the name already."""
    for pool in PEOPLE:
        for other in act.company.of(pool):
            itself = before is not None and pool == kind and other["Id"] == before["Id"]
            ignored = not other["Active"] and act.switches.inactive_names == "free"
            same = other["DisplayName"].removesuffix(DELETED).lower() == name.lower()
            if same and not itself and not ignored:
                french = "Le nom fourni existe déjà. Veuillez utiliser un autre nom."
                raise Refused("6240", TAKEN, french=french)


def _check_mail(doc: Doc) -> None:
    address = doc.get("PrimaryEmailAddr", {}).get("Address")
    if address is not None and not ("@" in address and "." in address):
        detail = "Invalid Email Address format : it needs @ and ."
        raise Refused("2090", detail, "PrimaryEmailAddr")


def _currency(act: Act, doc: Doc, before: Doc | None) -> None:
    company = act.company
    if before is not None:
        doc["CurrencyRef"] = before["CurrencyRef"]
        return
    wanted = doc.get("CurrencyRef", {}).get("value", company.home_currency)
    if wanted != company.home_currency:
        if not company.multicurrency:
            raise business("Multicurrency is not turned on", "CurrencyRef")
        if all(each["Code"] != wanted for each in company.of("CompanyCurrency")):
            detail = f"Invalid Reference Id : Currency element id {wanted} not found"
            raise Refused("2500", detail, "CurrencyRef")
    doc["CurrencyRef"] = {"value": wanted}
