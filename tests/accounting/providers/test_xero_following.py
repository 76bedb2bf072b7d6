"""Status back from Xero: more changes than one answer is for, payments that leave no mark on their
invoice, and what each kind of organisation says of itself.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.providers import port
from accounting.providers.port import Cost, Kind, Operation, State
from accounting.providers.xero import following

from .backends import Xero


@pytest.fixture(scope="module")
def running():
    with Xero.running() as backend:
        yield backend


def export(backend, session, count=1):
    documents = [backend.document() for _ in range(count)]
    call = backend.provider.freeze(Operation.CREATE, documents, key="k", facts=session.facts)
    backend.sim.forget_keys()
    return [outcome.receipt for outcome in backend.provider.send(session, call)]


def changes(backend, session, cursor):
    return backend.provider.changes(session, cursor, at=timezone.now())


def test_a_payment_that_does_not_touch_its_invoice_is_followed_all_the_same(backend, sim, session):
    sim.switch(payments_bump=False)
    (receipt,) = export(backend, session)
    backend.sims.clock.move(minutes=30)
    session = backend.session()
    cursor = changes(backend, session, "").cursor
    backend.sims.clock.move(minutes=30)
    payment = backend.pay(receipt.id, "25.00")
    session = backend.session()
    (status,) = changes(backend, session, cursor).statuses
    assert (status.id, status.state) == (receipt.id, State.PARTIALLY_PAID)
    assert [part.id for part in status.settlements] == [payment]


def test_a_burst_of_changes_is_read_page_by_page_and_none_is_missed(
    backend, sim, session, monkeypatch
):
    monkeypatch.setattr(following, "PAGE", 5)
    monkeypatch.setattr(following, "MOST_PAGES", 2)
    cursor = changes(backend, session, "").cursor
    made = set()
    for _ in range(6):
        made |= {receipt.id for receipt in export(backend, session, 4)}
        backend.sims.clock.move(minutes=4)
        session = backend.session()
    seen, rounds = set(), 0
    while True:
        found = changes(backend, session, cursor)
        seen |= {status.id for status in found.statuses}
        assert found.cursor >= cursor
        cursor, rounds = found.cursor, rounds + 1
        if found.complete:
            break
    assert seen == made
    assert rounds > 1


def test_bills_and_invoices_of_others_are_nobodys_business(backend, sim, session):
    cursor = changes(backend, session, "").cursor
    sim.as_person.create_invoice(backend.customer_id(), "10")
    assert changes(backend, session, cursor).statuses == ()


def test_looking_costs_three_requests(backend, session):
    cursor = changes(backend, session, "").cursor
    spent = []
    watched = port.Session(session.company_id, session.access, session.facts, spent.append)
    changes(backend, watched, cursor)
    assert spent == [Cost.READ] * 3


def test_a_draft_that_we_void_is_deleted_there(backend, session):
    drafts = backend.erasable(session)
    document = backend.document()
    call = backend.provider.freeze(Operation.CREATE, [document], key="d", facts=drafts.facts)
    (made,) = backend.provider.send(drafts, call)
    void = backend.document(
        document.number, remote_id=made.receipt.id, remote_version=made.receipt.version
    )
    call = backend.provider.freeze(Operation.VOID, [void], key="v", facts=drafts.facts)
    (outcome,) = backend.provider.send(drafts, call)
    assert outcome.receipt.total == 0
    assert backend.provider.get(session, [made.receipt.id])[made.receipt.id].state is State.DELETED


def test_a_change_that_had_its_effect_is_done_and_not_stale(backend, session):
    (receipt,) = export(backend, session)
    number = receipt.number
    new = backend.document(
        number, backend.line("80.00"), remote_id=receipt.id, remote_version=receipt.version
    )
    call = backend.provider.freeze(Operation.UPDATE, [new], key="u", facts=session.facts)
    (first,) = backend.provider.send(session, call)
    backend.sim.forget_keys()
    (again,) = backend.provider.send(session, call)
    assert again.error is None
    assert again.receipt == first.receipt
    assert again.receipt.total == Decimal("80.00")


# Organisations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "currency", "untaxed"),
    [("nz", "NZD", "NONE"), ("au", "AUD", "BASEXCLUDED"), ("gb", "GBP", "NONE"),
     ("us", "USD", "NONE")],
)  # fmt: skip
def test_each_region_is_taxed_in_its_own_codes(backend, sim, region, currency, untaxed):
    tenant = sim.add_organisation(region)
    made = sim.connect(tenant)
    session = port.Session(tenant, made.access_token)
    company = backend.provider.company(session)
    assert company.currency == currency
    taxes = {tax.id: tax for tax in backend.provider.records(session, Kind.TAX)}
    assert taxes[company.facts["untaxed_id"]].percent == 0
    assert company.facts["untaxed_id"] == untaxed
    taxed = [tax for tax in taxes.values() if tax.percent]
    assert all(tax.active and tax.name for tax in taxed)


def test_the_later_of_both_locks_counts(backend, sim, session):
    sim.as_person.lock_period("2026-09-30")
    sim.as_person.lock_period("2026-06-30", year_end=True)
    company = backend.provider.company(session)
    assert company.closed_through == dt.date(2026, 9, 30)


def test_an_organisation_is_asked_little(backend, session):
    spent = []
    watched = port.Session(session.company_id, session.access, {}, spent.append)
    backend.provider.company(watched)
    assert len(spent) <= 7
