"""Contacts, items, accounts and tax rates: reading all of them, creating some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accounting.providers import port
from accounting.providers.port import Cost, Kind, NewRecord, Reason, Record

from . import faults, mapping, records
from .client import Answer, Client
from .mapping import record_name, record_path

Doc = Mapping[str, Any]
PAGE = 1000  # the most that one answer holds
LONGEST_SEARCH = 50
NOBODY = ("", "00000000-0000-0000-0000-000000000000")  # ids of what was not made


def read(xero: Client, kind: Kind) -> list[Record]:
    """Every one of a kind, archived ones too. Nobody's time can be recorded."""
    if kind is Kind.CUSTOMER:
        contacts = pages(xero, "Contacts", includeArchived="true", order="ContactID ASC")
        found = {str(doc["ContactID"]): doc for doc in contacts}
        return [records.contact(doc) for doc in found.values()]
    if kind is Kind.ITEM:
        sold = [records.item(doc) for doc in items(xero)]
        return [*sold, *map(records.sold_by_account, _income(xero))]
    if kind is Kind.ACCOUNT:
        return [records.account(doc) for doc in _income(xero)]
    if kind is Kind.TAX:
        return [records.tax(doc) for doc in taxes(xero)]
    return []


def pages(xero: Client, plural: str, *, since: str = "", **query: Any) -> Iterator[Doc]:
    """All that match, page by page."""
    page = 1
    while True:
        found = rows(xero.get(plural, since=since, page=page, pageSize=PAGE, **query), plural)
        yield from found
        if len(found) < PAGE:
            return
        page += 1


def rows(answer: Answer, plural: str) -> list[Doc]:
    """The records of an answer. Silence is no proof that there is nothing."""
    found = answer.body.get(plural)
    if not isinstance(found, list):
        raise faults.unreadable(write=False, reference=answer.reference)
    return [row for row in found if isinstance(row, dict)]


def create(xero: Client, record: NewRecord, *, key: str) -> Record:
    """Create one; whoever has its name already is named in the refusal."""
    (made,) = _make(xero, [record], key=key, cost=Cost.WRITE)
    if isinstance(made, port.ProviderError):
        raise made
    return made


def create_many(
    xero: Client, new: Sequence[NewRecord], *, key: str
) -> list[Record | port.ProviderError]:
    return _make(xero, new, key=key, cost=Cost.CALL)


def _make(
    xero: Client, new: Sequence[NewRecord], *, key: str, cost: Cost
) -> list[Record | port.ProviderError]:
    plural = record_path(new[0].kind)
    answer = xero.write(
        "PUT", plural, mapping.records_body(new), key=key, cost=cost, summarizeErrors="false"
    )
    found = answer.body.get(plural)
    if not isinstance(found, list) or len(found) != len(new):
        raise faults.unreadable(write=True, reference=answer.reference)
    return [
        _made(xero, record, doc, answer.reference) for record, doc in zip(new, found, strict=True)
    ]


def _made(xero: Client, record: NewRecord, doc: Doc, reference: str) -> Record | port.ProviderError:
    """What became of one: in the order in which they were sent."""
    if refused(doc):
        error = faults.of_element(doc, reference=reference)
        if error.reason is Reason.NAME_TAKEN:
            error.found_id = _holder(xero, record)
        return error
    made = records.contact(doc) if record.kind is Kind.CUSTOMER else records.item(doc)
    if made.id in NOBODY or made.name.casefold() != record_name(record).casefold():
        return faults.unreadable(write=True, reference=reference)
    return made


def refused(doc: Doc) -> bool:
    """An element of an answer of 200 may be a refusal all the same."""
    marks = ("ValidationErrors", "HasErrors", "HasValidationErrors")
    return doc.get("StatusAttributeString") == "ERROR" or any(doc.get(mark) for mark in marks)


def _holder(xero: Client, record: NewRecord) -> str:
    """Who has the name or the code already; "" when no search finds it."""
    if record.kind is Kind.ITEM:
        made = (records.item(doc) for doc in items(xero))
        codes = {each.sku.casefold(): each.id for each in made}
        return codes.get(mapping.code_of(record).casefold(), "")
    name = record_name(record)
    found = pages(xero, "Contacts", searchTerm=name[:LONGEST_SEARCH])
    same = (doc for doc in found if str(doc.get("Name", "")).casefold() == name.casefold())
    return next((str(doc["ContactID"]) for doc in same), "")


def items(xero: Client) -> list[Doc]:
    return rows(xero.get("Items", unitdp=4), "Items")


def accounts(xero: Client) -> list[Doc]:
    return rows(xero.get("Accounts"), "Accounts")


def taxes(xero: Client) -> list[Doc]:
    """Those that a sale can bear."""
    docs = rows(xero.get("TaxRates"), "TaxRates")
    return [doc for doc in docs if records.is_sales_tax(doc)]


def _income(xero: Client) -> list[Doc]:
    return [doc for doc in accounts(xero) if records.is_income(doc)]
