"""Lines of a draft: whose tax they carry, what an edit writes, and what the diary says of it."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices import changes, lifecycle
from invoices.drafting import LineInput
from invoices.models import Invoice, InvoiceLine
from tests import make

from . import examples
from .test_batches import bill
from .test_lifecycle import NOW, freestyle

pytestmark = pytest.mark.django_db


def same(line: InvoiceLine, **values) -> LineInput:
    """The line as it is, with changes."""
    given = {"description": line.description, "quantity": line.quantity, "id": line.pk,
             "unit_price": line.unit_price, "item": line.item,
             "discount_percent": line.discount_percent}  # fmt: skip
    return LineInput(**given | values)


def edit(invoice: Invoice, lines: list[LineInput], **kwargs) -> Invoice:
    return lifecycle.edit(
        invoice, version=invoice.version, lines=lines, by=None, now=NOW, **kwargs
    )  # fmt: skip


def taxes(invoice: Invoice) -> dict[str, str]:
    return {str(line): changes.tax(line.tax_name, line.tax_percent) for line in invoice.lines.all()}


def test_the_default_tax_is_for_lines_that_are_typed_in_on_a_freestyle_invoice():
    make.tax("Default", "8", is_default=True)
    own, by_category = make.tax("Own", "1"), make.tax("Category's", "2")
    dock = make.item("Dock", kind="product", tax_rate=own)
    cable = make.item("Cable", kind="product", category="Hardware")
    cable.category.tax_rate = by_category
    cable.category.save()
    invoice = freestyle(
        LineInput("Typed"), LineInput("Untaxed", tax_rate=None), LineInput(item=dock),
        LineInput(item=cable), LineInput(item=make.item("Plain", kind="product")),
        LineInput("Chosen", item=dock, tax_rate=by_category),
    )  # fmt: skip
    assert taxes(invoice) == {
        "Typed": "Default (8 %)", "Untaxed": "", "Dock": "Own (1 %)", "Cable": "Category's (2 %)",
        "Plain": "", "Chosen": "Category's (2 %)",
    }  # fmt: skip


def test_a_new_line_on_a_contracts_draft_carries_the_contracts_tax():
    make.tax("Default", "8", is_default=True)
    contract = make.retainer(start_date="2026-10-01", tax_rate=make.tax("GST", "10"))
    invoice = bill(contract).invoices.get()
    fee = invoice.lines.get()
    own = make.item("Dock", kind="product", tax_rate=make.tax("Own", "1"))
    plain = make.item("Plain", kind="product")
    edit(invoice, [same(fee), LineInput("Typed"), LineInput(item=own), LineInput(item=plain)])
    found = taxes(invoice)
    assert [found[name] for name in ("Typed", "Dock", "Plain")] == [
        "GST (10 %)",
        "Own (1 %)",
        "GST (10 %)",
    ]


def test_a_later_tax_rate_changes_no_line_until_somebody_chooses_it():
    tax = make.tax("Sales", "8")
    invoice = freestyle(LineInput("Work", unit_price=D(100), tax_rate=tax))
    tax.percent = D(9)
    tax.save()
    line = edit(invoice, [same(invoice.lines.get(), quantity=D(2))]).lines.get()
    assert line.tax == D("16.00")
    invoice.refresh_from_db()
    line = edit(invoice, [same(line, tax_rate=tax)]).lines.get()
    assert line.tax == D("18.00")


def test_a_unit_can_be_emptied_and_is_kept_when_nobody_names_it():
    hour = make.item("Audit", unit="hour")
    invoice = freestyle(LineInput(item=hour), LineInput("Typed", unit="mile"))
    first, second = invoice.lines.all()
    assert (first.unit, second.unit) == ("hour", "mile")
    edit(invoice, [same(first, unit=""), same(second)])
    assert [line.unit for line in invoice.lines.all()] == ["", "mile"]


def test_lines_that_stay_as_they_are_are_not_written():
    invoice = freestyle(*(LineInput(name, unit_price=D(1)) for name in "ABC"))
    a, b, c = invoice.lines.all()
    edit(invoice, [same(a), same(b, quantity=D(2)), same(c)])
    assert [line.history.count() for line in (a, b, c)] == [1, 2, 1]


def test_an_edit_writes_many_lines_in_few_queries():
    counts = []
    for size in (3, 60):
        invoice = freestyle(*(LineInput(str(i), unit_price=D(i)) for i in range(size)))
        lines = list(invoice.lines.all())
        mixed = [LineInput("New"), *(same(line, quantity=D(2)) for line in reversed(lines))]
        with CaptureQueriesContext(connection) as queries:
            edit(invoice, mixed[:-1])
        assert [line.position for line in invoice.lines.all()] == list(range(1, size + 1))
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 5  # a statement holds so many values


def test_the_diary_says_what_an_edit_changed():
    invoice = freestyle(LineInput("Work", D(1), D("100")), LineInput("Gone", D(2), D("5.50")))
    work, _ = invoice.lines.all()
    lines = [LineInput("New", D(3), D("0.0375")), same(work, quantity=D("1.5"))]
    edit(invoice, lines, header={"po_number": "PO-7", "payment_days": 30})
    event = invoice.events.get(code="edited")
    assert event.facts["version"] == 2
    assert [tuple(row) for row in changes.rows(event)] == [
        ("PO number", "", "PO-7"),
        ("Total", "111.00", "150.11"),
        ("Line “New”", "", "3 × 0.0375"),
        ("“Work”, quantity", "1", "1.5"),
        ("Line “Gone”", "2 × 5.5", ""),
    ]


def test_the_diary_mentions_a_new_order_once():
    invoice = freestyle(*(LineInput(name) for name in "ABC"))
    a, b, c = invoice.lines.all()
    edit(invoice, [same(c), same(a), same(b)])
    event = invoice.events.get(code="edited")
    assert [tuple(row) for row in changes.rows(event)] == [("Order of the lines", "", "changed")]


def test_work_of_a_dropped_line_is_free_only_when_it_is_released():
    invoice = bill(examples.acme(), level="entry").invoices.get()
    first, second, *rest = invoice.lines.all()
    edit(invoice, [same(line) for line in rest], release={first.pk})
    assert not first.claims.exists()
    assert invoice.claims.filter(line=None).exists()
    assert second.pk not in {line.pk for line in invoice.lines.all()}
