"""Getting in: what stops a guesser, and the second step."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time

from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import PASSWORD


def log_in(page: Page, password: str) -> None:
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()


def one_time_code(secret: str) -> str:
    """As an authenticator app reckons it: RFC 6238 with SHA-1, 30 seconds, 6 digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time() // 30))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def test_a_guesser_is_told_to_wait_and_so_is_the_right_password(chromium, live_server):
    make.user("owner", email="maya@msp.example", password=PASSWORD)
    page = chromium.new_context(base_url=live_server.url).new_page()
    page.goto("/customers/")
    page.get_by_label("Email").fill("maya@msp.example")
    for _ in range(5):
        log_in(page, "not this one")
        expect(page.get_by_role("alert")).to_contain_text("do not fit together")
        expect(page.get_by_label("Email")).to_have_value("maya@msp.example")
    log_in(page, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("Wait five minutes and try again")
    expect(page.get_by_role("alert")).to_contain_text("ask an owner for a new log-in link")
    page.context.close()


def test_two_step_log_in_is_turned_on_and_then_asked_for(visit):
    page = visit("billing")
    page.goto("/profile/")
    page.get_by_role("link", name="Two-step log-in").first.click()
    page.get_by_role("link", name="Turn on").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    picture = page.get_by_role("img", name="Picture for the authenticator app")
    assert picture.bounding_box()["height"] > 100
    secret = page.locator("p code").inner_text()
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect code.")
    page.get_by_label("Authenticator code").fill(one_time_code(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("10 of 10 are left.")).to_be_visible()
    recovery = page.locator(".codes span").first.inner_text()

    page.goto("/profile/")
    page.locator(".rail-foot button").first.click()
    email = page.locator(".facts dd").first.inner_text()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Email").fill(email)
    log_in(page, PASSWORD)
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
