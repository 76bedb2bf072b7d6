"""Company files of different countries and settings: what may be sent, and what comes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting.providers.port import Kind, Operation, Reason, TaxMode

from .backends import Qbo

KEY = "6b6ff8b0-6f0a-4d3c-9d0e-1f0c2d3e4f50"
SCENARIOS = ("us", "us-manual", "us-auto-numbers", "us-multicurrency", "ca", "uk", "au", "fr")


@pytest.fixture(scope="module", params=SCENARIOS)
def running(request):
    with Qbo.running(scenarios=[request.param]) as backend:
        backend.scenario = request.param
        yield backend


@pytest.fixture
def company(backend):
    return backend.provider.company(backend.session())


def only(*scenarios):
    """These company files only."""
    return pytest.mark.parametrize("running", scenarios, indirect=True)


def send(backend, session, document):
    call = backend.provider.freeze(Operation.CREATE, [document], key=KEY, facts=session.facts)
    assert backend.provider.check(document, facts=session.facts) == []
    (outcome,) = backend.provider.send(session, call)
    assert outcome.error is None, outcome.error
    return outcome.receipt


def tax(backend, session, percent):
    """The tax code of this percentage."""
    found = backend.provider.records(session, Kind.TAX)
    return next(record.id for record in found if record.percent == Decimal(percent))


def test_the_company_says_what_it_takes(backend, company):
    codes = backend.scenario not in ("us", "us-auto-numbers", "us-multicurrency")
    assert company.tax_modes == ((TaxMode.CODES,) if codes else (TaxMode.PROVIDER,))
    assert company.takes_numbers is (backend.scenario != "us-auto-numbers")
    assert company.takes_time
    currencies = {"ca": "CAD", "uk": "GBP", "au": "AUD", "fr": "EUR"}
    assert company.currency == currencies.get(backend.scenario, "USD")
    assert company.closed_through is None


def test_an_invoice_without_tax_arrives_everywhere(backend, company, session):
    document = backend.document("INV-1", currency=company.currency, tax_mode=company.tax_modes[0])
    receipt = send(backend, session, document)
    assert receipt.total == Decimal("125.00")
    assert receipt.tax == 0
    assert (receipt.number == "INV-1") is company.takes_numbers
    assert receipt.number
    assert backend.provider.find(session, [document]) == [receipt]


PERCENTS = {"us-manual": "10.35", "ca": "13", "uk": "20", "au": "10", "fr": "5.5"}


@only(*PERCENTS)
def test_a_tax_code_of_ours_is_computed_there(backend, company, session):
    code = tax(backend, session, PERCENTS[backend.scenario])
    lines = (backend.line("100.00", tax_id=code), backend.line("50.00"))
    document = backend.document("", *lines, currency=company.currency, tax_mode=TaxMode.CODES)
    receipt = send(backend, session, document)
    shown = backend.provider.preview(Operation.CREATE, document, facts=session.facts)
    assert {**receipt.content, **shown} == receipt.content
    expected = Decimal(PERCENTS[backend.scenario])
    assert receipt.subtotal == Decimal("150.00")
    assert abs(receipt.tax - expected) <= Decimal("0.01")  # two rates are rounded one by one
    assert receipt.content["lines"][0]["tax_id"] == (
        "TAX" if backend.scenario[:2] == "us" else code
    )


@only("us")
def test_automated_tax_is_computed_from_what_is_taxable(backend, session):
    lines = (backend.line("100.00", taxable=True), backend.line("50.00"))
    receipt = send(backend, session, backend.document("", *lines))
    assert receipt.subtotal == Decimal("150.00")
    assert receipt.tax == Decimal("10.35")  # Seattle, where customer and company are
    assert receipt.total == Decimal("160.35")


@only("us-multicurrency")
def test_a_customer_has_one_currency(backend, session):
    customers = backend.provider.records(session, Kind.CUSTOMER)
    euro = next(record for record in customers if record.currency == "EUR")
    document = backend.document("", customer_id=euro.id, currency="EUR")
    receipt = send(backend, session, document)
    assert receipt.content["currency"] == "EUR"
    assert receipt.total == Decimal("125.00")
    wrong = backend.document("", customer_id=euro.id, currency="USD")
    call = backend.provider.freeze(
        Operation.CREATE, [wrong], key=KEY[:-1] + "1", facts=session.facts
    )
    (outcome,) = backend.provider.send(session, call)
    assert outcome.error.reason is Reason.OTHER
    assert "currenc" in outcome.error.message  # in QuickBooks' own words


@only("us", "ca")
def test_f31_a_document_without_a_number_gets_the_next_one(backend, company, session):
    first = send(
        backend, session,
        backend.document("INV-0099", currency=company.currency, tax_mode=company.tax_modes[0]),
    )  # fmt: skip
    document = backend.document("x", currency=company.currency, tax_mode=company.tax_modes[0])
    unnumbered = type(document)(
        **{name: getattr(document, name) for name in document.__dataclass_fields__} | {"number": ""}
    )
    call = backend.provider.freeze(
        Operation.CREATE, [unnumbered], key=KEY[:-1] + "2", facts=session.facts
    )
    (outcome,) = backend.provider.send(session, call)
    assert first.number == "INV-0099"
    assert outcome.receipt.number == "INV-0100"


@only("us-auto-numbers")
def test_a_company_that_numbers_itself_never_gets_ours(backend, session):
    assert send(backend, session, backend.document("INV-1")).number != "INV-1"


@only("us", "uk")
def test_taxes_are_percentages_of_real_codes(backend, session):
    found = {record.name: record for record in backend.provider.records(session, Kind.TAX)}
    if backend.scenario == "uk":
        assert found["20.0% S"].percent == 20
        assert found["Exempt"].percent == 0
    else:
        assert found["Washington, Seattle"].percent == Decimal("10.35")
        assert "TAX" not in found


@only("us")
def test_a_bundle_is_nothing_that_a_line_can_sell(backend, session):
    sold = backend.sim.documents("Item")
    assert len(backend.provider.records(session, Kind.ITEM)) == len(sold)
    assert all(record.price is not None for record in backend.provider.records(session, Kind.ITEM))


@only("us")
def test_people_are_employees_and_suppliers(backend, session):
    kinds = {record.type for record in backend.provider.records(session, Kind.PERSON)}
    assert kinds == {"Employee", "Vendor"}
    for record in backend.provider.records(session, Kind.PERSON):
        assert record.id.startswith(record.type + "-")


@only("us")
def test_only_income_accounts_take_new_items(backend, session):
    names = {record.name for record in backend.provider.records(session, Kind.ACCOUNT)}
    assert "Services" in names
    assert "Checking" not in names
