"""What a bill forbids, and the lock that keeps a bill and a change apart."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from atera_invoicing.errors import Refused
from contracts import locks, work
from contracts.models import Ticket, TicketItem, TimeEntry

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-10-20", "17:00")


@pytest.fixture
def boss():
    return make.user("billing")


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


@pytest.fixture
def billed():
    """A resolved ticket with one billed entry, one that was left out, and a product."""
    contract = make.hourly()
    ticket = make.ticket(contract)
    make.claim(make.entry(ticket), number="INV-00012")
    make.entry(ticket, minutes=30)
    make.used(ticket)
    return ticket


def assert_billed(refused: Refused) -> None:
    assert refused.code == "billed"
    assert "invoice INV-00012" in refused.message
    assert refused.facts["invoice"] == "INV-00012"
    assert not refused.field  # so the API says 409


def test_a_billed_ticket_can_not_be_reopened(boss, billed):
    assert_billed(refusal(work.reopen, billed, by=boss))


def test_a_billed_ticket_can_not_be_deleted(boss, billed):
    assert_billed(refusal(work.delete_ticket, billed, by=boss))


def test_a_billed_ticket_can_not_leave_its_contract(boss, billed):
    billed.contract = make.hourly(customer=billed.customer)

    assert_billed(refusal(work.change_ticket, billed, by=boss))


def test_a_billed_ticket_can_not_move_to_another_day(boss, billed):
    billed.resolved_at = make.at("2026-11-20")

    assert_billed(refusal(work.change_ticket, billed, by=boss))


def test_a_billed_ticket_can_not_be_reopened_by_an_edit(boss, billed):
    billed.status, billed.resolved_at = "open", None

    assert_billed(refusal(work.change_ticket, billed, by=boss))


def test_a_billed_ticket_takes_no_more_work(boss, billed):
    entry = TimeEntry(ticket=billed, technician=boss, started_at=NOW, minutes=5)
    product = TicketItem(ticket=billed, item=make.item(kind="product"), used_on=NOW.date())

    assert_billed(refusal(work.log_time, entry, by=boss))
    assert_billed(refusal(work.add_item, product, by=boss))


def test_the_words_of_a_billed_ticket_may_change(boss, billed):
    billed.title, billed.internal_notes = "VPN down again", "called twice"

    work.change_ticket(billed, by=boss)

    billed.refresh_from_db()
    assert (billed.title, billed.internal_notes) == ("VPN down again", "called twice")


def test_a_billed_ticket_can_still_be_closed(boss, billed):
    assert work.close(billed, by=boss, now=NOW).status == "closed"


def test_billed_time_can_neither_change_nor_go(boss, billed):
    entry = billed.entries.first()
    entry.minutes = 15

    assert_billed(refusal(work.change_time, entry, by=boss))
    assert_billed(refusal(work.delete_time, entry, by=boss))
    entry.refresh_from_db()
    assert entry.minutes == 60


def test_a_billed_product_can_neither_change_nor_go(boss, billed):
    product = make.used(make.ticket(billed.contract))
    make.claim(product, number="INV-00013")

    assert refusal(work.change_item, product, by=boss).facts["invoice"] == "INV-00013"
    assert refusal(work.delete_item, product, by=boss).facts["invoice"] == "INV-00013"


def test_an_entry_of_which_only_the_second_part_is_billed_is_billed(boss):
    entry = make.entry(make.ticket(make.block_hours()))
    make.claim(entry, part=0, released_at=NOW)
    make.claim(entry, number="INV-00012", part=1)

    assert_billed(refusal(work.delete_time, entry, by=boss))


def test_time_that_was_left_out_of_the_bill_can_be_corrected(boss, billed):
    entry = billed.entries.last()
    entry.minutes = 45

    work.change_time(entry, by=boss)

    entry.refresh_from_db()
    assert entry.minutes == 45


def test_time_can_not_move_onto_a_billed_ticket(boss, billed):
    entry = make.entry(make.ticket(billed.contract))
    entry.ticket = billed

    assert_billed(refusal(work.change_time, entry, by=boss))


def test_a_product_can_not_move_onto_a_billed_ticket(boss, billed):
    product = make.used(make.ticket(billed.contract))
    product.ticket = billed

    assert_billed(refusal(work.change_item, product, by=boss))


def test_work_on_a_draft_says_so(boss):
    entry = make.entry(make.ticket(make.hourly()))
    make.claim(entry)

    refused = refusal(work.delete_time, entry, by=boss)

    assert "a draft invoice" in refused.message
    assert refused.facts["invoice"] == ""


def test_a_voided_invoice_frees_its_ticket(boss):
    ticket = make.ticket(make.hourly())
    entry = make.entry(ticket)
    make.claim(entry, number="INV-00012", released_at=NOW)

    work.reopen(ticket, by=boss)
    entry.minutes = 15
    work.change_time(entry, by=boss)

    entry.refresh_from_db()
    assert (entry.minutes, entry.ticket.status) == (15, "open")


def test_the_trail_of_a_voided_invoice_can_not_be_deleted(boss):
    ticket = make.ticket(make.hourly())
    entry, product = make.entry(ticket), make.used(ticket)
    make.claim(entry, number="INV-00012", released_at=NOW)
    make.claim(product, number="INV-00013", released_at=NOW)

    assert refusal(work.delete_time, entry, by=boss).code == "was_billed"
    assert refusal(work.delete_item, product, by=boss).code == "was_billed"
    assert refusal(work.delete_ticket, ticket, by=boss).code == "was_billed"


def test_an_unbilled_ticket_goes_with_its_work_and_leaves_its_history(boss):
    ticket = make.ticket(make.hourly())
    entry = make.entry(ticket)
    make.used(ticket)

    work.delete_ticket(ticket, by=boss)

    assert not Ticket.objects.exists()
    assert not TimeEntry.objects.exists()
    assert not TicketItem.objects.exists()
    assert TimeEntry.history.filter(id=entry.pk, history_type="-", history_user=boss).exists()


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_a_mistake():
    with pytest.raises(transaction.TransactionManagementError):
        locks.lock([make.hourly().pk])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_work_waits_for_whoever_holds_its_contract(boss):
    ticket = make.ticket(make.hourly(), resolved=None)
    held, release, done = threading.Event(), threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            locks.lock([ticket.contract_id])
            held.set()
            release.wait(10)
        connection.close()

    def log():
        held.wait(10)
        work.log_time(
            TimeEntry(ticket=ticket, technician=boss, started_at=NOW, minutes=60), by=boss
        )
        done.set()
        connection.close()

    threads = [threading.Thread(target=hold), threading.Thread(target=log)]
    for thread in threads:
        thread.start()
    held.wait(10)
    assert not done.wait(0.5)
    release.set()
    for thread in threads:
        thread.join()
    assert done.is_set()
