"""Sales tax: an engine of its own, so that it can disagree with a client's.

Tax is rounded for each rate over the whole document, not for each line.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from .company import CENT, Act, Company, Doc, cents
from .lines import LONGEST_TAXABLE, amounts, sales
from .refusals import business, missing

PSEUDO = ("TAX", "NON")
NO_RATE = "Make sure all your transactions have a GST/HST or sales tax rate before you save."


def prepare_tax(act: Act, doc: Doc, sent: Doc) -> Decimal:
    """Put `TxnTaxDetail` on a document and return the tax. Lines with gross amounts become net.

    `sent` is the detail that the client asked for.
    """
    result = _us(act, doc, sent) if act.company.country == "US" else _abroad(act, doc)
    drift = Decimal(act.switches.total_drift)
    if drift:
        result["TotalTax"] += drift
    doc["TxnTaxDetail"] = result
    return Decimal(result["TotalTax"])


def _us(act: Act, doc: Doc, sent: Doc) -> Doc:
    lines = sales(doc["Line"])
    doc.pop("GlobalTaxCalculation", None)
    for line in lines:
        _us_code(act, doc, line)
    taxed = [ln for ln in lines if ln["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX"]
    if len(taxed) > LONGEST_TAXABLE:
        raise business(f"A taxable transaction has at most {LONGEST_TAXABLE} lines", "Line")
    if not act.company.prefers("TaxPrefs", "UsingSalesTax") or not taxed:
        return {"TotalTax": Decimal(0)}
    base = sum(_bases(act, doc, taxed), Decimal(0))
    if not act.company.automated_tax:
        act.company.referred("TaxCode", sent, "TxnTaxCodeRef")
        code = sent.get("TxnTaxCodeRef", {}).get("value")
        return _with_code(act.company, code, base) if code else {"TotalTax": Decimal(0)}
    if "TotalTax" in sent and _may_override(act, sent):
        return _overridden(act, doc, sent["TotalTax"], base)
    return _with_code(act.company, _state_code(act.company, doc), base)


def _us_code(act: Act, doc: Doc, line: Doc) -> None:
    """Lines are taxed or not: which rates apply is decided for the document."""
    detail = line["SalesItemLineDetail"]
    code = detail.get("TaxCodeRef", {}).get("value")
    if code is None:
        item = act.company.get("Item", detail["ItemRef"]["value"])
        customer = act.company.get("Customer", doc["CustomerRef"]["value"])
        as_item = item["Taxable"] and customer["Taxable"]
        code = "TAX" if act.switches.missing_line_tax_code == "item" and as_item else "NON"
    if code not in PSEUDO:
        raise business(
            "Only TAX and NON are valid tax codes for a line in this company", "TaxCodeRef"
        )
    detail["TaxCodeRef"] = {"value": code}


def _may_override(act: Act, sent: Doc) -> bool:
    """An automated-tax company lets a partner's total stand unless it was asked to compute."""
    return act.switches.tax_override == "honour" and not sent.get("UseAutomatedSalesTax")


def _overridden(act: Act, doc: Doc, total: Decimal, base: Decimal) -> Doc:
    computed = _with_code(act.company, _state_code(act.company, doc), base)
    left = cents(total)
    lines = computed.get("TaxLine", [])
    for position, line in enumerate(lines, 1):
        share = line["Amount"] / (computed["TotalTax"] or 1)
        line["Amount"] = left if position == len(lines) else cents(total * share)
        left -= line["Amount"]
    return computed | {"TotalTax": cents(total), "TaxReviewStatus": "AST_TAX_OVERRIDE"}


def _state_code(company: Company, doc: Doc) -> str | None:
    """Where the goods go decides; without a known state the company's own."""
    for address in ("ShipAddr", "BillAddr"):
        state = doc.get(address, {}).get("CountrySubDivisionCode")
        if state in company.tax_by_state:
            return company.tax_by_state[state]
    own = company.info["CompanyAddr"].get("CountrySubDivisionCode")
    return company.tax_by_state.get(own)


def _abroad(act: Act, doc: Doc) -> Doc:
    mode = doc.get("GlobalTaxCalculation")
    if mode is None:
        raise missing("GlobalTaxCalculation")
    if mode == "NotApplicable":
        return {"TotalTax": Decimal(0)}
    lines = sales(doc["Line"])
    for line in lines:
        if "TaxCodeRef" not in line["SalesItemLineDetail"]:
            raise business(NO_RATE)
        act.company.referred("TaxCode", line["SalesItemLineDetail"], "TaxCodeRef")
    if mode == "TaxInclusive" and act.switches.tax_inclusive == "gross":
        _make_net(act.company, lines)
    bases = _bases(act, doc, lines)
    by_rate: dict[str, Decimal] = defaultdict(Decimal)
    for line, base in zip(lines, bases, strict=True):
        code = line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
        for rate in _rates(act.company, code):
            by_rate[rate["Id"]] += base
    taxes = [_tax_line(act.company.get("TaxRate", id), base) for id, base in by_rate.items()]
    return _detail(taxes)


def _make_net(company: Company, lines: list[Doc]) -> None:
    """Gross amounts become net ones, the gross moving to TaxInclusiveAmt."""
    for line in lines:
        detail = line["SalesItemLineDetail"]
        percent = sum(
            (rate["RateValue"] for rate in _rates(company, detail["TaxCodeRef"]["value"])),
            Decimal(0),
        )
        gross = detail.get("TaxInclusiveAmt", line["Amount"])
        line["Amount"] = (gross * 100 / (100 + percent)).quantize(CENT, ROUND_HALF_UP)
        detail["TaxInclusiveAmt"] = gross


def _bases(act: Act, doc: Doc, taxed: list[Doc]) -> list[Decimal]:
    """What is taxed of each line: less its share of a discount that comes before tax."""
    bases = [line["Amount"] for line in taxed]
    subtotal, discount = amounts(doc["Line"])
    if not (doc.get("ApplyTaxAfterDiscount") and discount and subtotal):
        return bases
    return [cents(base - discount * base / subtotal) for base in bases]


def _with_code(company: Company, code: str | None, base: Decimal) -> Doc:
    if code is None:
        return {"TotalTax": Decimal(0)}
    detail = _detail([_tax_line(rate, base) for rate in _rates(company, code)])
    return {"TxnTaxCodeRef": {"value": code}, **detail}


def _detail(lines: list[Doc]) -> Doc:
    total = sum((line["Amount"] for line in lines), Decimal(0))
    return {"TotalTax": total, "TaxLine": lines} if lines else {"TotalTax": total}


def _rates(company: Company, code: str) -> list[Doc]:
    rates = company.get("TaxCode", code).get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    return [company.get("TaxRate", each["TaxRateRef"]["value"]) for each in rates]


def _tax_line(rate: Doc, base: Decimal) -> Doc:
    detail = {
        "TaxRateRef": {"value": rate["Id"]}, "PercentBased": True,
        "TaxPercent": rate["RateValue"], "NetAmountTaxable": base,
    }  # fmt: skip
    amount = cents(base * rate["RateValue"] / 100)
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
