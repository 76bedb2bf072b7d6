"""Connections for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from accounting import access
from accounting.models import Connection
from accounting.providers import port, registry
from atera_invoicing.models import User

from .providers.backends import Qbo


def draft(by: User, **fields: Any) -> Connection:
    """A wizard that was just begun."""
    now = timezone.now()
    fields = {
        "provider": "qbo", "created_at": now, "created_by": by, "touched_at": now, **fields,
    }  # fmt: skip
    return Connection.objects.create(**fields)


def connect(backend: Qbo, *, by: User, realm: str = "", **fields: Any) -> Connection:
    """A connection with tokens that work and the company's facts, as after a consent."""
    given = backend.sim.connect(realm)
    company = registry.get("qbo").company(port.Session(given.realm, given.access_token))
    connection = draft(
        by,
        company_id=given.realm,
        company_name=company.name,
        currency=company.currency,
        facts=dict(company.facts),
        tax_mode=company.tax_modes[0],
        **fields,
    )
    expires = timezone.now() + dt.timedelta(hours=1)
    tokens = port.Tokens(given.access_token, given.refresh_token, expires)
    access.put(connection, access.freeze(tokens), tokens)
    connection.refresh_from_db()
    return connection


def activate(connection: Connection) -> Connection:
    """As the wizard's commit leaves it."""
    Connection.objects.filter(pk=connection.pk).update(
        state=Connection.State.ACTIVE, committed_at=timezone.now(), snapshot={}
    )
    connection.refresh_from_db()
    return connection


def expire(connection: Connection) -> None:
    """Let the access token be of yesterday."""
    past = timezone.now() - dt.timedelta(hours=1)
    Connection.objects.filter(pk=connection.pk).update(access_expires_at=past)
