"""Which invoices at Xero are ours: by marker, found by number or by contact and day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accounting.providers import port
from accounting.providers.port import Document

from . import lists, reading
from .client import Client

Doc = Mapping[str, Any]
AT_ONCE = 40  # ids in one address, which has room for about 52
CONVINCED = 3  # that were asked for by themselves and are nowhere either
LONGEST_LIST = 1500  # characters of numbers in one address
# In turn: the first is exact, the last finds what somebody renumbered meanwhile.
WAYS = ("id", "number", "day")


def match(xero: Client, documents: Sequence[Document]) -> dict[str, Doc]:
    """The invoice of each document that has one, by uid. One that names its remote document is that
    one; every other is recognised by its marker alone.
    """
    found: dict[str, Doc] = {}
    for way in WAYS:
        missing = [document for document in documents if document.uid not in found]
        rows = _look(xero, way, missing) if missing else []
        for document in missing:
            row = next((row for row in rows if _is(document, row)), None)
            if row is not None:
                found[document.uid] = row
    return found


def _is(document: Document, row: Doc) -> bool:
    if document.remote_id:
        return reading.text(row, "InvoiceID") == document.remote_id
    return reading.marker(row) == document.marker


def _look(xero: Client, way: str, documents: Sequence[Document]) -> list[Doc]:
    if way == "id":
        return by_id(xero, [document.remote_id for document in documents if document.remote_id])
    new = [document for document in documents if not document.remote_id]
    if way == "number":
        return by_number(xero, [document.number for document in new if document.number])
    return _by_day(xero, new) if new else []


def by_id(xero: Client, ids: Sequence[str]) -> list[Doc]:
    """A single one, and ones that the list does not show, are asked for by themselves: lists lag
    behind. Until some in a row are nowhere either; then the list is believed.
    """
    wanted = list(dict.fromkeys(ids))
    many = wanted if len(wanted) > 1 else []
    rows = [
        row
        for some in _chunks(many, AT_ONCE)
        for row in lists.pages(xero, "Invoices", IDs=",".join(some), unitdp=4)
    ]
    found = {reading.text(row, "InvoiceID") for row in rows}
    nowhere = 0
    for id in wanted:
        if id in found or nowhere == CONVINCED:
            continue
        row = by_itself(xero, id)
        rows += [row] if row else []
        nowhere = 0 if row else nowhere + 1
    return rows


def by_itself(xero: Client, id: str) -> Doc | None:
    """The invoice as it is now; None when there is none."""
    try:
        rows = lists.rows(xero.get(f"Invoices/{id}", unitdp=4), "Invoices")
    except port.Rejected as error:
        if error.code != "404":
            raise
        return None
    return rows[0] if rows else None


def by_number(xero: Client, numbers: Sequence[str]) -> list[Doc]:
    """Sales invoices with these numbers, voided and deleted ones too. A number with a comma in it
    can't be listed and is compared.
    """
    wanted = list(dict.fromkeys(numbers))
    plain = [number for number in wanted if "," not in number]
    odd = [number.replace('"', "") for number in wanted if "," in number]
    asked = [{"InvoiceNumbers": ",".join(some)} for some in _lists(plain)]
    asked += [{"where": f'InvoiceNumber=="{number}"'} for number in odd]
    return [
        row
        for query in asked
        for row in lists.pages(xero, "Invoices", unitdp=4, **query)
        if row.get("Type") == "ACCREC"
    ]


def _by_day(xero: Client, documents: Sequence[Document]) -> list[Doc]:
    contacts = list(dict.fromkeys(document.customer_id for document in documents))
    days = [document.date for document in documents]
    first, last = (f"DateTime({d.year},{d.month},{d.day})" for d in (min(days), max(days)))
    where = f'Type=="ACCREC" AND Date>={first} AND Date<={last}'
    return [
        row
        for some in _chunks(contacts, AT_ONCE)
        for row in lists.pages(xero, "Invoices", ContactIDs=",".join(some), where=where, unitdp=4)
    ]


def _lists(numbers: Sequence[str]) -> Iterator[list[str]]:
    """Groups that fit into an address."""
    group: list[str] = []
    for number in numbers:
        if group and sum(len(each) + 3 for each in group) + len(number) * 3 > LONGEST_LIST:
            yield group
            group = []
        group.append(number)
    if group:
        yield group


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
