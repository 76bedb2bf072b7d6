"""Notices from outside. Each is only a doorbell: kept, answered at once, and looked into later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from .models import Bell, Connection
from .providers import registry
from .providers.port import Doorbell

KEPT = dt.timedelta(days=90)
GATHER = dt.timedelta(seconds=2)  # notices come in flocks; one look answers all of them


def receive(provider: str, body: bytes, headers: Mapping[str, str], *, now: dt.datetime) -> None:
    """Keep the notices of a delivery, and let the sweep look at their companies in a moment. The
    same notice again is kept once. `port.Unauthorized` when the signature is not right.
    """
    notices = registry.get(provider).doorbells(body, headers)
    Bell.objects.bulk_create(
        [_bell(provider, notice, now) for notice in notices], ignore_conflicts=True, batch_size=200
    )
    rung = Connection.objects.active().filter(
        provider=provider,
        company_id__in={notice.company_id for notice in notices},
    )
    rung.filter(poll_at__gt=now + GATHER).update(poll_at=now + GATHER)


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
