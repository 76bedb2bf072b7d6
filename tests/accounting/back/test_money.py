"""Money at both ends: what can't be brought in step at once is named, and follows by itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from accounting import calling, findings, sync
from accounting.models import Connection, Finding, RemoteInvoice
from accounting.providers.port import State, Status
from atera_invoicing.errors import Refused
from invoices import paying
from invoices.models import Invoice, Payment
from tests import make

from .. import books
from .conftest import id_there, look, send, status

pytestmark = pytest.mark.django_db(transaction=True)


def paid_here(invoice: Invoice, amount: str, system, kind: str = "payment") -> Payment:
    return paying.record(
        Invoice.objects.get(pk=invoice.pk), amount=Decimal(amount), kind=kind,
        received_on=make.day("2026-11-24"), by=None, now=system.clock.now(),
    )  # fmt: skip


def live(invoice: Invoice) -> list[Decimal]:
    return [payment.amount for payment in invoice.payments.live()]


@pytest.fixture
def refunded(connection, system, out) -> Payment:
    """A payment there was taken back there, after part of it was refunded here."""
    payment = system.pay(id_there(out))
    look(connection, system)
    refund = paid_here(out, "50", system, "refund")
    system.unpay(payment)
    return refund


def test_a_refund_here_stops_nobody_elses_news(connection, system, out, parts, refunded):
    second = send(connection, system, books.invoice(*parts))
    system.pay(id_there(second))
    before = Connection.objects.get().cursor
    look(connection, system)
    assert status(second) == "paid"
    assert Connection.objects.get().cursor > before
    assert sync.sweep(connection, now=system.clock.now()) == 2


def test_a_refund_here_of_money_that_is_gone_there_is_named(connection, system, out, refunded):
    for _ in range(2):
        look(connection, system)
    finding = Finding.objects.get(answered_at=None)
    assert finding.kind == "refused"
    assert "Remove that refund" in finding.differences[0]["ours"]
    assert live(out) == [Decimal(250), Decimal(50)]


def test_once_the_refund_is_removed_the_payment_goes_by_itself(connection, system, out, refunded):
    look(connection, system)
    paying.remove(refunded, reason="wrong", by=make.user("owner"), now=system.clock.now())
    assert sync.catch_up(connection, now=system.clock.now()) == 1
    assert live(out) == []
    assert not Finding.objects.filter(answered_at=None).exists()
    assert sync.catch_up(connection, now=system.clock.now()) == 0


def test_nothing_is_tried_again_while_the_refund_stands(connection, system, out, refunded):
    look(connection, system)
    assert sync.catch_up(connection, now=system.clock.now()) == 0


def test_what_can_not_be_followed_can_only_be_ignored(connection, system, out, refunded, client_as):
    look(connection, system)
    finding, now = Finding.objects.get(), system.clock.now()
    for verb in (findings.accept, findings.push):
        with pytest.raises(Refused):
            verb(finding, by=None, now=now)
    client = client_as("billing")
    page = client.get(f"/accounting/differences/{finding.pk}/").text
    assert "Remove that refund" in page
    assert "Accept theirs" not in page
    assert "Send ours again" not in page
    assert "Remove that refund" in client.get("/accounting/differences/").text
    findings.ignore(finding, by=None, now=now)
    look(connection, system)
    assert not Finding.objects.filter(answered_at=None).exists()


def test_a_payment_typed_by_hand_gives_way_to_theirs(connection, system, out):
    mine = paid_here(out, "250", system)
    system.pay(id_there(out))
    look(connection, system)
    assert Finding.objects.get(answered_at=None).kind == "settled"
    paying.remove(mine, reason="typed twice", by=make.user("owner"), now=system.clock.now())
    assert sync.catch_up(connection, now=system.clock.now()) == 1
    assert [(p.amount, p.method) for p in out.payments.live()] == [(Decimal(250), "books")]
    assert Finding.objects.get().answer == "gone"
    assert status(out) == "paid"


@pytest.mark.parametrize("again", [look, lambda c, system: sync.sweep(c, now=system.clock.now())])
def test_the_next_look_records_the_rest_as_well(connection, system, out, again):
    mine = paid_here(out, "200", system)
    there = system.pay(id_there(out))
    look(connection, system)
    assert live(out) == [Decimal(200), Decimal(50)]
    paying.remove(mine, reason="typed twice", by=make.user("owner"), now=system.clock.now())
    Connection.objects.update(cursor=(system.clock.now() - books.HOUR).isoformat())
    again(connection, system)
    assert sum(live(out)) == 250
    assert not Finding.objects.filter(answered_at=None).exists()
    system.unpay(there)
    look(connection, system)
    assert live(out) == []


def test_a_payment_edited_there_is_followed(connection, system, out):
    payment = system.pay(id_there(out), "100")
    look(connection, system)
    found = calling.ask(connection, "get", [id_there(out)], now=system.clock.now())[id_there(out)]
    for amount in ("80", "120"):
        system.clock.move(minutes=1)
        (one,) = found.settlements
        changed = replace(one, amount=Decimal(amount))
        sync.apply(connection, replace(found, settlements=(changed,)), asked_at=system.clock.now())
        assert sum(live(out)) == Decimal(amount)
    assert payment == out.payments.first().settlements.get().remote_id


def test_accepting_that_more_was_paid_changes_no_baseline(connection, system, out):
    paid_here(out, "250", system)
    system.describe(id_there(out), "Support")
    system.pay(id_there(out))
    look(connection, system)
    findings.accept(Finding.objects.get(kind="settled"), by=None, now=system.clock.now())
    sync.sweep(connection, now=system.clock.now())
    assert list(Finding.objects.filter(answered_at=None).values_list("kind", flat=True)) == [
        "drift"
    ]


def test_a_fault_over_one_invoice_stops_no_other(connection, system, out, parts, monkeypatch):
    second = send(connection, system, books.invoice(*parts))
    bad, real = id_there(out), sync.comparing.differences
    for one in (out, second):
        system.pay(id_there(one))

    def breaks(ours, theirs):
        if ours["number"] == out.number:
            raise RecursionError("a shape nobody thought of")
        return real(ours, theirs)

    monkeypatch.setattr(sync.comparing, "differences", breaks)
    look(connection, system)
    assert status(second) == "paid"
    finding = Finding.objects.get(answered_at=None)
    assert (finding.kind, finding.invoice_id) == ("unread", out.pk)
    monkeypatch.undo()
    sync.sweep(connection, now=system.clock.now())
    assert status(out) == "paid"
    assert Finding.objects.get(pk=finding.pk).answer == "gone"
    assert RemoteInvoice.objects.get(remote_id=bad).status == "paid"


def test_an_answer_of_odd_shape_about_one_stops_no_other(
    connection, system, out, parts, monkeypatch
):
    second, real = send(connection, system, books.invoice(*parts)), system.reading.status
    for one in (out, second):
        system.pay(id_there(one))

    def odd(doc, *payments, url):
        if out.number in (doc.get("DocNumber"), doc.get("InvoiceNumber")):
            raise AttributeError("'str' object has no attribute 'get'")
        return real(doc, *payments, url=url)

    monkeypatch.setattr(system.reading, "status", odd)
    look(connection, system)
    sync.sweep(connection, now=system.clock.now())
    assert (status(out), status(second)) == ("exported", "paid")
    assert Finding.objects.get(answered_at=None).kind == "unread"
    monkeypatch.undo()
    sync.sweep(connection, now=system.clock.now())
    assert status(out) == "paid"
    assert not Finding.objects.filter(answered_at=None).exists()


def test_the_night_looks_again_at_what_could_not_be_read_although_it_is_gone(
    connection, system, out
):
    RemoteInvoice.objects.update(status="voided")
    assert sync.sweep(connection, now=system.clock.now()) == 0
    system.clock.move(minutes=1)
    unreadable = Status(id_there(out), State.UNREADABLE)
    sync.apply(connection, unreadable, asked_at=system.clock.now())
    assert sync.sweep(connection, now=system.clock.now()) == 1
    assert RemoteInvoice.objects.get().status == "open"
