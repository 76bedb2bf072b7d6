"""Simulated accounting systems that the product is set up for, and connections to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import simulators
from accounting.models import Connection
from atera_invoicing.roles import Role
from tests import make
from tests.faults.conftest import elsewhere  # noqa: F401 - a fixture

from . import books
from .making import connect
from .providers.backends import BACKENDS, REDIRECT, Qbo, Xero


@pytest.fixture(scope="module", params=BACKENDS)
def running(request) -> Iterator[Qbo | Xero]:
    """Each accounting system in turn, started once for a module."""
    with BACKENDS[request.param].running() as backend:
        yield backend


@pytest.fixture
def backend(running, settings) -> Iterator[Qbo | Xero]:
    """An accounting system with one company, empty for each test, and the product pointed at it."""
    setattr(settings, running.key.upper(), running.settings())
    yield running
    running.sims.reset()
    assert not running.sims.world.errors


@pytest.fixture
def owner(db):
    return make.user(role=Role.OWNER)


@pytest.fixture
def connection(backend, owner):
    """A draft, connected to the company."""
    return connect(backend, by=owner)


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
    with simulators.start(
        at=books.NOW, frozen=True, limits="counted", redirect_uris=[REDIRECT], xero=options
    ) as running:
        settings.QBO = books.settings_for(running)
        settings.XERO = books.xero_settings_for(running)
        yield running


@pytest.fixture
def deletable(connection, system) -> None:
    """What is exported from now on can be deleted there, and goes again."""
    Connection.objects.filter(pk=connection.pk).update(**system.deletable)
    connection.refresh_from_db()


@pytest.fixture(params=BACKENDS)
def system(request, sims) -> Qbo | Xero:
    """Each accounting system in turn, on a clock that only tests move."""
    return BACKENDS[request.param](sims)
