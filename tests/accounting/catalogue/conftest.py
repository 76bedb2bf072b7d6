"""A connected company with a linked customer and service, and somebody who may do everything."""

from __future__ import annotations

import pytest

from accounting.providers.qbo import client as transport
from atera_invoicing.roles import Role
from tests import make
from tests.accounting import books

from .office import Office


@pytest.fixture
def office(sims, transactional_db, client_as) -> Office:
    """Everything that an export needs, and the log-in of an owner."""
    browser = client_as(Role.OWNER)
    connection = books.connect(sims)
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    books.link(connection, customer)
    books.link(connection, item)
    return Office(sims, connection, customer, item, browser)


@pytest.fixture
def impatient(monkeypatch):
    """Seconds of silence that we bear, so that a test need not wait for them."""
    monkeypatch.setattr(transport, "TIMEOUT", (1.0, 0.3))
