"""A simulated QuickBooks Online for each test, and one company of it connected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import simulators
from accounting.models import Connection

from . import books


@pytest.fixture
def sims(settings) -> Iterator[simulators.Simulators]:
    """Simulated services whose clock only tests move, and the product pointed at them."""
    with simulators.start(at=books.NOW, frozen=True, limits="counted") as running:
        settings.QBO = books.settings_for(running)
        yield running


@pytest.fixture
def connection(sims, db) -> Connection:
    return books.connect(sims)
