"""Lines of invoices and credit notes: what is filled in, and what is refused."""

from __future__ import annotations

from decimal import Decimal

from .arithmetic import line_amount, line_tax
from .organisation import Act, Doc, clone, new_id
from .refusals import Invalid

ZERO = Decimal(0)
UNIT_PLACES = {2: Decimal("0.01"), 4: Decimal("0.0001")}
QUANTITY = Decimal("0.0001")
DISCOUNT_PLACES = {"2": UNIT_PLACES[2], "4": UNIT_PLACES[4]}
SALE_TYPES = ("ACCREC", "ACCRECCREDIT")


def complete(act: Act, sent: list[Doc], doc: Doc) -> list[Doc]:
    """The lines of a document with all that Xero fills in. `doc` tells of its type, its status and
    its LineAmountTypes. `Invalid` with everything that is wrong.
    """
    found: list[str] = []
    lines = []
    for each in sent:
        try:
            lines.append(_line(act, each, doc))
        except Invalid as invalid:
            found += invalid.messages
    if found:
        raise Invalid(*dict.fromkeys(found))
    return lines


def _line(act: Act, sent: Doc, doc: Doc) -> Doc:
    line = clone(sent)
    line["LineItemID"] = line.get("LineItemID") or new_id()
    line["Tracking"] = _tracking(act, sent.get("Tracking", []))
    _from_item(act, line)
    account = _account(act, line, doc)
    if doc["Status"] in ("AUTHORISED", "SUBMITTED") and not line.get("Description"):
        raise Invalid("Description must be provided for each line item")
    rate = _rate(act, line, account, doc)
    _amounts(act, line, rate, doc)
    return line


def _from_item(act: Act, line: Doc) -> None:
    """Text, price and account of the item where the line has none; its tax is not taken."""
    code = line.get("ItemCode")
    if not code:
        line.pop("ItemCode", None)
        return
    item = act.org.item(code)
    if item is None:
        raise Invalid(f"Item code '{code}' is not valid")
    details = item.get("SalesDetails", {})
    for name, value in (
        ("Description", item.get("Description") or item.get("Name")),
        ("UnitAmount", details.get("UnitPrice")), ("AccountCode", details.get("AccountCode")),
    ):  # fmt: skip
        given = line.get(name) is not None or (name == "AccountCode" and line.get("AccountID"))
        if not given and value is not None:
            line[name] = value


def _account(act: Act, line: Doc, doc: Doc) -> Doc | None:
    """The account of a line, by code or id."""
    code, id = line.get("AccountCode"), line.get("AccountID")
    if not code and not id:
        line.pop("AccountCode", None)
        line.pop("AccountID", None)
        if doc["Status"] == "AUTHORISED" and not _is_text(line):
            raise Invalid("Account code must be specified")
        return None
    account = act.org.account(code) if code else act.org.find("Account", id or "")
    shown = code or id
    if account is None or account["Type"] == "BANK" or _reserved(account):
        raise Invalid(f"Account code '{shown}' is not a valid code for this document.")
    if account["Status"] != "ACTIVE":
        raise Invalid(f"Account code '{shown}' has been archived, or has been deleted.")
    line["AccountCode"], line["AccountID"] = account["Code"], account["AccountID"]
    return account


def _is_text(line: Doc) -> bool:
    """A line with nothing but a description, as the reference of invoices allows."""
    return not any(line.get(name) for name in ("ItemCode", "Quantity", "UnitAmount", "LineAmount"))


def _reserved(account: Doc) -> bool:
    """System accounts can't be used on lines, but for the one that takes rounding differences."""
    return account.get("SystemAccount", "") not in ("", "ROUNDING")


def _rate(act: Act, line: Doc, account: Doc | None, doc: Doc) -> Decimal:
    """Per cent of tax, with TaxType filled in from the account."""
    type = line.get("TaxType") or (account or {}).get("TaxType") or ""
    if not type:
        line.pop("TaxType", None)
        return ZERO
    rate = act.org.find("TaxRate", type)
    if rate is None or rate["Status"] != "ACTIVE":
        raise Invalid(
            f"The TaxType code {type} does not exist or cannot be used for this type of "
            "transaction."
        )
    if account is not None and not _applies(rate, account):
        raise Invalid(
            f"The TaxType code '{type}' cannot be used with account code '{account['Code']}'."
        )
    line["TaxType"] = type
    return Decimal(rate["EffectiveRate"])


