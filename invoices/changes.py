"""What an edit changed: facts for the diary, and words for people.

Facts are JSON: `changed` maps a part of the invoice to its old and new value, `lines` lists the
lines that were added, changed or removed in the same way. Values are the text that a person would
type, so that they can be compared with what somebody else is typing (conflicts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from atera_invoicing.money import cents

from .models import Event, Invoice, InvoiceLine

Values = dict[str, str]
Changed = dict[str, list[str]]

HEAD = {
    "invoice_date": "Invoice date",
    "payment_days": "Days to pay",
    "po_number": "PO number",
    "message": "Message",
    "bill_to_name": "Bill to",
    "bill_to_address": "Address",
    "bill_to_tax_number": "Tax number",
    "email": "E-mail",
    "total": "Total",
}
LINE = {
    "item": "item",
    "description": "description",
    "quantity": "quantity",
    "unit": "unit",
    "unit_price": "price",
    "discount_percent": "discount %",
    "tax": "tax",
}
LONGEST = 80
CODES = ("edited", "email_changed")  # events whose facts are changes


class Row(NamedTuple):
    """One change, for people. `old` or `new` is empty where there was or is nothing."""

    label: str
    old: str
    new: str


def head(invoice: Invoice) -> Values:
    """What can change above and below the lines."""
    return {name: text(getattr(invoice, name)) for name in HEAD}


def line(line: InvoiceLine) -> Values:
    """What can change on a line."""
    return {
        "item": line.item.name if line.item else "",
        "description": text(line.description),
        "quantity": number(line.quantity),
        "unit": line.unit,
        "unit_price": number(line.unit_price),
        "discount_percent": number(line.discount_percent),
        "tax": tax(line.tax_name, line.tax_percent),
    }


def tax(name: str, percent: Decimal) -> str:
    """A tax as a line names it: "Sales (8 %)", "" for none."""
    return f"{name or 'Tax'} ({number(percent)} %)" if name or percent else ""


def text(value: Any) -> str:
    """A value as somebody would type it; browsers end rows with two characters, we with one."""
    return str(value).replace("\r\n", "\n")


def number(value: Decimal) -> str:
    """4.0000 as 4."""
    return f"{value.normalize():f}" if value else "0"


def price(value: Decimal) -> str:
    """As `number`, but cents are always said: 189.00, 0.0375."""
    return f"{value:.2f}" if value == cents(value) else number(value)


def between(before: Mapping[str, str], after: Mapping[str, str]) -> Changed:
    """The parts that differ, each as its old and new value."""
    return {name: [old, after[name]] for name, old in before.items() if old != after[name]}


def of_lines(before: Mapping[int, Values], after: Sequence[InvoiceLine]) -> dict[str, Any]:
    """How lines became others, as `lines` and, when old ones changed places, `reordered`."""
    found: list[dict[str, Any]] = []
    for row in after:
        values = line(row)
        old = before.get(row.pk)
        if old is None:
            parts = {name: ["", value] for name, value in values.items()}
            found.append(_fact("added", row.pk, values, parts))
        elif parts := between(old, values):
            found.append(_fact("changed", row.pk, old, parts))
    kept = [row.pk for row in after if row.pk in before]
    for pk in before.keys() - set(kept):
        parts = {name: [value, ""] for name, value in before[pk].items()}
        found.append(_fact("removed", pk, before[pk], parts))
    facts: dict[str, Any] = {"lines": found} if found else {}
    if kept != [pk for pk in before if pk in set(kept)]:
        facts["reordered"] = True
    return facts


def _fact(what: str, pk: int, values: Values, parts: Changed) -> dict[str, Any]:
    return {"what": what, "id": pk, "line": _title(values), "changed": parts}


def rows(event: Event) -> list[Row]:
    """The changes of one act, for people; nothing for an act that changed no content."""
    if event.code not in CODES:
        return []
    facts = event.facts
    head = facts.get("changed", {})  # a database may forget the order of keys, HEAD knows it
    found = [Row(label, *map(_short, head[name])) for name, label in HEAD.items() if name in head]
    for fact in facts.get("lines", ()):
        found.extend(_line_rows(fact))
    if facts.get("reordered"):
        found.append(Row("Order of the lines", "", "changed"))
    return found


def _line_rows(fact: Mapping[str, Any]) -> Iterable[Row]:
    """A line that came or went is one row, a changed one a row per part."""
    name, parts = f"“{fact['line']}”", fact["changed"]
    if fact["what"] == "changed":
        for part, label in LINE.items():
            if part in parts:
                yield Row(f"{name}, {label}", *map(_short, parts[part]))
        return
    side = 1 if fact["what"] == "added" else 0
    worth = f"{parts['quantity'][side]} × {parts['unit_price'][side]}"
    yield Row(f"Line {name}", "", worth) if side else Row(f"Line {name}", worth, "")


def _title(values: Values) -> str:
    """What the line is called: the last row of its description says what it is about."""
    named = [row for row in values["description"].split("\n") if row.strip()]
    return _short(named[-1] if named else values["item"])


def _short(words: str) -> str:
    words = " / ".join(words.split("\n"))
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
