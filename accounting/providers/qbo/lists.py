"""Customers, items, taxes, accounts and people."""

from __future__ import annotations

from collections.abc import Mapping
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
    doc = answer.get(entity)
    if not isinstance(doc, dict) or not doc.get("Id"):
        raise faults.unreadable(write=True, reference=answer["reference"])
    return records.customer(doc) if record.kind is Kind.CUSTOMER else records.item(doc)


def _holder(qbo: Client, record: NewRecord) -> str:
    """Who has the name: "" when it is a supplier or an employee."""
    entity, field = ENTITIES[record.kind]
    name = query.quote(mapping.record_name(record))
    rows = query.select(qbo, entity, f"{field} = {name} AND {EVERY}")
    return str(rows[0]["Id"]) if rows else ""
