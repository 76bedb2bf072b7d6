"""A worker that is killed leaves nothing half-written, and its successor finishes the month."""

from __future__ import annotations

import datetime as dt
import os
import signal
import uuid

import pytest
from django.db import connection, connections
from django.utils import timezone

from invoices import batch_work, batches
from invoices.choosing import Choice
from invoices.models import Batch, Event

from .month import TODAY, assert_billed_once, build, picture

pytestmark = pytest.mark.django_db(transaction=True)


def start(contracts, name="October") -> Batch:
    return batches.start(
        [Choice(contract.pk) for contract in contracts],
        uid=uuid.uuid4(), name=name, through=TODAY, invoice_date=TODAY, by=None, now=timezone.now(),
    )  # fmt: skip


def work_and_die(batch: Batch, *, statement: int, now: dt.datetime) -> bool:
    """Work on a batch in a process that `kill -9`s itself before its n-th statement; False if it
    came to its end.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        seen = 0

        def count(execute, sql, params, many, context):
            nonlocal seen
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(count):
                batch_work.work(batch.pk, now=now, today=TODAY)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def undisturbed(contracts) -> list[tuple]:
    batch = start(contracts)
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)
    expected = picture()
    batch.refresh_from_db()
    batches.delete(batch, by=None, now=timezone.now())
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)
    return expected


def test_a_worker_killed_at_every_statement_in_turn_ends_with_the_same_invoices(monkeypatch):
    monkeypatch.setattr(batch_work, "CHUNK", 5)
    contracts = build()
    expected = undisturbed(contracts)
    batch, now = start(contracts), timezone.now()
    died = 0
    while work_and_die(batch, statement=2 + died, now=now):
        died += 1
        now += dt.timedelta(seconds=61)
        assert died < 400
    batch.refresh_from_db()
    assert died > 20
    assert batch.state == Batch.State.READY
    assert picture() == expected
    assert_billed_once(contracts)


def test_issuing_killed_on_the_way_ends_with_each_invoice_issued_once_and_no_gap(monkeypatch):
    monkeypatch.setattr(batch_work, "CHUNK", 3)
    batch, now = start(build(8)), timezone.now()
    batch_work.work(batch.pk, now=now, today=TODAY)
    batch.refresh_from_db()
    batches.issue_all(batch, by=None, now=now)
    died = 0
    while work_and_die(batch, statement=3 + 5 * died, now=now):
        died += 1
        now += dt.timedelta(seconds=61)
        assert died < 400
    batch.refresh_from_db()
    assert died > 5
    assert batch.state == Batch.State.READY
    numbers = batch.invoices.order_by("id").values_list("number", flat=True)
    assert list(numbers) == [f"INV-{n:05d}" for n in range(1, 9)]
    assert Event.objects.filter(code="issued").count() == 8
    assert not Event.objects.filter(code="not_issued").exists()


def test_a_deletion_killed_on_the_way_is_finished_and_frees_all_work(monkeypatch):
    monkeypatch.setattr(batch_work, "CHUNK", 5)
    contracts = build(8)
    expected = undisturbed(contracts)
    batch, now = start(contracts), timezone.now()
    batch_work.work(batch.pk, now=now, today=TODAY)
    batch.refresh_from_db()
    batches.delete(batch, by=None, now=now)
    died = 0
    while Batch.objects.filter(pk=batch.pk).exists():
        work_and_die(batch, statement=5 + 7 * died, now=now)
        died += 1
        now += dt.timedelta(seconds=61)
        assert died < 400
    again = start(contracts)
    batch_work.work(again.pk, now=timezone.now(), today=TODAY)
    assert picture() == expected
