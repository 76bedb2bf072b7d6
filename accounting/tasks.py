"""Doors for Celery. Each message only says "look at this row"; it may be lost, late or repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from atera_invoicing import ringing

from . import auto, delivery, refreshing, sweeping, sync, webhooks, wizard
from .models import Connection, Export
from .providers.port import ProviderError

logger = logging.getLogger(__name__)


@shared_task
def deliver(connection_id: int) -> None:
    """Send what is due over a connection, and clear up what was lost."""
    delivery.work(connection_id, now=timezone.now())


@shared_task
def look(connection_id: int) -> None:
    """Ask what changed at the other end, if it is time."""
    now = timezone.now()
    _ask(connection_id, lambda: sync.poll(connection_id, now=now))


@shared_task
def look_at_all() -> None:
    """Every night: look at the invoices there that may change, whatever we were told."""
    now = timezone.now()
    webhooks.forget_old(now=now)
    for connection in Connection.objects.active():
        sweeping.begin_nightly(connection, now=now)
    _ask_each(lambda connection: sync.sweep_on(connection, now=now))


@shared_task
def look_on(connection_id: int) -> None:
    """Go on looking at invoices there, where the budget or the end of a worker stopped it."""
    now = timezone.now()
    _ask(connection_id, lambda: sync.sweep_on(Connection.objects.get(pk=connection_id), now=now))


@shared_task
def refresh_lists() -> None:
    """Every night: read the lists anew, and cancel set-ups that nobody came back to."""
    now, today = timezone.now(), timezone.localdate()
    wizard.expire(now=now)
    _ask_each(lambda connection: refreshing.everything(connection, today=today, now=now))


@shared_task
def sweep() -> None:
    """Ring again for everything that is due."""
    now = timezone.now()
    for connection in Connection.objects.active():
        auto.queue_issued(connection, now=now)
        sync.catch_up(connection, now=now)
    waiting = Export.objects.filter(
        state__in=[Export.State.QUEUED, Export.State.WAITING, Export.State.UNKNOWN], run_at__lte=now
    )
    free = Q(sender="") | Q(sender_until__lt=now)
    open_ = Q(held_until__isnull=True) | Q(held_until__lte=now)
    stuck = Q(exports__in=waiting) | Q(calls__state="sending")
    due = Connection.objects.active().filter(free, open_, stuck)
    for pk in due.filter(lost_at__isnull=True).distinct().values_list("pk", flat=True):
        deliver.delay(pk)
    polled = Connection.objects.active().filter(poll_at__lte=now)
    for pk in polled.filter(lost_at__isnull=True).values_list("pk", flat=True):
        look.delay(pk)
    swept = Connection.objects.active().filter(sweep_at__lte=now)
    for pk in swept.filter(lost_at__isnull=True).values_list("pk", flat=True):
        look_on.delay(pk)


def ring(connection: Connection) -> None:
    """Tell a worker about a connection once what was queued is committed."""
    ringing.ring(deliver, connection.pk)


def ring_look(connection: Connection) -> None:
    """Tell a worker to look at a connection, once it is in force."""
    ringing.ring(look, connection.pk)


def _ask_each(question: Callable[[Connection], object]) -> None:
    """Put a question over every connection that lets us in; one that fails stops no other."""
    for connection in Connection.objects.active().filter(lost_at=None):
        _ask(connection.pk, partial(question, connection))


def _ask(connection_id: int, question: Callable[[], object]) -> None:
    """A provider that can't be asked now is asked again next time."""
    try:
        question()
    except ProviderError as error:
        logger.warning("Connection %s was not asked: %s", connection_id, error.message)
