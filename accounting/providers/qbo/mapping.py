"""Our documents as QuickBooks bodies. Pure: the same bytes for the same values.

Bodies are built by hand and hold only what we mean. What they leave out QuickBooks fills in, which
is why nothing of the library's objects is sent: those come with an exchange rate of 1 and more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

from accounting.providers.port import (
    Document,
    Frozen,
    Kind,
    Line,
    NewRecord,
    Operation,
    TaxMode,
    TimeDocument,
)

Body = dict[str, Any]
LONGEST_TEXT = 4000  # of a line, and of a time activity
LONGEST_MESSAGE = 1000
LONGEST_NUMBER = 21
PRICE_PLACES = Decimal("0.0000001")
CENT = Decimal("0.01")
TAXED, UNTAXED = "TAX", "NON"  # all that a line says in the United States
AUTO_NUMBER = "AUTO_GENERATE"
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
_BREAKS_NAME = re.compile(r"[:\t\r\n]+")


def freeze(
    operation: Operation,
    documents: Sequence[Document | TimeDocument],
    *,
    key: str,
    facts: Mapping[str, Any],
) -> Frozen:
    """One batch. A repeat is recognised by its key and the names of its items together."""
    places = tuple(str(number) for number in range(1, len(documents) + 1))
    items = [
        {"bId": place, **_item(operation, document, facts)}
        for place, document in zip(places, documents, strict=True)
    ]
    return Frozen(operation, dump({"BatchItemRequest": items}), key, places)


def dump(body: Body) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def entity(document: Document | TimeDocument) -> str:
    return "TimeActivity" if isinstance(document, TimeDocument) else "Invoice"


def _item(
    operation: Operation, document: Document | TimeDocument, facts: Mapping[str, Any]
) -> Body:
    if operation is Operation.VOID:  # time can't be voided
        verb = "delete" if isinstance(document, TimeDocument) else "void"
        version = {"Id": document.remote_id, "SyncToken": document.remote_version}
        return {"operation": verb, entity(document): version}
    return {"operation": operation.value, entity(document): body(operation, document, facts)}


def body(operation: Operation, document: Document | TimeDocument, facts: Mapping[str, Any]) -> Body:
    """What creates or changes a document."""
    if isinstance(document, TimeDocument):
        written = time_body(document)
    else:
        written = invoice_body(document, facts)
    if operation is not Operation.UPDATE:
        return written
    return _changed(written, {"Id": document.remote_id, "SyncToken": document.remote_version})


def _changed(body: Body, version: Body) -> Body:
    """A sparse update: what we don't send stays as it is there, so what is empty here is said. The
    note and whether it was mailed belong to the people there.
    """
    kept = {
        name: value for name, value in body.items() if name not in ("PrivateNote", "EmailStatus")
    }
    if "Line" in body:
        kept = {"BillEmail": {"Address": ""}, "CustomerMemo": {"value": ""}, **kept}
    return {**kept, **version, "sparse": True}


def invoice_body(document: Document, facts: Mapping[str, Any]) -> Body:
    body: Body = {
        "CustomerRef": ref(document.customer_id),
        "TxnDate": document.date.isoformat(),
        "DueDate": document.due_date.isoformat(),
        "Line": [line_body(line, facts) for line in document.lines],
        "PrivateNote": document.marker,
        "EmailStatus": "NotSet",
    }
    if number := _number(document, facts):
        body["DocNumber"] = number
    if document.email:
        body["BillEmail"] = {"Address": document.email}
    if document.message:
        body["CustomerMemo"] = {"value": cut(document.message, LONGEST_MESSAGE)}
    if facts.get("multicurrency"):
        body["CurrencyRef"] = ref(document.currency)
    return {**body, **_tax(document, facts)}


def _number(document: Document, facts: Mapping[str, Any]) -> str:
    """A company that keeps custom numbers leaves a document without any when none is sent; one that
    does not would take ours and then have doubles.
    """
    if not facts.get("custom_numbers"):
        return ""
    return document.number or AUTO_NUMBER


def _tax(document: Document, facts: Mapping[str, Any]) -> Body:
    """What the document as a whole says of tax."""
    if facts.get("us"):
        codes = tax_codes(document)
        if document.tax_mode is TaxMode.CODES and len(codes) == 1:
            return {"TxnTaxDetail": {"TxnTaxCodeRef": ref(codes[0])}}
        return {}
    if not tax_codes(document) and not facts.get("untaxed_id"):
        return {"GlobalTaxCalculation": "NotApplicable"}
    return {"GlobalTaxCalculation": "TaxExcluded"}


def tax_codes(document: Document) -> list[str]:
    """The tax codes of lines that cost something, each once."""
    used = (line.tax_id for line in document.lines if sells(line) and line.tax_id)
    return list(dict.fromkeys(used))


def sells(line: Line) -> bool:
    """Whether a line is more than text. QuickBooks wants a tax code for it, and counts it."""
    return bool(line.item_id) and line.net != 0


def line_body(line: Line, facts: Mapping[str, Any]) -> Body:
    if not sells(line):
        if line.net:
            raise ValueError("A line that costs something needs an item.")
        return {
            "DetailType": "DescriptionOnly",
            "Description": _words(line.description, _free(line)),
            "DescriptionLineDetail": {},
        }
    detail: Body = {"ItemRef": ref(line.item_id)}
    if code := _line_code(line, facts):
        detail["TaxCodeRef"] = ref(code)
    extra = _less(line)
    price = price_of(line)
    if price is None:
        extra = f"{plain(line.quantity)} × {plain(line.unit_price)}{', ' if extra else ''}{extra}"
    else:
        detail |= {"Qty": number(line.quantity), "UnitPrice": number(price)}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": number(line.net),
        "Description": _words(line.description, extra),
        "SalesItemLineDetail": detail,
    }


def price_of(line: Line) -> Decimal | None:
    """The unit price that gives exactly this amount in QuickBooks, the discount taken off: it knows
    no discount of a line. None when there is none, and the amount must stand alone.
    """
    price = line.unit_price
    if line.discount_percent:
        exact = price * (100 - line.discount_percent) / 100
        price = exact.quantize(PRICE_PLACES, ROUND_HALF_UP)
    product = (line.quantity * price).quantize(CENT, ROUND_HALF_UP)
    return price if product == line.net and price else None


def _line_code(line: Line, facts: Mapping[str, Any]) -> str:
    if not facts.get("us"):
        return line.tax_id or str(facts.get("untaxed_id", ""))
    if facts.get("automated_tax") or not facts.get("sales_tax"):
        return TAXED if line.taxable else UNTAXED
    return TAXED if line.tax_id else UNTAXED


def _less(line: Line) -> str:
    if not line.discount_percent:
        return ""
    return f"{plain(line.discount_percent)}% off {plain(line.unit_price)}"


def _free(line: Line) -> str:
    """How much of something is given without charge; nothing for a line that is only text."""
    if not line.item_id or line.quantity in (0, 1):
        return ""
    return f"Quantity {plain(line.quantity)}, no charge"


def time_body(document: TimeDocument) -> Body:
    who, _, id = document.person_id.partition("-")
    return {
        "NameOf": who,
        f"{who}Ref": ref(id),
        "CustomerRef": ref(document.customer_id),
        "ItemRef": ref(document.item_id),
        "TxnDate": document.date.isoformat(),
        "Hours": document.minutes // 60,
        "Minutes": document.minutes % 60,
        "HourlyRate": number(document.hourly_rate),
        "BillableStatus": "Billable",
        "Description": _words(document.description, document.marker),
    }


def record_body(record: NewRecord, facts: Mapping[str, Any]) -> Body:
    """A new customer or item."""
    if record.kind is Kind.CUSTOMER:
        return _customer(record, facts)
    if record.kind is Kind.ITEM:
        return _new_item(record)
    raise ValueError(f"QuickBooks has no {record.kind} that we could create.")


def _customer(record: NewRecord, facts: Mapping[str, Any]) -> Body:
    name = record_name(record)
    body: Body = {"DisplayName": name, "CompanyName": name[:100]}
    if "@" in record.email and "." in record.email and len(record.email) <= 100:
        body["PrimaryEmailAddr"] = {"Address": record.email}
    if record.phone:
        body["PrimaryPhone"] = {"FreeFormNumber": record.phone[:30]}
    names = ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country")
    address = {name: row for name, row in zip(names, record.address, strict=False) if row}
    if address:
        body["BillAddr"] = address
    if facts.get("multicurrency") and record.currency:
        body["CurrencyRef"] = ref(record.currency)
    return body


def _new_item(record: NewRecord) -> Body:
    body: Body = {
        "Name": record_name(record),
        "Type": "Service" if record.service else "NonInventory",
        "IncomeAccountRef": ref(record.account_id),
    }
    if record.sku:
        body["Sku"] = record.sku[:100]
    if record.description:
        body["Description"] = cut(record.description, LONGEST_TEXT)
    if record.price is not None:
        body["UnitPrice"] = number(record.price)
    return body


def record_name(record: NewRecord) -> str:
    """A name without what QuickBooks reads as "part of"."""
    longest = 500 if record.kind is Kind.CUSTOMER else 100
    return cut(_BREAKS_NAME.sub(" - ", record.name).strip(), longest)


def ref(id: str) -> dict[str, str]:
    return {"value": id}


def number(value: Decimal) -> float:
    """A JSON number: these have few enough digits to be read back exactly."""
    return float(value)


def plain(value: Decimal) -> str:
    """Without trailing zeros or exponent."""
    return f"{value.normalize():f}"


def cut(text: str, most: int) -> str:
    """Printable, and at most so long, with an ellipsis where something is missing."""
    clean = text.translate(_CONTROL)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def _words(description: str, extra: str) -> str:
    """A description with a row of ours below it, which is never cut off."""
    if not extra:
        return cut(description, LONGEST_TEXT)
    return f"{cut(description, LONGEST_TEXT - len(extra) - 1)}\n{extra}".lstrip("\n")
