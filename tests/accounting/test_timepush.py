"""Time that goes without an invoice can be corrected and taken back."""

from __future__ import annotations

import pytest

from accounting import delivery, outbox, timepush
from accounting.models import Connection, Export
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from contracts.models import CatalogItem, TimeEntry
from customers.models import Customer
from invoices.models import Claim
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)


def pushable(
    connection: Connection, sims, customer: Customer, item: CatalogItem, *, person: str = ""
) -> TimeEntry:
    """Ninety minutes that can go; `person` is who they are of there, if not somebody who exists."""
    contract = make.contract("hourly", customer=customer)
    make.rate(contract, "primary", item=item)
    technician = make.user("technician")
    if not person:
        there = sims.qbo.as_person.create("Employee", GivenName="Tess", FamilyName="Ong")
        person = "Employee-" + there["Id"]
    connection.links.create(
        kind=Kind.PERSON, person=technician, remote_id=person, action="link", origin="person",
        changed_at=sims.clock.now(),
    )  # fmt: skip
    Connection.objects.update(takes_time=True)
    connection.refresh_from_db()
    return make.entry(make.ticket(contract), 90, technician=technician)


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


def send(connection: Connection, sims) -> None:
    delivery.work(connection.pk, now=sims.clock.now())


def push(connection: Connection, sims, entry: TimeEntry) -> Export:
    (export,) = timepush.push(connection, [entry.pk], by=None, now=sims.clock.now())
    return export


def test_rejected_time_goes_again_with_what_is_linked_by_then(connection, sims, parts):
    entry = pushable(connection, sims, *parts, person="Employee-999")
    export = push(connection, sims, entry)
    send(connection, sims)
    export.refresh_from_db()
    assert (export.state, export.code) == ("rejected", "reference")
    there = sims.qbo.as_person.create("Employee", GivenName="Tess", FamilyName="Ong")
    connection.links.filter(kind=Kind.PERSON).update(remote_id="Employee-" + there["Id"])
    assert outbox.retry(export, by=None, now=sims.clock.now()).generation == 2
    send(connection, sims)
    export.refresh_from_db()
    assert (export.state, export.generation) == ("sent", 2)
    (activity,) = sims.qbo.documents("TimeActivity")
    assert activity["EmployeeRef"]["value"] == there["Id"]
    assert Claim.objects.get(pushed=export.uid).quantity == 1.5


def test_rejected_time_whose_person_is_no_longer_linked_says_so(connection, sims, parts):
    export = push(connection, sims, pushable(connection, sims, *parts, person="Employee-999"))
    send(connection, sims)
    connection.links.filter(kind=Kind.PERSON).delete()
    with pytest.raises(Refused) as refused:
        outbox.retry(export, by=None, now=sims.clock.now())
    assert "is not linked with an employee or vendor there" in refused.value.message
    assert Export.objects.get().state == "rejected"
