"""One answer that makes no sense parks one document, and a person gets it out again."""

from __future__ import annotations

import json

import pytest

from accounting import delivery, outbox, unclear
from accounting.models import Connection, Export, RemoteInvoice
from accounting.providers import registry
from accounting.providers.qbo.client import Client
from atera_invoicing.errors import Refused
from invoices.models import Invoice

from . import books
from .test_delivery import settle

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = "POST /v3/company/*/batch*"


@pytest.fixture
def connection(sims, db) -> Connection:
    return books.connect(sims)


class Garbled:
    """What QuickBooks says of the invoices with these numbers is of a shape that nobody foresaw."""

    def __init__(self, monkeypatch) -> None:
        self.numbers: set[str] = set()
        self.body = ""  # part of a query whose whole answer is odd
        post, query = Client.post, Client.query
        monkeypatch.setattr(Client, "post", lambda *a, **n: self._spoil(post(*a, **n)))
        monkeypatch.setattr(Client, "query", lambda qbo, q: self._answer(query(qbo, q), q))

    def _answer(self, answer, question):
        if self.body and self.body in question:
            return {**answer, "QueryResponse": {"Invoice": [None]}}
        return self._spoil(answer)

    def _spoil(self, node):
        if isinstance(node, list):
            return [self._spoil(each) for each in node]
        if not isinstance(node, dict):
            return node
        changed = {name: self._spoil(value) for name, value in node.items()}
        if changed.get("DocNumber") in self.numbers:
            changed["TotalAmt"] = "two hundred"
        return changed


@pytest.fixture
def garbled(monkeypatch) -> Garbled:
    return Garbled(monkeypatch)


@pytest.fixture
def four(connection, parts) -> list[Invoice]:
    invoices = [books.invoice(*parts) for _ in range(4)]
    outbox.queue(connection, [one.pk for one in invoices], by=None, now=books.NOW)
    return invoices


@pytest.fixture
def puzzle(connection, sims, four, garbled) -> Export:
    """The second of four, of which nobody can tell whether it arrived."""
    garbled.numbers.add(four[1].number)
    settle(connection, sims, 6)
    return Export.objects.get(invoice=four[1])


def test_one_odd_answer_stops_no_others_and_gets_in_front_of_a_person(
    connection, sims, four, puzzle
):
    states = [Export.objects.get(invoice=one).state for one in four]
    assert states == ["sent", "rejected", "sent", "sent"]
    assert puzzle.code == "unclear"
    assert puzzle.remote_id in puzzle.message
    assert [len(books.there(sims, one)) for one in four] == [1, 1, 1, 1]


def test_a_look_that_is_spoilt_as_a_whole_is_taken_one_by_one(connection, sims, four, garbled):
    sims.qbo.arm("lose_answer", times=1, on=BATCH)
    garbled.body = four[1].number
    settle(connection, sims, 8)
    states = [Export.objects.get(invoice=one).state for one in four]
    assert states == ["sent", "rejected", "sent", "sent"]
    assert Export.objects.get(invoice=four[1]).code == "unclear"
    assert [len(books.there(sims, one)) for one in four] == [1, 1, 1, 1]


def test_an_adapter_that_breaks_leaves_nothing_sending(connection, sims, four, monkeypatch):
    adapter = type(registry.get("qbo"))
    send = adapter.send

    def broken(*args):
        send(*args)
        raise TypeError("a fault of ours")

    monkeypatch.setattr(adapter, "send", broken)
    delivery.work(connection.pk, now=books.NOW)
    assert set(Export.objects.values_list("state", flat=True)) == {"unknown"}
    assert Connection.objects.get().sender == ""
    settle(connection, sims, 2)
    assert set(Export.objects.values_list("state", flat=True)) == {"sent"}


def test_an_unclear_one_can_not_be_taken_back_and_is_not_sent_blindly(sims, puzzle):
    with pytest.raises(Refused) as refused:
        outbox.cancel(puzzle, by=None, now=sims.clock.now())
    assert refused.value.code == "may_be_there"
    with pytest.raises(Refused) as refused:
        unclear.absent(puzzle, by=None, now=sims.clock.now())
    assert refused.value.code == "is_there"


def test_trying_again_looks_and_adopts_what_can_be_read_by_then(connection, sims, garbled, puzzle):
    garbled.numbers.clear()
    outbox.retry(puzzle, by=None, now=sims.clock.now())
    settle(connection, sims, 1)
    puzzle.refresh_from_db()
    assert (puzzle.state, puzzle.code) == ("sent", "")
    assert RemoteInvoice.objects.filter(invoice=puzzle.invoice).exists()


def test_what_a_person_found_by_its_number_is_linked(sims, garbled, puzzle):
    garbled.numbers.clear()
    with pytest.raises(Refused) as refused:
        unclear.there(puzzle, number="INV-00003", by=None, now=sims.clock.now())
    assert refused.value.code == "linked_already"
    unclear.there(puzzle, number=puzzle.invoice.number.lower(), by=None, now=sims.clock.now())
    assert puzzle.state == "sent"
    assert RemoteInvoice.objects.get(invoice=puzzle.invoice).total == puzzle.invoice.total
    puzzle.invoice.refresh_from_db()
    assert puzzle.invoice.exported_at


def test_what_is_surely_there_and_never_readable_is_linked_by_its_id(sims, puzzle):
    unclear.there(puzzle, number=puzzle.invoice.number, by=None, now=sims.clock.now())
    remote = RemoteInvoice.objects.get(invoice=puzzle.invoice)
    assert (remote.remote_id, remote.total) == (puzzle.remote_id, puzzle.invoice.total)


def test_what_a_person_did_not_find_goes_again(connection, sims, four, garbled):
    sims.qbo.arm("drop_request", times=1, on=BATCH)
    garbled.body = four[1].number
    settle(connection, sims, 6)
    export = Export.objects.get(invoice=four[1])
    assert (export.code, len(books.there(sims, four[1]))) == ("unclear", 0)
    garbled.body = ""
    unclear.absent(export, by=None, now=sims.clock.now())
    settle(connection, sims, 1)
    assert len(books.there(sims, four[1])) == 1
    assert Export.objects.get(invoice=four[1]).state == "sent"


def test_page_and_rest_offer_the_ways_out(sims, garbled, puzzle, client_as, api_as):
    client, api = client_as("billing"), api_as("billing")
    page = client.get(f"/accounting/export/{puzzle.pk}/").text
    for words in ("Look again", "It is there", "It is not there"):
        assert words in page
    assert "Take back" not in page
    garbled.numbers.clear()
    answer = client.post(f"/accounting/export/{puzzle.pk}/absent/", follow=True)
    assert "under the id" in answer.text
    url = f"/api/v1/accounting/exports/{puzzle.pk}"
    assert api.post(f"{url}/absent/").json()["code"] == "is_there"
    wrong = api.post(f"{url}/there/", json.dumps({"number": "X"}), content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "not_found")
    answer = client.post(
        f"/accounting/export/{puzzle.pk}/there/", {"number": puzzle.invoice.number}
    )
    assert answer.url == f"/accounting/export/{puzzle.pk}/"
    assert Export.objects.get(pk=puzzle.pk).state == "sent"
