"""The home page says what is to bill, unpaid and paid, and what to do next."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from atera_invoicing import overview
from atera_invoicing.models import Installation
from invoices.models import Batch, Invoice, Payment
from tests import make
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def invoice(total="100", *, day="2026-10-05", due="2026-11-04", issued=True, **fields):
    amount = Decimal(total)
    if issued:
        number = f"INV-{make.n()}"
        fields |= {
            "number": number,
            "number_key": number,
            "issued_at": NOW,
            "due_date": make.day(due),
            "branding": Branding.current(),
        }
    return Invoice.objects.create(
        customer=make.customer(),
        bill_to_name="Acme",
        currency="USD",
        invoice_date=make.day(day),
        created_at=NOW,
        total=amount,
        subtotal=amount,
        **{"balance": amount, **fields},
    )


def paid(total, *, on):
    row = invoice(total, balance=0, paid=Decimal(total), settled_at=NOW)
    Payment.objects.create(
        invoice=row, amount=Decimal(total), received_on=make.day(on), created_at=NOW
    )
    return row


def test_drafts_unpaid_and_overdue_are_told_apart():
    invoice("10", issued=False)
    invoice("20")
    invoice("30", due="2026-10-24")
    invoice("40", voided_at=NOW)
    paid("50", on="2026-10-20")
    found = overview.money(TODAY)["open"]
    assert (found["drafts"], found["draft_total"]) == (1, 10)
    assert (found["unpaid"], found["unpaid_total"]) == (2, 50)
    assert (found["overdue"], found["overdue_total"]) == (1, 30)


def test_what_is_unpaid_is_shown_by_age_and_leads_to_those_invoices(client_as):
    dues = ("2026-10-25", "2026-10-24", "2026-09-25", "2026-09-24", "2026-08-26", "2026-08-25")
    for tens, due in enumerate(dues, start=1):
        invoice(tens * 10, due=due)
    invoice("99", due="2026-08-01", voided_at=NOW)
    invoice("99", issued=False)
    shares = overview.money(TODAY)["ages"]
    assert [(share.age.name, share.amount) for share in shares] == [
        ("age_due", 10), ("age_30", 50), ("age_60", 90), ("age_more", 60),
    ]  # fmt: skip
    assert sum(share.wide for share in shares) == pytest.approx(100)
    client = client_as("bookkeeper")
    for share in shares:
        rows = client.get(f"/invoices/?{share.query}").context["rows"].items
        assert sum(row.balance for row in rows) == share.amount
        assert share.query.replace("&", "&amp;") in client.get("/").text


def test_nothing_unpaid_has_no_ages():
    paid("50", on="2026-10-20")
    assert overview.money(TODAY)["ages"] == []


def test_customers_whose_invoices_would_reach_nobody_are_counted(client_as):
    make.contact(make.hourly().customer)
    make.contact(make.hourly(customer=make.customer("Silent")).customer, email="")
    make.customer("No contract")
    assert overview.money(TODAY)["unreachable"] == 1
    invoice()
    client = client_as("owner")
    assert "1 customer without an address" in client.get("/").text
    rows = client.get("/customers/?reachable=false").context["rows"].items
    assert {"Silent", "No contract"} <= {row.name for row in rows}
    assert "Silent" not in client.get("/customers/?reachable=true").text
    Installation.objects.update(recipient_rule="none")
    assert overview.money(TODAY)["unreachable"] == 0


def test_only_payments_of_this_month_less_refunds_are_paid():
    row = paid("50", on="2026-10-20")
    paid("70", on="2026-09-30")
    Payment.objects.create(invoice=row, kind="refund", amount=5, received_on=TODAY, created_at=NOW)
    Payment.objects.create(invoice=row, amount=9, received_on=TODAY, created_at=NOW, removed_at=NOW)
    assert overview.money(TODAY)["paid"] == {"total": 45, "count": 2}


def test_work_that_can_be_billed_is_counted_once():
    contract = make.hourly()
    make.entry(make.ticket(contract), 90)
    make.entry(make.ticket(contract, resolved=None), 60)
    make.entry(make.ticket(contract), 30, billable=False)
    make.entry(make.ticket(make.hourly(), resolved="2026-01-05"), 60)
    found = overview.money(TODAY)["work"]
    assert (found["hours"], found["tickets"]) == (Decimal("1.5"), 1)


def test_finished_tickets_without_a_contract_are_noticed(client_as):
    make.entry(make.ticket(None))
    make.ticket(None)  # nothing billable on it
    assert overview.money(TODAY)["homeless"] == 1
    assert "1 finished ticket without a contract" in client_as("owner").get("/").text


def test_blocks_that_run_low_are_named_the_fullest_first(client_as):
    for minutes, name in [(474, "Calm"), (480, "Low"), (600, "Empty")]:
        block = make.block_hours("10", name=name, start_date="2026-10-01")
        make.entry(make.ticket(block), minutes)
    low = overview.money(TODAY)["low_blocks"]
    assert [(contract.name, block.alert) for contract, block in low] == [("Empty", 95), ("Low", 80)]
    text = client_as("owner").get("/").text
    assert "80\u00a0% used, 2 of 10 h left" in text


def test_the_chart_adds_issued_invoices_up_by_month():
    invoice("10", day="2026-09-30")
    invoice("20", day="2026-10-01")
    invoice("30", day="2026-11-15")  # dated ahead: counts as now
    invoice("40", day="2026-10-02", issued=False)
    invoice("50", day="2026-10-02", voided_at=NOW)
    invoice("60", day="2025-10-31")
    points = overview.money(TODAY)["points"]
    assert points[-2:] == [("Sep", 10), ("Oct", 50)]
    assert sum(amount for _, amount in points) == 60


def test_the_steps_of_the_beginning_go_once_something_is_issued():
    assert len(overview.money(TODAY)["steps"]) == 6
    invoice()
    assert overview.money(TODAY)["steps"] == []


def test_steps_that_are_done_are_ticked():
    make.hourly()
    done = {step.title for step in overview.money(TODAY)["steps"] if step.done}
    assert done == {"Add customers", "Set your prices", "Agree on contracts"}


def test_the_first_step_that_is_left_is_the_one_to_take(client_as):
    make.customer()
    steps = overview.money(TODAY)["steps"]
    assert [step.title for step in steps if step.next] == ["Make it yours"]
    Branding.objects.create(created_at=NOW)
    Branding.objects.create(created_at=NOW)
    steps = overview.money(TODAY)["steps"]
    assert [step.title for step in steps if step.next] == ["Set your prices"]


def test_the_steps_are_shown_to_who_can_take_them(client_as):
    assert "Getting started" in client_as("billing").get("/").text
    assert "Getting started" not in client_as("bookkeeper").get("/").text


def test_a_running_batch_shows_a_bar_that_moves_by_itself(client_as):
    client = client_as("bookkeeper")
    batch = Batch.objects.create(
        name="October",
        through=TODAY,
        invoice_date=TODAY,
        created_at=NOW,
        total_steps=8,
        done_steps=3,
    )
    text = client.get("/running/").text
    assert 'max="8" value="3"' in text
    assert 'hx-get="/running/"' in text
    batch.state = Batch.State.READY
    batch.save()
    assert "hx-get" not in client.get("/running/").text


def test_the_latest_invoices_are_on_the_page(client_as):
    row = invoice("1234.5")
    text = client_as("read-only").get("/").text
    assert row.number in text
    assert "$1,234.50" in text


def test_the_home_page_asks_a_fixed_number_of_questions(client_as, django_assert_num_queries):
    client = client_as("owner")
    invoice()
    client.get("/")  # the first visit fills the cache
    with django_assert_num_queries(14):
        client.get("/")
    for _ in range(5):
        invoice()
        make.entry(make.ticket(make.hourly()))
    with django_assert_num_queries(14):
        client.get("/")


def test_a_week_counts_own_time_by_local_day(settings):
    settings.TIME_ZONE = "America/New_York"
    timezone.activate("America/New_York")
    me = make.user("technician")
    ticket = make.ticket(make.hourly())
    make.entry(ticket, 45, "2026-10-21", clock="03:00", technician=me)  # Tuesday evening there
    make.entry(ticket, 30, "2026-10-11", technician=me)  # long ago
    try:
        found = overview.week(me, TODAY)
    finally:
        timezone.deactivate()
    assert {f"{day:%a}": minutes for day, minutes, _ in found["days"] if minutes} == {"Tue": 45}
    assert found["minutes"] == 45
