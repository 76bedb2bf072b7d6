"""Freestyle invoices and the editing of drafts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.models import Installation, TaxMethod
from invoices import lifecycle, totals
from invoices.drafting import LineInput
from invoices.line_forms import order
from invoices.models import Invoice
from invoices.offer import Offer
from tests import make
from tests.invoices import web

NEW = "/invoices/new/"


def head(**fields):
    return {"customer": make.customer().pk, "invoice_date": "2026-11-01", **fields}


def test_lines_from_the_catalogue_and_typed_in(client_as):
    make.item("Dock", "180", "product", tax_rate=make.tax("Sales", "8"))
    lines = web.line_form(
        {"item": " dock ", "quantity": "2"},
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
        {"item": "Dokc"},
        {"item": "x" * 300},
        {"description": "x", "unit": "fortnight"},
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
    return form_of(invoice, {invoice.lines.get().pk: changes})


def form_of(invoice: Invoice, changes: dict[int, dict] | None = None, *more: dict) -> dict:
    """The form of a draft as the page would post it, with changes by line and further lines."""
    offer = Offer(invoice, list(invoice.lines.select_related("item")))
    rows = []
    for place, line in enumerate(invoice.lines.select_related("item"), 1):
        row = offer.row(line) | {"place": place, "ORDER": place}
        rows.append(row | (changes or {}).get(line.pk, {}))
    head = {
        "invoice_date": invoice.invoice_date, "payment_days": invoice.payment_days,
        "po_number": invoice.po_number, "bill_to_name": invoice.bill_to_name,
        "bill_to_address": invoice.bill_to_address, "email": invoice.email,
        "message": invoice.message, "version": invoice.version,
    }  # fmt: skip
    return head | web.line_form(*rows, *more, initial=len(rows))


def edit(invoice: Invoice) -> str:
    return reverse("invoices:edit", args=[invoice.pk])


def test_a_draft_is_edited(client_as):
    invoice = web.draft()
    form = stored(invoice, unit_price="250") | {"payment_days": "14"}
    client_as("billing").post(edit(invoice), form)
    invoice.refresh_from_db()
    assert (invoice.total, invoice.payment_days) == (Decimal("250.00"), 14)


def test_saving_without_a_change_leaves_no_trace(client_as):
    invoice = web.draft()
    invoice.lines.update(description="Two rows\nas a batch writes them")
    form = stored(invoice, description="Two rows\r\nas a batch writes them")
    assert client_as("billing").post(edit(invoice), form).status_code == 302
    assert Invoice.objects.get().version == 1
    assert not invoice.events.filter(code="edited").exists()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([1, 2, 3], [0, 1, 2]),
        ([1, 2, 1], [2, 0, 1]),  # the third asks for the first place and gets it
        ([3, 2, 3], [1, 2, 0]),
        ([2, 1, 3], [1, 0, 2]),
        ([9, 2, 3], [1, 2, 0]),
        ([0, 2, 3], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        ([3, 1, 2], [1, 2, 0]),  # as the script numbers rows after a move
    ],
)
def test_a_line_goes_to_the_place_that_its_number_names(typed, expected):
    assert order(list(zip([1, 2, 3], typed, strict=True))) == expected


def test_lines_change_places(client_as):
    invoice = web.draft()
    first = {"description": "First", "unit_price": "1", "tax": "", "ORDER": "1"}
    client_as("billing").post(edit(invoice), form_of(invoice, {}, first))
    assert [str(line) for line in invoice.lines.all()] == ["First", "Workshop"]


def test_an_issued_invoice_leads_from_its_form_to_its_page(client_as):
    invoice = web.issued()
    answer = client_as("billing").get(edit(invoice), follow=True)
    assert answer.redirect_chain == [(f"/invoices/{invoice.pk}/", 302)]
    assert "its content is fixed" in answer.content.decode()


def test_what_was_typed_is_shown_when_the_draft_was_issued_meanwhile(client_as):
    invoice = web.draft()
    form = stored(invoice, description="My words")
    lifecycle.issue(invoice, by=None, now=timezone.now())
    answer = client_as("billing").post(edit(invoice), form)
    assert answer.status_code == 409
    assert "is issued" in answer.text
    assert "My words" in answer.text


# Without script ----------------------------------------------------------------------------------


def test_recalculating_shows_the_sums_and_writes_nothing(client_as):
    make.item("Dock", "180", "product", tax_rate=make.tax("Sales", "8"))
    form = head() | web.line_form({"item": "Dock", "quantity": "2"}) | {"redraw": "sums"}
    answer = client_as("billing").post(NEW, form)
    assert answer.status_code == 200
    assert str(answer.context["sums"].total) == "388.80"
    assert answer.context["formset"].rows[0].shown["unit_price"] == "180.00"
    assert not Invoice.objects.exists()


def test_what_is_still_missing_in_the_head_is_no_fault_until_somebody_saves(client_as):
    form = head(customer="", invoice_date="x") | web.line_form({}) | {"redraw": "add"}
    answer = client_as("billing").post(NEW, form)
    assert list(answer.context["form"].errors) == ["invoice_date"]


def test_another_line_is_a_click_away(client_as):
    form = head() | web.line_form({"description": "Kept words"}) | {"redraw": "add"}
    answer = client_as("billing").post(NEW, form)
    _, new = answer.context["formset"].rows
    assert (new.shown["quantity"], new.shown["tax"]) == (1, "keep")
    assert "Kept words" in answer.text


@pytest.mark.parametrize(
    ("press", "expected"),
    [("down form-0", "BAC"), ("up form-2", "ACB"), ("up form-0", "ABC"), ("down form-2", "ABC"),
     ("up nonsense", "ABC"), ("sideways form-0", "ABC")],
)  # fmt: skip
def test_lines_move_by_a_button(client_as, press, expected):
    lines = [{"description": name, "place": i, "ORDER": i} for i, name in enumerate("ABC", 1)]
    answer = client_as("billing").post(NEW, head() | web.line_form(*lines) | {"redraw": press})
    rows = answer.context["formset"].rows
    assert "".join(row.shown["description"] for row in rows) == expected


# Adding up while somebody types ------------------------------------------------------------------


def live(client, url: str, form: dict):
    return client.post(f"{url}totals/", form, headers={"HX-Request": "true"})


@pytest.mark.parametrize("method", TaxMethod.values)
def test_what_is_shown_while_typing_is_what_is_stored(client_as, method):
    Installation.objects.update_or_create(singleton=True, defaults={"tax_method": method})
    sales, other = make.tax("Sales", "8.25"), make.tax("Other", "5")
    form = head() | web.line_form(
        {"description": "A", "quantity": "3", "unit_price": "33.33", "tax": sales.pk},
        {"description": "B", "unit_price": "10.05", "discount_percent": "10", "tax": sales.pk},
        {"description": "C", "unit_price": "0.05", "tax": sales.pk},
        {"description": "D", "unit_price": "7", "tax": other.pk},
        {"description": "E", "unit_price": "1"},
    )
    client = client_as("billing")
    sums = live(client, NEW, form).context["sums"]
    assert not Invoice.objects.exists()
    client.post(NEW, form)
    invoice = Invoice.objects.get()
    assert (sums.subtotal, sums.total) == (invoice.subtotal, invoice.total)
    assert [(tax.name, tax.base, tax.amount) for tax in sums.taxes] == [
        (tax.name, tax.base, tax.amount) for tax in totals.by_tax(invoice.lines.all())
    ]
    assert [tax.name for tax in sums.taxes] == ["Sales", "Other"]


def test_bad_input_is_said_beside_its_line_and_the_others_are_added_up(client_as):
    form = head() | web.line_form(
        {"description": "Fine", "unit_price": "5"},
        {"description": "Bad", "quantity": "many", "unit_price": "7"},
        {"description": "Vast", "quantity": "9999999999", "unit_price": "9999999999"},
    )
    answer = live(client_as("billing"), NEW, form)
    assert answer.status_code == 200
    fine, bad, vast = answer.context["formset"].rows
    assert (fine.misread, bad.misread) == ([], ["Quantity: Enter a number."])
    assert vast.misread == ["Quantity: the amount is too large."]
    assert 'id="form-1-sum"' in answer.text
    assert (str(answer.context["sums"].total), answer.context["sums"].left_out) == ("5.00", 2)


def test_what_is_still_missing_is_no_fault_while_typing(client_as):
    form = {"invoice_date": ""} | web.line_form(
        {"unit_price": "5"}, {"description": "x", "quantity": ""}
    )
    answer = live(client_as("billing"), NEW, form)
    assert [row.misread for row in answer.context["formset"].rows] == [[], []]
    assert "required" not in answer.text
    assert client_as("billing").post(NEW, form).status_code == 422


def test_removed_lines_count_no_more_and_their_faults_do_not_matter(client_as):
    invoice = web.draft()
    pk = invoice.lines.get().pk
    form = form_of(invoice, {pk: {"DELETE": "on", "quantity": "many"}}, {"description": "New"})
    client = client_as("billing")
    assert str(live(client, edit(invoice), form).context["sums"].total) == "0.00"
    assert client.post(edit(invoice), form | {"payment_days": "x"}).context["faulty"] == []
    assert client.post(edit(invoice), form).status_code == 302
    assert [str(line) for line in invoice.lines.all()] == ["New"]


def test_the_customers_terms_are_said_as_soon_as_one_is_chosen(client_as):
    customer = make.customer("Bluewater", payment_days=9, street="1 Quay", city="Oslo")
    make.contact(customer, first_name="Ana", last_name="Ruiz", is_main=True)
    form = head(customer=customer.pk) | web.line_form({})
    words = live(client_as("billing"), NEW, form).text
    assert "Billed to Bluewater, 1 Quay, Oslo. Due in 9 days." in words
    assert "main contact Ana Ruiz" in words


# From the catalogue ------------------------------------------------------------------------------


def rows(client, *lines: dict) -> list:
    answer = live(client, NEW, head() | web.line_form(*lines))
    return answer.context["formset"].rows


def test_a_picked_item_fills_what_is_empty(client_as):
    make.item(
        "Dock", "180", "product", sku="D-1", description="USB-C", tax_rate=make.tax("Sales", "8")
    )
    by_name, by_sku, kept = rows(
        client_as("billing"), {"item": "DOCK"}, {"item": "d-1"},
        {"item": "Dock", "description": "My words", "unit_price": "99"},
    )  # fmt: skip
    for row in (by_name, by_sku):
        shown = [row.shown[name] for name in ("item", "description", "unit", "unit_price")]
        assert shown == ["Dock", "Dock\nUSB-C", "each", "180.00"]
        assert row.own_tax == "Sales (8 %)"
    assert (kept.shown["description"], kept.shown["unit_price"]) == ("My words", "99")
    assert [str(row.worked.total) for row in (by_name, kept)] == ["194.40", "106.92"]


def test_another_item_replaces_only_what_the_first_one_gave(client_as):
    make.item("Dock", "180", "product")
    make.item("Audit", "250", unit="hour")
    changed = {"item": "Audit", "picked": "Dock", "description": "Dock", "unit": "each"}
    row, mine, emptied = rows(
        client_as("billing"), changed | {"unit_price": "180.00"},
        changed | {"unit_price": "111", "description": "Mine"},
        changed | {"item": "", "unit_price": "180.00"},
    )  # fmt: skip
    names = ("description", "unit", "unit_price", "picked")
    assert [row.shown[name] for name in names] == ["Audit", "hour", "250.00", "Audit"]
    assert [mine.shown[name] for name in names] == ["Mine", "hour", "111", "Audit"]
    assert [emptied.shown[name] for name in names] == ["Dock", "each", "180.00", ""]


def test_a_misspelt_item_is_answered_with_the_nearest(client_as):
    make.item("Docking station", "180", "product")
    (row,) = rows(client_as("billing"), {"item": "Dokcing station"})
    assert row.misread == [
        "“Dokcing station” is not in the catalogue. Did you mean “Docking station”?"
    ]


def test_items_of_one_name_are_told_apart_by_their_kind(client_as):
    make.item("Backup", "10", "service")
    make.item("Backup", "99", "product")
    service, product, neither = rows(
        client_as("billing"), {"item": "Backup (service)"}, {"item": "Backup (product)"},
        {"item": "Backup"},
    )  # fmt: skip
    assert (service.shown["unit_price"], product.shown["unit_price"]) == ("10.00", "99.00")
    assert neither.misread


def test_an_archived_item_stays_on_its_line(client_as):
    dock = make.item("Dock", "180", "product")
    invoice = lifecycle.create(
        make.customer(), lines=[LineInput(item=dock)], invoice_date=make.day("2026-11-01"),
        by=None, now=timezone.now(),
    )  # fmt: skip
    dock.archived_at = timezone.now()
    dock.save()
    client = client_as("billing")
    assert "Dock (archived)" in client.get(edit(invoice)).text
    client.post(edit(invoice), stored(invoice, quantity="2"))
    line = invoice.lines.get()
    assert (line.item, str(line.net)) == (dock, "360.00")


def test_a_line_that_is_typed_in_begins_with_the_default_tax(client_as):
    make.tax("Sales", "8", is_default=True)
    make.item("Dock", "100", "product")
    typed, chosen, picked = rows(
        client_as("billing"), {"description": "x", "unit_price": "100"},
        {"description": "x", "unit_price": "100", "tax": ""}, {"item": "Dock"},
    )  # fmt: skip
    assert [str(row.worked.tax) for row in (typed, chosen, picked)] == ["8.00", "0.00", "0.00"]
    labels = [label for _, label, _ in typed.taxes()]
    assert labels == ["Sales (8 %)", "No tax"]


# Many lines --------------------------------------------------------------------------------------


def long_draft(count: int) -> Invoice:
    items = [make.item(price="12.5", kind="product", tax_rate=make.tax()) for _ in range(4)]
    lines = [
        LineInput(f"Line {i}", unit_price=Decimal(i), item=items[i % 4] if i % 2 else None)
        for i in range(count)
    ]
    return lifecycle.create(
        make.customer(), lines=lines, invoice_date=make.day("2026-11-01"), by=None,
        now=timezone.now(),
    )  # fmt: skip


def test_a_long_draft_needs_no_more_queries_than_a_short_one(client_as):
    client, counts = client_as("billing"), []
    for invoice in (long_draft(4), long_draft(60)):
        last = invoice.lines.last().pk
        form = form_of(invoice, {last: {"quantity": "5"}})
        client.get(edit(invoice))
        with CaptureQueriesContext(connection) as shown:
            assert client.get(edit(invoice)).status_code == 200
        with CaptureQueriesContext(connection) as added_up:
            assert live(client, edit(invoice), form).status_code == 200
        with CaptureQueriesContext(connection) as saved:
            assert client.post(edit(invoice), form).status_code == 302
        assert str(invoice.lines.last().quantity) == "5.0000"
        counts.append((len(shown), len(added_up), len(saved)))
    assert counts[0] == counts[1]
    assert counts[0] <= (12, 10, 24)


def test_of_a_draft_too_long_for_a_page_the_head_can_be_changed(client_as, monkeypatch):
    monkeypatch.setattr("invoices.views.editing.MOST_ROWS", 3)
    invoice, client = long_draft(4), client_as("billing")
    assert "This draft has 4 lines." in client.get(edit(invoice)).text
    form = {name: v for name, v in form_of(invoice).items() if not name.startswith("form-")}
    assert client.post(edit(invoice), form | {"po_number": "PO-7"}).status_code == 302
    invoice.refresh_from_db()
    assert (invoice.po_number, invoice.lines.count()) == ("PO-7", 4)
