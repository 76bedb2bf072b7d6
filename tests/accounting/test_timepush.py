"""Time that goes without an invoice can be corrected and taken back."""

from __future__ import annotations

import pytest

from accounting import delivery, outbox, taking_back, timepush
from accounting.models import Connection, Export
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from contracts import facts
from contracts.models import CatalogItem, TimeEntry
from contracts.work import entries, tickets
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


# Taking it back -----------------------------------------------------------------------------------


@pytest.fixture
def gone_out(connection, sims, parts) -> Export:
    """Time that is there."""
    export = push(connection, sims, pushable(connection, sims, *parts))
    send(connection, sims)
    export.refresh_from_db()
    assert export.state == "sent"
    return export


def take_back(export: Export, sims) -> Export:
    return taking_back.queue(export, by=None, now=sims.clock.now())


def is_free() -> bool:
    return facts.unbilled(TimeEntry.objects.all()).exists()


def settle(connection: Connection, sims) -> None:
    for _ in range(6):
        send(connection, sims)
        sims.clock.move(minutes=4)


def deletions(sims) -> int:
    sent = sims.qbo.requests("write")
    return sum(b'"operation":"delete"' in each.request_body for each in sent)


def test_time_is_taken_back_changed_and_sent_anew(connection, sims, gone_out):
    back = take_back(gone_out, sims)
    assert not is_free()
    send(connection, sims)
    back.refresh_from_db()
    gone_out.refresh_from_db()
    assert (back.state, gone_out.state) == ("sent", "cancelled")
    assert sims.qbo.documents("TimeActivity") == []
    assert is_free()
    entry = gone_out.time_entry
    ticket = tickets.reopen(entry.ticket, by=entry.technician)
    entry.minutes = 30
    entries.change_time(entry, by=entry.technician)
    tickets.resolve(ticket, by=entry.technician, now=sims.clock.now())
    push(connection, sims, entry)
    send(connection, sims)
    (activity,) = sims.qbo.documents("TimeActivity")
    assert (activity["Hours"], activity["Minutes"]) == (0, 30)
    assert f"time {entry.pk}-2" in activity["Description"]
    assert not is_free()


@pytest.mark.parametrize("fault", ["lose_answer", "drop_request", "empty_answer"])
def test_a_lost_answer_takes_it_back_once(connection, sims, gone_out, fault):
    back = take_back(gone_out, sims)
    armed = sims.qbo.arm(fault, times=1, on="POST /v3/company/*/batch*")
    send(connection, sims)
    assert armed.hits == 1
    assert not is_free()
    sims.qbo.forget_request_ids()
    settle(connection, sims)
    back.refresh_from_db()
    assert back.state == "sent"
    assert sims.qbo.documents("TimeActivity") == []
    assert is_free()
    assert deletions(sims) == 1 + (fault == "drop_request")


def test_what_somebody_edited_there_is_taken_back_all_the_same(connection, sims, gone_out):
    sims.qbo.as_person.change("TimeActivity", gone_out.remote_id, Minutes=45)
    take_back(gone_out, sims)
    send(connection, sims)
    assert sims.qbo.documents("TimeActivity") == []
    assert is_free()


def test_what_changes_between_look_and_deletion_is_looked_at_again(
    connection, sims, gone_out, monkeypatch
):
    ready = taking_back.ready

    def edited(*args, **named):
        found = ready(*args, **named)
        monkeypatch.undo()
        sims.qbo.as_person.change("TimeActivity", gone_out.remote_id, Minutes=45)
        return found

    monkeypatch.setattr(taking_back, "ready", edited)
    back = take_back(gone_out, sims)
    send(connection, sims)
    back.refresh_from_db()
    assert back.state == "waiting"
    settle(connection, sims)
    assert sims.qbo.documents("TimeActivity") == []
    assert is_free()


def test_what_somebody_deleted_there_is_free_here(connection, sims, gone_out):
    sims.qbo.as_person.delete("TimeActivity", gone_out.remote_id)
    take_back(gone_out, sims)
    send(connection, sims)
    assert is_free()
    assert deletions(sims) == 0


