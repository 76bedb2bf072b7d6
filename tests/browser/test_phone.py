"""The main pages on a phone, used with a thumb, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import make

STICKS_OUT = "document.scrollingElement.scrollWidth > innerWidth"


def fits(page: Page) -> None:
    assert not page.evaluate(STICKS_OUT), page.url


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_the_main_pages_fit_a_phone_and_lead_to_each_other(visit, colors):
    contract = make.hourly(customer=make.customer("Björk & Sønner Coffee Roasters of Ballard"))
    make.contact(contract.customer, email="accounts.payable.department@bjork-sonner.example")
    ticket = make.ticket(contract, resolved=None, title="Outlook asks for the password again")
    make.claim(make.entry(make.ticket(contract)), "NW-00001")
    page = visit(
        "owner", viewport={"width": 375, "height": 700}, color_scheme=colors, has_touch=True,
        is_mobile=True,
    )  # fmt: skip
    rail = page.get_by_role("navigation", name="Main")
    expect(rail).to_be_hidden()
    for name in ("Overview", "Customers", "Contracts", "Tickets & time", "Catalogue", "Batches",
                 "Invoices", "Whitelabel", "Import", "Team", "Options"):  # fmt: skip
        page.get_by_role("button", name="Menu").tap()
        fits(page)
        rail.get_by_role("link", name=name).tap()
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        fits(page)
    page.goto("/customers/")
    page.get_by_role("link", name="Björk").first.tap()
    expect(page.get_by_text("accounts.payable.department").first).to_be_visible()
    fits(page)
    page.goto(f"/tickets/{ticket.pk}/")
    page.get_by_role("link", name="Resolve").tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)
    page.get_by_role("dialog").get_by_role("button", name="Resolve").tap()
    expect(page.get_by_text("Resolved.")).to_be_visible()
    page.goto("/tickets/")
    page.get_by_role("button", name="Filters").tap()
    expect(page.get_by_role("button", name="Apply")).to_be_in_viewport()
    fits(page)