def _applies(rate: Doc, account: Doc) -> bool:
    plural = {
        "ASSET": "Assets", "EQUITY": "Equity", "EXPENSE": "Expenses", "LIABILITY": "Liabilities",
        "REVENUE": "Revenue",
    }  # fmt: skip
    return bool(rate[f"CanApplyTo{plural[account['Class']]}"])


def _amounts(act: Act, line: Doc, rate: Decimal, doc: Doc) -> None:
    """Quantity, price, amount, tax. The price is rounded first, to two places unless the client
    asked for four.
    """
    quantity = line.get("Quantity", Decimal(1)).quantize(QUANTITY)
    given = line.get("LineAmount")
    unit = line.get("UnitAmount")
    if unit is None:
        unit = given / quantity if given is not None and quantity else ZERO
    unit = unit.quantize(UNIT_PLACES[act.places], "ROUND_HALF_UP")
    share, less = _discount(act, line, doc)
    amount = line_amount(quantity, unit, cents=act.cents, rate=share, discount=less)
    if given is not None and act.cents(given) != amount:
        raise Invalid(
            f"The line total {act.cents(given)} does not match the expected line total {amount}"
        )
    types = doc["LineAmountTypes"]
    tax = line_tax(amount, rate, types=types, cents=act.cents)
    if "TaxAmount" in line and types != "NoTax":
        tax = act.cents(line["TaxAmount"])
    line |= {"Quantity": quantity, "UnitAmount": unit, "LineAmount": amount, "TaxAmount": tax}


def _discount(act: Act, line: Doc, doc: Doc) -> tuple[Decimal, Decimal]:
    """Per cent and amount."""
    share, less = line.get("DiscountRate") or ZERO, line.get("DiscountAmount") or ZERO
    if (share or less) and doc["Type"] != "ACCREC":
        raise Invalid("simulated: Discounts are for sales invoices only.")
    if share and less:
        raise Invalid("simulated: Only one of DiscountRate and DiscountAmount can be given.")
    if not 0 <= share <= 100:
        raise Invalid("simulated: DiscountRate must be between 0 and 100.")
    share = share.quantize(DISCOUNT_PLACES[act.switches.discount_places], "ROUND_HALF_UP")
    for name, value in (("DiscountRate", share), ("DiscountAmount", less)):
        line[name] = value
        if not value:
            line.pop(name)
    return share, less


def _tracking(act: Act, sent: list[Doc]) -> list[Doc]:
    if len(sent) > 2:
        raise Invalid("simulated: A line item can have at most 2 tracking elements.")
    return [_tracked(act, each) for each in sent]


def _tracked(act: Act, sent: Doc) -> Doc:
    """A tracking category with its option, by ids or by names as they are spelt."""
    category = next(
        (
            each for each in act.org.of("TrackingCategory") if each["Status"] == "ACTIVE"
            and sent.get("TrackingCategoryID", each["TrackingCategoryID"])
            == each["TrackingCategoryID"] and sent.get("Name", each["Name"]) == each["Name"]
        ),
        None,
    )  # fmt: skip
    if category is None or not ("Name" in sent or "TrackingCategoryID" in sent):
        raise Invalid(f"simulated: The tracking category '{sent.get('Name', '')}' is not known.")
    for option in category["Options"]:
        by_id = sent.get("TrackingOptionID") == option["TrackingOptionID"]
        by_name = "TrackingOptionID" not in sent and sent.get("Option") == option["Name"]
        if (by_id or by_name) and option["Status"] == "ACTIVE":
            return {
                "Name": category["Name"], "Option": option["Name"],
                "TrackingCategoryID": category["TrackingCategoryID"],
                "TrackingOptionID": option["TrackingOptionID"],
            }  # fmt: skip
    raise Invalid(
        f"simulated: The tracking option '{sent.get('Option', '')}' is not one of "
        f"'{category['Name']}'."
    )
