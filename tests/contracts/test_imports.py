"""Files of contracts, tickets and time entries."""

from decimal import Decimal

import pytest
from django.utils import timezone

from atera_invoicing import imports
from atera_invoicing.errors import Refused
from contracts.imports import Contracts, Tickets, TimeEntries
from contracts.models import Contract, Ticket, TimeEntry
from invoices.models import Claim, Invoice
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-01")
CONTRACTS = b"""customer,name,type,start_date,tax,period,rounding_increment,included,primary_rate,\
additional_rates,block_rate,overage_rate,device_rates
Acme,Hourly,Hourly,2026-01-01,Sales,monthly,15,,Standard,After hours @ 150; Weekend,,,
Acme,Block,block_hours,2026-01-01,,monthly,,10,,,Block hour,Standard,
Acme,Care,monitoring,2026-01-01,,quarterly,,,,,,,servers = Server care; pcs = PC care @ 8.50
Acme,Move,project_hourly,2026-01-01,,,,,Standard,,,,
"""
TICKETS = b"""number,title,customer,contract,opened_at,resolved_at
T-1,VPN down,Acme,Hourly,2026-10-05 08:00,2026-10-06 17:00
T-2,New laptop,Acme,,2026-10-07 08:00,
"""
TIME = b"""ticket,technician,start,minutes,hours,end,rate,description
T-1,SAM@msp.example,2026-10-05 09:00,90,,,,Reset gateway
T-1,sam@msp.example,2026-10-05 19:00,,0.75,,After hours,
T-2,sam@msp.example,2026-10-07 09:00,,,2026-10-07 09:20,,
"""


@pytest.fixture
def catalog():
    make.customer("Acme", reference="C-1")
    make.tax("Sales")
    for name in ("Standard", "After hours", "Weekend", "Block hour", "Server care", "PC care"):
        make.item(name, "100")
    make.user("technician", email="sam@msp.example")


@pytest.fixture
def worked(catalog, owner):
    """Contracts, tickets and time, all of it imported."""
    for importer, content in (
        (Contracts(), CONTRACTS),
        (Tickets(), TICKETS),
        (TimeEntries(), TIME),
    ):
        bring(importer, content, owner)


def bring(importer, content, by):
    plan = imports.plan(importer, content)
    assert not plan.problems
    return imports.commit(importer, content, fingerprint=plan.fingerprint, by=by, now=NOW)


def counts(plan):
    return tuple(plan.count(action) for action in imports.Action)


def only_problem(importer, content):
    (problem,) = imports.plan(importer, content).problems
    return problem


def bill(entry):
    """A draft that bills the entry."""
    contract = entry.ticket.contract
    invoice = Invoice.objects.create(
        customer=contract.customer, contract=contract, currency="USD", bill_to_name="Acme",
        invoice_date=make.day("2026-11-01"), created_at=timezone.now(),
    )  # fmt: skip
    Claim.objects.create(invoice=invoice, time_entry=entry, quantity=1)


def test_contracts_come_with_their_rates(catalog, owner):
    plan = imports.plan(Contracts(), CONTRACTS)
    assert counts(plan) == (4, 0, 0)
    assert not Contract.objects.exists()
    bring(Contracts(), CONTRACTS, owner)
    hourly = Contract.objects.get(name="Hourly")
    assert (hourly.tax_rate.name, hourly.rounding_increment) == ("Sales", 15)
    assert {(rate.role, rate.item.name, rate.unit_price) for rate in hourly.rates.all()} == {
        ("primary", "Standard", None),
        ("additional", "After hours", Decimal(150)),
        ("additional", "Weekend", None),
    }
    care = Contract.objects.get(name="Care")
    assert {(rate.counted, rate.price) for rate in care.rates.all()} == {
        ("servers", Decimal(100)),
        ("pcs", Decimal("8.50")),
    }
    assert Contract.objects.get(name="Move").period == "once"


def test_importing_everything_again_changes_nothing(worked, owner):
    assert counts(bring(Contracts(), CONTRACTS, owner)) == (0, 0, 4)
    assert counts(bring(Tickets(), TICKETS, owner)) == (0, 0, 2)
    assert counts(bring(TimeEntries(), TIME, owner)) == (0, 0, 3)
    assert Contract.history.count() == 4
    assert Ticket.history.count() == 2
    assert TimeEntry.history.count() == 3


