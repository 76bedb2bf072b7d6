"""What the provider would refuse is said before anything is sent, by the provider's own check."""

from __future__ import annotations

from decimal import Decimal

import pytest

import simulators
from accounting import delivery, documents, links, outbox, readiness, references, timepush
from accounting.models import Connection, Export, RemoteRecord
from accounting.providers import registry
from accounting.providers.port import Kind, Reason, Session
from atera_invoicing.errors import Refused
from customers import recipients
from invoices import lifecycle
from invoices.drafting import LineInput
from invoices.models import Invoice
from tests import make

from . import books

pytestmark = pytest.mark.django_db(transaction=True)
LONG = f"{'a' * 60}@{'b' * 50}.example"


@pytest.fixture
def connection(sims, db):
    return books.connect(sims)


@pytest.fixture
def company(settings):
    """Connect to a company of another scenario."""
    running: list[simulators.Simulators] = []

    def connect(scenario: str) -> tuple[simulators.Simulators, Connection]:
        entered = simulators.start(
            at=books.NOW, frozen=True, limits="counted", scenarios=[scenario]
        )
        running.append(entered)
        sims = entered.__enter__()
        settings.QBO = books.settings_for(sims)
        return sims, books.connect(sims)

    yield connect
    for entered in running:
        entered.__exit__(None, None, None)


def one(connection: Connection, invoice: Invoice) -> readiness.Ready:
    (found,) = readiness.check(connection, [invoice.pk])
    return found


def facts(connection: Connection, **changed: object) -> Connection:
    connection.facts |= changed
    connection.save()
    return connection


@pytest.mark.parametrize(
    ("company_is", "invoice_is", "reason"),
    [
        ({}, {"email": LONG}, Reason.TOO_LONG),
        ({}, {"currency": "EUR"}, Reason.CURRENCY),
        ({}, {"total": Decimal(-1)}, Reason.AMOUNT),
        ({"closed_through": "2026-11-20"}, {}, Reason.PERIOD_CLOSED),
        ({"closed_through": "2026-11-19"}, {}, None),
        ({"multicurrency": True}, {"currency": "EUR"}, None),
        ({}, {}, None),
    ],
)
def test_what_is_ready_is_what_the_provider_finds_nothing_wrong_with(
    connection, parts, company_is, invoice_is, reason
):
    facts(connection, **company_is)
    invoice = books.invoice(*parts)
    Invoice.objects.update(**invoice_is)
    invoice.refresh_from_db()
    document, _ = documents.build(
        invoice,
        list(invoice.lines.all()),
        connection=connection,
        tables=links.of(connection),
        recipient=recipients.resolve([], "none", override=invoice.email),
    )
    said = [each.message for each in registry.get("qbo").check(document, facts=connection.facts)]
    found = one(connection, invoice)
    assert [missing.message for missing in found.missing] == said
    assert [missing.code for missing in found.missing] == ([reason] if reason else [])
    assert (found.document is None) is bool(reason)


def test_an_address_that_is_too_long_is_not_queued(connection, parts):
    invoice = books.invoice(*parts)
    Invoice.objects.update(email=LONG)
    with pytest.raises(Refused):
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    assert not Export.objects.exists()


def test_two_tax_codes_stay_here_where_an_invoice_has_only_one(company):
    _, connection = company("us-manual")
    customer, item = make.customer("Harbor"), make.item("Support")
    for local in (customer, item):
        books.link(connection, local)
    session = Session(connection.company_id, connection.reveal()["access"])
    codes = [code for code in registry.get("qbo").records(session, Kind.TAX) if code.active]
    lines = []
    for number, code in enumerate(codes[:2]):
        tax = make.tax(f"Tax {number}", "8")
        connection.links.create(
            kind=Kind.TAX, tax_rate=tax, remote_id=code.id, action="link", origin="person",
            confirmed=True, changed_at=books.NOW,
        )  # fmt: skip
        lines.append(LineInput("Work", item=item, unit_price=Decimal(100), tax_rate=tax))
    date = make.day("2026-11-20")
    draft = lifecycle.create(customer, lines=lines, invoice_date=date, by=None, now=books.NOW)
    found = one(connection, lifecycle.issue(draft, by=None, now=books.NOW))
    assert [missing.code for missing in found.missing] == [Reason.TAX]
    assert "one tax code" in found.missing[0].message


