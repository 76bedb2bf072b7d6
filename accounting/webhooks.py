"""Notices from outside. Each is only a doorbell: kept, answered at once, and looked into later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from .models import Bell, Connection
from .providers import registry
from .providers.port import Doorbell

KEPT = dt.timedelta(days=90)


def receive(
    provider: str, body: bytes, headers: Mapping[str, str], *, now: dt.datetime
) -> list[int]:
    """Keep the notices of a delivery and say which connections to look at, by primary key. The same
    notice again is kept once. `port.Unauthorized` when the signature is not right.
    """
    notices = registry.get(provider).doorbells(body, headers)
    Bell.objects.bulk_create(
        [_bell(provider, notice, now) for notice in notices], ignore_conflicts=True, batch_size=200
    )
    rung = Connection.objects.filter(
        provider=provider,
        state=Connection.State.ACTIVE,
        company_id__in={notice.company_id for notice in notices},
    )
    ids = list(rung.values_list("pk", flat=True))
    Connection.objects.filter(pk__in=ids, poll_at__gt=now).update(poll_at=now)
    return ids


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
