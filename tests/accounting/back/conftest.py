"""A connection in use with an invoice that is there, and a person who looks now and then."""

from __future__ import annotations

import pytest

from accounting import delivery, outbox, sync
from accounting.models import Connection, RemoteInvoice
from invoices.models import Invoice, Status
from tests import make

from .. import books


@pytest.fixture
def connection(system, db):
    return books.connect(system)


@pytest.fixture
def out(connection, system, parts) -> Invoice:
    """An invoice of 250.00 that is there."""
    look(connection, system)  # so that the first cursor lies before it
    return send(connection, system, books.invoice(*parts))


def send(connection: Connection, system, invoice: Invoice) -> Invoice:
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    return invoice


def look(connection: Connection, system) -> None:
    """Some time later, ask what changed."""
    system.clock.move(minutes=20)
    assert sync.poll(connection.pk, now=system.clock.now())


def id_there(invoice: Invoice) -> str:
    return RemoteInvoice.objects.get(invoice=invoice).remote_id


def status(invoice: Invoice) -> Status:
    return Invoice.objects.get(pk=invoice.pk).status(make.day("2026-11-24"))
