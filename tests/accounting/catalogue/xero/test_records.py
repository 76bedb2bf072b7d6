"""Contacts, items, accounts, tax rates and tracking: what people there do to them, and what becomes
of the invoices that name them.
"""

from __future__ import annotations

from accounting import readiness, refreshing
from invoices.models import Invoice
from tests import make
from tests.accounting import books


def refresh(office) -> None:
    """What a worker does every night."""
    office.sims.clock.move(minutes=60)
    now = office.now
    refreshing.everything(office.fresh(), today=now.date(), now=now, by=office.owner)
    office.fresh()


def invoice_in(office, currency: str) -> Invoice:
    invoice = office.invoice()
    Invoice.objects.filter(pk=invoice.pk).update(currency=currency)
    invoice.refresh_from_db()
    return invoice


def abroad(office) -> None:
    """The organisation takes euros as well."""
    org = office.xero.organisation()
    org.put("Currency", {"Code": "EUR", "Description": "Euro"})
    refresh(office)


# Currencies ---------------------------------------------------------------------------------------


def test_a_contact_is_billed_in_whatever_the_organisation_takes(office):
    """Its default currency is only what Xero's own forms begin with."""
    office.person.change_contact(office.document_contact(), DefaultCurrency="USD")
    abroad(office)
    invoice = invoice_in(office, "EUR")
    office.queue(invoice)
    office.work()
    office.assert_there_once(invoice)
    assert office.document(invoice)["CurrencyCode"] == "EUR"


def test_a_contact_that_is_created_on_the_way_is_billed_in_two_currencies(office):
    abroad(office)
    office.customer = make.customer("Brand new")
    books.link(office.connection, office.customer)
    one, two = invoice_in(office, "EUR"), office.invoice()
    found = readiness.check(office.connection, [one.pk, two.pk])
    assert [ready.missing for ready in found] == [(), ()]
    office.queue(one, two)
    office.work()
    office.assert_there_once(one, two)
    currencies = {office.document(each)["CurrencyCode"] for each in (one, two)}
    assert currencies == {"EUR", "USD"}
    contacts = [doc for doc in office.xero.documents("Contact") if doc["Name"] == "Brand new"]
    assert len(contacts) == 1
