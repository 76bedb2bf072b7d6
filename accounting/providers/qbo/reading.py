"""What QuickBooks answers, in the port's words. Pure.

Amounts arrive as `int` or `Decimal`, everything may be absent, and unknown fields are no surprise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from accounting.providers.port import Receipt, Settlement, State, Status

from .mapping import CENT, plain

Doc = Mapping[str, Any]
BILLED = "HasBeenBilled"
# What reading an answer of an unknown shape ends in.
ODD = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def receipt(doc: Doc, *, url: str) -> Receipt:
    """An invoice as it is now."""
    total, tax = amount(doc, "TotalAmt"), _tax(doc)
    return Receipt(
        id=text(doc, "Id"),
        number=text(doc, "DocNumber"),
        version=text(doc, "SyncToken"),
        subtotal=total - tax,
        tax=tax,
        total=total,
        balance=amount(doc, "Balance"),
        url=url,
        content=content(doc),
    )


def time_receipt(doc: Doc) -> Receipt:
    """A time activity: what it is worth stands in for totals."""
    minutes = int(doc.get("Hours", 0)) * 60 + int(doc.get("Minutes", 0))
    worth = (amount(doc, "HourlyRate", exact=True) * minutes / 60).quantize(CENT, ROUND_HALF_UP)
    who = text(doc, "NameOf")
    return Receipt(
        id=text(doc, "Id"),
        number="",
        version=text(doc, "SyncToken"),
        subtotal=worth,
        tax=Decimal(0),
        total=worth,
        balance=Decimal(0) if text(doc, "BillableStatus") == BILLED else worth,
        url="",
        content={
            "person_id": f"{who}-{value(doc, f'{who}Ref')}",
            "customer_id": value(doc, "CustomerRef"),
            "item_id": value(doc, "ItemRef"),
            "date": text(doc, "TxnDate"),
            "minutes": str(minutes),
            "hourly_rate": plain(amount(doc, "HourlyRate", exact=True)),
            "description": text(doc, "Description"),
            "billed": text(doc, "BillableStatus"),
        },
    )


def content(doc: Doc) -> dict[str, Any]:
    """The port's normal form."""
    return {
        "customer_id": value(doc, "CustomerRef"),
        "number": text(doc, "DocNumber"),
        "date": text(doc, "TxnDate"),
        "due_date": text(doc, "DueDate"),
        "currency": value(doc, "CurrencyRef"),
        "email": text(doc.get("BillEmail") or {}, "Address"),
        "message": text(doc.get("CustomerMemo") or {}, "value"),
        "subtotal": f"{amount(doc, 'TotalAmt') - _tax(doc):f}",
        "tax": f"{_tax(doc):f}",
        "total": f"{amount(doc, 'TotalAmt'):f}",
        "lines": [_line(line) for line in written(doc)],
    }


def written(doc: Doc) -> Iterable[Doc]:
    """The lines that somebody wrote, those of bundles among them; not the server's subtotal."""
    for line in doc.get("Line") or []:
        if "GroupLineDetail" in line:
            yield from written(line["GroupLineDetail"])
        elif "SubTotalLineDetail" not in line:
            yield line


def _line(line: Doc) -> dict[str, str]:
    sold, net = line.get("SalesItemLineDetail") or {}, amount(line, "Amount")
    return {
        "description": text(line, "Description"),
        "quantity": _figure(sold, "Qty"),
        "unit_price": _figure(sold, "UnitPrice"),
        "discount": _figure(sold, "DiscountRate") or "0",
        "net": f"{-net if 'DiscountLineDetail' in line else net:f}",
        "item_id": value(sold, "ItemRef"),
        "tax_id": value(sold, "TaxCodeRef"),
    }


def status(doc: Doc, payments: Mapping[str, Doc], *, url: str) -> Status:
    """An invoice with what settles it. `payments` by id, at least those that it is linked with."""
    if doc.get("status") == "Deleted":
        return Status(text(doc, "Id"), State.DELETED)
    total, balance = amount(doc, "TotalAmt"), amount(doc, "Balance")
    settled = () if is_voided(doc) else tuple(_settlements(doc, payments))
    return Status(
        id=text(doc, "Id"),
        state=_state(doc, total, balance),
        version=text(doc, "SyncToken"),
        number=text(doc, "DocNumber"),
        subtotal=total - _tax(doc),
        tax=_tax(doc),
        total=total,
        balance=balance,
        settlements=settled,
        content=content(doc),
        url=url,
    )


