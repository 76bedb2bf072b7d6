"""Our own database fails in the middle of an export: 22 and 23 of the catalogue of reliability."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from django.db import DatabaseError, connection

from accounting.models import RemoteInvoice

from .office import BATCH, until


@pytest.fixture
def on_sqlite(db):
    if connection.vendor != "sqlite":
        pytest.skip("a fault of SQLite only")


@pytest.mark.postgres
def test_r22_a_database_that_drops_us_while_the_answer_is_out_costs_time_only(office):
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.qbo.arm("delay_answer", seconds=60, on=BATCH)
    backend: list[int] = []
    failed: list[Exception] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend.append(cursor.fetchone()[0])
        try:
            office.work()
        except DatabaseError as error:
            failed.append(error)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    until(office.qbo.invoices)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", backend)
    office.sims.clock.move(minutes=2)
    worker.join(10)
    assert failed  # said loudly, and nothing half-written
    assert {office.of(each).state for each in invoices} == {"sending"}
    assert not RemoteInvoice.objects.exists()
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert len(office.batches()) == 1


def test_r23_somebody_who_holds_the_database_is_waited_for(office, on_sqlite):
    invoice = office.invoice()
    office.queue(invoice)
    other = sqlite3.connect(
        connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: (other.execute("COMMIT"), other.close()))
    release.start()
    office.work()
    release.join()
    office.assert_there_once(invoice)


def test_r23_a_full_disk_stops_the_export_loudly_and_harms_nothing(office, on_sqlite):
    invoices = [office.invoice() for _ in range(3)]
    for each in invoices:
        each.lines.update(description="x" * 3000)  # so that an answer needs new pages
    office.queue(*invoices)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # no free page is left
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="full"):
        office.work()
    assert not RemoteInvoice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchone() == ("ok",)
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
