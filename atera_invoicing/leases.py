"""Who works on a job row: claim it, keep it, give it back.

A claim is one conditional UPDATE, so two workers can't both win, on any database. Work that
outlives its lease is recovered by whoever comes next, therefore every step must be safe to repeat.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import F, Q, QuerySet

from .models import Leased

Row = TypeVar("Row", bound=Leased)


class Clock:
    """The time a job was started, moved on by what has passed since: a job needs no other clock."""

    def __init__(self, start: datetime) -> None:
        self.start, self.began = start, time.monotonic()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.began)


def me() -> str:
    """A name for this holder, unique per call."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def due(rows: QuerySet[Row], *, now: datetime) -> QuerySet[Row]:
    """The rows that somebody should work on now."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return rows.filter(free, run_at__lte=now)


def claim(rows: QuerySet[Row], pk: int, *, owner: str, now: datetime) -> Row | None:
    """Take the lease of one due row; None when somebody else has it or nothing is to do."""
    taken = (
        due(rows, now=now)
        .filter(pk=pk)
        .update(owner=owner, lease_until=_until(now), attempts=F("attempts") + 1)
    )
    return rows.get(pk=pk) if taken else None


def keep(row: Row, *, now: datetime) -> bool:
    """Extend the lease; False when it was lost, and then the holder must stop without writing."""
    mine = type(row)._default_manager.filter(pk=row.pk, owner=row.owner)
    return bool(mine.update(lease_until=_until(now)))


def release(row: Row, *, run_at: datetime | None = None) -> bool:
    """Give the row back: done for now, or due again at `run_at`. False when the lease was lost."""
    mine = type(row)._default_manager.filter(pk=row.pk, owner=row.owner)
    return bool(mine.update(owner="", lease_until=None, run_at=run_at))


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)
