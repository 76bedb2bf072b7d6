"""How long Xero is waited for: a call of fifty invoices takes longer than a look."""

from __future__ import annotations

import pytest
from django.conf import settings

from accounting.providers import port
from accounting.providers.port import Operation
from accounting.providers.xero import adapter, client

from .backends import Xero

SEND, READ = "PUT /api.xro/2.0/Invoices*", "GET /api.xro/2.0/Invoices*"


@pytest.fixture(scope="module")
def running():
    with Xero.running() as backend:
        yield backend


def send(backend, session):
    call = backend.provider.freeze(
        Operation.CREATE, [backend.document()], key="k", facts=session.facts
    )
    return backend.provider.send(session, call)


def test_a_write_is_waited_for_longer_than_a_read(backend, sim, session, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", (1.0, 0.2))
    monkeypatch.setattr(client, "WRITE_TIMEOUT", (1.0, 5.0))
    sim.arm("delay_answer", on=SEND, seconds=0.5)
    (outcome,) = send(backend, session)
    sim.arm("delay_answer", on=READ, seconds=0.5)
    with pytest.raises(port.Unavailable):
        backend.provider.get(session, [outcome.receipt.id])


def test_a_write_is_given_up_before_anybody_else_looks_for_it():
    longest = client.WRITE_TIMEOUT[0] + client.WRITE_DEADLINE
    assert longest < 3 * settings.LEASE_SECONDS
    assert longest < adapter.LIMITS.settle.total_seconds()
    assert client.WRITE_TIMEOUT[1] > 3 * client.TIMEOUT[1]