def _state(doc: Doc, total: Decimal, balance: Decimal) -> State:
    if is_voided(doc):
        return State.VOIDED
    if total > 0 and balance == 0:
        return State.PAID
    return State.PARTIALLY_PAID if balance < total else State.OPEN


def is_voided(doc: Doc) -> bool:
    """QuickBooks has no flag for it: everything that was sold is worth nothing. An invoice of ours
    that was for nothing from the beginning sells nothing either, it is text.
    """
    if amount(doc, "TotalAmt") or amount(doc, "Balance"):
        return False
    lines = list(written(doc))
    worth_nothing = not any(amount(line, "Amount") for line in lines)
    return worth_nothing and any("SalesItemLineDetail" in line for line in lines)


def linked_payments(doc: Doc) -> list[str]:
    """Ids of the payments that apply to an invoice."""
    links = doc.get("LinkedTxn") or []
    return [str(link["TxnId"]) for link in links if link.get("TxnType") == "Payment"]


def paid_invoices(payment: Doc) -> dict[str, Decimal]:
    """What a payment puts on which invoice."""
    return _shares(payment, "Invoice")


def _settlements(doc: Doc, payments: Mapping[str, Doc]) -> Iterable[Settlement]:
    """Everything between total and balance: payments, credits, a deposit, and what remains."""
    id = text(doc, "Id")
    open_ = amount(doc, "TotalAmt") - amount(doc, "Balance")
    found = [
        part
        for payment in linked_payments(doc)
        if payment in payments
        for part in _parts(payments[payment], id)
    ]
    if deposit := amount(doc, "Deposit"):
        date = day(text(doc, "TxnDate"))
        found.append(Settlement(f"deposit-{id}", id, deposit, date, method="Deposit"))
    yield from found
    other = open_ - sum((part.amount for part in found), Decimal(0))
    if other > 0:  # a journal entry and the like
        yield Settlement(f"other-{id}", id, other, day(text(doc, "TxnDate")), credit=True)


def _parts(payment: Doc, invoice: str) -> Iterable[Settlement]:
    """What a payment does for one invoice. A payment may also apply credits: those cover what is
    not covered by its money, and the money goes to its invoices in their order.
    """
    money, id = amount(payment, "TotalAmt"), text(payment, "Id")
    date = day(text(payment, "TxnDate"))
    method = text(payment.get("PaymentMethodRef") or {}, "name")
    paper = text(payment, "PaymentRefNum")
    for paid, share in paid_invoices(payment).items():
        cash = min(money, share)
        money -= cash
        if paid != invoice:
            continue
        if cash:
            yield Settlement(id, invoice, cash, date, False, method, paper)
        if share - cash:
            credit = f"{id}-credit" if cash else id
            yield Settlement(credit, invoice, share - cash, date, True, method, paper)


def _shares(payment: Doc, kind: str) -> dict[str, Decimal]:
    shares: dict[str, Decimal] = {}
    for line in payment.get("Line") or []:
        for link in line.get("LinkedTxn") or []:
            if link.get("TxnType") == kind:
                id = str(link.get("TxnId"))
                shares[id] = shares.get(id, Decimal(0)) + amount(line, "Amount")
    return shares


# Values ------------------------------------------------------------------------------------------


def text(doc: Doc, name: str) -> str:
    found = doc.get(name)
    return "" if found is None else str(found)


def value(doc: Doc, name: str) -> str:
    """The id that a reference holds."""
    return text(doc.get(name) or {}, "value")


def amount(doc: Doc, name: str, *, exact: bool = False) -> Decimal:
    """An amount with two places, or a figure as it is."""
    found = doc.get(name)
    figure = found if type(found) is Decimal else Decimal(found or 0)
    return figure if exact else figure.quantize(CENT)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _tax(doc: Doc) -> Decimal:
    return amount(doc.get("TxnTaxDetail") or {}, "TotalTax")


def _figure(doc: Doc, name: str) -> str:
    found = doc.get(name)
    return "" if found is None else plain(found if type(found) is Decimal else Decimal(found))
