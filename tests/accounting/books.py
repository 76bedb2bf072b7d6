"""A simulated company, connected, with records of ours linked to records there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

import simulators
from accounting import access, documents
from accounting.models import Connection, Link
from accounting.providers import port
from accounting.providers.port import Kind
from contracts.models import CatalogItem
from customers.models import Customer
from invoices import lifecycle
from invoices.drafting import LineInput
from invoices.models import Invoice
from tests import make

from .pointing import settings_for, xero_settings_for
from .providers.backend import Backend
from .providers.backends import Qbo

__all__ = [
    "HOUR", "NOW", "connect", "invoice", "link", "settings_for", "there", "xero_settings_for",
]  # fmt: skip

NOW = make.at("2026-11-24", "10:00")
HOUR = dt.timedelta(hours=1)


def connect(there: Backend | simulators.Simulators, company: str = "", **fields: Any) -> Connection:
    """An active connection to a company there, as a finished wizard leaves it: with tokens that
    last for the better part of an hour of the other end's clock. QuickBooks unless it is said.
    """
    backend = there if isinstance(there, Backend) else Qbo(there)
    given, now = backend.given(company), backend.clock.now()
    session = port.Session(given.company, given.access)
    found = backend.provider.company(session)
    connection = Connection.objects.create(**{
        "provider": backend.key, "state": Connection.State.ACTIVE, "company_id": found.id,
        "company_name": found.name, "currency": found.currency, "facts": dict(found.facts),
        "takes_numbers": found.takes_numbers, "takes_time": found.takes_time, "snapshot": {},
        "tax_mode": found.tax_modes[0].value, "created_at": now, "touched_at": now,
        "committed_at": now, "created_by": make.user("owner"), "poll_at": now,
        **backend.chosen(session, found), **fields,
    })  # fmt: skip
    tokens = port.Tokens(given.access, given.refresh, now + backend.lasting)
    access.put(connection, access.freeze(tokens), tokens)
    connection.refresh_from_db()
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
    """The documents at a simulated QuickBooks that bear an invoice's marker."""
    marker = documents.marker(one)
    return [doc for doc in sims.qbo.invoices(realm) if marker in doc.get("PrivateNote", "")]
