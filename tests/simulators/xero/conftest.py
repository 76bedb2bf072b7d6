"""One simulated Xero for all tests of a process; each test begins with it as new.

Every exchange of a test goes before the judge: all answers, and all requests that were served.
"""

from __future__ import annotations

import gc
import json
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
        _judge(_running)


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


def _judge(running) -> None:
    for each in running.journal:
        path = each.path.removeprefix(judge.BASE)
        whole = each.done and not each.fault and path != each.path
        # Xero's description knows no refusal of a read, and takes attachments for base64
        described = each.status == 200 or (each.status == 400 and each.method != "GET")
        if not whole or not described or not each.response_body.startswith(b"{"):
            continue
        found = judge.answer_problems(
            each.method, path, status=each.status, body=each.response_body
        )
        assert not found, (each.method, each.path, found)
        served = each.status == 200 and not _refused(each.response_body)
        if served and "x-odd" not in each.request_headers and "/Attachments/" not in path:
            found = judge.request_problems(
                each.method, path, query=each.query, headers=each.request_headers,
                body=each.request_body,
            )  # fmt: skip
            assert not found, (each.method, each.path, each.query, each.request_body, found)


def _refused(body: bytes) -> bool:
    """Whether an element of the answer was refused: such a request may be as odd as it likes."""
    lists = [value for value in json.loads(body).values() if isinstance(value, list)]
    return any(each.get("StatusAttributeString") == "ERROR" for value in lists for each in value)
