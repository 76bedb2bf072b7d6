"""An invoice from the first line to its end, click by click."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from atera_invoicing.models import User
from contracts.models import TimeEntry
from invoices import lifecycle
from invoices.drafting import LineInput
from invoices.models import Invoice
from tests import make
from tests.invoices.test_batches import bill


def line(page: Page, number: int):
    """The nth line of the form."""
    return page.locator("ol.rows > li").nth(number - 1)


def save(page: Page) -> None:
    page.locator(".closing").get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/invoices/\d+/$"))


def choose(page: Page, name: str) -> None:
    """An entry of the menu, which opens a question."""
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def total(page: Page):
    return page.locator("#totals .grand dd")


def test_a_freestyle_invoice_from_its_first_line_to_its_end(visit):
    tax = make.tax("Sales", "8")
    make.item("Docking station", "180", "product", description="USB-C", tax_rate=tax)
    customer = make.customer("Bluewater", payment_days=9)
    make.contact(customer, first_name="Ana", last_name="Ruiz", email="ana@x.example", is_main=True)
    page = visit("billing")
    page.goto("/invoices/new/")
    page.get_by_role("combobox", name="Customer").select_option(label="Bluewater")
    expect(
        page.get_by_text("Due in 9 days. E-mail to ana@x.example (main contact Ana Ruiz).")
    ).to_be_visible()

    line(page, 1).get_by_label("Item").fill("Docking station")
    expect(line(page, 1).get_by_label("Description")).to_have_value("Docking station\nUSB-C")
    expect(line(page, 1).get_by_label("Price")).to_have_value("180.00")
    line(page, 1).get_by_label("Quantity").fill("2")
    expect(total(page)).to_have_text("$388.80")

    page.get_by_role("button", name="Add a line").click()
    line(page, 2).get_by_label("Description").fill("Workshop")
    line(page, 2).get_by_label("Price").fill("100")
    line(page, 2).get_by_label("Discount").fill("ten")
    expect(line(page, 2)).to_contain_text("Discount: Enter a number.")
    line(page, 2).get_by_label("Discount").fill("10")
    line(page, 2).get_by_label("Tax").select_option(label="Sales (8 %)")
    expect(line(page, 2)).to_contain_text("+ 7.20 tax")
    expect(total(page)).to_have_text("$486.00")
    line(page, 2).get_by_role("button", name="Move up").click()
    save(page)
    expect(page.locator(".page-head h1")).to_contain_text("Draft")
    invoice = Invoice.objects.get()
    assert [str(row) for row in invoice.lines.all()] == ["Workshop", "Docking station"]

    page.get_by_role("link", name="Issue").click()
    page.get_by_role("dialog").get_by_role("button", name="Issue").click()
    expect(page.locator(".page-head h1")).to_contain_text("INV-00001")

    choose(page, "Change number")
    page.get_by_label("Number").fill("2026/A-1")
    page.get_by_label("Reason").fill("Their system wants it")
    page.get_by_role("button", name="Change number").click()
    expect(page.locator(".page-head h1")).to_contain_text("2026/A-1")

    page.get_by_role("link", name="Record payment").click()
    expect(page.get_by_label("Amount")).to_have_value("486")
    page.get_by_label("Amount").fill("86")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Partially paid")).to_be_visible()
    expect(page.get_by_text("$400.00 open")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_label("Reason").fill("Bounced")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("removed: Bounced").first).to_be_visible()

    choose(page, "Void")
    page.get_by_label("Reason").fill("Wrong customer")
    page.get_by_role("dialog").get_by_role("button", name="Void").click()
    expect(page.get_by_text(re.compile(r"Voided on .* Wrong customer"))).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.number, str(invoice.balance)) == ("2026/A-1", "0.00")


@pytest.fixture
def batch_draft() -> Invoice:
    """An hourly contract's October with two entries, a line each."""
    contract = make.hourly("100", start_date="2026-10-01")
    ticket = make.ticket(contract)
    make.entry(ticket, 60, description="Kept work")
    make.entry(ticket, 30, "2026-10-13", description="Free again")
    return bill(contract, level="entry").invoices.get()


