"""Items, accounts, tax rates, tracking categories, currencies: what documents refer to."""

from __future__ import annotations

from decimal import Decimal

from .organisation import Act, Doc, clone, new_id
from .refusals import Invalid
from .regions import ALL, CLASSES, CURRENCY_NAMES, Tax
from .seeds import tax_rate

MOST_CATEGORIES = 2
SYSTEM = "simulated: A system account can't be changed."


def create_item(act: Act, sent: Doc) -> Doc:
    """A new item; its code is its own."""
    code = sent.get("Code", "")
    if not code:
        raise Invalid("simulated: The item code must be specified.")
    if act.org.item(code):
        raise Invalid(f"simulated: The item code '{code}' is taken; it must be unique.")
    _check_details(act, sent)
    blank: Doc = {
        "Name": code, "IsSold": True, "IsPurchased": False, "IsTrackedAsInventory": False,
        "SalesDetails": {}, "PurchaseDetails": {},
    }  # fmt: skip
    return _keep(act, "Item", {**blank, **sent, "ItemID": new_id()})


def write_item(act: Act, sent: Doc) -> Doc:
    """Create or update: by id, then by code."""
    known = act.org.find("Item", sent.get("ItemID", "")) or act.org.item(sent.get("Code", ""))
    if known is None:
        if sent.get("ItemID"):
            raise LookupError(sent["ItemID"])
        return create_item(act, sent)
    other = act.org.item(sent.get("Code") or str(known["Code"]))
    if other is not None and other["ItemID"] != known["ItemID"]:
        raise Invalid(f"simulated: The item code '{sent['Code']}' is taken; it must be unique.")
    _check_details(act, sent)
    changed = {name: value for name, value in sent.items() if name != "ItemID"}
    return _keep(act, "Item", {**clone(known), **changed})


def _check_details(act: Act, sent: Doc) -> None:
    for name in ("SalesDetails", "PurchaseDetails"):
        code = sent.get(name, {}).get("AccountCode")
        if code and act.org.account(code) is None:
            raise Invalid(f"Account code '{code}' is not a valid code for this document.")
        tax = sent.get(name, {}).get("TaxType")
        if tax and act.org.find("TaxRate", tax) is None:
            raise Invalid(
                f"The TaxType code {tax} does not exist or cannot be used for this type of "
                "transaction."
            )


def create_account(act: Act, sent: Doc) -> Doc:
    """A new account of the chart."""
    code, type = sent.get("Code", ""), sent.get("Type", "")
    if type not in CLASSES or not sent.get("Name"):
        raise Invalid("simulated: An account needs a Name and a known Type.")
    if not code or act.org.account(code):
        raise Invalid("Please enter a unique Code.")
    blank: Doc = {
        "Status": "ACTIVE", "Class": CLASSES[type], "EnablePaymentsToAccount": False,
        "ShowInExpenseClaims": False, "TaxType": act.org.settings["Untaxed"],
    }  # fmt: skip
    return _keep(act, "Account", {**blank, **sent, "AccountID": new_id()})


def update_account(act: Act, sent: Doc) -> Doc:
    """Change or archive an account."""
    known = act.org.docs["Account"][sent["AccountID"]]
    if known.get("SystemAccount"):
        raise Invalid(SYSTEM)
    return _keep(act, "Account", {**clone(known), **sent})


def create_tax_rate(act: Act, sent: Doc) -> Doc:
    """A rate of the organisation's own, TAX001 and so on."""
    parts = sent.get("TaxComponents", [])
    if not sent.get("Name") or not parts:
        raise Invalid("simulated: A tax rate needs a Name and TaxComponents.")
    types = {doc["TaxType"] for doc in act.org.of("TaxRate")}
    number = next(n for n in range(1, 1000) if f"TAX{n:03}" not in types)
    total = sum((part.get("Rate", Decimal(0)) for part in parts), Decimal(0))
    report = sent.get("ReportTaxType", "OUTPUT")
    doc = tax_rate(Tax(f"TAX{number:03}", sent["Name"], str(total), ALL, report))
    blank = {"IsCompound": False, "IsNonRecoverable": False}
    doc["TaxComponents"] = [{**blank, **part} for part in parts]
    return _keep(act, "TaxRate", doc)


def update_tax_rate(act: Act, sent: Doc) -> Doc:
    """Rename a rate, or delete it."""
    known = act.org.find("TaxRate", sent.get("TaxType", ""))
    if known is None:
        raise Invalid(f"simulated: There is no tax rate {sent.get('TaxType')}.")
    changed: Doc = {name: sent[name] for name in ("Name", "Status") if name in sent}
    return _keep(act, "TaxRate", {**clone(known), **changed})


def create_tracking(act: Act, sent: Doc) -> Doc:
    """A tracking category; two can be active."""
    active = [doc for doc in act.org.of("TrackingCategory") if doc["Status"] == "ACTIVE"]
    if len(active) >= MOST_CATEGORIES:
        raise Invalid("simulated: At most 2 tracking categories can be active.")
    if not sent.get("Name") or any(doc["Name"] == sent["Name"] for doc in active):
        raise Invalid("simulated: A tracking category needs a name of its own.")
    options = [
        {"TrackingOptionID": new_id(), "Name": option["Name"], "Status": "ACTIVE"}
        for option in sent.get("Options", [])
    ]
    doc = {"TrackingCategoryID": new_id(), "Name": sent["Name"], "Status": "ACTIVE"}
    return _keep(act, "TrackingCategory", {**doc, "Options": options})


def update_tracking(act: Act, sent: Doc) -> Doc:
    """Rename a category, or archive it."""
    known = act.org.docs["TrackingCategory"][sent["TrackingCategoryID"]]
    changed: Doc = {name: sent[name] for name in ("Name", "Status") if name in sent}
    return _keep(act, "TrackingCategory", {**clone(known), **changed})


def add_option(act: Act, id: str, sent: Doc) -> Doc:
    """Another option of a category."""
    known = act.org.find("TrackingCategory", id.lower())
    if known is None:
        raise LookupError(id)
    if not sent.get("Name") or any(each["Name"] == sent["Name"] for each in known["Options"]):
        raise Invalid("simulated: A tracking option needs a name of its own.")
    option = {"TrackingOptionID": new_id(), "Name": sent["Name"], "Status": "ACTIVE"}
    _keep(act, "TrackingCategory", {**clone(known), "Options": [*known["Options"], option]})
    return option


def add_currency(act: Act, sent: Doc) -> Doc:
    """Subscribe to another currency, if the plan has several."""
    code = sent.get("Code", "")
    if not act.org.settings["AutomaticCurrencies"] or code not in CURRENCY_NAMES:
        raise Invalid(f"simulated: This organisation can't subscribe to {code}.")
    return _keep(act, "Currency", {"Code": code, "Description": CURRENCY_NAMES[code]})


def _keep(act: Act, kind: str, doc: Doc) -> Doc:
    return act.org.put(kind, {**doc, "UpdatedDateUTC": act.stamp})