def test_a_rate_changes_in_place_and_the_others_stay(worked, owner):
    before = dict(Contract.objects.get(name="Hourly").rates.values_list("item__name", "id"))
    head = b"customer,name,type,start_date,tax,rounding_increment,additional_rates\n"
    row = b"Acme,Hourly,hourly,2026-01-01,Sales,15,After hours @ 160; Weekend\n"
    bring(Contracts(), head + row, owner)
    hourly = Contract.objects.get(name="Hourly")
    assert dict(hourly.rates.values_list("item__name", "id")) == before
    assert hourly.rates.get(item__name="After hours").unit_price == 160


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("Nobody,A,hourly,2026-01-01,Standard,,", "customer", "no customer"),
        ("Acme,A,hourly,2026-01-01,Unknown,,", "primary_rate", "no item called “Unknown”"),
        ("Acme,A,hourly,2026-01-01,,,", "rates", "Add the primary rate"),
        ("Acme,A,hourly,2026-01-01,Standard @ 1e5,,", "primary_rate", "not a number"),
        ("Acme,A,retainer,2026-01-01,Standard,,", "rates", "has no primary rate"),
        ("Acme,A,hourly,01.01.2026,Standard,,", "start_date", "year-month-day"),
        ("Acme,A,magic,2026-01-01,Standard,,", "type", "not known here"),
        ("Acme,A,hourly,2026-01-01,Standard,2025-01-01,", "", "before the start"),
        ("Acme,A,hourly,2026-01-01,Standard,,7", "rounding_increment", "not a valid choice"),
        ("Acme,A,block_hours,2026-01-01,,,", "", "how many hours"),
    ],
)
def test_a_bad_contract_row_says_what_is_wrong(catalog, row, column, words):
    head = "customer,name,type,start_date,primary_rate,end_date,rounding_increment\n"
    problem = only_problem(Contracts(), f"{head}{row}\n".encode())
    assert (problem.line, problem.column) == (2, column)
    assert words in problem.message
    assert not Contract.objects.exists()


def test_one_bad_row_keeps_all_contracts_out(catalog, owner):
    content = CONTRACTS + b"Acme,Other,hourly,2026-01-01,,,,,Unknown,,,,\n"
    plan = imports.plan(Contracts(), content)
    with pytest.raises(Refused):
        imports.commit(Contracts(), content, fingerprint=plan.fingerprint, by=owner, now=NOW)
    assert not Contract.objects.exists()


def test_a_billed_contract_keeps_its_schedule(worked):
    bill(TimeEntry.objects.get(minutes=90))
    content = CONTRACTS.replace(b"Hourly,Hourly,2026-01-01", b"Hourly,Hourly,2026-02-01")
    assert "can't change any more" in only_problem(Contracts(), content).message


def test_the_type_of_a_contract_never_changes(worked):
    content = b"customer,name,type,start_date\nAcme,Move,project_fixed,2026-01-01\n"
    assert only_problem(Contracts(), content).column == "type"


def test_a_ticket_without_a_contract_gets_the_default_one(catalog, owner):
    bring(Contracts(), CONTRACTS, owner)
    Contract.objects.filter(name="Hourly").update(is_default=True)
    bring(Tickets(), TICKETS, owner)
    assert Ticket.objects.get(number="T-2").contract.name == "Hourly"
    assert counts(bring(Tickets(), TICKETS, owner)) == (0, 0, 2)


