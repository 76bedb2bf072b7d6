"""Contacts, items, accounts, tax rates and tracking: what people there do to them, and what becomes
of the invoices that name them.
"""

from __future__ import annotations

import pytest

from accounting import readiness, refreshing
from accounting.models import Connection
from atera_invoicing.errors import Refused
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


# Items and their accounts -------------------------------------------------------------------------


def without_account(office) -> None:
    """The bookkeeper takes the sales account from the item that our service is linked with."""
    org = office.xero.organisation()
    item = org.item("HOURS")
    details = {n: value for n, value in item["SalesDetails"].items() if n != "AccountCode"}
    org.put("Item", {**item, "SalesDetails": details})
    refresh(office)


def why_not(office, invoice: Invoice) -> str:
    """The one sentence that keeps an invoice here."""
    ((missing,),) = (ready.missing for ready in readiness.check(office.connection, [invoice.pk]))
    return missing.message


def choose(office, **fields: str) -> None:
    Connection.objects.filter(pk=office.connection.pk).update(**fields)
    office.fresh()


@pytest.mark.parametrize("status", ["DRAFT", "AUTHORISED"])
def test_an_item_without_a_sales_account_is_put_to_that_of_the_connection(office, status):
    without_account(office)
    choose(office, income_account_id="260", options={"status": status})
    invoice = office.export()
    (line,) = office.document(invoice)["LineItems"]
    assert (line["ItemCode"], line["AccountCode"]) == ("HOURS", "260")
    assert office.document(invoice)["Status"] == status


def test_an_item_with_a_sales_account_keeps_it(office):
    choose(office, income_account_id="260")
    (line,) = office.document(office.export())["LineItems"]
    assert (line["ItemCode"], line["AccountCode"]) == ("HOURS", "200")


def test_an_item_whose_sales_account_was_archived_goes_to_that_of_the_connection(office):
    office.person.change_item("HOURS", SalesDetails={"UnitPrice": "125", "AccountCode": "220"})
    office.person.archive_account("220")
    refresh(office)
    (line,) = office.document(office.export())["LineItems"]
    assert (line["ItemCode"], line["AccountCode"]) == ("HOURS", "200")


def test_an_item_without_any_account_is_named_before_it_is_sent(office):
    without_account(office)
    choose(office, income_account_id="")
    invoice = office.invoice()
    assert "The item HOURS has no sales account in Xero" in why_not(office, invoice)
    with pytest.raises(Refused, match="Nothing was queued"):
        office.queue(invoice)


def test_a_tax_that_does_not_suit_the_account_of_an_item_is_named_before_it_is_sent(office):
    """The sales of the item go to an expense account, as with goods that are passed on."""
    org = office.xero.organisation()
    org.put("TaxRate", {**org.docs["TaxRate"]["NONE"], "CanApplyToExpenses": False})
    office.person.change_item("HOURS", SalesDetails={"UnitPrice": "125", "AccountCode": "400"})
    refresh(office)
    invoice = office.invoice()
    assert "its tax rate NONE can't be used" in why_not(office, invoice)
    org.put("TaxRate", {**org.docs["TaxRate"]["NONE"], "CanApplyToExpenses": True})
    refresh(office)
    office.queue(invoice)
    office.work()
    office.assert_there_once(invoice)
    assert office.document(invoice)["LineItems"][0]["AccountCode"] == "400"
