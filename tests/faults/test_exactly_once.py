"""Whatever breaks on the way, each invoice is at the provider exactly once.

`EXPORT_RUNS=1000 make test ARGS="tests/faults/test_exactly_once.py -n0 -s"` tells a thousand stories;
`EXPORT_SEED` says where to begin.
"""

from __future__ import annotations

import os

import pytest

from accounting import documents
from accounting.models import Export
from accounting.providers import registry
from accounting.providers.port import Operation, ProviderError, Rejected, Session
from atera_invoicing.models import Installation
from customers.models import Customer
from tests import make
from tests.accounting import books
from tests.accounting.conftest import sims  # noqa: F401 - a fixture

from . import exports

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = int(os.environ.get("EXPORT_RUNS", "12"))
SEED = int(os.environ.get("EXPORT_SEED", "1"))


@pytest.fixture
def invoices(sims):  # noqa: F811 - the fixture above
    Installation.current()
    customers: list[Customer] = [make.customer() for _ in range(3)]
    items = [make.item(), make.item()]
    return [books.invoice(customers[i % 3], items[i % 2], quantity=str(i + 1)) for i in range(6)]


def test_every_invoice_is_there_exactly_once_whatever_breaks(sims, invoices):  # noqa: F811
    died = faults = 0
    for seed in range(SEED, SEED + RUNS):
        story = exports.run(seed, sims, invoices)
        died, faults = died + story.died, faults + len(story.faults)
    print(
        f"\n{RUNS} runs from seed {SEED} on {story.database}: {died} kills, {faults} faults armed"
    )
    assert died
    assert faults


def test_a_naive_exporter_in_its_place_is_caught(sims, invoices):  # noqa: F811
    caught = 0
    for seed in range(1, 13):
        try:
            exports.run(seed, sims, invoices, deliver=naive)
        except AssertionError:
            caught += 1
    assert caught >= 4


def naive(pk: int, now: object) -> None:
    """What most do: send, and when there is no good answer send again, with a key of the moment."""
    provider = registry.get("qbo")
    for export in Export.objects.filter(connection=pk).exclude(state="sent"):
        session = _session(export)
        document = documents.load(export.document)
        made = {}
        for link_id in documents.pending(document):
            link = export.connection.links.get(pk=link_id)
            if not link.remote_id:
                from accounting.creating import _new

                try:
                    record = provider.create(
                        session, _new(export.connection, link), key=str(os.urandom(8).hex())
                    )
                except Rejected as error:
                    if not error.found_id:
                        continue
                    link.remote_id = error.found_id
                except ProviderError:
                    continue
                else:
                    link.remote_id = record.id
                link.save()
            made[link_id] = link.remote_id
        if set(documents.pending(document)) - set(made):
            continue
        frozen = provider.freeze(
            Operation.CREATE, [documents.resolve(document, made)], key=os.urandom(8).hex(),
            facts=session.facts,
        )  # fmt: skip
        try:
            (outcome,) = provider.send(session, frozen)
        except ProviderError:
            continue
        if outcome.receipt:
            Export.objects.filter(pk=export.pk).update(state="sent", remote_id=outcome.receipt.id)


def _session(export: Export) -> Session:
    secret = export.connection.reveal()
    return Session(export.connection.company_id, secret["access"], export.connection.facts)