def test_work_of_a_dropped_line_can_be_billed_again(visit, batch_draft):
    page = visit("billing")
    page.goto(f"/invoices/{batch_draft.pk}/")
    page.get_by_role("link", name="Edit").click()
    line(page, 1).get_by_label("Price").fill("120")
    dropped = line(page, 2)
    expect(dropped).to_contain_text("1 time entry, 0.50 h")
    dropped.get_by_title("Remove the line").click()
    expect(total(page)).to_have_text("$120.00")
    dropped.get_by_text("Undo", exact=True).click()
    expect(total(page)).to_have_text("$170.00")
    dropped.get_by_title("Remove the line").click()
    dropped.get_by_label("Its work can be billed again").check()
    save(page)
    free = TimeEntry.objects.get(description="Free again")
    assert not free.claims.exists()
    assert TimeEntry.objects.get(description="Kept work").claims.exists()
    assert str(Invoice.objects.get().total) == "120.00"
    page.goto(f"/tickets/{free.ticket_id}/")
    expect(page.get_by_text("Free again")).to_be_visible()


def test_the_second_of_two_editors_is_told_and_can_still_save(visit, batch_draft):
    first, second = visit("billing"), visit("owner")
    name = str(User.objects.get(role="billing"))
    for page in (first, second):
        page.goto(f"/invoices/{batch_draft.pk}/edit/")
    first.get_by_label("PO number").fill("PO-7")
    line(first, 1).get_by_label("Quantity").fill("2")
    save(first)

    line(second, 1).get_by_label("Quantity").fill("3")
    line(second, 2).get_by_label("Price").fill("80")
    second.locator(".closing").get_by_role("button", name="Save").click()
    told = second.get_by_role("alert")
    expect(told).to_contain_text(f"{name} changed this draft after you opened it")
    expect(told.get_by_role("row", name="PO number")).to_contain_text("taken over")
    expect(line(second, 1).get_by_label("Quantity")).to_have_value("3")
    expect(second.get_by_label("PO number")).to_have_value("PO-7")
    expect(total(second)).to_have_text("$340.00")
    save(second)
    saved = Invoice.objects.get()
    assert (saved.po_number, str(saved.total)) == ("PO-7", "340.00")


def test_the_form_works_without_script(visit):
    make.item("Docking station", "180", "product")
    make.customer("Bluewater")
    page = visit("billing", java_script_enabled=False)
    page.goto("/invoices/new/")
    page.get_by_role("combobox", name="Customer").select_option(label="Bluewater")
    line(page, 1).get_by_label("Item").fill("docking station")
    page.get_by_role("button", name="Recalculate").click()
    expect(total(page)).to_have_text("$180.00")
    page.get_by_role("button", name="Add a line").click()
    line(page, 2).get_by_label("Description").fill("Workshop")
    line(page, 2).get_by_label("Price").fill("50")
    line(page, 2).get_by_role("button", name="Move up").click()
    expect(line(page, 1).get_by_label("Description")).to_have_value("Workshop")
    expect(total(page)).to_have_text("$230.00")
    save(page)
    assert [str(row) for row in Invoice.objects.get().lines.all()] == [
        "Workshop",
        "Docking station",
    ]


@pytest.mark.parametrize("width", [375, 1280])
def test_three_hundred_lines_fit_and_answer(visit, width):
    draft = lifecycle.create(
        make.customer(), lines=[LineInput(f"Line {i}", unit_price=Decimal(1)) for i in range(300)],
        invoice_date=make.day("2026-11-01"), by=None, now=timezone.now(),
    )  # fmt: skip
    page = visit("billing", viewport={"width": width, "height": 800})
    page.set_default_timeout(30_000)
    page.goto(f"/invoices/{draft.pk}/edit/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    line(page, 300).get_by_label("Quantity").fill("11")
    expect(total(page)).to_have_text("$310.00")
    save(page)
    assert str(Invoice.objects.get().total) == "310.00"
