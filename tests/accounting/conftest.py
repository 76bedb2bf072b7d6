"""A simulated QuickBooks that the product is set up for, and connections to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import simulators
from atera_invoicing.roles import Role
from tests import make
from tests.faults.conftest import elsewhere  # noqa: F401 - a fixture

from . import books
from .making import connect
from .providers.backends import Qbo


@pytest.fixture(scope="module")
def _running_qbo():
    with Qbo.running() as backend:
        yield backend


@pytest.fixture
def qbo(_running_qbo, settings):
    """QuickBooks with one company, empty for each test, and `settings.QBO` pointing at it."""
    settings.QBO = _running_qbo.settings()
    yield _running_qbo
    _running_qbo.sims.reset()
    assert not _running_qbo.sims.world.errors


@pytest.fixture
def owner(db):
    return make.user(role=Role.OWNER)


@pytest.fixture
def connection(qbo, owner):
    """A draft, connected to the company."""
    return connect(qbo, by=owner)


@pytest.fixture
def parts(connection):
    """A customer and a service that are linked with nothing there yet."""
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    books.link(connection, customer)
    books.link(connection, item)
    return customer, item


@pytest.fixture
def sims(settings) -> Iterator[simulators.Simulators]:
    """Simulated services whose clock only tests move, and the product pointed at them."""
    options = {"limits": "counted", "organisations": ["us"]}
    with simulators.start(at=books.NOW, frozen=True, limits="counted", xero=options) as running:
        settings.QBO = books.settings_for(running)
        settings.XERO = books.xero_settings_for(running)
        yield running
