"""A provider and its simulator, started once for a module and emptied for each test."""

from __future__ import annotations

import pytest

from .backends import BACKENDS


@pytest.fixture(scope="module", params=BACKENDS)
def running(request):
    with BACKENDS[request.param].running() as backend:
        yield backend


@pytest.fixture
def backend(running):
    yield running
    try:
        running.judge()
    finally:
        running.sims.reset()
    assert not running.sims.world.errors


@pytest.fixture
def sim(backend):
    return backend.sim


@pytest.fixture
def session(backend):
    return backend.session()
