"""An owner connects simulated QuickBooks, exports a batch, is paid, sees a change made there, and
disconnects: one walk, with a real worker behind it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import simulators
from accounting import snapshots
from accounting.models import Connection
from contracts.models import CatalogItem
from tests import make
from tests.accounting import books
from tests.faults.conftest import elsewhere  # noqa: F401 - a fixture

from .walking import (
    SLOW,
    accept_theirs,
    begin,
    bill_and_export,
    commit,
    decide,
    disconnect,
    open_there,
    until,
)

pytestmark = pytest.mark.worker


@pytest.fixture
def sims(live_server, settings):
    """QuickBooks that asks people which company, and tells the product what happens there."""
    back = f"{live_server.url}/accounting/connect/qbo/back/"
    with simulators.start(redirect_uris=[back], limits="counted") as running:
        running.qbo.subscribe(
            f"{live_server.url}/accounting/webhooks/qbo/", "verifier", background=True
        )
        settings.QBO = books.settings_for(running)
        yield running


@pytest.fixture
def worker_environment(sims, settings):
    """The same QuickBooks and the same keys."""
    qbo = {f"QBO_{name.upper()}": value for name, value in settings.QBO.items()}
    qbo["QBO_WEBHOOK_TOKENS"] = "verifier"
    keys = {"TOKEN_KEYS": ",".join(settings.TOKEN_KEYS), "SECRET_KEY": settings.SECRET_KEY}
    return qbo | keys


def test_from_connecting_to_being_paid_and_back(visit, sims, worker, shot):
    contract = make.hourly(
        "120", customer=make.customer("Gasworks Brewing"), tax_rate=make.tax("Seattle", "10.35")
    )
    make.contact(contract.customer, email="owen@gasworks.example")
    item = CatalogItem.objects.get()
    ticket = make.ticket(contract, title="Till is slow", resolved="2026-10-20")
    make.entry(ticket, 90, started="2026-10-12")
    before = snapshots.fingerprint()
    page = visit("owner")

    connect(page, shot)
    match_customers(page, shot)
    page.get_by_role("link", name="Leave, go on later").click()
    expect(page.get_by_text("is being set up")).to_be_visible()
    assert snapshots.fingerprint() == before
    page.get_by_role("link", name="Go on").click()

    page.goto("/accounting/setup/items/")
    decide(page, str(item), "Create")
    page.goto("/accounting/setup/review/")
    expect(page.get_by_text("Tax is rounded as QuickBooks Online does")).to_be_visible()
    shot(page, "review")
    assert snapshots.fingerprint() == before
    commit(page)

    bill_and_export(page, "QuickBooks Online", shot)
    expect(page.get_by_role("row", name="Gasworks")).to_contain_text("Done", timeout=SLOW)
    shot(page, "exported")
    (document,) = sims.qbo.documents("Invoice")[-1:]
    assert document["BillEmail"]["Address"] == "owen@gasworks.example"

    page.goto("/invoices/")
    page.get_by_role("row", name="Gasworks").get_by_role("link").first.click()
    invoice = page.url
    expect(page.get_by_text("Exported", exact=True)).to_be_visible()
    shot(page, "invoice")
    change_and_pay_there(page, shot)
    until(page, page.get_by_role("heading", level=1).get_by_text("Paid"))
    until(page, page.get_by_text("Changed there", exact=True))
    shot(page, "paid-and-changed")
    page.get_by_role("link", name="Changed there").click()
    expect(page.get_by_role("row", name="Line 1, description")).to_contain_text("As agreed")
    shot(page, "difference")
    accept_theirs(page)

    disconnect(page, shot)
    assert snapshots.fingerprint() == before
    assert Connection.objects.get().state == "closed"
    page.goto(invoice)
    expect(page.get_by_role("heading", level=1).first).to_contain_text("Paid")


def connect(page: Page, shot) -> None:
    begin(page, "QuickBooks Online", shot)
    page.get_by_role("button", name="Northwind IT").click()
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()


def match_customers(page: Page, shot) -> None:
    shot(page, "customers")
    row = page.get_by_role("row").filter(has_text="Gasworks Brewing Co.")
    expect(row).to_contain_text("Similar")
    row.get_by_role("button", name="Same").click()
    expect(row).to_contain_text("Confirmed")


def change_and_pay_there(page: Page, shot) -> None:
    there = open_there(page)
    there.get_by_label(re.compile("^Text")).first.fill("As agreed")
    there.get_by_role("button", name="Save line").first.click()
    expect(there.get_by_label(re.compile("^Text")).first).to_have_value("As agreed")
    there.get_by_role("button", name="Receive payment").click()
    expect(there.get_by_text("Paid", exact=True).first).to_be_visible()
    shot(there, "there")
    there.close()
