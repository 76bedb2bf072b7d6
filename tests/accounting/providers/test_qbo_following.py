"""Status back from QuickBooks: what settles an invoice, and more changes than an answer holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.providers import port
from accounting.providers.port import Cost, Operation, State
from accounting.providers.qbo import following, query, reading

from .backends import Qbo


@pytest.fixture(scope="module")
def running():
    with Qbo.running() as backend:
        yield backend


def export(backend, session, count=1):
    documents = [backend.document() for _ in range(count)]
    call = backend.provider.freeze(Operation.CREATE, documents, key="k", facts=session.facts)
    backend.sim.forget_request_ids()
    return [outcome.receipt for outcome in backend.provider.send(session, call)]


def settled(status):
    return {part.id: (str(part.amount), part.credit) for part in status.settlements}


def get(backend, session, id):
    return backend.provider.get(session, [id])[id]


# What settles -------------------------------------------------------------------------------------


def test_one_payment_for_two_invoices_comes_once_for_each(backend, sim, session):
    first, second = export(backend, session, 2)
    payment = sim.as_person.create(
        "Payment",
        CustomerRef={"value": backend.customer_id()},
        TotalAmt=150,
        PaymentRefNum="CHK-7",
        TxnDate="2026-11-25",
        PaymentMethodRef={"value": sim.documents("PaymentMethod")[0]["Id"]},
        Line=[
            {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
            for invoice, amount in ((first, 125), (second, 25))
        ],
    )
    statuses = backend.provider.get(session, [first.id, second.id])
    assert settled(statuses[first.id]) == {payment["Id"]: ("125.00", False)}
    assert settled(statuses[second.id]) == {payment["Id"]: ("25.00", False)}
    (part,) = statuses[second.id].settlements
    assert (part.reference, part.date) == ("CHK-7", dt.date(2026, 11, 25))
    assert part.method == sim.documents("PaymentMethod")[0]["Name"]


def test_a_payment_that_also_applies_a_credit_is_two_settlements():
    """Money goes to the invoices in their order, credits cover what is left."""
    payment = {
        "Id": "9", "TotalAmt": Decimal(80), "TxnDate": "2026-11-25",
        "Line": [
            {"Amount": Decimal(60), "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]},
            {"Amount": Decimal(40), "LinkedTxn": [{"TxnId": "2", "TxnType": "Invoice"}]},
            {"Amount": Decimal(20), "LinkedTxn": [{"TxnId": "5", "TxnType": "CreditMemo"}]},
        ],
    }  # fmt: skip

    def status(id, total, balance):
        doc = {
            "Id": id, "TotalAmt": Decimal(total), "Balance": Decimal(balance), "Line": [],
            "LinkedTxn": [{"TxnId": "9", "TxnType": "Payment"}], "TxnDate": "2026-11-20",
        }  # fmt: skip
        return reading.status(doc, {"9": payment}, url="")

    assert settled(status("1", 60, 0)) == {"9": ("60.00", False)}
    assert settled(status("2", 40, 0)) == {"9": ("20.00", False), "9-credit": ("20.00", True)}


def test_a_deposit_and_what_nobody_explains_are_settlements_too():
    doc = {
        "Id": "1", "TotalAmt": 100, "Balance": 55, "Deposit": 30, "TxnDate": "2026-11-20",
        "Line": [], "LinkedTxn": [{"TxnId": "3", "TxnType": "JournalEntry"}],
    }  # fmt: skip
    status = reading.status(doc, {}, url="")
    assert settled(status) == {"deposit-1": ("30.00", False), "other-1": ("15.00", True)}
    assert status.state is State.PARTIALLY_PAID


def test_a_credit_that_the_company_applies_by_itself_is_one(backend, sim, session):
    sim.as_person.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    sim.as_person.create(
        "CreditMemo", CustomerRef={"value": backend.customer_id()}, Line=[{
            "DetailType": "SalesItemLineDetail", "Amount": 100,
            "SalesItemLineDetail": {"ItemRef": {"value": backend.item_id()}},
        }],
    )  # fmt: skip
    invoice = sim.as_person.create_invoice(backend.customer_id(), "125")
    status = get(backend, session, invoice["Id"])
    assert status.state is State.PARTIALLY_PAID
    assert list(settled(status).values()) == [("100.00", True)]


def test_paid_goes_back_to_open_when_the_payment_is_taken_back(backend, session):
    (receipt,) = export(backend, session)
    payment = backend.pay(receipt.id, "125.00")
    assert get(backend, session, receipt.id).state is State.PAID
    backend.unpay(payment)
    assert get(backend, session, receipt.id).state is State.OPEN


def test_an_invoice_that_a_person_voided_has_no_settlements(backend, session):
    (receipt,) = export(backend, session)
    backend.pay(receipt.id, "125.00")
    backend.void(receipt.id)
    status = get(backend, session, receipt.id)
    assert (status.state, status.settlements) == (State.VOIDED, ())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_void_is_told_in_every_language(backend, sim, session, language):
    sim.company().language = language
    sim.switch(void_enum_spelling="shouted")
    (receipt,) = export(backend, session)
    backend.void(receipt.id)
    assert get(backend, session, receipt.id).state is State.VOIDED


def test_what_somebody_typed_into_the_note_is_no_void(backend, sim, session):
    (receipt,) = export(backend, session)
    sim.as_person.change("Invoice", receipt.id, PrivateNote="Voided - or so I thought")
    assert get(backend, session, receipt.id).state is State.OPEN


# What it costs ------------------------------------------------------------------------------------


def test_a_look_at_many_invoices_is_few_requests(backend, session):
    receipts = [receipt for _ in range(10) for receipt in export(backend, session, 30)]
    backend.pay(receipts[0].id, "10")
    spent = []
    watched = port.Session(session.company_id, session.access, session.facts, spent.append)
    found = backend.provider.get(watched, [receipt.id for receipt in receipts])
    assert len(found) == 300
    assert spent == [Cost.READ] * 3  # two of 200 invoices at most, one of their payments


def test_a_look_for_changes_is_one_request(backend, session):
    cursor = backend.provider.changes(session, "", at=timezone.now()).cursor
    (receipt,) = export(backend, session)
    backend.pay(receipt.id, "10")
    spent = []
    watched = port.Session(session.company_id, session.access, session.facts, spent.append)
    changes = backend.provider.changes(watched, cursor, at=timezone.now())
    assert settled(changes.statuses[0])
    assert spent == [Cost.READ]


# More than an answer holds ------------------------------------------------------------------------


@pytest.fixture
def small_answers(monkeypatch):
    """The same burst with fewer invoices: QuickBooks' limits are 1,000 each."""
    monkeypatch.setattr(following, "MOST", 40)
    monkeypatch.setattr(query, "PAGE", 40)
    monkeypatch.setattr(query, "OVERLAP", 5)


