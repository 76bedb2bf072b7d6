"""A connected organisation with a linked customer and service, and the log-in of an owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import simulators
from accounting.providers.xero import client as transport
from atera_invoicing.roles import Role
from tests import make
from tests.accounting import books
from tests.accounting.providers.backends import Xero

from .office import XeroOffice


@pytest.fixture
def sims(settings) -> Iterator[simulators.Simulators]:
    """Simulated services whose clock only tests move, and the product pointed at them."""
    options = {"limits": "counted", "organisations": ["us"], "consent": "grant"}
    with simulators.start(at=books.NOW, frozen=True, xero=options) as running:
        settings.XERO = books.xero_settings_for(running)
        yield running


@pytest.fixture(autouse=True)
def _within_limits(request) -> Iterator[None]:
    """Nothing here may ask more than Xero allows."""
    sims = request.getfixturevalue("sims") if "sims" in request.fixturenames else None
    yield
    if sims:
        assert sims.xero.usage()["violations"] == {}, "more was asked than Xero allows"


@pytest.fixture
def office(sims, transactional_db, client_as) -> XeroOffice:
    """Everything that an export needs, and the log-in of an owner."""
    browser = client_as(Role.OWNER)
    connection = books.connect(Xero(sims))
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    contact = sims.xero.documents("Contact")[0]["ContactID"]
    books.link(connection, customer, contact)
    books.link(connection, item, f"item:{sims.xero.documents('Item')[0]['Code']}")
    return XeroOffice(sims, connection, customer, item, browser)


@pytest.fixture
def impatient(monkeypatch):
    """Seconds of silence that we bear, so that a test need not wait for them."""
    monkeypatch.setattr(transport, "TIMEOUT", (1.0, 0.3))
    monkeypatch.setattr(transport, "WRITE_TIMEOUT", (1.0, 0.3))
