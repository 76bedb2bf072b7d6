"""One simulated Xero for all tests of a process; each test begins with it as new.

Every exchange of a test goes before the judge: all answers, and all requests that were served.
"""

from __future__ import annotations

import gc
import warnings
from datetime import UTC, datetime

import pytest

import simulators
from simulators.xero.regions import REGIONS

from . import judge, sdk

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def _running():
    if judge.available():
        judge.judge()
    gc.freeze()  # the description is large and stays
    options = {"limits": "counted", "organisations": ["nz"]}
    with simulators.start(xero=options, redirect_uris=[sdk.CALLBACK], at=START) as running:
        yield running


@pytest.fixture
def sims(_running):
    """The simulators: one organisation in New Zealand without documents, on a clock that runs."""
    _running.clock.run()
    _running.clock.set(START)
    _running.reset()
    yield _running
    _close()
    assert not _running.world.errors
    if judge.available():
        judge.check(_running.journal)


@pytest.fixture
def xero(sims):
    return sims.xero


@pytest.fixture
def client(xero):
    """xero-python, connected to the first organisation."""
    return sdk.Client(xero, xero.connect())


@pytest.fixture
def api(xero):
    """Plain HTTP, connected to the first organisation."""
    return sdk.Api(xero)


@pytest.fixture
def person(xero):
    """Somebody at the keyboard of the first organisation."""
    return xero.as_person


@pytest.fixture
def api_of(xero):
    """`api_of("gb")` is plain HTTP to a new organisation of that region."""

    def connected(region):
        assert region in REGIONS
        return sdk.Api(xero, xero.add_organisation(region))

    return connected


@pytest.fixture(scope="session")
def description():
    """Xero's OpenAPI description."""
    if not judge.available():
        pytest.skip(judge.wanted())
    return judge.description()


def _close() -> None:
    """Close what the test opened. The SDK leaves some sockets to the garbage collector."""
    while sdk.opened:
        sdk.opened.pop()()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
