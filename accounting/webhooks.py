"""Notices from outside. Each is only a doorbell: kept, answered at once, and looked into later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from . import budget
from .models import Bell, Connection
from .providers import registry
from .providers.port import Doorbell

KEPT = dt.timedelta(days=90)
GATHER = dt.timedelta(seconds=2)  # notices come in flocks; one look answers all of them


def receive(provider: str, body: bytes, headers: Mapping[str, str], *, now: dt.datetime) -> None:
    """Keep the notices of a delivery, and let the sweep look at their companies in a moment, where
    they may be about something of ours. The same notice again is kept once. `port.Unauthorized`
    when the signature is not right.
    """
    notices = registry.get(provider).doorbells(body, headers)
    Bell.objects.bulk_create(
        [_bell(provider, notice, now) for notice in notices], ignore_conflicts=True, batch_size=200
    )
    rung = {notice.company_id for notice in notices}
    for connection in Connection.objects.active().filter(provider=provider, company_id__in=rung):
        if _is_ours(connection, notices):
            _ring(connection, now)


def _is_ours(connection: Connection, notices: Sequence[Doorbell]) -> bool:
    """Whether one of them is about an invoice of ours, or about what may settle one."""
    mine = [notice for notice in notices if notice.company_id == connection.company_id]
    ids = {notice.id for notice in mine if notice.of_invoice}
    other = any(not notice.of_invoice for notice in mine)
    return other or connection.invoices.filter(remote_id__in=ids).exists()


def _ring(connection: Connection, now: dt.datetime) -> None:
    """Bring the next look forward, but not so near to the last one that looks use up the day."""
    at = now + GATHER
    if connection.looked_at:
        pause = dt.timedelta(seconds=budget.pause(connection, now=now))
        at = max(at, connection.looked_at + pause)
    rows = Connection.objects.active().filter(pk=connection.pk, poll_at__gt=at)
    rows.update(poll_at=at)


def forget_old(*, now: dt.datetime) -> int:
    """Notices that nobody will ask about any more."""
    return Bell.objects.filter(rung_at__lt=now - KEPT).delete()[0]


def _bell(provider: str, notice: Doorbell, now: dt.datetime) -> Bell:
    return Bell(
        provider=provider,
        key=notice.key[:120],
        company_id=notice.company_id[:64],
        kind=notice.kind[:40],
        remote_id=notice.id[:64],
        event=notice.event[:40],
        rung_at=now,
    )
