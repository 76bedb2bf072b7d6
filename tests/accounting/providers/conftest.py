"""What every provider is asked is held against its own description, where that is at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .backends import Qbo, Xero


@pytest.fixture
def backend(backend) -> Iterator[Qbo | Xero]:
    yield backend
    backend.judge()


@pytest.fixture
def sim(backend):
    return backend.sim


@pytest.fixture
def session(backend):
    return backend.session()
