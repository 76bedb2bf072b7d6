"""The bar goes forward only, however many orders overlap."""

from __future__ import annotations

import datetime as dt

import pytest

from accounting import outbox, progress
from accounting.models import Connection, Export, Run
from tests import make
from tests.accounting import build

pytestmark = pytest.mark.django_db
NOW = build.NOW


@pytest.fixture
def connection(owner) -> Connection:
    return build.connected(by=owner)


def order(connection: Connection, count: int, *, at: dt.datetime) -> list[Export]:
    """Somebody orders so many exports in one go."""
    run = Run.objects.create(connection=connection, plan_hash="", total=count, created_at=at)
    entries = [make.entry(make.ticket()) for _ in range(count)]
    return [
        Export.objects.create(
            connection=connection,
            run=run,
            time_entry=entry,
            operation="create",
            document={},
            digest="x",
            marker="m",
            queued_at=at,
            run_at=at,
        )
        for entry in entries
    ]


def finish(exports: list[Export], *, at: dt.datetime) -> None:
    for export in exports:
        Export.objects.filter(pk=export.pk).update(
            state="sent", remote_id=str(export.pk), settled_at=at
        )


def shown(connection: Connection, at: dt.datetime) -> tuple[int, int]:
    made = progress.of(connection, now=at)
    return made.done, made.total


def minute(number: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=number)


def test_an_order_that_ends_while_another_goes_on_does_not_move_the_bar_back(connection):
    first = order(connection, 4, at=minute(0))
    finish(first[:3], at=minute(1))
    second = order(connection, 3, at=minute(2))
    finish(second[:1], at=minute(3))
    assert shown(connection, minute(3)) == (4, 7)
    finish(first[3:], at=minute(4))
    assert shown(connection, minute(4)) == (5, 7)
    finish(second[1:], at=minute(5))
    assert progress.of(connection, now=minute(5)).left == 0


def test_what_was_done_before_the_queue_was_empty_is_not_counted(connection):
    finish(order(connection, 3, at=minute(0)), at=minute(1))
    order(connection, 2, at=minute(10))
    assert shown(connection, minute(10)) == (0, 2)


def test_one_that_is_tried_again_after_days_does_not_bring_back_the_days(connection):
    old = order(connection, 3, at=minute(0))
    finish(old[:2], at=minute(1))
    Export.objects.filter(pk=old[2].pk).update(state="waiting")
    outbox.retry(old[2], by=None, now=minute(5000))
    assert shown(connection, minute(5000)) == (0, 1)
