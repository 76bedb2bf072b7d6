"""What happens at the other end comes back: as payments, a status, or a question to a person."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from accounting import delivery, findings, outbox, sync, timepush
from accounting.models import Connection, Export, Finding, Settlement
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from contracts import facts, locks
from contracts.models import TimeEntry
from invoices.models import Invoice, Status
from tests import make

from .. import books
from .conftest import id_there, look, status

pytestmark = pytest.mark.django_db(transaction=True)


def test_payments_there_are_payments_here_and_follow_them(connection, system, out):
    first = system.pay(id_there(out), "100")
    look(connection, system)
    assert status(out) == Status.PARTIALLY_PAID
    system.pay(id_there(out))
    look(connection, system)
    assert status(out) == Status.PAID
    assert sorted(p.amount for p in out.payments.live()) == [Decimal(100), Decimal(150)]
    system.unpay(first)
    look(connection, system)
    assert status(out) == Status.PARTIALLY_PAID
    assert [p.amount for p in out.payments.live()] == [Decimal(150)]
    assert Settlement.objects.get(remote_id=first).gone_at


def test_the_same_news_twice_changes_nothing(connection, system, out):
    system.pay(id_there(out), "100")
    look(connection, system)
    Connection.objects.update(cursor=(system.clock.now() - dt.timedelta(hours=2)).isoformat())
    look(connection, system)
    sync.sweep(connection, now=system.clock.now())
    assert out.payments.count() == 1


def test_an_answer_that_was_asked_for_earlier_is_not_believed(connection, system, out):
    early = system.clock.now()
    from accounting import calling

    old = calling.ask(connection, "get", [id_there(out)], now=early)[id_there(out)]
    system.pay(id_there(out))
    look(connection, system)
    assert not sync.apply(connection, old, asked_at=early)
    assert status(out) == Status.PAID


def test_an_edited_line_is_shown_and_changes_nothing_of_ours(connection, system, out):
    before = list(out.lines.values())
    system.describe(id_there(out), "Support, October")
    look(connection, system)
    finding = Finding.objects.get(invoice=out)
    assert finding.kind == "drift"
    assert {
        "field": "lines.1.description", "ours": "Work in October", "theirs": "Support, October",
    } in finding.differences  # fmt: skip
    assert list(out.lines.values()) == before


def test_a_difference_can_be_accepted_and_is_not_reported_again(connection, system, out):
    system.describe(id_there(out), "Support")
    look(connection, system)
    findings.accept(Finding.objects.get(), by=None, now=system.clock.now())
    sync.sweep(connection, now=system.clock.now())
    assert Finding.objects.get().answer == "accepted"


def test_an_ignored_difference_comes_back_only_when_it_is_another(connection, system, out):
    system.describe(id_there(out), "Support")
    look(connection, system)
    findings.ignore(Finding.objects.get(), by=None, now=system.clock.now())
    sync.sweep(connection, now=system.clock.now())
    assert Finding.objects.count() == 1
    system.describe(id_there(out), "Something else")
    look(connection, system)
    assert Finding.objects.filter(answered_at=None).count() == 1


def test_ours_can_be_pushed_over_a_change(connection, system, out):
    system.describe(id_there(out), "Support")
    look(connection, system)
    findings.push(Finding.objects.get(), by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    (document,) = system.of(out)
    assert document.description == "Work in October"
    assert document.id == id_there(out)
    look(connection, system)
    assert not Finding.objects.filter(answered_at=None).exists()


def test_a_paid_invoice_is_never_written_over(connection, system, out):
    system.describe(id_there(out), "Support")
    system.pay(id_there(out))
    look(connection, system)
    with pytest.raises(Refused) as refused:
        findings.push(Finding.objects.get(kind="drift"), by=None, now=system.clock.now())
    assert refused.value.code == "settled_there"


def test_what_was_voided_there_can_be_voided_here(connection, system, out):
    system.void(id_there(out))
    look(connection, system)
    finding = Finding.objects.get()
    assert finding.kind == "voided"
    assert status(out) != Status.VOIDED
    findings.accept(finding, by=None, now=system.clock.now())
    assert status(out) == Status.VOIDED


def test_what_was_deleted_there_can_be_sent_anew_once(deletable, connection, system, out):
    old = id_there(out)
    system.delete(old)
    look(connection, system)
    finding = Finding.objects.get()
    assert finding.kind == "deleted"
    findings.push(finding, by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    (document,) = system.of(out)
    assert document.id == id_there(out) != old


def test_a_credit_settles_as_a_credit(connection, system, out):
    system.credit(id_there(out), "250")
    look(connection, system)
    assert [p.method for p in out.payments.live()] == ["credit"]
    assert status(out) == Status.PAID


def test_a_credit_that_leaves_no_mark_on_its_invoice_is_followed_at_the_next_look(
    connection, system, out
):
    look(connection, system)  # so that the invoice itself is old news
    system.keep_settling_quiet()
    credit = system.credit(id_there(out), "100")
    look(connection, system)
    assert [(p.amount, p.method) for p in out.payments.live()] == [(Decimal(100), "credit")]
    assert status(out) == Status.PARTIALLY_PAID
    system.uncredit(credit)
    look(connection, system)
    assert not out.payments.live().exists()
    assert status(out) == Status.EXPORTED


def test_more_than_is_owed_stays_named_until_somebody_decides(connection, system, out):
    there = id_there(out)
    Invoice.objects.filter(pk=out.pk).update(total=240, balance=240, subtotal=240)
    system.pay(there)
    for _ in range(2):
        look(connection, system)
        sync.sweep(connection, now=system.clock.now())
        finding = Finding.objects.get(kind="settled", answered_at=None)
        assert finding.differences == [{"field": "payments", "ours": "0.00", "theirs": "10.00"}]
    assert status(out) == Status.PAID


def test_several_differences_are_accepted_at_once(connection, system, out, parts, client_as):
    second = books.invoice(*parts)
    outbox.queue(connection, [second.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    for one in (out, second):
        system.describe(id_there(one), "Support")
    look(connection, system)
    client = client_as("billing")
    page = client.get("/accounting/differences/").text
    assert "Line 1, description: Work in October here, Support there" in page
    ids = list(Finding.objects.values_list("pk", flat=True))
    client.post("/accounting/differences/", {"action": "accept", "selected": ids})
    assert set(Finding.objects.values_list("answer", flat=True)) == {"accepted"}


@pytest.mark.parametrize("system", ["qbo"], indirect=True)  # Xero takes no time
def test_time_goes_once_and_can_not_be_invoiced(connection, system, parts, client_as):
    customer, item = parts
    contract = make.contract("hourly", customer=customer)
    make.rate(contract, "primary", item=item)
    technician = make.user("technician")
    there = system.sim.as_person.create("Employee", GivenName="Tess", FamilyName="Ong")
    connection.links.create(
        kind=Kind.PERSON, person=technician, remote_id="Employee-" + there["Id"], action="link",
        origin="person", changed_at=system.clock.now(),
    )  # fmt: skip
    Connection.objects.update(takes_time=True)
    connection.refresh_from_db()
    entry = make.entry(make.ticket(contract), 90, technician=technician)
    timepush.push(connection, [entry.pk], by=None, now=system.clock.now())
    with pytest.raises(Refused):
        timepush.push(connection, [entry.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    (activity,) = system.sim.documents("TimeActivity")
    assert (activity["Hours"], activity["Minutes"]) == (1, 30)
    assert not facts.unbilled(TimeEntry.objects.all()).exists()
    assert Export.objects.get(time_entry=entry).state == "sent"
    page = client_as("billing").get(f"/tickets/{entry.ticket_id}/").text
    assert "Sent as time" in page
    assert "Log time" not in page
    with pytest.raises(Refused) as refused:
        locks.refuse_billed_entry(entry)
    assert refused.value.code == "sent_as_time"
