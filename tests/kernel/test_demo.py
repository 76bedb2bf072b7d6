"""The demo's month: complete, believable, and billable without a crash."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atera_invoicing.demo import loading
from atera_invoicing.demo.people import LOGINS
from atera_invoicing.models import Installation, Level, User
from atera_invoicing.roles import Role
from contracts.models import Contract, Ticket, TimeEntry
from customers.models import Contact, Customer
from customers.recipients import resolve
from invoices import billing
from invoices.models import Invoice, Status

from .. import database, make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-24", "10:00")
TODAY = make.day("2026-11-24")


@pytest.fixture(scope="module", autouse=True)
def _demo(django_db_setup, django_db_blocker):
    """The loaded month, shared by the tests of this module, which only read."""
    with database.shared(django_db_blocker):
        loading.load(now=NOW, password="a password for tests")
        yield


def rows(**overrides):
    given = {"through": TODAY, "today": TODAY, "options": Installation.current(), **overrides}
    return list(billing.rows(Contract.objects.all(), **given))


def test_it_has_a_log_in_for_every_role(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert {login.role for login in LOGINS} == set(Role)
    for login in LOGINS:
        assert User.objects.get(email=login.email).check_password("a password for tests")


def test_it_has_what_a_month_needs():
    assert Customer.objects.count() == 25
    assert Contract.objects.count() >= 40
    assert set(Contract.objects.values_list("type", flat=True)) == set(Contract.Type.values)
    october = make.at("2026-10-01", "00:00")
    assert Ticket.objects.filter(opened_at__gte=october).count() >= 150
    assert TimeEntry.objects.filter(started_at__gte=october).count() >= 380
    assert (
        User.objects.filter(role=Role.TECHNICIAN, time_entries__isnull=False).distinct().count()
        == 5
    )


def test_the_months_before_are_billed_and_the_shown_one_is_not():
    statuses = {invoice.status(TODAY) for invoice in Invoice.objects.all()}
    assert statuses >= {
        Status.DRAFT, Status.ISSUED, Status.PAID, Status.PARTIALLY_PAID, Status.OVERDUE,
        Status.REFUNDED, Status.VOIDED,
    }  # fmt: skip
    billed = Invoice.objects.filter(batch__isnull=False)
    assert not billed.filter(period_start__gte=make.day("2026-10-01")).exists()
    due = [row for row in rows() if row.balance > 0]
    assert len(due) >= 30


@pytest.mark.parametrize("level", Level.values)
def test_every_contract_can_be_previewed_at_every_level(level):
    found = rows(level=level)
    assert len(found) == Contract.objects.count()
    bills = [bill for row in found for bill in row.bills if bill.invoice]
    assert all(bill.invoice.lines for bill in bills)
    assert sum(bill.invoice.total for bill in bills) > Decimal(40_000)


def test_a_block_runs_over_its_limit():
    row = next(row for row in rows() if row.facts.terms.name == "Block of 10 hours")
    kinds = {charge.kind for bill in row.bills for charge in bill.owed.charges}
    assert "overage" in kinds


def test_a_missing_count_keeps_a_contract_from_being_billed():
    blocked = [row for row in rows() for bill in row.bills if bill.due and bill.owed.blocked]
    assert {row.facts.customer_name for row in blocked} == {"Lakeshore Property Management"}


def test_an_incomplete_period_is_charged_by_the_day():
    row = next(
        row
        for row in rows()
        if row.facts.customer_name == "Lakeshore Property Management"
        and row.facts.terms.type == "retainer"
    )
    fee = row.bills[0].owed.charges[0]
    assert fee.quantity * fee.unit_price < Decimal(1290)


def test_recipients_meet_every_edge_of_the_rule():
    def email(name: str) -> str:
        return resolve(Contact.objects.filter(customer__name=name), "main_contact").email

    assert email("Emerald City Title & Escrow") == "gloria@emeraldtitle.example"  # two are main
    assert email("Cedar Hollow Veterinary Clinic") == "nate@cedarhollowvet.example"  # main without
    assert email("Gasworks Brewing") == "owen@gasworksbrewing.example"  # nobody is main
    assert email("Pioneer Square Dance Company") == ""  # unusable address
    assert email("Queen Anne Bakehouse") == ""  # no contacts


def test_there_is_work_that_can_not_be_billed_yet():
    assert Ticket.objects.filter(contract=None, resolved_at__isnull=False).exists()
    assert Ticket.objects.filter(resolved_at__isnull=True).count() == 18
    assert TimeEntry.objects.filter(description="").exists()


def test_every_entry_lies_in_the_past_and_every_date_is_in_order():
    assert not TimeEntry.objects.filter(started_at__gt=NOW).exists()
    for ticket in Ticket.objects.exclude(resolved_at=None):
        assert ticket.opened_at < ticket.resolved_at <= NOW


def test_a_database_that_somebody_used_is_not_empty():
    assert not loading.is_empty()
