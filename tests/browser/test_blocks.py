"""A contract of block hours: from its form through logged time to what is left of it."""

from __future__ import annotations

from playwright.sync_api import expect

from contracts.models import CatalogItem, Contract
from tests import make


def test_a_block_of_hours_is_sold_used_topped_up_and_explained(visit):
    make.customer("Bluewater Dental")
    page = visit("billing")
    page.goto("/contracts/")
    page.get_by_role("link", name="New contract").first.click()
    page.get_by_role("link", name="Block hours").click()
    page.get_by_role("combobox", name="Customer").select_option("Bluewater Dental")
    page.locator("#id_name").fill("Block of 10 hours")
    page.get_by_label("Hours included per period").fill("10")
    page.get_by_label("Unused balance rolls over").check()
    page.get_by_label("Default for this customer's new tickets").check()
    for row, (name, price) in enumerate([("Block hour", "95"), ("Overage hour", "130")]):
        page.locator(f"#id_form-{row}-name").fill(name)
        page.locator(f"#id_form-{row}-price").fill(price)
    page.get_by_label("Round time up to").select_option("15 minutes")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Block of 10 hours")
    expect(page.locator(".stat", has_text="Left of the block")).to_contain_text("10.00 h")
    assert dict(CatalogItem.objects.values_list("name", "unit_price")) == {
        "Block hour": 95, "Overage hour": 130,
    }  # fmt: skip
    contract = page.url

    page.goto("/tickets/new/")
    page.get_by_role("combobox", name="Customer").select_option("Bluewater Dental")
    page.get_by_label("Title").fill("Server out of disk space")
    page.get_by_role("button", name="Save").click()
    for minutes, left in [("470", "2.00 h of 10.00 h left"), ("200", "0.00 h of 10.00 h left")]:
        page.get_by_role("link", name="Log time").first.click()
        page.get_by_label("Minutes").fill(minutes)
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".panel .meter")).to_contain_text(left)
    expect(page.get_by_text("1.50 h go beyond it, at the overage rate.")).to_be_visible()

    page.goto(contract)
    expect(page.get_by_text("This block is nearly used up.")).to_be_visible()
    page.get_by_role("link", name="Top up or correct").click()
    page.get_by_label("Quantity").fill("5")
    page.get_by_label("Note").fill("Sold by phone")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".stat", has_text="Left of the block")).to_contain_text("3.50 h")
    row = page.get_by_role("row").filter(has_text="Sold by phone")
    expect(row).to_contain_text("+5")
    assert Contract.objects.get().movements.get().note == "Sold by phone"
