"""Whatever breaks on the way, each invoice is at the provider exactly once.

`EXPORT_RUNS=1000 make test ARGS="tests/faults/test_exactly_once.py -n0"` tells a thousand stories,
from `EXPORT_SEED` on. A failure prints its seed and what it did.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os

import pytest

from accounting import connecting, documents, remotes
from accounting.models import Connection, Export, Link
from accounting.providers import registry
from accounting.providers.port import Document, Kind, Operation, ProviderError, Session
from atera_invoicing.models import Installation
from customers.models import Customer
from tests import make
from tests.accounting import books
from tests.accounting.conftest import sims  # noqa: F401 - a fixture

from . import exports
from .there import QuickBooks, Xero

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = int(os.environ.get("EXPORT_RUNS", "12"))
SEED = int(os.environ.get("EXPORT_SEED", "1"))


@pytest.fixture
def invoices(sims):  # noqa: F811 - the fixture above
    Installation.current()
    customers: list[Customer] = [make.customer() for _ in range(3)]
    items = [make.item(), make.item()]
    return [books.invoice(customers[i % 3], items[i % 2], quantity=str(i + 1)) for i in range(6)]


@pytest.mark.parametrize("end", [QuickBooks, Xero])
def test_r01_every_invoice_is_there_exactly_once_whatever_breaks(
    sims,  # noqa: F811
    invoices,
    record_property,
    end,
):
    died = faults = 0
    for seed in range(SEED, SEED + RUNS):
        faulthandler.dump_traceback_later(300, exit=True)  # each story has a test's time
        story = exports.run(seed, end(sims), invoices)
        died, faults = died + story.died, faults + len(story.faults)
    record_property("kills and faults armed", (died, faults))
    assert died
    assert faults


@pytest.mark.parametrize("end", [QuickBooks, Xero])
@pytest.mark.parametrize("point", exports.POINTS)
def test_a_worker_that_dies_at_this_point_leaves_nothing_twice(sims, invoices, point, end):  # noqa: F811
    for seed in range(SEED, SEED + max(1, RUNS // 12)):
        story = exports.run(seed, end(sims), invoices, crash_at=point)
        assert story.died, f"{point} was not reached: {story}"


def test_a_naive_exporter_in_its_place_is_caught(sims, invoices):  # noqa: F811
    caught = 0
    for seed in range(1, 6):
        try:
            exports.run(seed, QuickBooks(sims), invoices, deliver=naive, numbering="theirs")
        except AssertionError as error:
            caught += ": 2" in str(error)  # somewhere an invoice is there twice
    assert caught


def naive(pk: int, now: object) -> None:
    """What most do: send one by one, note the id that comes back, and send again what has none."""
    connection = Connection.objects.get(pk=pk)
    with contextlib.suppress(ProviderError):
        session = connecting.session(connection, now=now)
        there = _first_ones(session)
        for export in connection.exports.exclude(state="sent"):
            document = documents.resolve(documents.load(export.document), there)
            with contextlib.suppress(ProviderError):
                _send(export, document, session, now)


def _send(export: Export, document: Document, session: Session, now: object) -> None:
    provider, key = registry.get("qbo"), os.urandom(8).hex()
    call = provider.freeze(Operation.CREATE, [document], key=key, facts=session.facts)
    (outcome,) = provider.send(session, call)
    if outcome.receipt:
        remotes.store(export.connection, {export.invoice_id: outcome.receipt}, now=now)
        Export.objects.filter(pk=export.pk).update(state="sent", remote_id=outcome.receipt.id)


def _first_ones(session: Session) -> dict[int, str]:
    """Every link leads to the first record of its kind: what is linked is not tested here."""
    provider = registry.get("qbo")
    first = {kind: provider.records(session, kind)[0].id for kind in (Kind.CUSTOMER, Kind.ITEM)}
    return {link.pk: first[Kind(link.kind)] for link in Link.objects.all()}
