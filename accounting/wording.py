"""Words for what differs there: pure."""

from __future__ import annotations

from collections.abc import Mapping

FIELDS = {
    "number": "Number", "customer_id": "Customer", "date": "Date", "due_date": "Due date",
    "currency": "Currency", "email": "E-mail", "message": "Message", "subtotal": "Net",
    "tax": "Tax", "total": "Total", "payments": "Paid beyond what is owed",
    "description": "description", "quantity": "quantity", "unit_price": "price",
    "discount": "discount", "net": "net", "item_id": "product or service", "tax_id": "tax code",
}  # fmt: skip


def difference(row: Mapping[str, str]) -> dict[str, str]:
    """A row of a finding with its field in words: "lines.2.quantity" is "Line 2, quantity"."""
    parts = row["field"].split(".")
    if parts[0] != "lines":
        return {**row, "label": FIELDS.get(parts[0], parts[0])}
    label = f"Line {parts[1]}"
    if len(parts) > 2:
        label += f", {FIELDS.get(parts[2], parts[2])}"
    elif not row["ours"]:
        label += " (added there)"
    elif not row["theirs"]:
        label += " (removed there)"
    return {**row, "label": label}
