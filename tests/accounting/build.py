"""Connections in every state, with what was read from a company, without asking anybody."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from accounting import references, staging, wizard
from accounting.models import Connection, RemoteRecord
from accounting.providers.port import Kind, Record
from atera_invoicing.models import User
from atera_invoicing.roles import Role
from tests import make

NOW = make.at("2026-11-02")
TODAY = make.day("2026-11-02")
SECRET = {"note": "no tokens: nobody is asked"}


def admin() -> User:
    return User.objects.filter(role=Role.OWNER).first() or make.user(Role.OWNER)


def draft(by: User | None = None, *, provider: str = "qbo", **fields: Any) -> Connection:
    """Connected to a company whose lists were not read yet."""
    by = by or admin()
    connection = wizard.start(provider, by=by, now=NOW)
    connection.keep(SECRET)
    defaults = {
        "company_id": "9130", "company_name": "Bright MSP", "country": "US", "currency": "USD",
        "tax_modes": ["provider", "codes"], "takes_numbers": True, "generation": 1,
        "access_expires_at": make.at("2026-11-02", "10:00"),
    }  # fmt: skip
    for name, value in {**defaults, **fields}.items():
        setattr(connection, name, value)
    connection.save()
    return connection


def read(connection: Connection, *records: Record, now: dt.datetime = NOW) -> Connection:
    """Make these the company's lists, as a refresh does."""
    for kind in Kind:
        references.store(connection, kind, [record for record in records if record.kind == kind])
    references.finish(connection, now=now)
    wizard.prepare(connection, today=TODAY, now=now)
    connection.refresh_from_db()
    return connection


def customer(name: str, id: str = "", **fields: Any) -> Record:
    return Record(Kind.CUSTOMER, id or f"c-{name}", name, **fields)


def item(name: str, price: str | None = None, id: str = "", **fields: Any) -> Record:
    fields.setdefault("type", "Service")
    amount = None if price is None else Decimal(price)
    return Record(Kind.ITEM, id or f"i-{name}", name, price=amount, **fields)


def tax(name: str, percent: str | None = None, id: str = "", **fields: Any) -> Record:
    amount = None if percent is None else Decimal(percent)
    return Record(Kind.TAX, id or f"t-{name}", name, percent=amount, **fields)


def account(name: str = "Sales", id: str = "79", **fields: Any) -> Record:
    return Record(Kind.ACCOUNT, id, name, **fields)


def decide_all(connection: Connection, by: User | None = None) -> Connection:
    """Agree with every suggestion, and create the rest there (taxes: leave them out)."""
    by = by or admin()
    for kind in (Kind.CUSTOMER, Kind.ITEM, Kind.TAX):
        links = connection.links.filter(kind=kind, action="link", confirmed=False)
        staging.confirm(connection, [link.pk for link in links], by=by, now=NOW)
    staging.create_there(connection, None, Kind.CUSTOMER, by=by, now=NOW)
    staging.create_there(connection, None, Kind.ITEM, by=by, now=NOW)
    staging.leave_out(connection, None, Kind.TAX, by=by, now=NOW)
    connection.refresh_from_db()
    return connection


def commit(connection: Connection, by: User | None = None) -> Connection:
    connection.refresh_from_db()
    return wizard.commit(connection, version=connection.version, by=by or admin(), now=NOW)


def connected(*records: Record, by: User | None = None, **fields: Any) -> Connection:
    """Set up and committed, with every suggestion agreed to."""
    connection = read(draft(by, **fields), *records, account())
    return commit(decide_all(connection, by), by)


def link_of(connection: Connection, row: Any) -> Any:
    """The link of a record of ours."""
    name = {"Customer": "customer", "CatalogItem": "item", "TaxRate": "tax_rate", "User": "person"}
    return connection.links.get(**{name[type(row).__name__]: row})


def record(connection: Connection, kind: Kind, name: str) -> RemoteRecord:
    return connection.records.get(kind=kind, name=name)
