"""Contacts and items that the first export creates at Xero: what was sent under a key is sent again
under it, whatever became of our record meanwhile. Xero refuses a key that comes with another body.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounting.models import Link
from tests import make
from tests.accounting import books


@pytest.fixture(params=["Contacts", "Items"])
def created(request, office):
    """An invoice whose contact or item is not there yet: the path that creates it, and ours."""
    customer, item = make.customer("Cedar & Sons"), make.item("Migration", sku="MIG")
    contact, known = office.xero.documents("Contact")[1], office.xero.documents("Item")[0]
    is_contact = request.param == "Contacts"
    books.link(office.connection, customer, "" if is_contact else contact["ContactID"])
    books.link(office.connection, item, f"item:{known['Code']}" if not is_contact else "")
    if is_contact:
        item = office.item
    else:
        Link.objects.filter(item=item).update(action=Link.Action.CREATE, remote_id="")
    invoice = books.invoice(customer, item)
    return f"/api.xro/2.0/{request.param}", customer if is_contact else item, invoice


def calls(office, path):
    """Key and bytes of each request that was to create."""
    return [
        (each.request_headers["idempotency-key"], each.request_body)
        for each in office.xero.requests("write")
        if each.path == path
    ]


@pytest.mark.parametrize("fault", ["lose_answer", "drop_request"])
def test_what_was_sent_under_a_key_is_sent_again_although_ours_was_changed(office, created, fault):
    path, ours, invoice = created
    office.queue(invoice)
    office.xero.arm(fault, on=f"PUT {path}*")
    office.work()
    type(ours).objects.filter(pk=ours.pk).update(name="Another name")
    office.wait(rounds=3, minutes=1)
    office.assert_there_once(invoice)
    tries = calls(office, path)
    assert (len(tries), len(set(tries))) == (2, 1)
    link = Link.objects.get(origin=Link.Origin.CREATED)
    assert link.remote_name == ("Migration" if path.endswith("Items") else "Cedar & Sons")
    assert link.sent_as is None


def test_after_a_refusal_it_is_written_anew(office, created):
    path, ours, invoice = created
    if path.endswith("Items"):
        known = office.xero.documents("Item")[0]
        office.xero.organisation().put("Item", {**known, "ItemID": str(uuid4()), "Code": "MIG"})
    else:
        office.person.create_contact("Cedar & Sons")
    office.queue(invoice)
    office.work()
    assert office.of(invoice).state == "rejected"
    name = {"sku": "MIG-2"} if path.endswith("Items") else {"name": "Cedar & Daughters"}
    type(ours).objects.filter(pk=ours.pk).update(**name)
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)
    (first, second) = calls(office, path)
    assert first[0] != second[0]
    assert first[1] != second[1]