def follow(backend, session, cursor):
    statuses, gone, looks = {}, set(), 0
    while True:
        changes = backend.provider.changes(session, cursor, at=backend.sims.clock.now())
        assert changes.cursor != cursor
        statuses |= {status.id: status for status in changes.statuses}
        gone |= set(changes.payments_gone)
        cursor, looks = changes.cursor, looks + 1
        if changes.complete:
            return statuses, gone, looks
        assert looks < 30


@pytest.mark.usefixtures("small_answers")
def test_a_burst_of_changes_is_read_to_its_end(backend, session):
    cursor = backend.provider.changes(session, "", at=timezone.now()).cursor
    receipts = []
    for _ in range(5):
        receipts += export(backend, session, 30)
        backend.sims.clock.move(seconds=4)
    paid = [backend.pay(receipt.id, "5") for receipt in receipts[:45]]
    backend.sims.clock.move(minutes=20)
    session = backend.session()
    statuses, gone, looks = follow(backend, session, cursor)
    assert looks > 2
    assert {receipt.id for receipt in receipts} <= set(statuses)
    assert {id for receipt in receipts[:45] for id in settled(statuses[receipt.id])} == set(paid)
    assert gone == set()


@pytest.mark.usefixtures("small_answers")
def test_a_burst_within_one_second_does_not_stop_the_cursor(backend, session):
    cursor = backend.provider.changes(session, "", at=timezone.now()).cursor
    backend.sims.clock.freeze()
    receipts = [receipt for _ in range(4) for receipt in export(backend, session, 30)]
    backend.sims.clock.run()
    backend.sims.clock.move(minutes=20)
    statuses, _, _ = follow(backend, backend.session(), cursor)
    assert {receipt.id for receipt in receipts} <= set(statuses)


def test_a_payment_that_was_edited_brings_its_invoice_along(backend, sim, session):
    (receipt,) = export(backend, session)
    payment = backend.pay(receipt.id, "25")
    backend.sims.clock.move(minutes=30)
    session = backend.session()
    cursor = backend.provider.changes(session, "", at=backend.sims.clock.now()).cursor
    sim.as_person.change("Payment", payment, PaymentRefNum="CHK-8")
    changes = backend.provider.changes(session, cursor, at=backend.sims.clock.now())
    (status,) = changes.statuses
    assert status.id == receipt.id
    assert status.settlements[0].reference == "CHK-8"


def test_a_voided_payment_is_gone(backend, sim, session):
    (receipt,) = export(backend, session)
    payment = backend.pay(receipt.id, "25")
    cursor = backend.provider.changes(session, "", at=timezone.now()).cursor
    sim.as_person.void("Payment", payment)
    changes = backend.provider.changes(session, cursor, at=timezone.now())
    assert changes.payments_gone == (payment,)
    assert {status.id: status.state for status in changes.statuses}[receipt.id] is State.OPEN
