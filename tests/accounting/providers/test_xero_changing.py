"""Changes of an invoice that is at Xero: what somebody there decided stays as it is, what is pushed
arrives, and only what makes sense of an answer is believed.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from decimal import Decimal

import pytest

from accounting.providers import port
from accounting.providers.port import Cost, Operation, Reason, State

from .backends import Xero

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def running():
    with Xero.running() as backend:
        yield backend


@pytest.fixture
def make(backend, session):
    """Send these documents, and what became of each."""
    keys = iter("abcdefgh")

    def send(*documents, operation=Operation.CREATE, by=session):
        call = backend.provider.freeze(operation, documents, key=next(keys), facts=by.facts)
        return backend.provider.send(by, call)

    return send


@pytest.fixture
def there(make):
    """Send a document: it as it is there, ready to be changed."""

    def send(document):
        (outcome,) = make(document)
        receipt = outcome.receipt
        return replace(document, remote_id=receipt.id, remote_version=receipt.version)

    return send


def seen(sim, document):
    """An invoice as it is there."""
    return next(doc for doc in sim.invoices() if doc["InvoiceID"] == document.remote_id)


def days(sim, document):
    return [seen(sim, document)[name][:10] for name in ("DateString", "DueDateString")]


def recode(backend, document, place, account):
    """The bookkeeper puts a line to another account and region; that counts as no change of what
    was billed. Returns the line.
    """
    person, category = backend.sim.as_person, backend.sim.documents("TrackingCategory")[0]
    option = category["Options"][0]
    person.edit_line(document.remote_id, place, account=account)
    doc = backend.sim.organisation().docs["Invoice"][document.remote_id]
    doc["LineItems"][place - 1]["Tracking"] = [{
        "TrackingCategoryID": category["TrackingCategoryID"], "Name": category["Name"],
        "TrackingOptionID": option["TrackingOptionID"], "Option": option["Name"],
    }]  # fmt: skip
    return kept(seen(backend.sim, document)["LineItems"][place - 1])


def kept(line):
    """What of a line is the bookkeeper's."""
    options = [each["TrackingOptionID"] for each in line["Tracking"]]
    return line["LineItemID"], line["AccountCode"], options


def now(backend, session, document):
    """The document as a change of what is there by now."""
    found = backend.provider.get(session, [document.remote_id])
    return replace(document, remote_version=found[document.remote_id].version)


# Changed there meanwhile --------------------------------------------------------------------------


def test_dates_that_are_pushed_over_another_version_are_not_taken_for_written(
    backend, sim, make, there
):
    document = there(backend.document())
    sim.as_person.change_invoice(document.remote_id, Reference="PO 4711")
    later = replace(document, date=document.date + DAY, due_date=document.due_date + DAY)
    (outcome,) = make(later, operation=Operation.UPDATE)
    assert outcome.error.reason is Reason.STALE
    assert days(sim, document) == [str(document.date), str(document.due_date)]


def test_a_change_that_is_there_already_is_told_as_done(backend, sim, make, there):
    document = there(backend.document())
    later = replace(document, due_date=document.due_date + DAY)
    sim.arm("lose_answer", on="POST /api.xro/2.0/Invoices*")
    with pytest.raises(port.Unknown):
        make(later, operation=Operation.UPDATE)
    writes = backend.writes()
    (outcome,) = make(later, operation=Operation.UPDATE)
    assert outcome.receipt.content["due_date"] == str(later.due_date)
    assert backend.writes() == writes


def test_a_list_that_still_shows_the_old_version_does_not_let_us_write_over_the_new_one(
    backend, sim, make, there
):
    document = there(backend.document())
    backend.sims.clock.move(minutes=1)
    sim.switch(query_lag_seconds=30.0)
    sim.as_person.edit_line(document.remote_id, description="Theirs")
    (outcome,) = make(document, operation=Operation.UPDATE)
    assert outcome.error.reason is Reason.STALE
    assert seen(sim, document)["LineItems"][0]["Description"] == "Theirs"


def test_when_the_requests_run_out_what_was_looked_at_is_changed_and_the_rest_waits(
    backend, sim, session, make, there
):
    documents = [there(backend.document()) for _ in range(3)]
    later = [replace(each, due_date=each.due_date + DAY) for each in documents]
    left = [Cost.READ, Cost.READ, Cost.CALL]

    def spend(cost):
        if cost not in left:
            raise port.Unavailable("No more.", code="budget", retry_after=9)
        left.remove(cost)

    watched = port.Session(session.company_id, session.access, session.facts, spend)
    first, second, third = make(*later, operation=Operation.UPDATE, by=watched)
    assert {first.receipt.id, second.receipt.id} == {each.remote_id for each in documents[:2]}
    assert (third.error.code, third.error.retry_after) == ("budget", 9)
    due = [days(sim, each)[1] for each in documents]
    assert due == [str(later[0].due_date), str(later[1].due_date), str(documents[2].due_date)]


# What somebody there decided ----------------------------------------------------------------------


def test_account_and_tracking_of_a_line_survive_our_change(backend, sim, session, make, there):
    document = there(backend.document("", backend.line("100.00"), backend.line("25.00")))
    theirs = recode(backend, document, 2, "260")
    lines = (document.lines[0], backend.line("30.00", description="More of it"))
    (outcome,) = make(
        replace(now(backend, session, document), lines=lines), operation=Operation.UPDATE
    )
    assert [each["net"] for each in outcome.receipt.content["lines"]] == ["100.00", "30.00"]
    assert kept(seen(sim, document)["LineItems"][1]) == theirs


