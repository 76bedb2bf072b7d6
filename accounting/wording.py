"""Words for what differs there: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FIELDS = {
    "number": "Number", "customer_id": "Customer", "date": "Date", "due_date": "Due date",
    "currency": "Currency", "email": "E-mail", "message": "Message", "subtotal": "Net",
    "tax": "Tax", "total": "Total", "payments": "Paid beyond what is owed",
    "description": "description", "quantity": "quantity", "unit_price": "price",
    "discount": "discount", "net": "net", "item_id": "product or service", "tax_id": "tax code",
    "customer": "Customer", "item": "product or service", "tax_code": "tax code",
    "tax_codes": "Tax codes",
}  # fmt: skip


def summary(rows: Sequence[Mapping[str, str]]) -> str:
    """The differences in a line: "Total 2,241.48 here, 2,241.49 there"; the last one of sums, the
    first of others. A problem is a sentence of its own.
    """
    if not rows:
        return ""
    if rows[0]["field"] == "problem":
        return rows[0]["ours"]
    sums = [row for row in rows if row["field"] in ("subtotal", "tax", "total")]
    row = difference(sums[-1] if sums else rows[0])
    more = "" if sums or len(rows) == 1 else f", and {len(rows) - 1} more"
    ours, theirs = _short(row["ours"]), _short(row["theirs"])
    return f"{row['label']}: {ours} here, {theirs} there{more}"


def _short(value: str) -> str:
    first = value.split("\n", maxsplit=1)[0]
    return f"{first[:40]}…" if len(first) > 40 else first or "nothing"


def label(field: str) -> str:
    """A field in words: "lines.2.quantity" is "Line 2, quantity"."""
    parts = field.split(".")
    if parts[0] != "lines":
        return FIELDS.get(field, field)
    names = [FIELDS.get(part, part) for part in parts[2:]]
    return ", ".join([f"Line {parts[1]}", *names])


def difference(row: Mapping[str, str]) -> dict[str, str]:
    """A row of a finding with its field in words, and whether a line is only on one side."""
    words = label(row["field"])
    if row["field"].count(".") == 1:
        if not row["ours"]:
            words += " (added there)"
        elif not row["theirs"]:
            words += " (removed there)"
    return {**row, "label": words}
