"""An owner connects simulated QuickBooks, exports a batch, is paid, sees a change made there, and
disconnects: one walk, with a real worker behind it.
"""

from __future__ import annotations

import os
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

pytestmark = pytest.mark.worker
SLOW = 40_000  # ms: beat rings every five seconds


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


@pytest.fixture
def shot(request):
    """Keeps a picture of each station where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    count = iter(range(1, 100))

    def take(page: Page, name: str) -> None:
        if folder:
            page.wait_for_load_state("networkidle")
            page.screenshot(path=f"{folder}/{next(count):02d}-{name}.png", full_page=True)

    return take


def decide(page: Page, name: str, button: str) -> None:
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name=button, exact=True).click()
    expect(row.get_by_role("button", name=button, exact=True)).to_have_count(0)


def until(page: Page, locator, **options) -> None:
    """Reload until it is there: what is told by a job comes by itself, but not to an open page."""
    for _ in range(SLOW // 2_000):
        if locator.count():
            break
        page.wait_for_timeout(2_000)
        page.reload()
    expect(locator).to_be_visible(**options)


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
    page.get_by_role("button", name="Connect now").click()
    expect(page.get_by_text("Everything is in place")).to_be_visible()

    bill_and_export(page, shot)
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
    page.get_by_role("link", name="Accept theirs").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept").click()

    page.goto("/accounting/disconnect/")
    shot(page, "disconnect")
    page.get_by_role("button", name=re.compile("Disconnect")).click()
    expect(page.get_by_role("link", name="Connect", exact=True)).to_be_visible()
    shot(page, "disconnected")
    assert snapshots.fingerprint() == before
    assert Connection.objects.get().state == "closed"
    page.goto(invoice)
    expect(page.get_by_role("heading", level=1).first).to_contain_text("Paid")


def connect(page: Page, shot) -> None:
    page.goto("/accounting/")
    shot(page, "accounting")
    page.get_by_role("link", name="Connect", exact=True).click()
    shot(page, "welcome")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Connect to QuickBooks Online").click()
    page.get_by_role("button", name="Northwind IT").click()
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()


def match_customers(page: Page, shot) -> None:
    shot(page, "customers")
    row = page.get_by_role("row").filter(has_text="Gasworks Brewing Co.")
    expect(row).to_contain_text("Similar")
    row.get_by_role("button", name="Same").click()
    expect(row).to_contain_text("Confirmed")


def bill_and_export(page: Page, shot) -> None:
    page.goto("/batches/new/?through=2026-10-31")
    page.get_by_role("button", name="Save 1 draft").click()
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Issue 1 draft").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Issue")).click()
    until(page, page.get_by_role("link", name="Export to QuickBooks Online"))
    page.get_by_role("link", name="Export to QuickBooks Online").click()
    expect(page.get_by_text("Created in QuickBooks Online first")).to_be_visible()
    shot(page, "plan")
    page.get_by_role("button", name="Export 1 invoice").click()
    shot(page, "queue")


def change_and_pay_there(page: Page, shot) -> None:
    with page.context.expect_page() as opened:
        panel = page.locator("section", has=page.get_by_role("heading", name="Accounting"))
        panel.get_by_role("link").first.click()
    there = opened.value
    there.get_by_label(re.compile("^Text")).first.fill("As agreed")
    there.get_by_role("button", name="Save line").first.click()
    expect(there.get_by_label(re.compile("^Text")).first).to_have_value("As agreed")
    there.get_by_role("button", name="Receive payment").click()
    expect(there.get_by_text("Paid", exact=True).first).to_be_visible()
    shot(there, "there")
    there.close()
