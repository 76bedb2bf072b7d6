"""Customers, items, taxes, accounts and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounting.providers import port
from accounting.providers.port import Kind, NewRecord, Reason, Record

from . import faults, mapping, query, records
from .client import Client

EVERY = "Active IN (true, false)"  # else inactive ones are hidden
INCOME = "AccountType = 'Income'"
ENTITIES = {Kind.CUSTOMER: ("Customer", "DisplayName"), Kind.ITEM: ("Item", "Name")}


def read(qbo: Client, kind: Kind) -> list[Record]:
    """Every one of a kind, inactive ones too."""
    if kind is Kind.CUSTOMER:
        return [records.customer(doc) for doc in query.select(qbo, "Customer", EVERY)]
    if kind is Kind.ITEM:
        docs = query.select(qbo, "Item", EVERY)
        return [records.item(doc) for doc in docs if doc.get("Type") in records.SOLD]
    if kind is Kind.ACCOUNT:
        docs = query.select(qbo, "Account", f"{INCOME} AND {EVERY}")
        return [records.account(doc) for doc in docs]
    if kind is Kind.TAX:
        rates = {str(doc["Id"]): doc for doc in query.select(qbo, "TaxRate", EVERY)}
        taxes = (records.tax(doc, rates) for doc in query.select(qbo, "TaxCode", EVERY))
        return [tax for tax in taxes if tax is not None]
    return [
        records.person(doc, who)
        for who in ("Employee", "Vendor")
        for doc in query.select(qbo, who, EVERY)
    ]


def create(qbo: Client, record: NewRecord, *, key: str, facts: Mapping[str, Any]) -> Record:
    """Create one; whoever has its name already is named in the refusal."""
    entity, _ = ENTITIES[record.kind]
    body = mapping.dump(mapping.record_body(record, facts))
    try:
        answer = qbo.post(qbo.url(entity.lower()), body, request_id=key)
    except port.Rejected as error:
        if error.reason is Reason.NAME_TAKEN:
            error.found_id = _holder(qbo, record)
        raise
    return _created(record, answer, answer["reference"])


def create_many(
    qbo: Client, new: Sequence[NewRecord], *, key: str, facts: Mapping[str, Any]
) -> list[Record | port.ProviderError]:
    """Create them in one batch; who has a name already is asked for each refusal."""
    body = {"BatchItemRequest": [
        {"bId": str(place), "operation": "create",
         ENTITIES[record.kind][0]: mapping.record_body(record, facts)}
        for place, record in enumerate(new)
    ]}  # fmt: skip
    answer = qbo.post(qbo.url("batch"), mapping.dump(body), request_id=key)
    items = answer.get("BatchItemResponse")
    if not isinstance(items, list):
        raise faults.unreadable(write=True, reference=answer["reference"])
    by_place = {str(item.get("bId")): item for item in items if isinstance(item, dict)}
    return [
        _one_of_many(qbo, record, by_place.get(str(place), {}), answer["reference"])
        for place, record in enumerate(new)
    ]


def _one_of_many(
    qbo: Client, record: NewRecord, item: Mapping[str, Any], reference: str
) -> Record | port.ProviderError:
    try:
        if isinstance(fault := item.get("Fault"), dict):
            raise faults.of_fault(fault, reference=reference)
        return _created(record, item, reference)
    except port.ProviderError as error:
        if isinstance(error, port.Rejected) and error.reason is Reason.NAME_TAKEN:
            error.found_id = _holder(qbo, record)
        return error


def _created(record: NewRecord, answer: Mapping[str, Any], reference: str) -> Record:
    doc = answer.get(ENTITIES[record.kind][0])
    if not isinstance(doc, dict) or not doc.get("Id"):
        raise faults.unreadable(write=True, reference=reference)
    return records.customer(doc) if record.kind is Kind.CUSTOMER else records.item(doc)


def _holder(qbo: Client, record: NewRecord) -> str:
    """Who has the name: "" when it is a supplier or an employee."""
    entity, field = ENTITIES[record.kind]
    name = query.quote(mapping.record_name(record))
    rows = query.select(qbo, entity, f"{field} = {name} AND {EVERY}")
    return str(rows[0]["Id"]) if rows else ""
