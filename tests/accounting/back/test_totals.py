"""Totals that differ: named, decided by a person, and no obstacle to an invoice that is paid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import findings, restoring, sync
from accounting.models import Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from invoices import paying
from invoices.models import Invoice

from .conftest import id_there, look, status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def differ(out):
    """Make our total another one than there, where it is 250.00."""

    def differ(total: str) -> Invoice:
        ours = Decimal(total)
        Invoice.objects.filter(pk=out.pk).update(
            total=ours, balance=ours, tax=max(ours - 250, 0), subtotal=min(ours, Decimal(250))
        )
        return out

    return differ


def rows(invoice: Invoice) -> list[tuple[Decimal, str]]:
    return [(payment.amount, payment.method) for payment in invoice.payments.live()]


def _in_use(name: str) -> None:
    options = Installation.current()
    options.connected_to = name
    options.save()


def opened() -> list[str]:
    return list(Finding.objects.filter(answered_at=None).values_list("kind", flat=True))


def test_a_cent_of_rounding_leaves_nothing_owed(connection, system, differ, client_as):
    out = differ("250.01")
    system.pay(id_there(out))
    for _ in range(2):
        look(connection, system)
        sync.sweep(connection, now=system.clock.now())
        assert rows(out) == [(Decimal(250), "books"), (Decimal("0.01"), "differ")]
    assert status(out) == "paid"
    assert opened() == ["total"]
    page = client_as("billing").get(f"/invoices/{out.pk}/").text
    assert "Difference of totals $0.01" in page
    assert "Difference of totals of 0.01 USD recorded." in page
    assert f"250.00 in {system.name}" in page
    assert list(out.lines.values_list("net", flat=True)) == [Decimal(250)]


def test_more_than_rounding_waits_until_somebody_accepts_it(connection, system, differ):
    out = differ("262.50")
    system.pay(id_there(out))
    look(connection, system)
    assert status(out) == "partially_paid"
    findings.accept(Finding.objects.get(kind="total"), by=None, now=system.clock.now())
    assert rows(out) == [(Decimal(250), "books"), (Decimal("12.50"), "differ")]
    assert status(out) == "paid"
    look(connection, system)
    assert opened() == []


def test_what_was_accepted_before_it_is_paid_counts_when_it_is(connection, system, differ):
    out = differ("262.50")
    system.pay(id_there(out), "100")
    look(connection, system)
    findings.accept(Finding.objects.get(), by=None, now=system.clock.now())
    assert rows(out) == [(Decimal(100), "books")]
    system.pay(id_there(out))
    look(connection, system)
    assert status(out) == "paid"


def test_an_ignored_difference_is_not_given_away(connection, system, differ):
    out = differ("262.50")
    system.pay(id_there(out))
    look(connection, system)
    findings.ignore(Finding.objects.get(kind="total"), by=None, now=system.clock.now())
    look(connection, system)
    assert status(out) == "partially_paid"


def test_it_goes_with_the_payment(connection, system, differ):
    out = differ("250.01")
    payment = system.pay(id_there(out))
    look(connection, system)
    system.unpay(payment)
    look(connection, system)
    assert rows(out) == []
    assert RemoteInvoice.objects.get().remainder is None


def test_a_smaller_total_here_is_one_difference_and_not_two(connection, system, differ):
    out = differ("249.99")
    system.pay(id_there(out))
    look(connection, system)
    assert (status(out), opened()) == ("paid", ["total"])
    assert rows(out) == [(Decimal("249.99"), "books")]


def test_what_was_paid_of_an_accepted_total_is_not_too_much(connection, system, differ):
    out = differ("240")
    system.pay(id_there(out))
    look(connection, system)
    assert opened() == ["settled", "total"]
    findings.accept(Finding.objects.get(kind="total"), by=None, now=system.clock.now())
    assert opened() == []
    assert status(out) == "paid"


def test_while_connected_only_the_other_end_changes_it(
    connection, system, differ, owner, client_as
):
    out = differ("250.01")
    system.pay(id_there(out))
    look(connection, system)
    (row,) = out.payments.filter(method="differ")
    _in_use(system.name)
    page = f"/payments/{row.pk}/remove/"
    client = client_as("owner")
    assert page not in client.get(f"/invoices/{out.pk}/").text
    with pytest.raises(Refused) as refused:
        paying.remove(row, reason="no", by=owner, now=system.clock.now())
    assert refused.value.code == "kept_elsewhere"
    restoring.disconnect(connection, by=owner, now=system.clock.now())
    _in_use("")
    assert page in client.get(f"/invoices/{out.pk}/").text
    paying.remove(row, reason="no", by=owner, now=system.clock.now())
    assert rows(out) == [(Decimal(250), "books")]
