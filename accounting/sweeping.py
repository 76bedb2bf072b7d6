"""Where a sweep over all invoices there is. It is left when the budget is spent and gone on with
later, by whoever is rung; its place is on the connection's row.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q, QuerySet

from . import budget
from .models import Connection, Finding, RemoteInvoice
from .providers import registry

HELD = dt.timedelta(minutes=5)  # then somebody else goes on, as who was at it is dead
PAUSE = 300.0  # seconds at least until it goes on
PARTS = 30  # what is settled is looked at once in so many nights
NEW_DAY = dt.timedelta(minutes=5)  # past midnight: clocks differ


def begin(connection: Connection, *, now: dt.datetime) -> None:
    """Everything that is there, from the first invoice on, even if a sweep is under way."""
    Connection.objects.filter(pk=connection.pk).update(sweep_at=now, swept_to=0, sweep_part=None)


def begin_nightly(connection: Connection, *, now: dt.datetime) -> None:
    """What may still change, and one part of what is settled. A sweep that is under way goes on."""
    rows = Connection.objects.filter(pk=connection.pk, sweep_at=None)
    rows.update(sweep_at=now, swept_to=0, sweep_part=now.date().toordinal() % PARTS)


def claim(connection: Connection, *, now: dt.datetime) -> bool:
    """Whether a sweep is due, and nobody else at it."""
    rows = Connection.objects.active().filter(pk=connection.pk, lost_at=None, sweep_at__lte=now)
    if not rows.update(sweep_at=now + HELD):
        return False
    connection.refresh_from_db(fields=["sweep_at", "swept_to", "sweep_part"])
    return True


def ahead(connection: Connection) -> list[tuple[int, str]]:
    """The next few invoices, by our id and theirs: as many as one question is good for."""
    rows = _of(connection).filter(pk__gt=connection.swept_to).order_by("pk")
    most = registry.get(connection.provider).limits.look_at_once
    return list(rows.values_list("pk", "remote_id")[:most])


def rest(connection: Connection, *, now: dt.datetime) -> dt.datetime | None:
    """When it goes on because it has no request of this day to spare; None: it need not rest."""
    if budget.spare(connection, now=now) == 0:
        return budget.next_day(now) + NEW_DAY
    return None


def reach(connection: Connection, pk: int, *, now: dt.datetime) -> bool:
    """It has come so far. False when somebody began it anew: then it is theirs."""
    return _write(connection, swept_to=pk, sweep_at=now + HELD)


def park(connection: Connection, *, until: dt.datetime) -> None:
    _write(connection, sweep_at=until)


def finish(connection: Connection, *, now: dt.datetime) -> None:
    _write(connection, sweep_at=None, swept_at=now)


def _of(connection: Connection) -> QuerySet[RemoteInvoice]:
    """The invoices of this sweep; those that are gone once more, where that could not be
    followed.
    """
    stuck = Finding.objects.filter(
        connection=connection, kind__in=Finding.STUCK, answered_at__isnull=True
    )
    again = Q(invoice__in=stuck.values("invoice"))
    rows = RemoteInvoice.objects.filter(connection=connection).alias(part=F("pk") % PARTS)
    there = ~Q(status__in=RemoteInvoice.GONE)
    if connection.sweep_part is not None:
        unsettled = Q(draft=True) | Q(status__in=RemoteInvoice.UNSETTLED)
        there &= unsettled | Q(part=connection.sweep_part)
    return rows.filter(there | again)


def _write(connection: Connection, **values: Any) -> bool:
    """As long as the sweep is ours, which its time says."""
    mine = Connection.objects.filter(pk=connection.pk, sweep_at=connection.sweep_at)
    for name, value in values.items():
        setattr(connection, name, value)
    return bool(mine.update(**values))
