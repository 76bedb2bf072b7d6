"""Which documents at QuickBooks are ours: by marker, found by number or by customer and day."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accounting.providers import port
from accounting.providers.port import Document, TimeDocument

from . import faults, query, reading
from .client import Client

Doc = Mapping[str, Any]
Look = Callable[[str, Sequence[Any]], list[Doc]]
# In turn: the first is exact, the last finds what somebody renumbered meanwhile.
WAYS = ("id", "number", "day")


def match(documents: Sequence[Any], note: str, look: Look) -> dict[str, Doc]:
    """The row of each document that has one, by uid. One that names its remote document is that
    one; every other is recognised by its marker alone.
    """
    found: dict[str, Doc] = {}
    for way in WAYS:
        missing = [document for document in documents if document.uid not in found]
        rows = look(way, missing) if missing else []
        for document in missing:
            row = next((row for row in rows if _is(document, row, note)), None)
            if row is not None:
                found[document.uid] = row
    return found


def _is(document: Any, row: Doc, note: str) -> bool:
    if document.remote_id:
        return reading.text(row, "Id") == document.remote_id
    whole = rf"(?<![\w-]){re.escape(document.marker)}(?![\w-])"
    return re.search(whole, reading.text(row, note)) is not None


def among_invoices(qbo: Client) -> Look:
    def look(way: str, documents: Sequence[Document]) -> list[Doc]:
        if way == "id":
            return _by_id(qbo, "Invoice", documents)
        new = [document for document in documents if not document.remote_id]
        if way == "number":
            numbers = [document.number for document in new if document.number]
            return query.select_each(qbo, "Invoice", "DocNumber", numbers)
        customers = list(dict.fromkeys(document.customer_id for document in new))
        days = _days(new)
        return query.select_each(qbo, "Invoice", "CustomerRef", customers, days) if new else []

    return look


def among_times(qbo: Client) -> Look:
    def look(way: str, documents: Sequence[TimeDocument]) -> list[Doc]:
        if way == "id":
            return _by_id(qbo, "TimeActivity", documents)
        new = [document for document in documents if not document.remote_id]
        return query.select(qbo, "TimeActivity", _days(new)) if new and way == "day" else []

    return look


def _by_id(qbo: Client, kind: str, documents: Sequence[Document | TimeDocument]) -> list[Doc]:
    """One that a query does not find is asked for by itself: queries lag behind."""
    ids = [document.remote_id for document in documents if document.remote_id]
    rows = query.select_each(qbo, kind, "Id", ids)
    found = {reading.text(row, "Id") for row in rows}
    single = (by_itself(qbo, kind, id) for id in ids if id not in found)
    return [*rows, *(row for row in single if row is not None)]


def by_itself(qbo: Client, kind: str, id: str) -> Doc | None:
    """The row with this id as it is now; None when it was deleted."""
    try:
        answer = qbo.get(qbo.url(f"{kind.lower()}/{id}"))
    except port.Rejected as error:
        if error.code != "610":
            raise
        return None
    found = answer.get(kind)
    if not isinstance(found, dict):
        raise faults.unreadable(write=False, reference=answer["reference"])
    return found


def _days(documents: Sequence[Document | TimeDocument]) -> str:
    days = [document.date.isoformat() for document in documents] or [""]
    return f"TxnDate >= {query.quote(min(days))} AND TxnDate <= {query.quote(max(days))}"
