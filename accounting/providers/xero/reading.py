"""What Xero answers, in the port's words. Pure.

Everything may be absent or null, values may be new, and unknown fields are no surprise. What makes
no sense of one invoice raises one of `ODD` and is the caller's to name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from accounting.providers.port import Receipt, Settlement, State, Status

from .mapping import ACCOUNT, ITEM, STATUSES, plain

Doc = Mapping[str, Any]
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
CENT = Decimal("0.01")
GONE = ("VOIDED", "DELETED")
WAITING = ("DRAFT", "SUBMITTED")  # for somebody's approval
KNOWN = (*STATUSES, "PAID", *GONE)
# Lists of an invoice that settle it by something else than money: their id and amount.
CREDITS = {
    "CreditNotes": "CreditNoteID",
    "Prepayments": "PrepaymentID",
    "Overpayments": "OverpaymentID",
}
_MOMENT = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def receipt(doc: Doc, *, url: str) -> Receipt:
    """An invoice as it is now. One that was voided or deleted is for nothing."""
    subtotal, tax, total = (_worth(doc, name) for name in ("SubTotal", "TotalTax", "Total"))
    shown = content(doc)
    return Receipt(
        id=text(doc, "InvoiceID"),
        number=text(doc, "InvoiceNumber"),
        version=_version(doc, shown),
        subtotal=subtotal,
        tax=tax,
        total=total,
        balance=_worth(doc, "AmountDue"),
        url=url,
        content=shown,
        draft=text(doc, "Status") in WAITING,
    )


def content(doc: Doc) -> dict[str, Any]:
    """The port's normal form. Xero keeps neither an address nor a message with an invoice."""
    return {
        "customer_id": text(doc.get("Contact") or {}, "ContactID"),
        "number": text(doc, "InvoiceNumber"),
        "date": day_text(doc, "Date"),
        "due_date": day_text(doc, "DueDate"),
        "currency": text(doc, "CurrencyCode"),
        "email": "",
        "message": "",
        "subtotal": f"{amount(doc, 'SubTotal'):f}",
        "tax": f"{amount(doc, 'TotalTax'):f}",
        "total": f"{amount(doc, 'Total'):f}",
        "lines": [line(each) for each in _lines(doc)],
    }


def _lines(doc: Doc) -> list[Doc]:
    found = doc.get("LineItems")
    if not isinstance(found, list):
        raise ValueError("An invoice without its lines.")
    return found


def line(doc: Doc) -> dict[str, str]:
    """A line that names neither item nor account and costs nothing is text."""
    sold = sold_as(doc)
    words = not sold and not amount(doc, "LineAmount")
    return {
        "description": text(doc, "Description"),
        "quantity": "" if words else _figure(doc, "Quantity"),
        "unit_price": "" if words else _figure(doc, "UnitAmount"),
        "discount": _figure(doc, "DiscountRate") or "0",
        "net": f"{amount(doc, 'LineAmount'):f}",
        "item_id": sold,
        "tax_id": "" if words else text(doc, "TaxType"),
    }


def sold_as(doc: Doc) -> str:
    """By its item, else by its account."""
    if code := text(doc, "ItemCode"):
        return f"{ITEM}{code}"
    return f"{ACCOUNT}{code}" if (code := text(doc, "AccountCode")) else ""


def version(doc: Doc) -> str:
    """Xero has no versions, and not every change counts as one: when it changed, and a hash of what
    would matter.
    """
    return _version(doc, content(doc))


def _version(doc: Doc, shown: Mapping[str, Any]) -> str:
    figures = [
        text(doc, "Status"),
        *(str(amount(doc, n)) for n in ("AmountPaid", "AmountCredited")),
    ]
    whole = orjson.dumps([shown, figures], option=orjson.OPT_SORT_KEYS)
    found = _MOMENT.fullmatch(text(doc, "UpdatedDateUTC"))
    return f"{found[1] if found else ''}-{hashlib.sha256(whole).hexdigest()[:12]}"


def status(doc: Doc, *, url: str) -> Status:
    """An invoice with what settles it."""
    name = text(doc, "Status")
    if name == "DELETED":
        return Status(text(doc, "InvoiceID"), State.DELETED, number=text(doc, "InvoiceNumber"))
    if name not in KNOWN:
        raise ValueError(f"Nobody knows the status {name[:40]!r}.")
    made = receipt(doc, url=url)
    if name not in GONE:
        _refuse_odd_sums(doc)
    return Status(
        id=made.id,
        state=_state(name, made),
        version=made.version,
        number=made.number,
        subtotal=made.subtotal,
        tax=made.tax,
        total=made.total,
        balance=made.balance,
        settlements=() if name in GONE else tuple(settlements(doc)),
        content=made.content,
        url=url,
        draft=made.draft,
    )


