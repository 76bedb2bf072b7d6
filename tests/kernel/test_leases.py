"""Who works on a job row: one at a time, and nobody for ever."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.conf import settings
from django.db import connection

from atera_invoicing import leases
from invoices.models import Batch

from .. import make

NOW = make.at("2026-11-01", "08:00")
LEASE = dt.timedelta(seconds=settings.LEASE_SECONDS)
LATER = NOW + LEASE + dt.timedelta(seconds=1)


@pytest.fixture
def job(db):
    """Any row that is a job; a batch is one."""
    return Batch.objects.create(
        name="October",
        through=make.day("2026-10-31"),
        invoice_date=make.day("2026-11-01"),
        run_at=NOW,
        created_at=NOW,
    )


def claim(job, owner, now=NOW):
    return leases.claim(Batch.objects.all(), job.pk, owner=owner, now=now)


def test_only_one_holder_gets_a_row(job):
    assert claim(job, "first").attempts == 1
    assert claim(job, "second") is None


def test_a_row_that_is_not_due_yet_is_not_given_out(job):
    assert claim(job, "early", now=NOW - dt.timedelta(seconds=1)) is None
    assert claim(job, "on time") is not None


def test_a_row_with_nothing_to_do_is_not_given_out(job):
    leases.release(claim(job, "first"))
    assert claim(job, "second", now=LATER) is None


def test_the_lease_of_a_dead_holder_runs_out(job):
    claim(job, "dead")
    assert list(leases.due(Batch.objects.all(), now=NOW + LEASE)) == []
    taken = claim(job, "next", now=LATER)
    assert (taken.owner, taken.attempts) == ("next", 2)


def test_a_holder_that_keeps_its_lease_is_not_replaced(job):
    held = claim(job, "first")
    assert leases.keep(held, now=NOW + LEASE)
    assert claim(job, "second", now=LATER) is None


def test_a_holder_that_lost_its_lease_is_told_and_writes_nothing(job):
    lost = claim(job, "slow")
    claim(job, "next", now=LATER)
    assert not leases.keep(lost, now=LATER)
    assert not leases.release(lost)
    job.refresh_from_db()
    assert (job.owner, job.lease_until) == ("next", LATER + LEASE)


def test_a_row_can_be_given_back_for_later(job):
    tomorrow = NOW + dt.timedelta(days=1)
    leases.release(claim(job, "first"), run_at=tomorrow)
    assert claim(job, "second", now=LATER) is None
    assert claim(job, "second", now=tomorrow) is not None


def test_every_holder_has_a_name_of_its_own():
    assert len({leases.me() for _ in range(100)}) == 100
    assert all(len(leases.me()) <= 64 for _ in range(10))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_that_claim_at_the_same_moment_one_gets_the_row(job):
    taken, ready = [], threading.Barrier(8)

    def compete(name: str) -> None:
        ready.wait(10)
        try:
            taken.append(claim(job, name))
        finally:
            connection.close()

    rivals = [threading.Thread(target=compete, args=(f"rival {i}",)) for i in range(8)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert len(taken) == 8
    assert [row.owner for row in taken if row] == [Batch.objects.get().owner]
