"""A connection in use with an invoice that is there, and a person who looks now and then."""

from __future__ import annotations

import pytest

from accounting import delivery, outbox, sync
from accounting.models import Connection, RemoteInvoice
from invoices.models import Invoice, Status
from tests import make

from .. import books


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def out(connection, sims, parts) -> Invoice:
    """An invoice of 250.00 that is there."""
    look(connection, sims)  # so that the first cursor lies before it
    return send(connection, sims, books.invoice(*parts))


def send(connection: Connection, sims, invoice: Invoice) -> Invoice:
    outbox.queue(connection, [invoice.pk], by=None, now=sims.clock.now())
    delivery.work(connection.pk, now=sims.clock.now())
    return invoice


def look(connection: Connection, sims) -> None:
    """Some time later, ask what changed."""
    sims.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=sims.clock.now())


def id_there(invoice: Invoice) -> str:
    return RemoteInvoice.objects.get(invoice=invoice).remote_id


def status(invoice: Invoice) -> Status:
    return Invoice.objects.get(pk=invoice.pk).status(make.day("2026-11-24"))
