"""The connection in use: which one it is, what people call it, and holding its exports back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from atera_invoicing.errors import Refused

from .models import Connection
from .providers import registry
from .providers.port import Words


def active() -> Connection:
    """The connection in use; refused when there is none."""
    connection = Connection.objects.active().first()
    if connection is None:
        raise Refused(
            "not_connected", "No accounting system is connected. Connect one under Accounting."
        )
    return connection


def where(connection: Connection) -> str:
    """What people call the system."""
    return registry.name(connection.provider)


def words(connection: Connection) -> Words:
    """What people there call companies and records."""
    return registry.get(connection.provider).words


@transaction.atomic
def refuse_unless_active(connection: Connection) -> None:
    """Refused when the connection was cut meanwhile. It can't be cut before the caller's
    transaction ends: whoever cuts it needs the same row.
    """
    rows = Connection.objects.active().select_for_update(no_key=True)
    if not rows.filter(pk=connection.pk).values_list("pk", flat=True):
        raise Refused("not_connected", "This connection is cut. Connect again under Accounting.")


@transaction.atomic
def pause(connection: Connection, *, now: dt.datetime) -> Connection:
    """Send nothing more for now; what is out is still looked after."""
    Connection.objects.filter(pk=connection.pk, paused_at__isnull=True).update(paused_at=now)
    connection.refresh_from_db()
    return connection


@transaction.atomic
def resume(connection: Connection, *, now: dt.datetime) -> Connection:
    """Go on sending."""
    Connection.objects.filter(pk=connection.pk).update(paused_at=None)
    connection.refresh_from_db()
    return connection
