"""Our documents as Xero bodies. Pure: the same bytes for the same values.

A document's marker stands in its `Url`: Xero shows that to its users as a link to where an invoice
comes from, and never to customers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlencode

import orjson

from accounting.providers.port import (
    Document,
    Frozen,
    Kind,
    Line,
    NewRecord,
    Operation,
    TimeDocument,
)

Body = dict[str, Any]
CENT = Decimal("0.01")
LONGEST_TEXT = 4000  # of a line
LONGEST_NUMBER = 255
LONGEST_CODE, LONGEST_ITEM, LONGEST_NAME = 30, 50, 255
ITEM, ACCOUNT = "item:", "account:"  # what a line is sold as: by code of an item or of an account
STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED")
APPROVED = "AUTHORISED"
REVENUE = "REVENUE"  # class of the accounts that sales usually go to
ADDRESS = ("AddressLine1", "AddressLine2", "City", "Region", "PostalCode", "Country")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def freeze(
    operation: Operation,
    documents: Sequence[Document | TimeDocument],
    *,
    key: str,
    facts: Mapping[str, Any],
    home: str,
) -> Frozen:
    """One call. Changes bear in a row before the body the versions that they are changes of: Xero
    itself would overwrite whatever is there.
    """
    invoices = [each for each in documents if isinstance(each, Document)]
    if len(invoices) != len(documents):
        raise ValueError("Xero takes no time without an invoice.")
    elements = [element(operation, document, facts, home=home) for document in invoices]
    body = dump({"Invoices": elements})
    if operation is not Operation.CREATE:
        body = orjson.dumps([document.remote_version for document in invoices]) + b"\n" + body
    places = tuple(str(number) for number in range(1, len(documents) + 1))
    return Frozen(operation, body, key, places)


def dump(body: Body) -> bytes:
    """Decimals become numbers: these have few enough digits to be read back exactly."""
    return orjson.dumps(body, default=float, option=orjson.OPT_SORT_KEYS)


def element(
    operation: Operation, document: Document, facts: Mapping[str, Any], *, home: str
) -> Body:
    """What creates, changes or voids an invoice."""
    if operation is Operation.VOID:
        return {"InvoiceID": document.remote_id, "Status": "VOIDED"}
    tracking = _tracking(facts)
    body: Body = {
        "Contact": {"ContactID": document.customer_id},
        "CurrencyCode": document.currency,
        "Date": document.date.isoformat(),
        "DueDate": document.due_date.isoformat(),
        "LineAmountTypes": "Exclusive",
        "LineItems": [_line(line, facts, tracking) for line in document.lines],
    }
    if document.number:
        body["InvoiceNumber"] = document.number
    if operation is Operation.UPDATE:
        return {**body, "InvoiceID": document.remote_id}
    return {**body, "Type": "ACCREC", "Status": status(facts), "Url": url(document.marker, home)}


def status(facts: Mapping[str, Any]) -> str:
    """What an invoice arrives as. Somebody may have chosen; a draft can still be looked through."""
    chosen = (facts.get("options") or {}).get("status", "")
    return chosen if chosen in STATUSES else STATUSES[0]


def url(marker: str, home: str) -> str:
    return f"{home}/accounting/from/?{urlencode({'document': marker})}"


def line_body(line: Line, facts: Mapping[str, Any]) -> Body:
    return _line(line, facts, _tracking(facts))


def _line(line: Line, facts: Mapping[str, Any], tracking: Sequence[Body]) -> Body:
    if not line.item_id:
        if line.net:
            raise ValueError("A line that costs something needs an item or an account.")
        return {"Description": cut(line.description, LONGEST_TEXT) or "."}
    body: Body = {**_figures(line), **_sold_as(line.item_id, facts)}
    if tax := tax_of(line, facts):
        body["TaxType"] = tax
    if tracking:
        body["Tracking"] = tracking
    return body


def _figures(line: Line) -> Body:
    """Quantity, price and discount as they are, where Xero computes our amount from them. Else the
    amount stands alone, and the text says how it came about. Nothing says that Xero keeps more than
    two places of a discount.
    """
    whole = line.quantity * line.unit_price * (1 - line.discount_percent / 100)
    short = line.discount_percent == line.discount_percent.quantize(CENT)
    if short and whole.quantize(CENT, ROUND_HALF_UP) == line.net:
        less = {"DiscountRate": number(line.discount_percent)} if line.discount_percent else {}
        return {
            "Description": cut(line.description, LONGEST_TEXT) or ".",
            "Quantity": number(line.quantity),
            "UnitAmount": number(line.unit_price),
            **less,
        }
    off = f", {plain(line.discount_percent)}% off" if line.discount_percent else ""
    extra = f"{plain(line.quantity)} × {plain(line.unit_price)}{off}"
    words = f"{cut(line.description, LONGEST_TEXT - len(extra) - 1)}\n{extra}".lstrip("\n")
    return {"Description": words, "Quantity": 1, "UnitAmount": number(line.net)}


def _sold_as(id: str, facts: Mapping[str, Any]) -> Body:
    """An item brings its account along; one that has none gets that of the connection."""
    if id.startswith(ACCOUNT):
        return {"AccountCode": id.removeprefix(ACCOUNT)}
    code = id.removeprefix(ITEM)
    account = str(facts.get("income_account_id") or "") if class_of(id, facts) == "" else ""
    return {"ItemCode": code, **({"AccountCode": account} if account else {})}


def class_of(id: str, facts: Mapping[str, Any]) -> str:
    """The class of the account that a line with this item is put to; "" when it has none."""
    odd: Mapping[str, str] = facts.get("odd_items") or {}
    return odd.get(id.removeprefix(ITEM), REVENUE) if id.startswith(ITEM) else REVENUE


def tax_of(line: Line, facts: Mapping[str, Any]) -> str:
    """Its tax code, or that of what is not taxed."""
    return line.tax_id or str(facts.get("untaxed_id", ""))


def _tracking(facts: Mapping[str, Any]) -> list[Body]:
    """The options that somebody chose, by ids: names may change."""
    chosen = facts.get("options") or {}
    return [
        {"TrackingCategoryID": category["id"], "TrackingOptionID": chosen[f"tracking-{place}"]}
        for place, category in enumerate(facts.get("tracking") or [], 1)
        if chosen.get(f"tracking-{place}") in {option["id"] for option in category["options"]}
    ]


def record_path(kind: Kind) -> str:
    if kind not in (Kind.CUSTOMER, Kind.ITEM):
        raise ValueError(f"Xero has no {kind} that we could create.")
    return "Contacts" if kind is Kind.CUSTOMER else "Items"


def records_body(records: Sequence[NewRecord]) -> bytes:
    """New records of one kind."""
    make = _contact if records[0].kind is Kind.CUSTOMER else _new_item
    return dump({record_path(records[0].kind): [make(record) for record in records]})


def _contact(record: NewRecord) -> Body:
    body: Body = {"Name": record_name(record)}
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", record.email) and len(record.email) <= 255:
        body["EmailAddress"] = record.email
    if record.phone:
        body["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": record.phone[:50]}]
    longest = (500, 500, 255, 255, 50, 50)
    address = {
        name: row[:most]
        for name, row, most in zip(ADDRESS, record.address, longest, strict=False)
        if row
    }
    if address:
        body["Addresses"] = [{"AddressType": "POBOX", **address}]
    return body


def _new_item(record: NewRecord) -> Body:
    details: Body = {"AccountCode": record.account_id} if record.account_id else {}
    if record.price is not None:
        details["UnitPrice"] = number(record.price)
    body: Body = {
        "Code": code_of(record),
        "Name": record_name(record),
        "IsSold": True,
        "SalesDetails": details,
    }
    if record.description:
        body["Description"] = cut(record.description, LONGEST_TEXT)
    return body


def code_of(record: NewRecord) -> str:
    """An item's own code, or one made of its name: short, and another one for another name."""
    code = " ".join((record.sku or record.name).split())
    if len(code) <= LONGEST_CODE:
        return code
    hash = hashlib.sha256(code.casefold().encode()).hexdigest()[:6]
    return f"{code[: LONGEST_CODE - 7].rstrip()}-{hash}"


def record_name(record: NewRecord) -> str:
    """A name without what Xero refuses: angle brackets and needless blanks."""
    if record.kind is Kind.ITEM:
        return cut(" ".join(record.name.split()), LONGEST_ITEM)
    plain_name = record.name.translate({ord("<"): "(", ord(">"): ")"})
    return cut(" ".join(plain_name.split()), LONGEST_NAME)


def number(value: Decimal) -> float:
    """A JSON number: these have few enough digits to be read back exactly."""
    return float(value)


def plain(value: Decimal) -> str:
    """Without trailing zeros or exponent."""
    return f"{value.normalize():f}"


def cut(text: str, most: int) -> str:
    """Printable, and at most so long, with an ellipsis where something is missing."""
    clean = _CONTROL.sub("", text)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