def _refuse_odd_sums(doc: Doc) -> None:
    """Total is what is due, was paid and was credited. Where it is not, or more settles it than
    that, no figure of it can be followed.
    """
    names = ("Total", "AmountDue", "AmountPaid", "AmountCredited")
    if all(doc.get(name) is not None for name in names):
        total, *rest = (amount(doc, name) for name in names)
        if abs(total - sum(rest)) > CENT + abs(amount(doc, "RoundingAmount")):
            raise ValueError(f"{total} is not {' + '.join(map(str, rest))}.")
    if _remainder(doc) < -CENT:
        raise ValueError("Its payments and credits are more than what settles it.")


def _remainder(doc: Doc) -> Decimal:
    """What settles it without saying what it is."""
    id = text(doc, "InvoiceID")
    named = sum((part.amount for part in (*_payments(doc, id), *_credits(doc, id))), Decimal(0))
    return amount(doc, "Total") - amount(doc, "AmountDue") - named


def _state(name: str, made: Receipt) -> State:
    """By its status, which counts one for nothing as paid; what is partly paid has none."""
    if name == "VOIDED":
        return State.VOIDED
    if name == "PAID" or made.balance <= 0 < made.total:
        return State.PAID
    return State.PARTIALLY_PAID if made.balance < made.total else State.OPEN


def settlements(doc: Doc) -> Iterable[Settlement]:
    """Everything between total and what is due: payments, credits, and what remains."""
    id = text(doc, "InvoiceID")
    yield from _payments(doc, id)
    yield from _credits(doc, id)
    other = _remainder(doc)
    if other > 0:
        paid_on = day_text(doc, "FullyPaidOnDate") or day_text(doc, "Date")
        yield Settlement(f"other-{id}", id, other, _day(paid_on), credit=True)


def _payments(doc: Doc, id: str) -> Iterable[Settlement]:
    for payment in doc.get("Payments") or []:
        if text(payment, "Status") != "DELETED":
            yield Settlement(
                text(payment, "PaymentID"), id, amount(payment, "Amount"),
                _day(day_text(payment, "Date") or day_text(doc, "Date")),
                reference=text(payment, "Reference"),
            )  # fmt: skip


def _credits(doc: Doc, id: str) -> Iterable[Settlement]:
    """A credit that was used twice for one invoice counts once, with its sum."""
    for name, key in CREDITS.items():
        sums: dict[str, Settlement] = {}
        for credit in doc.get(name) or []:
            credit_id, applied = text(credit, key), amount(credit, "AppliedAmount")
            before = sums[credit_id].amount if credit_id in sums else Decimal(0)
            paper = text(credit, "CreditNoteNumber")
            on = _day(day_text(credit, "Date") or day_text(doc, "Date"))
            sums[credit_id] = Settlement(
                credit_id, id, before + applied, on, credit=True, reference=paper
            )
        yield from (part for part in sums.values() if part.amount)


def marker(doc: Doc) -> str:
    """The marker of an invoice that came from us."""
    found = parse_qs(urlsplit(text(doc, "Url")).query).get("document", [""])
    return found[0]


# Values ------------------------------------------------------------------------------------------


def text(doc: Doc, name: str) -> str:
    found = doc.get(name)
    return "" if found is None else str(found)


def amount(doc: Doc, name: str) -> Decimal:
    """An amount with two places."""
    found = doc.get(name)
    figure = found if type(found) is Decimal else Decimal(str(found or 0))
    return figure.quantize(CENT, ROUND_HALF_UP)


def moment(value: object) -> dt.datetime | None:
    """`/Date(ms+0000)/` in UTC; None for anything else."""
    found = _MOMENT.fullmatch(str(value))
    if not found:
        return None
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=int(found[1]))


def day_text(doc: Doc, name: str) -> str:
    """A day as ISO, from its text or from its moment, which is midnight in UTC."""
    if twin := text(doc, f"{name}String"):
        return _day(twin).isoformat()
    at = moment(doc.get(name))
    return at.date().isoformat() if at else ""


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _worth(doc: Doc, name: str) -> Decimal:
    return Decimal("0.00") if text(doc, "Status") in GONE else amount(doc, name)


def _figure(doc: Doc, name: str) -> str:
    found = doc.get(name)
    if found is None:
        return ""
    return plain(found if type(found) is Decimal else Decimal(str(found)))
