"""The lines of invoices and credit memos."""

from __future__ import annotations

from decimal import Decimal

from .company import Act, Doc, cents
from .refusals import Refused, business, missing, not_simulated, unsupported

LONGEST = 10_000
LONGEST_TAXABLE = 750
DETAILS = {
    "SalesItemLineDetail": "SalesItemLineDetail",
    "DescriptionOnly": "DescriptionLineDetail",
    "DiscountLineDetail": "DiscountLineDetail",
}


def prepare_lines(act: Act, doc: Doc) -> list[Doc]:
    """Sales, text and discount lines in order, checked, with Ids. Subtotals are the server's: those
    that were sent back are dropped.
    """
    sent = [line for line in doc.get("Line", []) if line.get("DetailType") != "SubTotalLineDetail"]
    if not sent:
        raise missing("Line")
    if len(sent) > LONGEST:
        raise business(f"A transaction has at most {LONGEST} lines", "Line")
    lines = [_line(act, line) for line in sent]
    if sum(line["DetailType"] == "DiscountLineDetail" for line in lines) > 1:
        raise business("Only one discount line is allowed", "Line")
    return _identified(lines)


def amounts(lines: list[Doc]) -> tuple[Decimal, Decimal]:
    """Sum of the sales lines, and the discount on them."""
    subtotal = sum((line["Amount"] for line in sales(lines)), Decimal(0))
    for line in lines:
        if line["DetailType"] == "DiscountLineDetail":
            detail = line["DiscountLineDetail"]
            if detail.get("PercentBased"):
                line["Amount"] = cents(subtotal * detail["DiscountPercent"] / 100)
            return subtotal, line["Amount"]
    return subtotal, Decimal(0)


def sales(lines: list[Doc]) -> list[Doc]:
    return [line for line in lines if line["DetailType"] == "SalesItemLineDetail"]


def with_subtotal(lines: list[Doc]) -> list[Doc]:
    """As an answer shows them: the subtotal after what is sold, the discount after that."""
    discounts = [line for line in lines if line["DetailType"] == "DiscountLineDetail"]
    rest = [line for line in lines if line["DetailType"] != "DiscountLineDetail"]
    subtotal = {
        "Amount": amounts(lines)[0], "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {},
    }  # fmt: skip
    return [*rest, subtotal, *discounts]


def _line(act: Act, line: Doc) -> Doc:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    if kind not in DETAILS:
        raise not_simulated(f"a line with DetailType {kind}")
    strangers = [name for name in DETAILS.values() if name in line and name != DETAILS[kind]]
    if strangers:
        raise unsupported(strangers[0])
    line.setdefault(DETAILS[kind], {})
    if kind == "SalesItemLineDetail":
        return _sales_line(act, line)
    if kind == "DiscountLineDetail":
        return _discount_line(act, line)
    line.pop("Amount", None)
    return line


def _sales_line(act: Act, line: Doc) -> Doc:
    detail = line["SalesItemLineDetail"]
    if "ItemRef" not in detail:
        default = act.company.prefers("SalesFormsPrefs", "DefaultItem")
        if act.switches.line_without_item == "ignore_amount" or not default:
            return _text_line(line)
        detail["ItemRef"] = {"value": default["value"]}
    item = act.company.referred("Item", detail, "ItemRef")
    assert item is not None  # noqa: S101 - there is a reference
    if "Amount" not in line:
        raise missing("Amount")
    if not detail.get("TaxInclusiveAmt"):
        detail.pop("TaxInclusiveAmt", None)
    product = _product(detail)
    if product is not None and product != detail.get("TaxInclusiveAmt"):
        _check_product(line["Amount"], product)
    line["Amount"] = cents(line["Amount"])
    detail["ItemAccountRef"] = {"value": item["IncomeAccountRef"]["value"]}
    place(act, detail, "ClassRef", "ClassTrackingPerTxnLine")
    return line


def _text_line(line: Doc) -> Doc:
    """A line that sells nothing is documentation; its amount is ignored."""
    kept = {name: line[name] for name in ("Id", "LineNum", "Description") if name in line}
    return kept | {"DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}


def _product(detail: Doc) -> Decimal | None:
    """Quantity times price; None when one of them is absent or 0, and the amount stands alone."""
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    return cents(quantity * price) if quantity and price else None


def _check_product(amount: Decimal, product: Decimal) -> None:
    if product != amount:
        detail = (
            "Amount calculation incorrect in the request. Amount is not equal to UnitPrice * Qty. "
            f"Supplied value:{amount:,f}"
        )
        french = f"Le montant n'est pas égal à UnitPrice * Qty. Valeur fournie :{amount:,f}"
        raise Refused("6070", detail, french=french)


def _discount_line(act: Act, line: Doc) -> Doc:
    detail = line["DiscountLineDetail"]
    if not act.company.prefers("SalesFormsPrefs", "AllowDiscount"):
        raise business("Discounts are not turned on in this company", "DiscountLineDetail")
    default = act.company.prefers("SalesFormsPrefs", "DefaultDiscountAccount")
    if "DiscountAccountRef" not in detail:
        if not default:
            raise missing("DiscountAccountRef")
        detail["DiscountAccountRef"] = {"value": default}
    act.company.referred("Account", detail, "DiscountAccountRef")
    if detail.get("PercentBased"):
        if "DiscountPercent" not in detail:
            raise missing("DiscountPercent")
        line["Amount"] = Decimal(0)
    elif "Amount" not in line:
        raise missing("Amount")
    if line["Amount"] < 0:
        raise business("The amount of a discount is positive", "Amount")
    line["Amount"] = cents(line["Amount"])
    return line


def place(act: Act, doc: Doc, field: str, preference: str) -> None:
    """A class or location stays only in a company that tracks it there."""
    if field not in doc:
        return
    act.company.referred(field.removesuffix("Ref"), doc, field)
    if not act.company.prefers("AccountingInfoPrefs", preference):
        if act.switches.class_tracking_off == "refuse":
            raise business(f"{preference} is not turned on in this company", field)
        del doc[field]


def _identified(lines: list[Doc]) -> list[Doc]:
    """Lines keep an Id that they bring; new ones get the next."""
    highest = max((int(line["Id"]) for line in lines if line.get("Id", "").isdecimal()), default=0)
    number = 0
    for line in lines:
        if not line.get("Id", "").isdecimal():
            highest += 1
            line["Id"] = str(highest)
        if line["DetailType"] != "DiscountLineDetail":
            number += 1
            line["LineNum"] = number
    return lines
