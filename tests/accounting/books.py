"""A simulated QuickBooks company, connected, with records of ours linked to records there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

import simulators
from accounting import documents
from accounting.models import Connection, Link
from accounting.providers import registry
from accounting.providers.port import Kind, Session, TaxMode
from contracts.models import CatalogItem
from customers.models import Customer
from invoices import lifecycle
from invoices.drafting import LineInput
from invoices.models import Invoice
from tests import make

NOW = make.at("2026-11-24", "10:00")
HOUR = dt.timedelta(hours=1)


def settings_for(sims: simulators.Simulators) -> dict[str, Any]:
    """The setting QBO, pointed at a simulator."""
    return {
        "client_id": sims.qbo.client_id,
        "client_secret": sims.qbo.client_secret,
        "environment": sims.qbo.discovery_url,
        "api": sims.qbo.api_url.removesuffix("/v3"),
        "app": f"{sims.url}/qbo",
        "webhook_tokens": ["verifier"],
    }


def xero_settings_for(sims: simulators.Simulators) -> dict[str, Any]:
    """The setting XERO, pointed at a simulator."""
    return {
        **settings.XERO,
        "client_id": sims.xero.client_id,
        "client_secret": sims.xero.client_secret,
        "api": f"{sims.url}/xero",
        "app": "",
        "webhook_keys": ["signing-key"],
        "address": "http://localhost:8000",
    }


def connect(sims: simulators.Simulators, *, realm: str = "", **fields: Any) -> Connection:
    """An active connection to a company there, as a finished wizard leaves it."""
    tokens = sims.qbo.connect(realm)
    now = sims.clock.now()
    session = Session(tokens.realm, tokens.access_token)
    company = registry.get("qbo").company(session)
    connection = Connection(
        provider="qbo", state=Connection.State.ACTIVE, company_id=company.id,
        company_name=company.name, currency=company.currency, facts=dict(company.facts),
        takes_numbers=company.takes_numbers, takes_time=company.takes_time, snapshot={},
        tax_mode=company.tax_modes[0].value, generation=1, created_at=now, touched_at=now,
        committed_at=now, created_by=make.user("owner"), poll_at=now,
        access_expires_at=now + dt.timedelta(minutes=55), **fields,
    )  # fmt: skip
    connection.keep(
        {
            "access": tokens.access_token,
            "refresh": tokens.refresh_token,
            "access_expires_at": connection.access_expires_at.isoformat(),
            "refresh_expires_at": None,
        }
    )
    connection.save()
    records = registry.get("qbo").records(session, Kind.ACCOUNT)
    connection.income_account_id = connection.income_account_id or records[0].id
    connection.save()
    if connection.tax_mode == TaxMode.CODES:
        taxes = registry.get("qbo").records(session, Kind.TAX)
        connection.untaxed_id = next((t.id for t in taxes if t.percent == Decimal(0)), "")
        connection.save()
    return connection


def link(connection: Connection, local: Customer | CatalogItem, remote_id: str = "") -> Link:
    """Link a record with one there; without an id the first delivery creates it."""
    kind = Kind.CUSTOMER if isinstance(local, Customer) else Kind.ITEM
    return Link.objects.create(
        connection=connection, kind=kind, remote_id=remote_id, remote_name=str(local),
        action=Link.Action.LINK if remote_id else Link.Action.CREATE, origin=Link.Origin.PERSON,
        confirmed=True, changed_at=timezone.now(), **{kind.value: local},
    )  # fmt: skip


def invoice(
    customer: Customer,
    item: CatalogItem,
    *,
    quantity: str = "2.5",
    price: str = "100",
    **fields: Any,
) -> Invoice:
    """An issued invoice of one line."""
    line = LineInput(
        "Work in October", item=item, quantity=Decimal(quantity), unit_price=Decimal(price)
    )
    draft = lifecycle.create(
        customer, lines=[line], invoice_date=make.day("2026-11-20"), by=None, now=NOW, **fields
    )
    return lifecycle.issue(draft, by=None, now=NOW)


def there(sims: simulators.Simulators, one: Invoice, realm: str = "") -> list[dict[str, Any]]:
    """The documents at the simulator that bear an invoice's marker."""
    marker = documents.marker(one)
    return [doc for doc in sims.qbo.invoices(realm) if marker in doc.get("PrivateNote", "")]
