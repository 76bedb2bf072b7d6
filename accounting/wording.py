"""Words for what differs there: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .providers.port import Words

FIELDS = {
    "number": "Number", "date": "Date", "due_date": "Due date", "currency": "Currency",
    "email": "E-mail", "message": "Message", "subtotal": "Net", "tax": "Tax", "total": "Total",
    "payments": "Paid beyond what is owed", "description": "description", "quantity": "quantity",
    "unit_price": "price", "discount": "discount", "net": "net",
}  # fmt: skip


def summary(rows: Sequence[Mapping[str, str]], words: Words) -> str:
    """The differences in a line: "Total 2,241.48 here, 2,241.49 there"; the last one of sums, the
    first of others. A problem is a sentence of its own.
    """
    if not rows:
        return ""
    if rows[0]["field"] == "problem":
        return rows[0]["ours"]
    sums = [row for row in rows if row["field"] in ("subtotal", "tax", "total")]
    row = difference(sums[-1] if sums else rows[0], words)
    more = "" if sums or len(rows) == 1 else f", and {len(rows) - 1} more"
    ours, theirs = _short(row["ours"]), _short(row["theirs"])
    return f"{row['label']}: {ours} here, {theirs} there{more}"


def _short(value: str) -> str:
    first = value.split("\n", maxsplit=1)[0]
    return f"{first[:40]}…" if len(first) > 40 else first or "nothing"


def label(field: str, words: Words) -> str:
    """A field in words, those of the accounting system for its records: "lines.2.tax_id" is
    "Line 2, tax code".
    """
    parts = field.split(".")
    if parts[0] == "lines":
        return ", ".join([f"Line {parts[1]}", *(_named(part, words) for part in parts[2:])])
    named = _named(field, words)
    return named[:1].upper() + named[1:]


def difference(row: Mapping[str, str], words: Words) -> dict[str, str]:
    """A row of a finding with its field in words, and whether a line is only on one side."""
    named = label(row["field"], words)
    if row["field"].count(".") == 1:
        if not row["ours"]:
            named += " (added there)"
        elif not row["theirs"]:
            named += " (removed there)"
    return {**row, "label": named}


def _named(field: str, words: Words) -> str:
    if field == "tax_codes":
        return words.taxes
    records = {
        "customer": words.customer, "customer_id": words.customer, "item": words.item,
        "item_id": words.item, "tax_code": words.tax, "tax_id": words.tax,
    }  # fmt: skip
    return records.get(field) or FIELDS.get(field, field)
