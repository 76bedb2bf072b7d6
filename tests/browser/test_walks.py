"""What people do, click by click."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from customers.models import Contact, Customer
from tests import make


def test_log_in_and_see_the_home_page(visit):
    page = visit("owner")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_new_customer_with_the_contact_who_gets_the_invoices(visit):
    page = visit("billing")
    page.goto("/customers/")
    page.get_by_role("link", name="New customer").first.click()
    page.get_by_label("Name").first.fill("Bluewater <b>Dental</b>")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=re.compile("Add")).first.click()
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Last name").fill("Ruiz")
    page.get_by_label("E-mail").fill("ana@bluewater.example")
    page.get_by_label("Main contact").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("main contact Ana Ruiz")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bluewater <b>Dental</b>")
    assert Contact.objects.get(customer=Customer.objects.get()).is_main


def test_a_technician_logs_time_and_sees_no_price(visit):
    contract = make.hourly("173.25")
    ticket = make.ticket(contract, resolved=None, title="Printer jam")
    page = visit("technician")
    page.goto("/tickets/")
    page.get_by_role("link", name="Printer jam").click()
    page.get_by_role("link", name="Log time").first.click()
    page.get_by_label("Minutes").fill("45")
    page.get_by_label("Description").fill("Cleared the tray")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Cleared the tray")).to_be_visible()
    assert "173.25" not in page.content()
    assert ticket.entries.get().minutes == 45