def test_what_a_lagging_search_does_not_show_yet_is_deleted_and_not_taken_for_gone(
    connection, sims, gone_out
):
    sims.qbo.switch(query_lag_seconds=3600.0)
    sims.qbo.as_person.change("TimeActivity", gone_out.remote_id, Minutes=45)
    take_back(gone_out, sims)
    settle(connection, sims)
    assert sims.qbo.documents("TimeActivity") == []
    assert is_free()


def bill_there(sims, export: Export) -> dict:
    """Somebody puts the time on an invoice there."""
    company = sims.qbo.company()
    link = [{"TxnId": export.remote_id, "TxnType": "TimeActivity"}]
    line = {
        "DetailType": "SalesItemLineDetail", "Amount": 150, "LinkedTxn": link,
        "SalesItemLineDetail": {"ItemRef": {"value": export_item(sims)}},
    }  # fmt: skip
    customer = next(
        doc["Id"] for doc in company.of("Customer") if doc["DisplayName"] == "Harbor Coffee"
    )
    return sims.qbo.as_person.create("Invoice", CustomerRef={"value": customer}, Line=[line])


def export_item(sims) -> str:
    (activity,) = sims.qbo.documents("TimeActivity")
    return activity["ItemRef"]["value"]


def test_what_is_billed_there_stays_and_says_why(connection, sims, gone_out):
    bill_there(sims, gone_out)
    back = take_back(gone_out, sims)
    send(connection, sims)
    back.refresh_from_db()
    assert (back.state, back.code) == ("rejected", "settled")
    assert "on an invoice in QuickBooks Online" in back.message
    assert not is_free()
    outbox.cancel(back, by=None, now=sims.clock.now())
    assert not is_free()
    assert len(sims.qbo.documents("TimeActivity")) == 1


def test_only_time_that_is_there_is_taken_back_and_only_once(connection, sims, parts, gone_out):
    take_back(gone_out, sims)
    with pytest.raises(Refused) as refused:
        take_back(gone_out, sims)
    assert refused.value.code == "already_queued"
    send(connection, sims)
    with pytest.raises(Refused) as refused:
        take_back(gone_out, sims)
    assert refused.value.code == "not_there"


def test_time_of_an_earlier_connection_to_the_company_can_be_taken_back(connection, sims, gone_out):
    Connection.objects.update(state="closed", sealed="")
    new = books.connect(sims)
    back = take_back(gone_out, sims)
    assert back.connection == new
    send(new, sims)
    assert is_free()


def test_time_that_was_sent_once_is_not_deleted_here(connection, sims, gone_out):
    take_back(gone_out, sims)
    send(connection, sims)
    entry = gone_out.time_entry
    tickets.reopen(entry.ticket, by=entry.technician)
    with pytest.raises(Refused) as refused:
        entries.delete_time(entry, by=entry.technician)
    assert "sent to the accounting system as time" in refused.value.message


def test_page_and_rest_take_it_back(connection, sims, gone_out, client_as, api_as):
    client, api = client_as("billing"), api_as("billing")
    url = f"/accounting/export/{gone_out.pk}/take-back/"
    assert url in client.get("/accounting/time/").text
    assert url in client.get(f"/accounting/export/{gone_out.pk}/").text
    asked = client.get(url).text
    assert "This time is deleted in QuickBooks Online" in asked
    client.post(url)
    back = Export.objects.get(operation="void")
    assert "Take back" in client.get(f"/accounting/export/{back.pk}/").text
    assert f"/accounting/export/{back.pk}/" in client.get("/accounting/time/").text
    again = api.post(f"/api/v1/accounting/exports/{gone_out.pk}/take-back/")
    assert (again.status_code, again.json()["code"]) == (409, "already_queued")
    outbox.cancel(back, by=None, now=sims.clock.now())
    answer = api.post(f"/api/v1/accounting/exports/{gone_out.pk}/take-back/")
    assert (answer.status_code, answer.json()["operation"]) == (202, "void")