def test_only_the_day_of_the_beginning_is_a_rule_of_ours(connection, parts):
    Connection.objects.update(go_live=make.day("2026-11-21"))
    connection.refresh_from_db()
    found = one(connection, books.invoice(*parts))
    assert [missing.code for missing in found.missing] == ["before_go_live"]


def test_time_is_checked_by_the_provider_too(connection, sims, parts):
    customer, item = parts
    contract = make.contract("hourly", customer=customer)
    make.rate(contract, "primary", item=item)
    technician = make.user("technician")
    connection.links.create(
        kind=Kind.PERSON, person=technician, remote_id="Employee-1", action="link",
        origin="person", changed_at=books.NOW,
    )  # fmt: skip
    entry = make.entry(make.ticket(contract), 90, technician=technician)
    facts(connection, time=True)
    (candidate,) = timepush.candidates(connection, [entry.pk])
    assert candidate.document
    facts(connection, time=True, closed_through="2099-12-31")
    (candidate,) = timepush.candidates(connection, [entry.pk])
    assert candidate.document is None
    assert "books in QuickBooks are closed" in candidate.why


# Several currencies -------------------------------------------------------------------------------


@pytest.fixture
def abroad(company):
    """A company that keeps several currencies, and a service that is linked there."""
    sims, connection = company("us-multicurrency")
    item = make.item("Support")
    books.link(connection, item)
    return sims, connection, item


def in_euro(customer, item) -> Invoice:
    invoice = books.invoice(customer, item)
    Invoice.objects.filter(pk=invoice.pk).update(currency="EUR")
    return Invoice.objects.get(pk=invoice.pk)


def test_an_invoice_in_euro_arrives_in_euro_with_its_new_customer(abroad):
    sims, connection, item = abroad
    customer = make.customer("Lisboa Lda")
    books.link(connection, customer)
    invoice = in_euro(customer, item)
    outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    delivery.work(connection.pk, now=books.NOW)
    (document,) = books.there(sims, invoice)
    assert document["CurrencyRef"]["value"] == "EUR"
    assert str(document["TotalAmt"]) == "250.00"
    kept = RemoteRecord.objects.get(name="Lisboa Lda")
    assert kept.facts["currency"] == "EUR"
    assert one(connection, in_euro(customer, item)).document


def test_a_customer_kept_in_another_currency_there_is_said_at_once(abroad):
    _, connection, item = abroad
    session = Session(connection.company_id, connection.reveal()["access"])
    records = registry.get("qbo").records(session, Kind.CUSTOMER)
    references.store(connection, Kind.CUSTOMER, records)
    dollar = next(record for record in records if record.currency == "USD")
    customer = make.customer("Lisboa Lda")
    books.link(connection, customer, dollar.id)
    (missing,) = one(connection, in_euro(customer, item)).missing
    assert missing.code == "customer_currency"
    assert "kept in USD there" in missing.message
    assert one(connection, books.invoice(customer, item)).document


def test_the_first_invoice_decides_the_currency_of_a_customer_that_is_new_there(abroad):
    _, connection, item = abroad
    customer = make.customer("Lisboa Lda")
    books.link(connection, customer)
    first, second = in_euro(customer, item), books.invoice(customer, item)
    run = outbox.queue(connection, [first.pk, second.pk], by=None, now=books.NOW)
    assert [export.invoice for export in run.exports.all()] == [first]
    assert [missing.code for missing in one(connection, second).missing] == ["customer_currency"]


def test_what_is_only_like_a_record_there_is_not_sent_to_it_before_somebody_confirms(
    connection, parts, sims
):
    invoice = books.invoice(*parts)
    link = connection.links.get(customer=invoice.customer)
    link.action, link.origin, link.confirmed = "link", "fuzzy", False
    link.remote_id = sims.qbo.documents("Customer")[0]["Id"]
    link.save()
    assert [each.code for each in one(connection, invoice).missing] == ["customer_missing"]
    with pytest.raises(Refused):
        outbox.queue(connection, [invoice.pk], by=None, now=books.NOW)
    link.confirmed = True
    link.save()
    assert not one(connection, invoice).missing
