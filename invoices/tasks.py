"""Doors for Celery. Each message only says "look at this row"; it may be lost, late or repeated."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from atera_invoicing import leases, ringing

from . import batch_work, downloads
from .models import Batch, Download

HEARTBEAT = "worker-heartbeat"


@shared_task
def work_batch(batch_id: int) -> None:
    """Write, issue or delete a batch, whichever its row says."""
    batch_work.work(batch_id, now=timezone.now(), today=timezone.localdate())


@shared_task
def make_download(download_id: int) -> None:
    """Make the file that a download row asks for."""
    downloads.work(download_id, now=timezone.now())


@shared_task
def sweep() -> None:
    """Ring again for everything that is due, and show that a worker is alive."""
    now = timezone.now()
    cache.set(HEARTBEAT, now.isoformat(), timeout=3600)
    for pk in leases.due(Batch.objects.all(), now=now).values_list("pk", flat=True):
        work_batch.delay(pk)
    for pk in leases.due(Download.objects.all(), now=now).values_list("pk", flat=True):
        make_download.delay(pk)


def ring_batch(batch: Batch) -> None:
    """Tell a worker about a batch once it is committed."""
    ringing.ring(work_batch, batch.pk)


def ring_download(download: Download) -> None:
    """Tell a worker about a download once it is committed."""
    ringing.ring(make_download, download.pk)
