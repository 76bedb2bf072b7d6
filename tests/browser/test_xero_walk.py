"""An owner connects one of two simulated Xero organisations, exports a batch, sees money, a change
and a credit come back, is thrown out at Xero's side, returns, disconnects, and goes to QuickBooks:
one walk, with a real worker behind it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import simulators
from accounting import snapshots
from accounting.models import Connection, Export
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
US, NZ = "Northwind IT LLC", "Kōwhai Managed IT"


@pytest.fixture
def sims(live_server, settings):
    """Xero with two organisations, and QuickBooks, which tell the product what happens there."""
    here = f"{live_server.url}/accounting"
    backs = [f"{here}/connect/{key}/back/" for key in ("qbo", "xero")]
    xero = {"organisations": ["nz", "us"], "limits": "counted"}
    with simulators.start(redirect_uris=backs, xero=xero, limits="counted") as running:
        running.xero.subscribe(f"{here}/webhooks/xero/", "signing-key", background=True)
        settings.QBO = books.settings_for(running)
        settings.XERO = books.xero_settings_for(running) | {
            "address": live_server.url,
            "calls_per_day": 5000,
        }
        yield running
        assert not running.world.errors


@pytest.fixture
def worker_environment(sims, settings):
    """The same Xero and the same keys."""
    return {
        "XERO_CLIENT_ID": sims.xero.client_id, "XERO_CLIENT_SECRET": sims.xero.client_secret,
        "XERO_API": settings.XERO["api"], "XERO_WEBHOOK_KEYS": "signing-key",
        "XERO_CALLS_PER_DAY": "5000",
        "PUBLIC_ADDRESS": settings.XERO["address"],
        "TOKEN_KEYS": ",".join(settings.TOKEN_KEYS), "SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip


def test_from_two_organisations_to_quickbooks(visit, sims, worker, shot):
    item = to_bill("Gasworks Brewing", "Harborview Logistics, Inc.")
    before = snapshots.fingerprint()
    page = visit("owner")

    connect(page, shot)
    decide(page, "Gasworks Brewing Co.", "Same")
    page.get_by_role("button", name="Accept 1 exact match").click()
    page.get_by_role("link", name="Leave, go on later").click()
    expect(page.get_by_text("Xero is being set up")).to_be_visible()
    assert snapshots.fingerprint() == before
    page.get_by_role("link", name="Go on").click()
    set_up(page, item, shot)
    assert snapshots.fingerprint() == before
    commit(page)
    shot(page, "done")

    bill_and_export(page, "Xero", shot, count=2)
    expect(page.get_by_role("row", name="Gasworks")).to_contain_text("Done", timeout=SLOW)
    expect(page.get_by_role("row", name="Harborview")).to_contain_text("Done", timeout=SLOW)
    shot(page, "exported")
    assert {each["Status"] for each in documents(sims)} == {"AUTHORISED"}
    assert all(each["LineItems"][0]["Tracking"] for each in documents(sims))

    invoice = open_invoice(page, "Gasworks")
    there = edited_and_paid_there(page, shot)
    until(page, page.get_by_role("heading", level=1).get_by_text("Paid"))
    until(page, page.get_by_text("Changed there", exact=True))
    shot(page, "paid-and-changed")
    page.get_by_role("link", name="Changed there").click()
    expect(page.get_by_role("row", name="Line 1, description")).to_contain_text("As agreed")
    shot(page, "difference")
    accept_theirs(page)

    open_invoice(page, "Harborview")
    credited_there(page)
    until(page, page.get_by_role("heading", level=1).get_by_text("Paid"))
    expect(page.get_by_text(re.compile("credit", re.I)).first).to_be_visible()
    shot(page, "credited")

    thrown_out_at_their_side(page, there, shot)
    connect_again(page, shot)
    assert len(documents(sims)) == Export.objects.count() == 2

    disconnect(page, shot)
    assert snapshots.fingerprint() == before
    (left,) = sims.xero.connections()  # the other one was never ours to remove
    assert left["tenant"] != american(sims)
    page.goto(invoice)
    expect(page.get_by_role("heading", level=1).first).to_contain_text("Paid")
    panel = page.locator("section", has=page.get_by_role("heading", name="Accounting"))
    expect(panel).to_contain_text("Xero")
    expect(panel.get_by_role("link").first).to_have_attribute("href", re.compile("/xero/"))
    shot(page, "kept")

    to_quickbooks(page, item, shot)
    page.goto("/accounting/connect/xero/")
    expect(page.get_by_text("Disconnect it first")).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_have_count(0)
    shot(page, "refused")
    page.get_by_role("main").get_by_role("link", name="Accounting page").click()
    expect(page.get_by_role("link", name="Disconnect")).to_be_visible()
    assert [(c.provider, c.state) for c in Connection.objects.order_by("pk")] == [
        ("xero", "closed"), ("qbo", "active"),
    ]  # fmt: skip


def to_bill(*names: str) -> CatalogItem:
    """A customer of each name with 90 minutes of work in October; the item that it is sold as."""
    tax = make.tax("Seattle, WA", "10.35")
    item = make.item("Bench work", "120")
    for name in names:
        contract = make.contract("hourly", customer=make.customer(name), tax_rate=tax)
        make.rate(contract, "primary", item=item)
        ticket = make.ticket(contract, title="Till is slow", resolved="2026-10-20")
        make.entry(ticket, 90, started="2026-10-12")
    return item


def connect(page: Page, shot) -> None:
    """One consent for both organisations; then one of them is chosen."""
    begin(page, "Xero", shot)
    for name in (US, NZ):
        page.get_by_role("checkbox", name=name).check()
    shot(page, "consent")
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Which organisation?")).to_be_visible()
    shot(page, "organisation")
    page.get_by_role("radio", name=US).check()
    page.get_by_role("button", name="Choose").click()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Gasworks Brewing Co.")
    expect(row).to_contain_text("Similar")
    shot(page, "contacts")


def set_up(page: Page, item: CatalogItem, shot) -> None:
    """Items, tax rates and accounts, what only Xero has, and the review."""
    page.goto("/accounting/setup/items/")
    decide(page, str(item), "Create")
    shot(page, "items")
    page.get_by_role("link", name="Tax rates", exact=True).click()
    decide(page, "Seattle, WA", "Same")
    page.get_by_label("Invoices arrive in Xero as").select_option("AUTHORISED")
    page.get_by_label("Tracking: Region").select_option(label="North")
    page.get_by_label("Revenue account of new items").select_option(label="Sales")
    shot(page, "tax-rates")
    page.get_by_role("button", name="Save and go on").click()
    shot(page, "history")
    page.goto("/accounting/setup/review/")
    expect(page.get_by_text("A tax rate on each line")).to_be_visible()
    shot(page, "review")


def documents(sims) -> list[dict]:
    """What stands in the books of the chosen organisation."""
    return sims.xero.invoices(american(sims))


def american(sims) -> str:
    return next(id for id, region in sims.xero.organisations().items() if region == "us")


def open_invoice(page: Page, name: str) -> str:
    page.goto("/invoices/")
    page.get_by_role("row", name=name).get_by_role("link").first.click()
    expect(page.get_by_text("Exported", exact=True)).to_be_visible()
    return page.url


def edited_and_paid_there(page: Page, shot) -> str:
    """What a bookkeeper does; the address of the organisation's pages."""
    there = open_there(page)
    text = there.get_by_label(re.compile("^Text")).first
    text.fill("As agreed")
    there.get_by_role("button", name="Save line").first.click()
    expect(text).to_have_value("As agreed")
    there.get_by_role("button", name="Receive payment").click()
    expect(there.get_by_text("Paid", exact=True).first).to_be_visible()
    shot(there, "there")
    address = there.url.partition("invoices/")[0]
    there.close()
    return address


