"""What invoices and credit notes have in common: currency, dates, lines, totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal

from . import lines
from .arithmetic import totals
from .organisation import Act, Doc
from .refusals import Invalid
from .regions import RATES

TYPES = ("Exclusive", "Inclusive", "NoTax")
COMPUTED = ("LineAmount", "TaxAmount")
DISCOUNTS = ("DiscountRate", "DiscountAmount")
SIX = Decimal("0.000001")


def check_all(checks: Iterable[Callable[[], object]]) -> None:
    """Every check, and every reason against at once."""
    found: list[str] = []
    for check in checks:
        try:
            check()
        except Invalid as invalid:
            found += invalid.messages
    if found:
        raise Invalid(*found)


def check_currency(act: Act, doc: Doc) -> list[str]:
    """Fill in currency and rate; warnings about an odd rate. `Invalid` for one that is not
    subscribed.
    """
    code = doc.setdefault("CurrencyCode", act.org.currency)
    if act.org.find("Currency", code) is None:
        raise Invalid(f"Organisation is not subscribed to currency {code}")
    usual = day_rate(act, code)
    given = doc.get("CurrencyRate")
    doc["CurrencyRate"] = (given or usual).quantize(SIX)
    if code == act.org.currency:
        doc["CurrencyRate"] = Decimal(1).quantize(SIX)
        return []
    share = Decimal(act.switches.exchange_rate_warning)
    if given and abs(given - usual) > share * usual:
        return [f"simulated: The currency rate {given:f} is far from the rate of the day."]
    return []


def day_rate(act: Act, code: str) -> Decimal:
    """How much of a currency one unit of the base currency buys."""
    own = act.org.settings["Rates"].get(code)
    return Decimal(own) if own else Decimal(RATES[code]) / Decimal(RATES[act.org.currency])


def check_lock(act: Act, *days: str | None) -> None:
    """Nothing dated up to a lock date can be made, changed or voided."""
    for name, label in (("PeriodLockDate", "period"), ("EndOfYearLockDate", "end of year")):
        lock = act.org.info.get(name)
        if lock and any(day is not None and day <= lock for day in days):
            shown = f"{date.fromisoformat(lock):%d %B %Y}"
            raise Invalid(
                f"The document date cannot be before the {label} lock date, currently set at "
                f"{shown}"
            )


def check_theme(act: Act, doc: Doc) -> None:
    id = doc.get("BrandingThemeID")
    if id and act.org.find("BrandingTheme", id) is None:
        raise Invalid("simulated: The BrandingThemeID is not that of a theme.")


def complete_lines(act: Act, doc: Doc, sent: list[Doc], known: list[Doc]) -> None:
    """Replace the lines: those that name a line of before keep its id, all others are new."""
    ids = {line["LineItemID"]: line for line in known}
    strange = [each["LineItemID"] for each in sent if each.get("LineItemID")]
    if missing := [id for id in strange if id not in ids]:
        listed = ", ".join(missing)
        raise Invalid(f"Could not find line item(s) with the following id(s): {listed}")
    if act.switches.named_lines == "kept":
        sent = [
            _completed(each, ids[id]) if (id := each.get("LineItemID")) else each for each in sent
        ]
    doc["LineItems"] = lines.complete(act, sent, doc)


def _completed(sent: Doc, line: Doc) -> Doc:
    """What was left out of a line, from the one that it names; what it comes to is computed."""
    left = {name: value for name, value in line.items() if name not in COMPUTED}
    if any(sent.get(name) for name in DISCOUNTS):
        left = {name: value for name, value in left.items() if name not in DISCOUNTS}
    return {**left, **sent}


def total_up(act: Act, doc: Doc) -> None:
    """SubTotal, TotalTax, Total from the lines."""
    pairs = [(line["LineAmount"], line["TaxAmount"]) for line in doc["LineItems"]]
    sums = totals(pairs, types=doc["LineAmountTypes"])
    drift = Decimal(act.switches.total_drift)
    doc |= {
        "SubTotal": sums.subtotal, "TotalTax": sums.tax + drift, "Total": sums.total + drift,
    }  # fmt: skip
    if doc["Total"] < 0:
        raise Invalid("simulated: The total of this document can't be negative.")
    less = sum((_discount(act, line) for line in doc["LineItems"]), Decimal(0))
    doc["IsDiscounted"] = bool(less)
    doc["TotalDiscount"] = less


def _discount(act: Act, line: Doc) -> Decimal:
    full = act.cents(line["Quantity"] * line["UnitAmount"])
    given = "DiscountRate" in line or "DiscountAmount" in line
    return full - line["LineAmount"] if given else Decimal(0)


def check_types(doc: Doc) -> None:
    types = doc.setdefault("LineAmountTypes", "Exclusive")
    if types not in TYPES:
        raise Invalid(f"simulated: LineAmountTypes {types} is not one of {', '.join(TYPES)}.")


def due(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
