"""Connections for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from accounting import access
from accounting.models import Connection
from accounting.providers import port
from atera_invoicing.models import User

from .providers.backend import Backend


def draft(by: User, **fields: Any) -> Connection:
    """A wizard that was just begun."""
    now = timezone.now()
    fields = {
        "provider": "qbo", "created_at": now, "created_by": by, "touched_at": now, **fields,
    }  # fmt: skip
    return Connection.objects.create(**fields)


def connect(backend: Backend, *, by: User, company: str = "", **fields: Any) -> Connection:
    """A connection with tokens that work and the company's facts, as after a consent."""
    given = backend.given(company)
    found = backend.provider.company(port.Session(given.company, given.access))
    connection = draft(
        by,
        provider=backend.key,
        company_id=given.company,
        company_name=found.name,
        currency=found.currency,
        facts=dict(found.facts),
        tax_mode=found.tax_modes[0],
        **fields,
    )
    tokens = port.Tokens(given.access, given.refresh, timezone.now() + backend.lasting)
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
