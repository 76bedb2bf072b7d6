"""Two addresses for whoever runs this: is the web process alive, and can everything work?

`/healthz` touches nothing. `/readyz` looks at each part; it answers 503 only when no page could
work, because a missing worker or broker delays jobs but loses none.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from invoices import pdf
from invoices.tasks import HEARTBEAT

from . import leases
from .celery import app
from .models import Leased

WORKER_SILENCE = dt.timedelta(seconds=60)
LONGEST_WAIT = dt.timedelta(minutes=5)


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Each part with `ok` and, where it is not, what is wrong."""
    now = timezone.now()
    parts = {"database": _database()}
    if not parts["database"]["ok"]:
        return JsonResponse({"status": "down", **parts}, status=503)
    parts |= {"broker": _broker(), "worker": _worker(now), "jobs": _jobs(now), "pdf": _pdf()}
    status = "ready" if all(part["ok"] for part in parts.values()) else "degraded"
    return JsonResponse({"status": status, **parts})


def heartbeat_age(now: dt.datetime) -> dt.timedelta | None:
    """How long ago a worker last swept for due work; None when it never did, or not for an hour."""
    seen = cache.get(HEARTBEAT)
    return now - dt.datetime.fromisoformat(seen) if seen else None


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return {"ok": False, "message": "The database does not answer."}
    return {"ok": True}


def _broker() -> dict[str, Any]:
    try:
        with app.connection_for_write(connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError):
        return {"ok": False, "message": "The broker does not answer; jobs wait for it."}
    return {"ok": True}


def _worker(now: dt.datetime) -> dict[str, Any]:
    age = heartbeat_age(now)
    if age is None:
        return {"ok": False, "message": "No worker was seen within the last hour."}
    return {"ok": age < WORKER_SILENCE, "seen_seconds_ago": int(age.total_seconds())}


def _jobs(now: dt.datetime) -> dict[str, Any]:
    """Rows that are due and that nobody works on."""
    waiting, oldest = 0, now
    for model in Leased.__subclasses__():
        due = leases.due(model._default_manager.all(), now=now)
        waiting += due.count()
        oldest = min(oldest, due.aggregate(first=Min("run_at"))["first"] or now)
    age = now - oldest
    return {
        "ok": age < LONGEST_WAIT,
        "waiting": waiting,
        "oldest_seconds": int(age.total_seconds()),
    }


def _pdf() -> dict[str, Any]:
    problem = pdf.available()
    return {"ok": not problem, **({"message": problem} if problem else {})}


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("readyz", ready, name="readyz"),
]