def test_a_line_that_moved_is_known_by_its_item_and_its_words(backend, sim, session, make, there):
    document = there(backend.document("", backend.line("100.00", description="Servers")))
    theirs = recode(backend, document, 1, "260")
    words = backend.line("0.00", item_id="", description="As agreed")
    (outcome,) = make(
        replace(now(backend, session, document), lines=(words, document.lines[0])),
        operation=Operation.UPDATE,
    )
    assert outcome.receipt
    assert kept(seen(sim, document)["LineItems"][1]) == theirs


def test_two_lines_do_not_claim_one_of_theirs(backend, sim, session, make, there):
    document = there(backend.document("", backend.line("100.00", description="Servers")))
    theirs = recode(backend, document, 1, "260")
    lines = (document.lines[0], backend.line("50.00", description="Servers"))
    make(replace(now(backend, session, document), lines=lines), operation=Operation.UPDATE)
    first, second = seen(sim, document)["LineItems"]
    assert kept(first) == theirs
    assert second["LineItemID"] != theirs[0]


def test_a_line_for_another_item_is_a_new_one(backend, sim, session, make, there):
    document = there(backend.document())
    theirs = recode(backend, document, 1, "260")
    other = next(f"item:{doc['Code']}" for doc in sim.documents("Item")[1:])
    lines = (backend.line("125.00", item_id=other),)
    make(replace(now(backend, session, document), lines=lines), operation=Operation.UPDATE)
    assert kept(seen(sim, document)["LineItems"][0]) != theirs


def test_an_account_that_we_name_is_ours_to_change(backend, sim, session, make, there):
    line = backend.line("125.00", item_id="account:200")
    document = there(backend.document("", line))
    recode(backend, document, 1, "260")
    make(now(backend, session, document), operation=Operation.UPDATE)
    assert seen(sim, document)["LineItems"][0]["AccountCode"] == "200"


@pytest.mark.parametrize("named_lines", ["kept", "replaced"])
@pytest.mark.parametrize("discount", ["DiscountRate", "DiscountAmount"])
def test_a_discount_of_before_does_not_stay_on_a_line(backend, make, there, named_lines, discount):
    sim, session = backend.sim, backend.session()
    sim.switch(named_lines=named_lines)
    document = there(backend.document())
    line = {**seen(sim, document)["LineItems"][0], discount: 10}
    line = {name: line[name] for name in line if name not in ("LineAmount", "TaxAmount")}
    line.pop("ValidationErrors")
    sim.as_person.change_invoice(document.remote_id, LineItems=[line])
    (outcome,) = make(now(backend, session, document), operation=Operation.UPDATE)
    assert outcome.receipt.total == Decimal("125.00")


# What is believed ---------------------------------------------------------------------------------


def test_an_answer_without_an_id_says_nothing(backend, sim, make):
    sim.arm("odd_data", on="PUT /api.xro/2.0/Invoices*", what="no_id")
    (outcome,) = make(backend.document())
    assert isinstance(outcome.error, port.Unknown)


def test_an_element_that_is_marked_as_wrong_is_refused_although_it_says_ok(backend, sim, make):
    sim.arm("odd_data", on="PUT /api.xro/2.0/Invoices*", what="flagged")
    (outcome,) = make(backend.document())
    assert isinstance(outcome.error, port.Rejected)


def test_a_contact_without_an_id_was_not_made_for_sure(backend, sim, session):
    sim.arm("odd_data", on="PUT /api.xro/2.0/Contacts*", what="no_id")
    with pytest.raises(port.Unknown):
        backend.provider.create(session, backend.new_customer("New one"), key="k")


def test_an_address_that_comes_back_in_another_form_is_still_ours(backend, sim, make):
    sim.switch(url_form="normal")
    (outcome,) = make(backend.document(marker="Atera (7)"))
    assert outcome.receipt


def test_what_xero_finds_odd_is_in_the_log(backend, sim, make, caplog):
    sim.arm("odd_data", on="PUT /api.xro/2.0/Invoices*", what="warned")
    with caplog.at_level(logging.WARNING):
        (outcome,) = make(backend.document())
    assert outcome.receipt
    assert "This looks odd" in caplog.text


# For nothing --------------------------------------------------------------------------------------


def test_an_invoice_for_nothing_is_paid_at_once_and_can_not_be_voided(
    backend, session, make, there
):
    document = there(backend.document("", backend.line("0.00")))
    status = backend.provider.get(session, [document.remote_id])[document.remote_id]
    assert (status.state, status.settlements) == (State.PAID, ())
    writes = backend.writes()
    (outcome,) = make(document, operation=Operation.VOID)
    assert outcome.error.reason is Reason.SETTLED
    assert "comes to nothing" in outcome.error.message
    assert backend.writes() == writes


@pytest.mark.parametrize("places", ["2", "4"])
def test_a_discount_of_four_places_comes_to_our_amount(backend, sim, make, places):
    sim.switch(discount_places=places)
    off, price, net = Decimal("33.3333"), Decimal(10_000), "6666.67"
    line = backend.line(net, unit_price=price, discount_percent=off)
    (outcome,) = make(backend.document("", line))
    assert outcome.receipt.total == Decimal(net)
    assert "33.3333% off" in outcome.receipt.content["lines"][0]["description"]
