"""Every region of Xero and every tax of it: amounts come back to the cent as we reckon them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest

from accounting.providers import port
from accounting.providers.port import Document, Kind, Line, Operation
from atera_invoicing import money

from .backends import Xero

REGIONS = ("nz", "au", "gb", "us")
DOCUMENTS, LINES = 4, 5


class Books(NamedTuple):
    """An organisation of a region, and what its invoices name."""

    backend: Xero
    session: port.Session
    company: port.Company
    contact: str
    items: list[str]
    taxes: list[port.Record]


@pytest.fixture(scope="module")
def running() -> Iterator[Xero]:
    with Xero.running() as backend:
        yield backend


@pytest.fixture(params=REGIONS)
def books(request, running) -> Iterator[Books]:
    sim, provider = running.sim, running.provider
    tenant = sim.add_organisation(request.param)
    given = sim.connect(tenant)
    company = provider.company(port.Session(tenant, given.access_token))
    facts = {**company.facts, "options": {"status": "AUTHORISED"}}
    session = port.Session(tenant, given.access_token, facts)
    items = [each.id for each in provider.records(session, Kind.ITEM) if each.active]
    taxes = [each for each in provider.records(session, Kind.TAX) if each.active]
    contact = next(iter(sim.organisation(tenant).of("Contact")))["ContactID"]
    yield Books(running, session, company, contact, items, taxes)
    try:
        running.judge()
    finally:
        running.sims.reset()
    assert not running.sims.world.errors


def line(books: Books, tax: port.Record, chance: random.Random) -> Line:
    """Any quantity, price and discount that ours may have."""
    quantity = Decimal(chance.randint(1, 99_999)) / 10_000
    price = Decimal(chance.randint(1, 9_999_999)) / 10_000
    percent = Decimal(chance.randint(0, 10_000)) / 100 if chance.random() < 0.5 else Decimal(0)
    net = money.line_net(quantity, price, percent)
    return books.backend.line(
        str(net), quantity=quantity, unit_price=price, discount_percent=percent,
        tax_id=tax.id, taxable=tax.percent > 0, item_id=chance.choice(books.items),
        tax=money.line_tax(net, tax.percent),
    )  # fmt: skip


def invoice(books: Books, tax: port.Record, chance: random.Random) -> Document:
    lines = [line(books, tax, chance) for _ in range(LINES)]
    return books.backend.document(
        "", *lines, customer_id=books.contact, currency=books.company.currency
    )


def test_every_tax_and_discount_comes_back_to_the_cent(books):
    chance = random.Random(7)
    assert any(tax.percent for tax in books.taxes)
    for tax in books.taxes:
        documents = [invoice(books, tax, chance) for _ in range(DOCUMENTS)]
        facts = books.session.facts
        provider = books.backend.provider
        assert [provider.check(each, facts=facts) for each in documents] == [[]] * DOCUMENTS
        call = provider.freeze(Operation.CREATE, documents, key=f"key-{tax.id}", facts=facts)
        for ours, outcome in zip(documents, provider.send(books.session, call), strict=True):
            assert outcome.error is None, (tax.id, outcome.error and outcome.error.message)
            made = outcome.receipt
            assert (made.subtotal, made.tax, made.total) == (ours.subtotal, ours.tax, ours.total)
            assert made.balance == ours.total
            for theirs, each in zip(made.content["lines"], ours.lines, strict=True):
                assert theirs["net"] == f"{each.net:f}"
                assert theirs["tax_id"] == tax.id
                assert theirs["item_id"] == each.item_id


def test_what_is_not_taxed_bears_the_code_of_the_organisation(books):
    free = books.backend.line(item_id=books.items[0])
    document = books.backend.document(
        "", free, customer_id=books.contact, currency=books.company.currency
    )
    facts = books.session.facts
    call = books.backend.provider.freeze(Operation.CREATE, [document], key="key", facts=facts)
    (outcome,) = books.backend.provider.send(books.session, call)
    assert outcome.receipt.tax == 0
    assert outcome.receipt.content["lines"][0]["tax_id"] == books.company.untaxed_id != ""
