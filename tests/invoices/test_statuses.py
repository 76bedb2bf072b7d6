"""A status is said three times: computed for a row, for a column of a list, and as a condition that
an index knows. All three must mean the same.
"""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from invoices.models import Invoice, Status
from tests import make
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-11-05")
BEFORE, SINCE = make.at("2026-10-01"), make.at("2026-10-02")


@pytest.fixture
def every_kind():
    """An invoice for each combination of facts that the constraints allow."""
    customer, look = make.customer(), Branding.current()
    money = [  # paid, refunded, balance, settled
        (0, 0, 100, None), (40, 0, 60, None), (100, 0, 0, SINCE), (100, 100, 0, SINCE),
        (0, 0, 0, None), (100, 40, 40, None),
    ]  # fmt: skip
    facts = itertools.product(
        money, ["2026-11-04", "2026-11-05"], [None, BEFORE], [None, BEFORE, SINCE],
        [None, BEFORE, SINCE], [None, SINCE],
    )  # fmt: skip
    invoices = [
        Invoice(
            customer=customer, currency="USD", bill_to_name="Acme", created_at=BEFORE,
            invoice_date=make.day("2026-10-01"), due_date=make.day(due), paid=amounts[0],
            refunded=amounts[1], balance=amounts[2], settled_at=amounts[3], issued_at=issued,
            sent_at=sent, exported_at=exported, voided_at=voided,
            branding=look if issued else None, number=str(n) if issued else "",
            number_key=str(n) if issued else "",
        )
        for n, (amounts, due, issued, sent, exported, voided) in enumerate(facts, 1)
        if issued or not voided
    ]  # fmt: skip
    return Invoice.objects.bulk_create(invoices)


def test_a_row_a_column_and_a_condition_say_the_same(every_kind):
    by_row = {invoice.pk: invoice.status(TODAY) for invoice in Invoice.objects.all()}
    by_column = dict(Invoice.objects.with_status(TODAY).values_list("pk", "status_code"))
    by_condition = {
        pk: status
        for status in Status
        for pk in Invoice.objects.in_status(status, TODAY).values_list("pk", flat=True)
    }
    assert by_row == by_column == by_condition
    assert set(by_row.values()) == set(Status)


def test_what_owes_nothing_more_has_no_balance():
    invoice = make.claim(make.entry(make.ticket(make.hourly())), "INV-1").invoice
    Invoice.objects.filter(pk=invoice.pk).update(settled_at=SINCE)
    with pytest.raises(IntegrityError, match="invoice_settled_owes_nothing"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(balance=Decimal("0.01"))


def test_an_invoice_is_due_after_its_days_to_pay_unless_it_says_when():
    customer = make.customer()
    fields = {
        "customer": customer, "currency": "USD", "bill_to_name": "Acme", "created_at": BEFORE,
        "invoice_date": make.day("2026-10-01"), "payment_days": 14,
    }  # fmt: skip
    assert Invoice.objects.create(**fields).due_date == make.day("2026-10-15")
    agreed = make.day("2026-12-24")
    assert Invoice.objects.create(**fields, due_date=agreed).due_date == agreed


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("index", "rows"),
    [
        ("invoice_drafts", lambda: Invoice.objects.in_status("draft", TODAY).order_by()),
        ("invoice_voided", lambda: Invoice.objects.in_status("voided", TODAY).order_by()),
        ("invoice_refunded", lambda: Invoice.objects.in_status("refunded", TODAY).order_by()),
        ("invoice_by_due", lambda: Invoice.objects.in_status("overdue", TODAY).order_by()),
        ("invoice_by_due", lambda: Invoice.objects.in_status("sent", TODAY).order_by()),
        ("invoice_by_balance", lambda: Invoice.objects.order_by("-balance", "-id")[:10]),
        ("invoice_by_due_date", lambda: Invoice.objects.order_by("due_date", "id")[:10]),
        ("invoice_by_number", lambda: Invoice.objects.order_by("number_key", "id")[:10]),
        ("invoice_by_name", lambda: Invoice.objects.order_by("bill_to_name", "id")[:10]),
        ("invoice_by_batch_total", lambda: Invoice.objects.filter(batch=1).order_by("id")[:10]),
        (
            "invoice_search",
            lambda: Invoice.objects.filter(bill_to_name__icontains="bluewater").order_by(),
        ),
    ],
)
def test_a_state_an_order_and_a_search_have_their_index(every_kind, index, rows):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE invoices_invoice")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    assert index in rows().explain()
