"""The requests that Xero allows a day are used up in the middle of a month's invoices.

The rest is parked: every page says until when, nobody sleeps or asks, other work goes on, and then
each invoice arrives once. `DAY_INVOICES=3000 make test ARGS="tests/faults/test_day_limit.py -n0"`
does it with three thousand.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import uuid
from collections import Counter
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from accounting import auto, budget, outbox, progress, tasks
from accounting.models import Call, Connection, Export, RemoteInvoice
from invoices import batch_work, batches, downloads
from invoices.choosing import Choice
from invoices.models import Batch, Invoice
from tests import make, many
from tests.accounting.catalogue.xero.conftest import office, sims  # noqa: F401 - fixtures
from tests.invoices.papers import needs_press

# ruff: noqa: F811 - the fixtures above
COUNT = int(os.environ.get("DAY_INVOICES", "400"))
CALLS = -(-COUNT // 50)
ZONE = ZoneInfo("Pacific/Auckland")
PLAN = CALLS * 2 // 5 + 1  # calls a day: not enough for two days
MIDNIGHT = make.at("2026-11-25", "00:00")
SOON = dt.timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _far_from_greenwich(settings):
    settings.TIME_ZONE = ZONE.key


@pytest.fixture
def month(office) -> list[int]:
    """Everything that October owes, queued."""
    parts = {"customers": [office.customer], "items": [office.item]}
    ids = many.invoices(range(COUNT), lines=1, **parts)
    outbox.queue(office.connection, ids, by=office.owner, now=office.now)
    office.xero.switch(limits="enforced")
    office.xero.app.limits.clear()  # what connecting took
    return ids


@pytest.fixture
def small_plan(settings, office):
    """Both sides know that the plan allows few calls a day."""
    settings.XERO = {**settings.XERO, "calls_per_day": PLAN}
    office.xero.switch(calls_per_day=PLAN)


@pytest.fixture
def rung(monkeypatch) -> list[int]:
    """Whom the clock woke to send."""
    woken: list[int] = []
    monkeypatch.setattr(tasks.deliver, "delay", woken.append)
    monkeypatch.setattr(tasks.look, "delay", lambda pk: None)
    return woken


def local(moment: dt.datetime) -> str:
    """As the pages write a time to come back: a minute later, so that it is kept."""
    at = (moment + dt.timedelta(minutes=1)).astimezone(ZONE)
    return f"{at.day} {at:%b %Y} at {at:%H:%M}"


def screens(office, api, export: Export) -> dict[str, str]:
    """Everything that tells how the export stands, as it is read now."""
    addresses = {
        "accounting": reverse("accounting:home"),
        "exports": reverse("accounting:exports"),
        "export": reverse("accounting:export", args=[export.pk]),
        "invoice": reverse("invoices:detail", args=[export.invoice_id]),
        "badge": f"{reverse('invoices:list')}?q={export.invoice.number}",
        "REST": f"/api/v1/accounting/connections/{office.connection.pk}/progress/",
    }
    told, printed = {}, io.StringIO()
    with time_machine.travel(office.now, tick=False):
        for name, address in addresses.items():
            answer = (api if name == "REST" else office.browser).get(address)
            assert answer.status_code == 200, f"{name}: {answer.status_code}"
            told[name] = unescape(answer.content.decode())
        call_command("export_status", stdout=printed)
    return told | {"command": printed.getvalue()}


def assert_told(office, api, until: dt.datetime) -> None:
    """Each of them says when it goes on, in the time zone of this installation."""
    waiting = office.connection.exports.filter(state__in=["queued", "waiting"], priority__gt=0)
    for export in (waiting.earliest("pk"), waiting.latest("pk")):
        silent = [n for n, text in screens(office, api, export).items() if local(until) not in text]
        assert not silent, f"{export.state}, {local(until)}"
    with time_machine.travel(office.now, tick=False):
        told = api.get(f"/api/v1/accounting/connections/{office.connection.pk}/progress/").json()
    assert told["eta"] is None
    assert dt.datetime.fromisoformat(told["resumes_at"]) == until


def assert_nobody_is_at_it(office) -> None:
    connection = office.fresh()
    assert (connection.sender, connection.sender_until) == ("", None)
    assert (connection.refresh_owner, connection.refresh_until) == ("", None)
    assert not connection.exports.filter(state__in=["sending", "unknown"]).exists()
    assert not Call.objects.filter(state="sending").exists()


def asked_nothing(office, act) -> None:
    """Whatever this does, Xero hears nothing of it."""
    before = len(office.xero.requests())
    act()
    new = [f"{each.method} {each.path}" for each in office.xero.requests()[before:]]
    assert new == []


def background(office) -> None:
    """A few hours later, everything that runs by itself."""
    office.sims.clock.move(hours=2)
    with time_machine.travel(office.now, tick=False):
        tasks.sweep()
        tasks.deliver(office.connection.pk)
        tasks.look(office.connection.pk)
        tasks.look_at_all()
        tasks.refresh_lists()


def bill(office) -> Invoice:
    """Somebody bills and issues a batch; what it bills is exported by itself."""
    contract = make.contract("hourly", customer=office.customer, start_date="2026-10-01")
    make.rate(contract, "primary", item=office.item)
    make.entry(make.ticket(contract), 90)
    today = make.day("2026-11-24")
    batch = batches.start(
        [Choice(contract.pk)], uid=uuid.uuid4(), name="October", through=today, invoice_date=today,
        by=office.owner, now=office.now,
    )  # fmt: skip
    assert batch_work.work(batch.pk, now=office.now, today=today)
    batches.issue_all(Batch.objects.get(pk=batch.pk), by=office.owner, now=office.now)
    assert batch_work.work(batch.pk, now=office.now, today=today)
    Connection.objects.update(auto_export="on_issue")
    assert auto.queue_issued(office.fresh(), now=office.now) == 1
    return Invoice.objects.get(batch=batch)


def go_on(office) -> int:
    """Let the clock go to where it goes on by itself, as often as it takes; how many days began."""
    days = 0
    while (made := progress.of(office.fresh(), now=office.now)).left:
        if made.resumes_at and made.resumes_at.date() > office.now.date():
            days += 1
        office.sims.clock.set(max(made.resumes_at or office.now, office.now))
        assert days < 9, made
        office.wait(minutes=1)
    return days


def assert_each_is_there_once(office, ids: list[int]) -> None:
    """One document there, one link and one total on both sides, for each; nothing is open."""
    ours = {str(one.uid): one for one in Invoice.objects.filter(pk__in=ids)}
    there = {doc["Url"].rpartition("+")[2]: doc for doc in office.xero.invoices() if "Url" in doc}
    named = Counter(doc["Url"] for doc in office.xero.invoices() if "Url" in doc)
    assert set(named.values()) == {1}
    assert there.keys() == ours.keys()
    remotes = {row.invoice_id: row for row in RemoteInvoice.objects.all()}
    assert len(remotes) == RemoteInvoice.objects.count() == len(ours)
    for uid, invoice in ours.items():
        document, remote = there[uid], remotes[invoice.pk]
        assert document["InvoiceID"] == remote.remote_id
        assert document["InvoiceNumber"] == remote.number == invoice.number
        assert document["Total"] == remote.total == invoice.total
        assert invoice.exported_at
        assert invoice.export_queued_at is None
    states = Counter(Export.objects.filter(invoice__in=ids).values_list("state", flat=True))
    assert states == {"sent": len(ours)}
    assert_nobody_is_at_it(office)


@pytest.mark.parametrize("day", ["utc", "first_call"])
def test_a_day_that_xero_ends_parks_the_rest_and_other_work_goes_on(
    office, api_as, rung, month, day
):
    """Somebody else used it up, or the plan allows less than we were told."""
    office.xero.switch(day_begins=day)
    office.xero.use_up_day(leave=CALLS // 2)
    assert office.work()
    assert Export.objects.filter(state="sent").count() == CALLS // 2 * 50
    assert [each.status for each in office.batches()][-2:] == [200, 429]
    until = office.fresh().held_until
    ends = MIDNIGHT if day == "utc" else make.at("2026-11-25", "10:00")
    assert ends <= until < ends + SOON
    assert_nobody_is_at_it(office)

    api = api_as("owner")
    assert_told(office, api, until)
    more, taken_back = office.invoice(), office.connection.exports.filter(state="queued").last()
    asked_nothing(office, lambda: office.queue(more))
    asked_nothing(office, lambda: office.press("accounting:export-cancel", taken_back.pk))
    billed: list[Invoice] = []
    asked_nothing(office, lambda: billed.append(bill(office)))
    asked_nothing(office, office.work)
    asked_nothing(office, lambda: background(office))
    assert rung == []
    assert_told(office, api, until)

    office.sims.clock.set(until)
    go_on(office)
    assert not office.there(taken_back.invoice)
    left = set(month) - {taken_back.invoice_id}
    assert_each_is_there_once(office, [*left, more.pk, billed[0].pk])
    assert office.xero.usage()["violations"] == {"day": 1}


def test_a_day_that_our_own_count_ends_is_foreseen_and_never_broken(
    office, api_as, rung, small_plan, month
):
    start = office.now
    forecast = progress.of(office.fresh(), now=start).eta
    assert office.work()
    done = Export.objects.filter(state="sent").count()
    assert done == (PLAN - -(-PLAN // 20)) * 50  # a twentieth is kept for people
    assert office.fresh().held_until is None
    assert_nobody_is_at_it(office)

    api = api_as("owner")
    assert_told(office, api, MIDNIGHT)
    asked_nothing(office, office.work)
    asked_nothing(office, lambda: background(office))
    assert_told(office, api, MIDNIGHT)

    assert go_on(office) == 2
    assert_each_is_there_once(office, month)
    assert office.xero.usage()["violations"] == {}
    end = Export.objects.latest("settled_at").settled_at
    assert forecast.date() == end.date()
    assert abs(forecast - end) < (end - start) / 10


def test_a_person_may_use_what_is_kept_of_the_day_and_is_told_when_that_is_used_up_too(
    office, api_as, small_plan, month
):
    office.work()
    for _ in range(-(-PLAN // 20)):
        urgent = office.invoice()
        office.queue(urgent)
        assert local(MIDNIGHT) not in screens(office, api_as("owner"), office.of(urgent))["invoice"]
        office.work()
        office.assert_there_once(urgent)
    late = office.invoice()
    office.queue(late)
    asked_nothing(office, office.work)
    told = screens(office, api_as("owner"), office.of(late))
    assert all(local(MIDNIGHT) in text for text in told.values())
    go_on(office)
    office.assert_there_once(late)
    assert office.xero.usage()["violations"] == {}


def test_what_is_left_when_the_new_day_begins_is_foreseen(office, month):
    """Xero ended the day, not we: our count of that day says nothing about the next."""
    office.xero.use_up_day(leave=1)
    office.work()
    connection = office.fresh()
    left = COUNT - 50
    assert connection.held_until < MIDNIGHT + SOON
    Connection.objects.update(
        spent={**connection.spent, "day": [office.now.date().isoformat(), 949]}
    )
    forecast = budget.eta(office.fresh(), left, now=office.now)
    assert connection.held_until <= forecast < MIDNIGHT + dt.timedelta(hours=1)


@needs_press
def test_pdfs_are_made_while_the_export_is_parked(office, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    office.xero.switch(limits="enforced")
    office.xero.use_up_day()
    parked = [office.invoice() for _ in range(2)]
    office.queue(*parked)
    office.work()
    assert office.fresh().held_until >= MIDNIGHT
    row = downloads.start(
        "pdf", [one.pk for one in parked], name="October", by=office.owner, now=office.now
    )
    asked_nothing(office, lambda: downloads.work(row.pk, now=office.now))
    row.refresh_from_db()
    assert downloads.path(row).read_bytes().startswith(b"%PDF")
    assert (row.done_steps, row.problem) == (2, "")
    office.sims.clock.set(office.fresh().held_until)
    office.wait()
    office.assert_there_once(*parked)