def test_a_ticket_with_a_day_is_resolved(worked):
    states = dict(Ticket.objects.values_list("number", "status"))
    assert states == {"T-1": "resolved", "T-2": "open"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("T-9,X,Nobody,,2026-10-05 08:00,,", "customer"),
        ("T-9,X,Acme,Unknown,2026-10-05 08:00,,", "contract"),
        ("T-9,X,Acme,,05/10/2026,,", "opened_at"),
        ("T-9,X,Acme,,2026-10-05 08:00,,resolved", "resolved_at"),
        ("T-9,X,Acme,,2026-10-05 08:00,2026-10-04 08:00,", "resolved_at"),
        ("T-9,X,Acme,,2026-10-05 08:00,2026-10-06 08:00,open", "status"),
        (f"T-9,{'x' * 201},Acme,,2026-10-05 08:00,,", "title"),
        (",X,Acme,,2026-10-05 08:00,,", "number"),
    ],
)
def test_a_bad_ticket_row_says_where(catalog, row, column):
    head = "number,title,customer,contract,opened_at,resolved_at,status\n"
    problem = only_problem(Tickets(), f"{head}{row}\n".encode())
    assert (problem.line, problem.column) == (2, column)
    assert problem.message


def test_a_billed_ticket_is_not_moved_or_reopened(worked):
    bill(TimeEntry.objects.get(minutes=90))
    for old, new in ((b",2026-10-06 17:00", b","), (b"Acme,Hourly", b"Acme,Block")):
        problem = only_problem(Tickets(), TICKETS.replace(old, new, 1))
        assert (problem.line, "billed" in problem.message) == (2, True)
    assert counts(imports.plan(Tickets(), TICKETS.replace(b"VPN down", b"VPN"))) == (0, 1, 1)


def test_time_is_given_as_minutes_hours_or_end(worked):
    entries = {entry.minutes: entry for entry in TimeEntry.objects.all()}
    assert set(entries) == {90, 45, 20}
    assert entries[45].rate.item.name == "After hours"
    assert entries[90].rate is None
    assert entries[90].technician.email == "sam@msp.example"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("T-9,sam@msp.example,2026-10-05 09:00,10,,,", "ticket"),
        ("T-1,nobody@msp.example,2026-10-05 09:00,10,,,", "technician"),
        ("T-1,sam@msp.example,2026-10-05 09:00,,,,", "minutes"),
        ("T-1,sam@msp.example,2026-10-05 09:00,30,0.75,,", "minutes"),
        ("T-1,sam@msp.example,2026-10-05 09:00,-5,,,", "minutes"),
        ("T-1,sam@msp.example,2026-10-05 09:00,,200,,", "hours"),
        ("T-1,sam@msp.example,2026-10-05 09:00,,,2026-10-05 08:00,", "end"),
        ("T-1,sam@msp.example,2026-10-05 09:00,10,,,Block hour", "rate"),
    ],
)
def test_a_bad_time_row_says_where(worked, row, column):
    head = "ticket,technician,started_at,minutes,hours,end,rate\n"
    problem = only_problem(TimeEntries(), f"{head}{row}\n".encode())
    assert (problem.line, problem.column) == (2, column)


def test_billed_time_is_not_touched(worked):
    bill(TimeEntry.objects.get(minutes=90))
    assert only_problem(TimeEntries(), TIME.replace(b",90,", b",95,")).line == 2
    added = TIME + b"T-1,sam@msp.example,2026-10-06 09:00,5,,,,\n"
    assert only_problem(TimeEntries(), added).line == 5
    assert counts(imports.plan(TimeEntries(), TIME)) == (0, 0, 3)


def test_time_billed_between_dry_run_and_commit_is_refused(worked, owner):
    content = TIME.replace(b",90,", b",95,")
    plan = imports.plan(TimeEntries(), content)
    bill(TimeEntry.objects.get(minutes=90))
    with pytest.raises(Refused) as refused:
        imports.commit(TimeEntries(), content, fingerprint=plan.fingerprint, by=owner, now=NOW)
    assert refused.value.code == "plan_changed"
    assert TimeEntry.objects.filter(minutes=90).exists()


def test_many_rows_of_time_need_few_queries(worked, owner, django_assert_max_num_queries):
    head = "ticket,technician,start,minutes\n"
    rows = [
        f"T-{1 + n % 2},sam@msp.example,2026-09-{1 + n // 1400:02} {n // 60 % 24:02}:{n % 60:02},5"
        for n in range(2000)
    ]
    content = (head + "\n".join(rows)).encode()
    with django_assert_max_num_queries(12):
        plan = imports.plan(TimeEntries(), content)
    assert counts(plan) == (2000, 0, 0)