def credited_there(page: Page) -> None:
    there = open_there(page)
    there.get_by_role("button", name="Credit").click()
    expect(there.get_by_text("Paid", exact=True).first).to_be_visible()
    there.close()


def thrown_out_at_their_side(page: Page, address: str, shot) -> None:
    """The bookkeeper disconnects the app; the next time we ask, every page says so."""
    there = page.context.new_page()
    there.goto(f"{address}settings")
    shot(there, "apps-there")
    there.get_by_role("button", name="Disconnect the app").click()
    expect(there.get_by_text("No app is connected.")).to_be_visible()
    there.close()
    page.goto("/accounting/")
    page.get_by_role("button", name="Refresh lists").click()
    lost = page.get_by_role("alert").filter(has_text="Xero no longer lets us in")
    until(page, lost)
    expect(lost).to_contain_text("Connect again")
    shot(page, "lost")
    page.goto("/accounting/export/")
    expect(page.get_by_role("alert").get_by_role("link", name="Accounting")).to_be_visible()
    shot(page, "lost-exports")


def connect_again(page: Page, shot) -> None:
    """The same organisation, though both are ticked: there is no question which."""
    page.goto("/accounting/")
    page.get_by_role("alert").get_by_role("button", name="Connect again").click()
    for name in (US, NZ):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_text(f"{US} is connected again.")).to_be_visible()
    shot(page, "connected-again")


def to_quickbooks(page: Page, item: CatalogItem, shot) -> None:
    begin(page, "QuickBooks Online", shot)
    page.get_by_role("button", name="Northwind IT").click()
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()
    decide(page, "Gasworks Brewing Co.", "Same")
    page.get_by_role("button", name="Accept 1 exact match").click()
    page.goto("/accounting/setup/items/")
    decide(page, str(item), "Create")
    page.goto("/accounting/setup/review/")
    commit(page)
