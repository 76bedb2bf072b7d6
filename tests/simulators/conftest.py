"""One simulator for all tests of a process; each test begins with it as new."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import simulators
from simulators.qbo.scenarios import SCENARIOS

from . import reference, sdk


@pytest.fixture(scope="session")
def _running():
    with simulators.start(limits="counted", redirect_uris=[sdk.CALLBACK]) as running:
        yield running


@pytest.fixture
def sims(_running):
    """The simulators, with one US company of automated tax and no documents in it."""
    _running.clock.run()
    _running.clock.set(datetime.now(UTC))
    _running.reset()
    yield _running
    _judge(_running)


@pytest.fixture
def qbo(sims):
    return sims.qbo


@pytest.fixture
def client(qbo):
    """python-quickbooks, connected to the first company."""
    return sdk.client(qbo)


@pytest.fixture
def api(qbo):
    """Plain HTTP, connected to the first company."""
    return sdk.Api(qbo)


@pytest.fixture
def api_of(qbo):
    """`api_of("uk")` is plain HTTP to a new company of that scenario."""

    def connected(scenario):
        assert scenario in SCENARIOS
        return sdk.Api(qbo, qbo.add_company(scenario))

    return connected


@pytest.fixture(scope="session")
def reference_data():
    """The folder of published schemas and samples."""
    place = reference.folder()
    if place is None:
        pytest.skip("needs the published schemas of QuickBooks Online: set REFERENCE_DATA")
    return place


def _judge(running) -> None:
    """Every answer of this test must be one that Intuit's schemas allow."""
    if reference.schemas() is None:
        return
    for each in running.journal:
        whole = each.done and not each.fault and each.path.startswith("/v3/")
        is_json = each.response_body.startswith(b"{")
        apart = (
            "taxservice" in each.path or running.quickbooks.switches.void_enum_spelling != "normal"
        )
        if whole and is_json and each.status in (200, 400) and not apart:
            found = reference.answer_problems(json.loads(each.response_body))
            assert not found, (each.method, each.path, found)
