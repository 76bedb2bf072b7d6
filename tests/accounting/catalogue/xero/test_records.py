"""Contacts, items, accounts, tax rates and tracking: what people there do to them, and what becomes
of the invoices that name them.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from accounting import obstacles, readiness, refreshing
from accounting.models import Connection, Finding, Link
from atera_invoicing.errors import Refused
from invoices import lifecycle
from invoices.drafting import LineInput
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


# What is called otherwise now ---------------------------------------------------------------------


def sell_by(office, remote_id: str) -> None:
    """Our service is linked with this, and lines typed in by hand go there as well."""
    Link.objects.filter(item=office.item).update(remote_id=remote_id, remote_name="There")
    choose(office, fallback_item_id=remote_id)
    refresh(office)


def recode(office, old: str, new: str) -> None:
    """The bookkeeper gives an account another code."""
    org = office.xero.organisation()
    org.put("Account", {**org.account(old), "Code": new})
    org.index()


def item_link(office) -> Link:
    return Link.objects.get(item=office.item)


def stale(office) -> int:
    return obstacles.stale(office.fresh()).count()


def test_an_account_that_gets_another_code_is_followed(office):
    sell_by(office, "account:210")
    choose(office, income_account_id="210")
    recode(office, "210", "215")
    refresh(office)
    assert item_link(office).remote_id == "account:215"
    assert office.connection.fallback_item_id == "account:215"
    assert office.connection.income_account_id == "215"
    assert office.document(office.export())["LineItems"][0]["AccountCode"] == "215"
    refresh(office)
    assert item_link(office).remote_id == "account:215"


def test_two_accounts_that_change_codes_keep_their_sales(office):
    sell_by(office, "account:210")
    for old, new in (("210", "x"), ("220", "210"), ("x", "220")):
        recode(office, old, new)
    refresh(office)
    (line,) = office.document(office.export())["LineItems"]
    account = office.xero.organisation().account(line["AccountCode"])
    assert (line["AccountCode"], account["Name"]) == ("220", "Managed Services")


def test_a_code_that_another_account_has_by_now_gets_none_of_our_sales(office):
    """The old account is deleted, and its code given to a new one."""
    sell_by(office, "account:210")
    choose(office, income_account_id="210")
    org = office.xero.organisation()
    old = org.account("210")
    del org.docs["Account"][old["AccountID"]]
    org.put("Account", {**old, "AccountID": str(uuid.uuid4()), "Name": "Donations"})
    org.index()
    refresh(office)
    assert "is not linked with" in why_not(office, office.invoice())
    assert stale(office) == 1
    assert item_link(office).remote_name == "Managed Services (account 210)"
    assert office.connection.fallback_item_id == ""
    assert office.connection.income_account_id == ""
    assert "gone or inactive there" in office.browser.get("/accounting/").text
    listed = office.browser.get(reverse("accounting:links", args=["items"]), {"show": "stale"})
    assert "Managed Services (account 210)" in listed.text
    refresh(office)
    assert stale(office) == 1


def test_an_item_that_gets_another_code_is_followed(office):
    refresh(office)
    item = office.xero.organisation().item("HOURS")
    office.person.change_item("HOURS", ItemID=item["ItemID"], Code="LABOUR")
    refresh(office)
    assert item_link(office).remote_id == "item:LABOUR"
    assert office.document(office.export())["LineItems"][0]["ItemCode"] == "LABOUR"


# Contacts -----------------------------------------------------------------------------------------


def two_contacts(office) -> tuple[str, str]:
    one, other = office.xero.documents("Contact")[:2]
    refresh(office)
    return str(one["ContactID"]), str(other["ContactID"])


def test_a_contact_that_was_merged_is_followed_to_the_other_one(office):
    ours, winner = two_contacts(office)
    before = office.export()
    office.look()
    office.person.merge_contacts(ours, winner)
    refresh(office)
    assert Link.objects.get(customer=office.customer).remote_id == winner
    assert stale(office) == 0
    assert office.document(office.export())["Contact"]["ContactID"] == winner
    office.look()
    assert not Finding.objects.filter(invoice=before, answered_at=None).exists()


def test_a_chain_of_mergers_is_followed_to_its_end(office):
    ours, second = two_contacts(office)
    third = str(office.xero.documents("Contact")[2]["ContactID"])
    office.person.merge_contacts(ours, second)
    office.person.merge_contacts(second, third)
    refresh(office)
    assert Link.objects.get(customer=office.customer).remote_id == third


def test_of_two_customers_that_were_merged_there_one_needs_a_person(office):
    ours, winner = two_contacts(office)
    other = make.customer("Another one")
    books.link(office.connection, other, winner)
    office.person.merge_contacts(ours, winner)
    refresh(office)
    assert Link.objects.get(customer=office.customer).remote_id == ours
    assert Link.objects.get(customer=other).remote_id == winner
    assert stale(office) == 1
    assert "gone or inactive there" in office.browser.get("/accounting/").text


def test_a_contact_that_was_merged_since_the_lists_were_read_is_told(office):
    ours, winner = two_contacts(office)
    invoice = office.invoice()
    office.queue(invoice)
    office.person.merge_contacts(ours, winner)
    office.work()
    office.assert_needs_a_person(invoice, "reference", "archived")
    refresh(office)
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)


# What they do to records --------------------------------------------------------------------------


def test_a_tracking_option_that_is_renamed_stays_the_one_that_was_chosen(office):
    refresh(office)
    category = office.connection.facts["tracking"][0]
    option = category["options"][0]
    choose(office, options={"status": "AUTHORISED", "tracking-1": option["id"]})
    office.person.rename_tracking_option(category["name"], option["name"], "Elsewhere")
    (line,) = office.document(office.export())["LineItems"]
    assert line["Tracking"][0]["Option"] == "Elsewhere"


def test_an_account_that_is_archived_is_told_and_restoring_it_mends_it(office):
    sell_by(office, "account:210")
    office.person.archive_account("210")
    invoice = office.invoice()
    office.queue(invoice)
    office.work()
    office.assert_needs_a_person(invoice, "reference", "Restore it there, or link another one")
    refresh(office)
    assert stale(office) == 1
    office.person.restore_account("210")
    refresh(office)
    assert stale(office) == 0
    office.retry(invoice)
    office.work()
    office.assert_there_once(invoice)


def taxed(office, type: str):
    """A tax of ours that is linked with one there, and an invoice that bears it."""
    tax = make.tax("Sales tax", "10.35")
    office.connection.links.create(
        kind="tax", tax_rate=tax, remote_id=type, remote_name="Seattle, WA", action="link",
        origin="person", confirmed=True, changed_at=office.now,
    )  # fmt: skip
    refresh(office)

    def invoice() -> Invoice:
        tax.refresh_from_db()
        line = LineInput(
            "Work", item=office.item, quantity=Decimal(1), unit_price=Decimal(100), tax_rate=tax
        )
        day = make.day("2026-11-20")
        draft = lifecycle.create(
            office.customer, lines=[line], invoice_date=day, by=None, now=books.NOW
        )
        return lifecycle.issue(draft, by=None, now=books.NOW)

    return tax, invoice


def test_a_tax_rate_that_changes_there_is_flagged_and_then_followed(office):
    tax, invoice = taxed(office, "TAX001")
    office.person.change_tax_rate("TAX001", "10.5")
    early = invoice()
    office.queue(early)
    office.work()
    assert office.of(early).state == "sent"
    assert Finding.objects.get(invoice=early).kind == "total"
    refresh(office)
    tax.refresh_from_db()
    assert tax.percent == Decimal("10.5")
    late = invoice()
    office.queue(late)
    office.work()
    office.assert_there_once(late)


def test_a_tax_rate_that_is_deleted_there_is_told(office):
    _, invoice = taxed(office, "TAX001")
    office.person.change_tax_rate("TAX001", status="DELETED")
    made = invoice()
    office.queue(made)
    office.work()
    office.assert_needs_a_person(made, "tax", "Choose another one on the Accounting page")
    refresh(office)
    assert stale(office) == 1


def test_an_item_that_is_no_longer_sold_is_told_by_the_lists(office):
    refresh(office)
    office.person.change_item("HOURS", IsSold=False)
    refresh(office)
    assert stale(office) == 1
