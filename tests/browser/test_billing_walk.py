"""A billing person bills a month, from the first tick to the draft."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from contracts.models import TimeEntry
from tests import make
from tests.invoices import examples

NEW = "/batches/new/?through=2026-10-31"
SAID = {  # level: what its lines say, and what belongs to a level below
    "Contract": (["Labor – After-hours", "Labor – Standard"], ["VPN down", "Image laptop"]),
    "Ticket": (["#T-1001 VPN down", "#T-1002 New laptop"], ["Image laptop"]),
    "Time entry": (["#T-1002 New laptop", "Image laptop", "Firmware upgrade"], []),
}


def panel(page: Page):
    return page.get_by_role("complementary", name="This batch")


def open_row(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Periods and single items of {name}").click()


@pytest.mark.worker
@pytest.mark.parametrize("level", SAID)
def test_bill_a_month_leave_an_entry_out_and_bill_it_next_time(visit, request, level):
    contract = examples.acme()
    left_out = TimeEntry.objects.get(description="Reset gateway")
    row_sum = f"#sum-{contract.pk}"
    page = visit("billing")
    page.goto(NEW)
    expect(panel(page)).to_contain_text("669.60")
    page.locator("fieldset", has_text="Level of detail").get_by_text(level, exact=True).click()

    open_row(page, "Acme")
    page.get_by_label("Bill Reset gateway").uncheck()
    expect(panel(page)).to_contain_text("507.60")
    expect(panel(page)).to_contain_text("2.75 h")
    expect(page.locator(row_sum)).to_have_text("474.50")
    page.get_by_label("Bill Acme, Acme Hourly").uncheck()
    expect(page.locator(row_sum)).to_have_text("–")
    expect(panel(page).get_by_role("button", name="Nothing chosen")).to_be_disabled()
    page.get_by_label("Bill Acme, Acme Hourly").check()
    expect(page.locator(row_sum)).to_have_text("474.50")

    page.get_by_role("button", name="Preview", exact=True).click()
    dialog = page.get_by_role("dialog")
    shows(dialog, level)
    expect(dialog.locator(".sums .total")).to_contain_text("507.60")
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Save 1 draft").click()
    bar = page.get_by_role("progressbar", name="Writing drafts")
    expect(bar).to_have_text("0 of 1")
    request.getfixturevalue("worker")  # the batch waited for it; the page goes on by itself
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    expect(bar).to_have_count(0)

    page.get_by_role("row", name="Acme").get_by_role("link").click()
    paper = page.get_by_role("article", name="The invoice as it is printed")
    shows(paper, level)
    expect(paper.locator(".sums .total")).to_contain_text("507.60")
    assert not left_out.claims.exists()

    page.goto(NEW)
    expect(panel(page)).to_contain_text("162.00")
    open_row(page, "Acme")
    expect(page.get_by_label("Bill Reset gateway")).to_be_checked()
    expect(page.get_by_label("Bill Image laptop")).to_have_count(0)


def shows(paper, level: str) -> None:
    said, below = SAID[level]
    for words in said:
        expect(paper).to_contain_text(words)
    for words in [*below, "Reset gateway"]:
        expect(paper).not_to_contain_text(words)


def test_a_block_is_billed_in_order_and_an_open_period_with_a_reason(visit):
    make.block_hours(
        start_date="2026-09-01", end_date="2026-10-31", customer=make.customer("Beta"), name="Block"
    )
    now = make.timezone.localdate()
    open_now = make.retainer(
        "800", start_date=now.replace(day=1), customer=make.customer("Gamma"), name="Care"
    )
    page = visit("billing")
    page.goto("/batches/new/")
    whole = page.get_by_label("All periods of Beta, Block")
    expect(whole).to_be_checked()
    page.get_by_label("1 – 30 Sep 2026").uncheck()
    expect(page.get_by_text("Bill the period from 1 Sep 2026 first.").first).to_be_visible()
    expect(whole).not_to_be_checked()
    whole.check()
    expect(panel(page).get_by_role("button", name="Save 2 drafts")).to_be_visible()

    open_row(page, "Gamma")
    page.get_by_role("checkbox", name=re.compile("still open$")).check()
    expect(page.locator(f"#said-{open_now.pk}")).to_contain_text("Say why it is billed early.")
    page.get_by_label("Why Gamma, Care is billed early").fill("The customer leaves")
    page.keyboard.press("Tab")
    expect(panel(page).get_by_role("button", name="Save 3 drafts")).to_be_visible()
    expect(page.locator(f"#sum-{open_now.pk}")).to_have_text("800.00")


def test_filters_and_buttons_by_keyboard_keep_what_is_ticked(visit):
    for name in ("Aspen", "Birch", "Cedar"):
        make.retainer(
            "100", start_date="2026-10-01", end_date="2026-10-31", name="Care",
            customer=make.customer(name),
        )  # fmt: skip
    page = visit("billing")
    page.goto("/batches/new/")
    page.get_by_label("Bill Aspen, Care").focus()
    page.keyboard.press("Space")
    expect(panel(page)).to_contain_text("200.00")
    page.get_by_label("Name").press("Enter")  # recalculates; it must not preview or save
    expect(page.get_by_role("heading", level=1)).to_have_text("New batch")
    expect(page.get_by_label("Bill Aspen, Care")).not_to_be_checked()
    page.get_by_role("searchbox").fill("birch")
    expect(page.get_by_role("heading", name=re.compile("^1 contract"))).to_be_visible()
    expect(page.get_by_text("1 more chosen, hidden by the filters")).to_be_visible()
    page.get_by_role("button", name="Only these").click()
    expect(panel(page)).to_contain_text("100.00")
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_role("heading", name=re.compile("^3 contracts"))).to_be_visible()
    expect(page.get_by_label("Bill Birch, Care")).to_be_checked()
    expect(page.get_by_label("Bill Cedar, Care")).not_to_be_checked()
    page.get_by_label("All on this page").check()
    expect(panel(page).get_by_role("button", name="Save 3 drafts")).to_be_visible()
