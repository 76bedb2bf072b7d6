"""Many at once: the database keeps the promises, whoever comes first."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from atera_invoicing.errors import Refused
from invoices import batches, lifecycle
from invoices.choosing import Choice
from invoices.drafting import LineInput
from invoices.models import BatchPart, Claim, Invoice, InvoiceNumber
from tests import make

from .month import TODAY, assert_billed_once, build
from .test_crashes import start

pytestmark = pytest.mark.django_db(transaction=True)

BILLER = """
import django, sys, datetime
django.setup()
from django.utils import timezone
from invoices import batch_work
batch_work.CHUNK = 3
today = datetime.date.fromisoformat(sys.argv[2])
batch_work.work(int(sys.argv[1]), now=timezone.now(), today=today)
"""


def at_once(count: int, act) -> list:
    """Run `act(i)` in threads that all begin together; each has a connection of its own."""
    gate = threading.Barrier(count)

    def run(i: int):
        try:
            gate.wait()
            return act(i)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def draft(i: int = 0) -> Invoice:
    return lifecycle.create(
        make.customer(),
        lines=[LineInput("Work", unit_price=100)],
        invoice_date=TODAY,
        by=None,
        now=timezone.now(),
    )


def test_r32_two_processes_billing_the_same_month_bill_it_once_and_the_loser_is_told(elsewhere):
    contracts = build(24)
    first, second = start(contracts, "First"), start(contracts, "Second")
    processes = [elsewhere("-c", BILLER, str(b.pk), TODAY.isoformat()) for b in (first, second)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert_billed_once(contracts)
    assert Invoice.objects.count() == 24
    losers = BatchPart.objects.exclude(state="written")
    assert losers.count() == 24
    assert all("Billed meanwhile on Draft" in part.message for part in losers)


def test_one_batch_asked_for_by_many_at_once_is_one_batch():
    contracts, uid = build(4), uuid.uuid4()
    choices = [Choice(contract.pk) for contract in contracts]

    def ask(i: int) -> int:
        return batches.start(
            choices, uid=uid, name="October", through=TODAY, invoice_date=TODAY, by=None,
            now=timezone.now(),
        ).pk  # fmt: skip

    assert len(set(at_once(6, ask))) == 1
    assert BatchPart.objects.count() == 4


def insert_claim(invoice_id: int, entry_id: int) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO invoices_claim (invoice_id, time_entry_id, part, quantity) VALUES (%s,"
                " %s, 0, 1)",
                [invoice_id, entry_id],
            )
    except DatabaseError:
        return False
    return True


def test_r32_fifty_sessions_of_plain_sql_cannot_bill_an_entry_twice():
    entry, invoice = make.entry(make.ticket(make.hourly())), draft()
    won = at_once(50, lambda i: insert_claim(invoice.pk, entry.pk))
    assert sum(won) == 1
    assert Claim.objects.count() == 1


def test_fifty_sessions_of_plain_sql_cannot_use_a_number_twice():
    invoice = draft()

    def take(i: int) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO invoices_invoicenumber (key, number, invoice_id, used_from) VALUES"
                    " (%s, %s, %s, %s)",
                    ["INV-1", "INV-1", invoice.pk, timezone.now()],
                )
        except DatabaseError:
            return False
        return True

    assert sum(at_once(50, take)) == 1
    assert InvoiceNumber.objects.count() == 1


def test_r33_eight_writers_with_rollbacks_leave_no_gap_and_no_duplicate():
    drafts = [[draft().pk for _ in range(12)] for _ in range(8)]

    def issue_all(i: int) -> int:
        issued = 0
        for n, pk in enumerate(drafts[i]):
            try:
                with transaction.atomic():
                    lifecycle.issue_many([pk], by=None, now=timezone.now())
                    if n % 4 == i % 4:
                        raise InterruptedError
            except InterruptedError:
                continue
            issued += 1
        return issued

    issued = sum(at_once(8, issue_all))
    numbers = sorted(Invoice.objects.exclude(number="").values_list("number", flat=True))
    assert numbers == [f"INV-{n:05d}" for n in range(1, issued + 1)]


def test_one_invoice_is_voided_once():
    invoice = lifecycle.issue(draft(), by=None, now=timezone.now())

    def void(i: int) -> bool:
        try:
            lifecycle.void(
                Invoice.objects.get(pk=invoice.pk), reason="x", by=None, now=timezone.now()
            )
        except Refused:
            return False
        return True

    assert sum(at_once(6, void)) == 1
    assert invoice.events.filter(code="voided").count() == 1
