"""What each role finds in the navigation, and who helps where it ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import make

WORK = ["Customers", "Contracts", "Tickets & time", "Catalogue"]
SEEN = {
    "owner": [
        "Overview",
        *WORK,
        "Batches",
        "Invoices",
        "Accounting",
        "Whitelabel",
        "Import",
        "Team",
        "Options",
    ],
    "billing": ["Overview", *WORK, "Batches", "Invoices", "Accounting", "Whitelabel", "Import"],
    "technician": ["Overview", "Customers", "Tickets & time"],
    "bookkeeper": [
        "Overview",
        "Customers",
        "Contracts",
        "Catalogue",
        "Invoices",
        "Accounting",
        "Whitelabel",
    ],
    "read-only": ["Overview", *WORK, "Batches", "Invoices", "Accounting", "Whitelabel"],
}
# The first page that is closed to a role, and the roles that its refusal names.
CLOSED = {
    "billing": ("/options/", "Owner"),
    "technician": ("/invoices/", "Owner, Billing, Bookkeeper or Read-only"),
    "bookkeeper": ("/tickets/", "Owner, Billing, Technician or Read-only"),
    "read-only": ("/customers/new/", "Owner or Billing"),
}


@pytest.mark.parametrize("role", SEEN)
def test_a_role_sees_what_it_may_open_and_can_open_what_it_sees(visit, role):
    page = visit(role)
    rail = page.get_by_role("navigation", name="Main")
    links = rail.locator(".rail-nav a > span:first-of-type")
    expect(links).to_have_text(SEEN[role])
    for name in SEEN[role]:
        rail.get_by_role("link", name=name).click()
        expect(rail.locator("[aria-current=page]")).to_contain_text(name)
        expect(page.get_by_role("heading", name="Not for your role")).to_have_count(0)


@pytest.mark.parametrize("role", CLOSED)
def test_a_closed_page_says_who_can_help_and_leads_back(visit, role):
    address, roles = CLOSED[role]
    make.user("owner", first_name="Maya", last_name="Lindqvist")
    page = visit(role)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not for your role")
    expect(page.get_by_text(f"this takes {roles}.")).to_be_visible()
    expect(page.get_by_text("Maya Lindqvist")).to_be_visible()
    page.get_by_role("link", name="Back to the overview").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


@pytest.mark.parametrize("role", ["bookkeeper", "read-only"])
def test_who_only_looks_is_offered_nothing_to_change(visit, role):
    contract = make.hourly()
    make.contact(contract.customer)
    page = visit(role)
    for address in ("/customers/", f"/customers/{contract.customer_id}/", "/contracts/",
                    f"/contracts/{contract.pk}/", "/catalog/", "/catalog/taxes/"):  # fmt: skip
        page.goto(address)
        offered = page.get_by_role("link", name="New").or_(page.get_by_role("link", name="Edit"))
        expect(offered.or_(page.get_by_role("link", name="Archive"))).to_have_count(0)
