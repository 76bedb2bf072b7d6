"""The life of an invoice: what each verb promises and what it refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.utils import timezone

from atera_invoicing.errors import Refused
from contracts import blocks
from invoices import lifecycle, numbering, paying
from invoices.drafting import LineInput
from invoices.models import Claim, InvoiceNumber, Status
from tests import make

from . import examples
from .test_batches import bill

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-05")
TODAY = NOW.date()


def freestyle(*lines: LineInput, **kwargs):
    return lifecycle.create(
        kwargs.pop("customer", None) or make.customer(),
        lines=lines or [LineInput("Consulting", D(2), D("100"))],
        invoice_date=TODAY,
        by=None,
        now=NOW,
        **kwargs,
    )


def issued(**kwargs):
    return lifecycle.issue(freestyle(**kwargs), by=None, now=NOW)


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def test_a_freestyle_invoice_takes_empty_parts_from_the_catalogue():
    tax = make.tax("GST", "10")
    item = make.item("Audit", "250", tax_rate=tax)
    line = freestyle(LineInput(item=item, quantity=D("1.5"))).lines.get()
    assert (line.description, line.net, line.tax, line.total) == (
        "Audit",
        D("375.00"),
        D("37.50"),
        D("412.50"),
    )


def test_totals_are_the_sums_of_the_lines():
    tax = make.tax(percent="8.25")
    invoice = freestyle(
        LineInput("A", D(3), D("33.33"), tax_rate=tax),
        LineInput("B", D(1), D("10.05"), D(10), tax_rate=tax),
    )
    assert invoice.subtotal == sum(line.net for line in invoice.lines.all())
    assert invoice.total == sum(line.total for line in invoice.lines.all())


def test_an_edit_of_an_old_version_is_refused():
    invoice = freestyle()
    lifecycle.edit(invoice, version=1, header={"po_number": "PO-7"}, by=None, now=NOW)
    with refused("stale"):
        lifecycle.edit(invoice, version=1, header={"po_number": "PO-8"}, by=None, now=NOW)


def test_lines_can_change_places():
    invoice = freestyle(LineInput("A", D(1), D(1)), LineInput("B", D(1), D(2)))
    a, b = invoice.lines.all()
    lines = [LineInput("B", D(1), D(2), id=b.pk), LineInput("A", D(1), D(1), id=a.pk)]
    lifecycle.edit(invoice, version=1, lines=lines, by=None, now=NOW)
    assert [line.description for line in invoice.lines.all()] == ["B", "A"]


def test_a_dropped_line_keeps_its_work_billed_unless_released():
    invoice = bill(examples.acme(), level="entry").invoices.get()
    _, second, *rest = invoice.lines.all()
    keep = [
        LineInput(
            line.description,
            line.quantity,
            line.unit_price,
            line.discount_percent,
            line.item,
            id=line.pk,
        )
        for line in rest
    ]
    lifecycle.edit(invoice, version=1, lines=keep, release=[second.pk], by=None, now=NOW)
    assert Claim.objects.filter(invoice=invoice, line__isnull=True).count() == 1
    assert Claim.objects.filter(invoice=invoice).count() == 4


def test_an_issued_invoice_has_a_number_and_cannot_be_edited():
    invoice = issued()
    assert (invoice.number, invoice.status(TODAY)) == ("INV-00001", Status.ISSUED)
    with refused("already_issued"):
        lifecycle.edit(
            invoice, version=invoice.version, header={"po_number": "x"}, by=None, now=NOW
        )


def test_a_draft_without_lines_or_below_zero_is_not_issued():
    empty = freestyle()
    lifecycle.edit(empty, version=1, lines=[], by=None, now=NOW)
    with refused("no_lines"):
        lifecycle.issue(empty, by=None, now=NOW)
    with refused("negative_total"):
        lifecycle.issue(freestyle(LineInput("Credit", D(-1), D(5))), by=None, now=NOW)


def test_a_refused_issue_leaves_no_gap():
    with refused("negative_total"):
        lifecycle.issue_many(
            [freestyle().pk, freestyle(LineInput("x", D(-1), D(5))).pk], by=None, now=NOW
        )
    assert issued().number == "INV-00001"


def test_renumbering_is_audited_and_never_reuses_a_number():
    invoice = issued()
    numbering.renumber(invoice, number="2026/A-1", reason="Customer's system", by=None, now=NOW)
    assert invoice.events.get(code="renumbered").facts["old"] == "INV-00001"
    with refused("number_taken"):
        numbering.renumber(issued(), number="inv-00001", reason="x", by=None, now=NOW)
    assert InvoiceNumber.objects.filter(invoice=invoice).count() == 2


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "number_invalid"),
        ("A" * 22, "number_invalid"),
        ("<b>", "number_invalid"),
        ("INV-00009", "number_ahead"),
        (" inv - 00001 ", "number_same"),
    ],
)
def test_a_number_that_cannot_be_used_is_refused(number, code):
    invoice = issued()
    if code == "number_same":
        number = "INV-00001"
    with refused(code):
        numbering.renumber(invoice, number=number, reason="x", by=None, now=NOW)


def test_a_sent_invoice_keeps_its_number():
    invoice = issued()
    invoice.sent_at = NOW
    invoice.save()
    with refused("number_fixed"):
        numbering.renumber(invoice, number="X-1", reason="x", by=None, now=NOW)


def test_a_voided_invoice_frees_its_time_and_its_block():
    contract = examples.beta()
    invoice = lifecycle.issue(bill(contract).invoices.get(), by=None, now=NOW)
    assert blocks.balance(contract) == 0
    lifecycle.void(invoice, reason="Wrong month", by=None, now=NOW)
    assert blocks.balance(contract) == 2
    assert str(bill(contract).invoices.get().total) == "1210.00"
    assert invoice.claims.filter(released_at__isnull=False).exists()


def test_a_block_is_undone_newest_first():
    contract = make.block_hours(start_date="2026-09-01")
    first, second = bill(contract).invoices.order_by("period_start")
    with refused("later_period_billed"):
        lifecycle.delete_draft(first, by=None, now=NOW)
    lifecycle.delete_draft(second, by=None, now=NOW)
    lifecycle.delete_draft(first, by=None, now=NOW)
    assert blocks.balance(contract) == 0


def test_a_paid_invoice_is_not_voided():
    invoice = issued()
    paying.record(invoice, amount=D("50"), received_on=TODAY, by=None, now=NOW)
    with refused("has_payments"):
        lifecycle.void(invoice, reason="x", by=None, now=NOW)


def test_status_follows_payments_and_refunds():
    invoice = issued()
    half = paying.record(invoice, amount=D("50"), received_on=TODAY, by=None, now=NOW)
    seen = []

    def status(day=TODAY):
        invoice.refresh_from_db()
        code = type(invoice).objects.with_status(day).get(pk=invoice.pk).status_code
        assert code == invoice.status(day)
        seen.append(code)

    status()
    status(TODAY + dt.timedelta(days=60))
    paying.record(invoice, amount=D("150"), received_on=TODAY, by=None, now=NOW)
    status()
    paying.record(invoice, amount=D("200"), received_on=TODAY, kind="refund", by=None, now=NOW)
    status()
    with refused("refunded_since"):
        paying.remove(half, reason="x", by=None, now=NOW)
    assert seen == ["partially_paid", "overdue", "paid", "refunded"]


@pytest.mark.parametrize("amount", ["0", "-5", "200.01", "1.005"])
def test_an_amount_that_cannot_be_is_refused(amount):
    with pytest.raises(Refused) as error:
        paying.record(issued(), amount=D(amount), received_on=TODAY, by=None, now=NOW)
    assert error.value.field == "amount"


def test_a_removed_payment_is_owed_again():
    invoice = issued()
    payment = paying.record(
        invoice, amount=D("200"), received_on=timezone.localdate(), by=None, now=NOW
    )
    paying.remove(payment, reason="Bounced", by=None, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.balance, invoice.settled_at) == (D("200.00"), None)


def test_the_email_can_be_written_on_every_kind_of_invoice():
    batch_invoice = bill(examples.acme()).invoices.get()
    for invoice in (freestyle(), issued(), batch_invoice):
        assert (
            lifecycle.set_email(invoice, email=" a@b.example ", by=None, now=NOW).email
            == "a@b.example"
        )
    with refused("email_invalid"):
        lifecycle.set_email(batch_invoice, email="nobody at home", by=None, now=NOW)
