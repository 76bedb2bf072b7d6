"""Freestyle invoices and the editing of drafts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from invoices.models import Invoice
from tests import make
from tests.invoices import web

NEW = "/invoices/new/"


def head(**fields):
    return {"customer": make.customer().pk, "invoice_date": "2026-11-01", **fields}


def test_lines_from_the_catalogue_and_typed_in(client_as):
    dock = make.item("Dock", "180", "product", tax_rate=make.tax("Sales", "8"))
    lines = web.line_form(
        {"item": dock.pk, "quantity": "2"},
        {"description": "Workshop", "unit_price": "99.5", "discount_percent": "10", "tax": ""},
    )
    answer = client_as("billing").post(NEW, head() | lines)
    invoice = Invoice.objects.get()
    assert answer.url == reverse("invoices:detail", args=[invoice.pk])
    assert [str(line.net) for line in invoice.lines.all()] == ["360.00", "89.55"]
    assert str(invoice.total) == "478.35"


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"description": "x", "quantity": "many"},
        {"description": "x", "quantity": ""},
        {"description": "x", "unit_price": "1.00001"},
        {"description": "x", "unit_price": "99999999999999"},
        {"description": "x", "quantity": "9999999999", "unit_price": "9999999999"},
        {"description": "x", "discount_percent": "-1"},
        {"description": "x", "discount_percent": "101"},
        {"description": "x" * 8001},
        {"description": "a\0b"},
        {"item": "987654"},
        {"description": "x", "tax": "987654"},
        {"description": "x", "tax": "<script>"},
        {"description": "x", "id": "987654"},
    ],
)
def test_a_bad_line_is_refused_and_nothing_is_written(client_as, line):
    given = {"unit_price": "5"} | line if line else {"unit_price": "5"}
    answer = client_as("billing").post(NEW, head() | web.line_form(given))
    assert answer.status_code in (409, 422)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"customer": "987654"},
        {"customer": "x"},
        {"invoice_date": "2026-02-30"},
        {"payment_days": "-1"},
        {"email": "nobody"},
        {"po_number": "x" * 41},
        {"message": "x" * 2001},
        {"bill_to_name": "a\0b"},
    ],
)
def test_a_bad_head_is_refused_and_what_was_typed_stays(client_as, bad):
    lines = web.line_form({"description": "Kept words", "unit_price": "5"})
    answer = client_as("billing").post(NEW, head() | lines | bad)
    assert answer.status_code == 422
    assert "Kept words" in answer.content.decode()
    assert not Invoice.objects.exists()


def test_code_and_emoji_are_text(client_as):
    lines = web.line_form({"description": "<script>{{ 7 }}</script> 😀", "unit_price": "5"})
    answer = client_as("billing").post(NEW, head() | lines, follow=True)
    words = answer.content.decode()
    assert "&lt;script&gt;{{ 7 }}&lt;/script&gt; 😀" in words
    assert "<script>{{" not in words


def stored(invoice: Invoice, **changes: str) -> dict:
    """The form of a draft with one line, as the page would post it."""
    line = invoice.lines.get()
    row = {
        "id": line.pk, "description": line.description, "quantity": line.quantity,
        "unit_price": line.unit_price, "discount_percent": "0", "ORDER": "1", **changes,
    }  # fmt: skip
    form = {
        "invoice_date": "2026-11-01", "payment_days": "14", "bill_to_name": "Acme",
        "version": invoice.version,
    }  # fmt: skip
    return form | web.line_form(row, initial=1)


def test_a_draft_is_edited(client_as):
    invoice = web.draft()
    client_as("billing").post(f"/invoices/{invoice.pk}/edit/", stored(invoice, unit_price="250"))
    invoice.refresh_from_db()
    assert (invoice.total, invoice.payment_days) == (Decimal("250.00"), 14)


def test_a_stale_edit_is_refused_with_what_was_typed_kept(client_as):
    invoice = web.draft()
    form = stored(invoice, description="My words")
    Invoice.objects.filter(pk=invoice.pk).update(version=9)
    answer = client_as("billing").post(f"/invoices/{invoice.pk}/edit/", form)
    assert answer.status_code == 409
    assert "My words" in answer.content.decode()
    assert invoice.lines.get().description == "Workshop"


def test_lines_change_places(client_as):
    invoice = web.draft()
    form = stored(invoice, ORDER="2")
    extra = {"description": "First", "unit_price": "1", "quantity": "1", "tax": "", "ORDER": "1"}
    form |= {f"form-1-{name}": value for name, value in extra.items()}
    form["form-TOTAL_FORMS"] = 2
    client_as("billing").post(f"/invoices/{invoice.pk}/edit/", form)
    assert [str(line) for line in invoice.lines.all()] == ["First", "Workshop"]


def test_an_issued_invoice_has_no_edit_page(client_as):
    invoice = web.issued()
    assert client_as("billing").get(f"/invoices/{invoice.pk}/edit/").status_code == 404
