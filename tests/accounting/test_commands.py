"""An operator's commands say and do what the pages do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounting import outbox, staging
from accounting.models import Connection, Export
from atera_invoicing.models import Installation
from contracts.models import CatalogItem
from invoices.models import Invoice
from invoices.wording import day
from tests import make

from . import books, build, tables

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(sims, db) -> Connection:
    """Commands read the real clock, so both sides are at that time."""
    sims.clock.set(timezone.now())
    return books.connect(sims)


def said(capsys, *command: str) -> str:
    call_command(*command)
    return capsys.readouterr().out


def queued(connection: Connection, invoice: Invoice) -> Export:
    run = outbox.queue(connection, [invoice.pk], by=None, now=timezone.now())
    return run.exports.get()


@pytest.mark.parametrize("command", ["export_sweep", "look_at_books", "disconnect_accounting"])
def test_without_a_connection_a_command_says_so(db, command):
    with pytest.raises(CommandError, match="No accounting system is connected"):
        call_command(command)


def test_the_status_without_a_connection_is_no_error(db, capsys):
    assert said(capsys, "export_status") == "No accounting system is connected.\n"


def test_the_status_says_what_waits_what_is_held_and_what_needs_a_person(connection, parts, capsys):
    invoice, other = books.invoice(*parts), books.invoice(*parts)
    queued(connection, invoice)
    rejected = queued(connection, other)
    Export.objects.filter(pk=rejected.pk).update(
        state="rejected", run_at=None, message="The books are closed."
    )
    until = timezone.now() + dt.timedelta(minutes=3)
    Connection.objects.update(held_until=until, held_reason="QuickBooks asked us to wait.")
    text = said(capsys, "export_status")
    assert "On the way: 1." in text
    soon = timezone.localtime(until + dt.timedelta(minutes=1))
    assert f"asked us to wait. It goes on {day(soon.date())} at {soon:%H:%M}." in text
    assert "Needs a person: 1." in text
    assert f"{rejected.pk}  {other}: The books are closed." in text


def test_a_sweep_sends_what_is_due_without_a_worker(connection, sims, parts, capsys):
    invoice = books.invoice(*parts)
    queued(connection, invoice)
    text = said(capsys, "export_sweep")
    assert len(books.there(sims, invoice)) == 1
    assert "On the way: 0." in text


def test_a_sweep_leaves_the_work_to_whoever_is_at_it(connection, parts):
    later = timezone.now() + dt.timedelta(minutes=1)
    Connection.objects.update(sender="another", sender_until=later)
    with pytest.raises(CommandError, match="A worker is sending"):
        call_command("export_sweep")


def test_a_look_at_the_books_brings_payments_and_changes(connection, sims, parts, capsys):
    invoice = books.invoice(*parts)
    queued(connection, invoice)
    call_command("export_sweep")
    (document,) = books.there(sims, invoice)
    sims.qbo.as_person.receive_payment(document["Id"])
    sims.clock.set(timezone.now())
    capsys.readouterr()
    assert "1 invoices looked at" in said(capsys, "look_at_books")
    invoice.refresh_from_db()
    assert invoice.balance == 0


def test_lists_are_read_anew_where_asked_for(connection, sims, capsys):
    assert "Lists read anew" in said(capsys, "look_at_books", "--lists")
    connection.refresh_from_db()
    assert connection.records.filter(kind="item").count()


@pytest.fixture
def committed(sims, owner):
    """Connected by the wizard with a price of theirs, and the tables as they were before."""
    Installation.current()
    make.item("Dock", "200", "product")
    before = tables.configuration()
    draft = build.read(build.draft(owner), build.item("Dock", "240"), build.account())
    build.decide_all(draft, owner)
    staging.keep_price(draft, None, theirs=True, by=owner, now=build.NOW)
    return build.commit(draft, owner), before


def test_disconnecting_is_listed_and_not_done(committed, capsys):
    text = said(capsys, "disconnect_accounting")
    assert "Dock, unit price: 240 -> 200" in text
    assert "Nothing was done." in text
    assert Connection.objects.get().is_active


def test_disconnecting_restores_everything_when_told_so(committed, owner, capsys):
    _, before = committed
    text = said(capsys, "disconnect_accounting", "--yes", "--by", owner.email)
    assert "is disconnected." in text
    connection = Connection.objects.get()
    assert (connection.state, connection.closed_by) == ("closed", owner)
    assert CatalogItem.objects.get(name="Dock").unit_price == Decimal(200)
    assert tables.configuration() == before


@pytest.mark.parametrize("by", ["", "nobody@msp.example", "billing"])
def test_disconnecting_needs_a_person_who_may(committed, by):
    email = make.user("billing").email if by == "billing" else by
    with pytest.raises(CommandError):
        call_command("disconnect_accounting", "--yes", "--by", email)
    assert Connection.objects.get().is_active
