"""What a body makes of an invoice there, in the words in which it is read back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from accounting.providers.port import Document, Operation

from . import mapping, reading

COMPUTED = ("subtotal", "tax", "total")
SAID_BY = {
    "number": "DocNumber",
    "currency": "CurrencyRef",
    "email": "BillEmail",
    "message": "CustomerMemo",
}


def content(
    operation: Operation, document: Document, facts: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The port's normal form without what QuickBooks fills in, because the body does not say it."""
    written = mapping.dump(mapping.body(operation, document, facts))
    body = json.loads(written, parse_float=Decimal)
    if body.get("DocNumber") == mapping.AUTO_NUMBER:
        del body["DocNumber"]
    silent = {name for name, source in SAID_BY.items() if source not in body}
    said = reading.content(body).items()
    return {name: value for name, value in said if name not in silent.union(COMPUTED)}
