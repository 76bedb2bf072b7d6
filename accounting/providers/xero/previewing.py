"""What an invoice will look like there, in the words in which it is read back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounting.providers.port import Document, Line, Operation

from . import mapping, reading


def content(
    operation: Operation, document: Document, facts: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The port's normal form without sums, and without a number that Xero gives."""
    said: dict[str, Any] = {
        "customer_id": document.customer_id,
        "date": document.date.isoformat(),
        "due_date": document.due_date.isoformat(),
        "currency": document.currency,
        "email": "",
        "message": "",
        "lines": [_line(line, facts) for line in document.lines],
    }
    return {**said, "number": document.number} if document.number else said


def _line(line: Line, facts: Mapping[str, Any]) -> dict[str, str]:
    """Its item may be only about to be created, and has no code to be read back by."""
    body = mapping.line_body(line, facts)
    return {**reading.line(body), "item_id": line.item_id, "net": f"{line.net:f}"}
