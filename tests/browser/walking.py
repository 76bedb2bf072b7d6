"""What walks through the accounting pages share: connecting, deciding, billing, waiting."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

SLOW = 40_000  # ms: beat rings every five seconds


def until(page: Page, locator: Locator, **options) -> None:
    """Reload until it is there: what is told by a job comes by itself, but not to an open page."""
    for _ in range(SLOW // 2_000):
        if locator.count():
            break
        page.wait_for_timeout(2_000)
        page.reload()
    expect(locator).to_be_visible(**options)


def begin(page: Page, provider: str, shot) -> None:
    """From the Accounting page to where somebody signs in."""
    page.goto("/accounting/")
    shot(page, "accounting")
    page.get_by_role("listitem").filter(has_text=provider).get_by_role(
        "link", name="Connect", exact=True
    ).click()
    shot(page, "welcome")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name=f"Connect to {provider}").click()


def decide(page: Page, name: str, button: str) -> None:
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name=button, exact=True).click()
    expect(row.get_by_role("button", name=button, exact=True)).to_have_count(0)


def commit(page: Page) -> None:
    page.get_by_role("button", name="Connect now").click()
    expect(page.get_by_text("Everything is in place")).to_be_visible()


def bill_and_export(page: Page, provider: str, shot, *, count: int = 1) -> None:
    """A batch of October, issued, seen as a plan, and put into the queue."""
    noun = "draft" if count == 1 else "drafts"
    page.goto("/batches/new/?through=2026-10-31")
    page.get_by_role("button", name=f"Save {count} {noun}").click()
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name=f"Issue {count} {noun}").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Issue")).click()
    until(page, page.get_by_role("link", name=f"Export to {provider}"))
    page.get_by_role("link", name=f"Export to {provider}").click()
    expect(page.get_by_text(f"Created in {provider} first")).to_be_visible()
    shot(page, "plan")
    page.get_by_role("button", name=re.compile(rf"^Export {count} invoice")).click()
    shot(page, "queue")


def open_there(page: Page) -> Page:
    """The invoice at the other end, by the link on its page here."""
    with page.context.expect_page() as opened:
        panel = page.locator("section", has=page.get_by_role("heading", name="Accounting"))
        panel.get_by_role("link").first.click()
    return opened.value


def accept_theirs(page: Page) -> None:
    page.get_by_role("link", name="Accept theirs").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept").click()


def disconnect(page: Page, shot) -> None:
    page.goto("/accounting/disconnect/")
    shot(page, "disconnect")
    page.get_by_role("button", name=re.compile("Disconnect")).click()
    expect(page.get_by_role("link", name="Connect", exact=True).first).to_be_visible()
    shot(page, "disconnected")
