"""Which contact gets the invoice: domain 1.9, cases EM-a to EM-n."""

from __future__ import annotations

import pytest

from atera_invoicing.models import RecipientRule
from customers import recipients
from customers.models import Contact

from .. import make

MAIN, BILLING = RecipientRule.MAIN_CONTACT, RecipientRule.BILLING_CONTACT
NO_ADDRESS = "No contact of this customer has a usable e-mail."


def person(id: int, first: str, email: str, **fields) -> Contact:
    return Contact(id=id, first_name=first, email=email, **fields)


ANA = person(5, "Ana", "ana@acme.example", is_main=True)
MAX = person(9, "Max", "max@acme.example", is_main=True)
BEN = person(2, "Ben", "ben@acme.example")
CAT = person(7, "Cat", "cat@acme.example", is_billing=True)
MUTE = person(3, "Mia", "", is_main=True)
BLANK = person(4, "Bob", "   ")
BROKEN = person(6, "Zoe", "zoe at acme", is_main=True)
PADDED = person(8, "Pat", "  pat@acme.example ", is_main=True)
GONE = person(1, "Old", "old@acme.example", is_main=True, archived_at=make.at("2026-01-01"))


@pytest.mark.parametrize(
    ("case", "contacts", "email", "reason", "warning"),
    [
        ("a: one main contact", [BEN, ANA], "ana@acme.example", "main contact Ana", ""),
        ("b: the oldest of two", [ANA, MAX], "ana@acme.example", "main contact Ana", ""),
        (
            "c: nobody is main",
            [BEN, CAT],
            "ben@acme.example",
            "Ben, the first contact with an address",
            "",
        ),
        (
            "c: the first has no address",
            [BLANK, CAT],
            "cat@acme.example",
            "Cat, the first contact with an address",
            "",
        ),
        (
            "d: the first main contact has none",
            [MUTE, ANA],
            "ana@acme.example",
            "main contact Ana",
            "Main contact Mia has no e-mail; using Ana.",
        ),
        (
            "e: the only main contact has none",
            [BEN, MUTE],
            "ben@acme.example",
            "Ben, the first contact with an address",
            "Main contact Mia has no e-mail; using Ben.",
        ),
        ("f: nobody has one", [MUTE, BLANK], "", "nobody", NO_ADDRESS),
        ("g: no contact", [], "", "nobody", "This customer has no contact, so no address."),
        ("h: all archived", [GONE], "", "nobody", "This customer has no contact, so no address."),
        ("h: archived ones are left out", [GONE, ANA], "ana@acme.example", "main contact Ana", ""),
        ("j: blanks are cut off", [PADDED], "pat@acme.example", "main contact Pat", ""),
        (
            "j: a malformed address counts as none",
            [BEN, BROKEN],
            "ben@acme.example",
            "Ben, the first contact with an address",
            "Main contact Zoe has an unusable e-mail (zoe at acme); using Ben.",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) and value[1:2] == ":" else "",
)
def test_the_main_contact_gets_the_invoice(case, contacts, email, reason, warning):
    found = recipients.resolve(contacts, MAIN)

    assert (found.email, found.reason, found.warning) == (email, reason, warning)


def test_the_contact_is_named_by_id_so_that_a_page_can_link_to_it():
    assert recipients.resolve([BEN, ANA], MAIN).contact_id == ANA.pk
    assert recipients.resolve([], MAIN).contact_id is None


def test_a_billing_contact_comes_before_the_main_contact_if_the_rule_says_so():
    assert recipients.resolve([ANA, CAT], BILLING).reason == "billing contact Cat"
    assert recipients.resolve([ANA, BEN], BILLING).reason == "main contact Ana"


def test_a_billing_contact_without_an_address_is_passed_over_with_a_warning():
    silent = person(1, "Sol", "", is_billing=True)

    found = recipients.resolve([silent, ANA], BILLING)

    assert found.email == "ana@acme.example"
    assert found.warning == "Billing contact Sol has no e-mail; using Ana."


@pytest.mark.parametrize("rule", RecipientRule.values)
def test_an_address_written_on_the_invoice_wins_over_every_rule(rule):
    found = recipients.resolve([ANA], rule, override=" boss@acme.example ")

    assert found == ("boss@acme.example", "address written on this invoice", None, "")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (RecipientRule.ACCOUNTING_SYSTEM, "address kept in the accounting system"),
        (RecipientRule.NONE, "nobody: invoices are not addressed"),
    ],
)
def test_some_rules_leave_the_address_empty_on_purpose(rule, reason):
    assert recipients.resolve([ANA], rule) == ("", reason, None, "")


@pytest.mark.parametrize(
    "address",
    ["", " ", "ana", "ana@", "@acme.example", "ana@acme", "a b@acme.example", "ana@acme..x"],
)
def test_an_address_that_mail_servers_refuse_is_not_usable(address):
    assert not recipients.is_usable(address)


@pytest.mark.django_db
def test_a_changed_main_contact_is_found_the_next_time():
    customer = make.customer()
    old = make.contact(customer, email="old@acme.example", is_main=True)
    make.contact(customer, email="new@acme.example", is_main=True)
    assert recipients.for_customer(customer, MAIN).email == "old@acme.example"

    old.is_main = False
    old.save()

    assert recipients.for_customer(customer, MAIN).email == "new@acme.example"


@pytest.mark.django_db
def test_the_address_on_the_invoice_wins_for_a_stored_customer_too():
    customer = make.contact(make.customer(), is_main=True).customer

    found = recipients.for_customer(customer, MAIN, "boss@acme.example")

    assert found.email == "boss@acme.example"


@pytest.mark.django_db
def test_many_customers_take_one_query(django_assert_num_queries):
    first, second, third = make.customer(), make.customer(), make.customer()
    make.contact(second, email="b@acme.example")
    make.contact(first, email="a@acme.example", is_main=True)
    make.contact(first, email="z@acme.example", archived_at=make.at("2026-01-01"))

    with django_assert_num_queries(1):
        found = recipients.for_customers([first.pk, second.pk, third.pk], MAIN)

    assert {id: recipient.email for id, recipient in found.items()} == {
        first.pk: "a@acme.example",
        second.pk: "b@acme.example",
        third.pk: "",
    }
