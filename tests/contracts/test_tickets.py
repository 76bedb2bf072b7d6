"""Tickets: opened, resolved, moved to another contract."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from atera_invoicing.errors import Refused
from contracts import work
from contracts.models import Ticket

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-10-20", "17:00")


@pytest.fixture
def boss():
    return make.user("billing")


def new_ticket(customer, **fields) -> Ticket:
    fields.setdefault("opened_at", make.at("2026-10-05"))
    return Ticket(customer=customer, title="Printer jams", **fields)


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


def test_a_ticket_without_a_number_gets_the_next_generated_one(boss):
    customer = make.customer()
    make.ticket(customer=customer, number="T-7")
    make.ticket(customer=customer, number="T-8")
    make.ticket(customer=customer, number="PSA-99")
    make.ticket(customer=customer, number="T-7b")

    first = work.open_ticket(new_ticket(customer), by=boss)
    second = work.open_ticket(new_ticket(customer), by=boss)

    assert (first.number, second.number) == ("T-9", "T-10")


def test_the_first_ticket_of_all_is_1001(boss):
    assert work.open_ticket(new_ticket(make.customer()), by=boss).number == "T-1001"


def test_generated_numbers_step_over_numbers_that_were_imported_out_of_order(boss):
    customer = make.customer()
    for n in range(2150, 2000, -1):
        make.ticket(customer=customer, number=f"T-{n}")

    assert work.open_ticket(new_ticket(customer), by=boss).number == "T-2151"


def test_a_number_that_is_taken_is_refused_by_name(boss):
    taken = make.ticket(number="T-1")

    refused = refusal(work.open_ticket, new_ticket(taken.customer, number="T-1"), by=boss)

    assert (refused.code, refused.field) == ("number_taken", "number")
    assert Ticket.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_tickets_opened_at_the_same_moment_get_different_numbers(boss):
    customer = make.customer()
    start = threading.Barrier(6)

    def open_one():
        try:
            start.wait()
            for _ in range(5):
                work.open_ticket(new_ticket(customer), by=boss)
        finally:
            connection.close()

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {ticket.number for ticket in Ticket.objects.all()} == {
        f"T-{n}" for n in range(1001, 1031)
    }


def test_a_ticket_goes_to_the_customers_default_contract(boss):
    contract = make.hourly(is_default=True)
    make.hourly(customer=contract.customer)

    assert work.open_ticket(new_ticket(contract.customer), by=boss).contract == contract


@pytest.mark.parametrize("over", [{"is_active": False}, {"end_date": "2026-10-04"}])
def test_a_default_contract_that_is_over_is_not_used(boss, over):
    contract = make.hourly(is_default=True, **over)

    assert work.open_ticket(new_ticket(contract.customer), by=boss).contract is None


@pytest.mark.parametrize("over", [{"is_active": False}, {"end_date": "2026-10-04"}])
def test_a_contract_that_is_over_takes_no_new_ticket(boss, over):
    contract = make.hourly(**over)

    refused = refusal(work.open_ticket, new_ticket(contract.customer, contract=contract), by=boss)

    assert (refused.code, refused.field) == ("contract_inactive", "contract")


def test_a_contract_takes_tickets_on_its_last_day(boss):
    contract = make.hourly(end_date="2026-10-05")

    ticket = work.open_ticket(new_ticket(contract.customer, contract=contract), by=boss)

    assert ticket.pk


def test_the_contract_must_be_the_customers_own(boss):
    ticket = new_ticket(make.customer(), contract=make.hourly())

    refused = refusal(work.open_ticket, ticket, by=boss)

    assert (refused.code, refused.field) == ("foreign_contract", "contract")


def test_the_contact_must_be_the_customers_own(boss):
    stranger = make.contact(make.customer())

    refused = refusal(work.open_ticket, new_ticket(make.customer(), contact=stranger), by=boss)

    assert (refused.code, refused.field) == ("foreign_contact", "contact")


def test_an_archived_customer_gets_no_ticket(boss):
    customer = make.customer(archived_at=NOW)

    assert refusal(work.open_ticket, new_ticket(customer), by=boss).code == "customer_archived"


def test_a_ticket_is_resolved_closed_and_reopened(boss):
    ticket = make.ticket(make.hourly(), resolved=None)

    work.resolve(ticket, by=boss, now=NOW)
    assert (ticket.status, ticket.resolved_at) == ("resolved", NOW)

    work.close(ticket, by=boss, now=make.at("2026-11-02"))
    assert (ticket.status, ticket.resolved_at) == ("closed", NOW)

    work.reopen(ticket, by=boss)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.resolved_at) == ("open", None)


@pytest.mark.parametrize(
    ("status", "verb"),
    [("resolved", work.resolve), ("closed", work.close), ("closed", work.resolve)],
)
def test_a_done_ticket_keeps_the_day_on_which_it_was_resolved(boss, status, verb):
    ticket = make.ticket(make.hourly(), status=status, resolved_at=NOW)

    assert refusal(verb, ticket, by=boss, now=make.at("2026-11-02")).code == "already_done"
    ticket.refresh_from_db()
    assert ticket.resolved_at == NOW


def test_only_a_done_ticket_can_be_reopened(boss):
    ticket = make.ticket(make.hourly(), resolved=None)

    assert refusal(work.reopen, ticket, by=boss).code == "not_done"


def test_the_history_names_who_acted(boss):
    ticket = make.ticket(make.hourly(), resolved=None)

    work.resolve(ticket, by=boss, now=NOW)

    assert ticket.history.latest().history_user == boss


def test_resolving_leaves_unsaved_changes_of_the_title_alone(boss):
    ticket = make.ticket(make.hourly(), resolved=None, title="VPN down")
    ticket.title = "typed but not saved"

    work.resolve(ticket, by=boss, now=NOW)

    ticket.refresh_from_db()
    assert ticket.title == "VPN down"


@pytest.fixture
def moving():
    """A ticket with time at two named rates and at none, about to go to a new contract."""
    contract = make.hourly()
    after_hours = make.rate(contract, "additional", "150")
    ticket = make.ticket(contract, resolved=None)
    make.entry(ticket, rate=after_hours)
    make.entry(ticket, rate=contract.rates.get(role="primary"))
    make.entry(ticket)
    ticket.contract = make.hourly(customer=contract.customer)
    return ticket


def test_moving_a_ticket_says_how_many_entries_would_change_their_rate(boss, moving):
    refused = refusal(work.change_ticket, moving, by=boss)

    assert refused.code == "rates_change"
    assert refused.facts["entries"] == 2
    assert moving.entries.exclude(rate=None).count() == 2


def test_a_moved_tickets_time_goes_to_the_new_primary_rate(boss, moving):
    work.change_ticket(moving, by=boss, repoint_rates=True)

    moving.refresh_from_db()
    assert not moving.entries.exclude(rate=None).exists()  # none named: the primary one
    changed = moving.entries.first()
    assert changed.history.latest().history_user == boss
    assert changed.history.count() == 2


def test_a_ticket_may_leave_its_contract_for_none(boss, moving):
    moving.contract = None

    work.change_ticket(moving, by=boss, repoint_rates=True)

    moving.refresh_from_db()
    assert moving.contract is None


def test_a_changed_ticket_can_not_take_a_foreign_or_ended_contract(boss):
    ticket = make.ticket(make.hourly())
    own = ticket.customer

    ticket.contract = make.hourly()
    assert refusal(work.change_ticket, ticket, by=boss).code == "foreign_contract"
    ticket.contract = make.hourly(customer=own, is_active=False)
    assert refusal(work.change_ticket, ticket, by=boss).code == "contract_inactive"


def test_a_ticket_of_an_ended_contract_can_still_be_edited(boss):
    ticket = make.ticket(make.hourly(is_active=False))
    ticket.title = "VPN still down"

    assert work.change_ticket(ticket, by=boss).pk


def test_a_changed_number_must_be_free(boss):
    make.ticket(number="T-1")
    ticket = make.ticket(number="T-2")
    ticket.number = "T-1"

    assert refusal(work.change_ticket, ticket, by=boss).code == "number_taken"


def test_a_ticket_that_is_gone_says_so(boss):
    ticket = make.ticket()
    Ticket.objects.all().delete()

    assert refusal(work.change_ticket, ticket, by=boss).code == "gone"
