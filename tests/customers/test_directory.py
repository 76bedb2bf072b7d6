"""Customers and contacts put aside, taken back, deleted."""

from __future__ import annotations

import pytest

from atera_invoicing.errors import Refused
from customers import directory
from customers.models import Contact, Customer

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-20")


def test_a_customer_is_archived_and_restored_and_the_history_knows_by_whom(owner):
    customer = make.customer()

    directory.archive(customer, by=owner, now=NOW)
    assert not Customer.objects.active().exists()
    assert customer.archived_at == NOW
    assert customer.history.latest().history_user == owner

    directory.restore(customer, by=owner)
    assert Customer.objects.active().get() == customer


def test_archiving_twice_keeps_the_first_day(owner):
    customer = directory.archive(make.customer(), by=owner, now=NOW)

    directory.archive(customer, by=owner, now=make.at("2026-12-24"))

    customer.refresh_from_db()
    assert customer.archived_at == NOW


def test_a_customer_with_work_to_do_can_not_be_archived_and_is_told_why(owner):
    contract = make.hourly()
    make.ticket(contract, resolved=None)
    make.ticket(contract, resolved=None)
    make.ticket(contract)

    with pytest.raises(Refused) as refused:
        directory.archive(contract.customer, by=owner, now=NOW)

    assert refused.value.code == "customer_active"
    assert "2 open tickets and 1 active contract." in refused.value.message
    assert refused.value.facts == {"open_tickets": 2, "active_contracts": 1}
    assert Customer.objects.active().exists()


def test_a_customer_whose_work_is_done_can_be_archived(owner):
    contract = make.hourly(is_active=False)
    make.ticket(contract)

    assert directory.archive(contract.customer, by=owner, now=NOW).archived_at


def test_archiving_saves_nothing_else_of_the_form(owner):
    customer = make.customer("Acme")
    customer.name = "typed but not saved"

    directory.archive(customer, by=owner, now=NOW)

    customer.refresh_from_db()
    assert customer.name == "Acme"


def test_a_contact_is_archived_and_restored(owner):
    contact = make.contact(make.customer())

    directory.archive(contact, by=owner, now=NOW)
    assert not Contact.objects.active().exists()

    directory.restore(contact, by=owner)
    assert Contact.objects.active().exists()


def test_a_customer_that_nothing_refers_to_is_deleted_with_its_contacts(owner):
    customer = make.contact(make.customer()).customer

    directory.delete(customer, by=owner)

    assert not Customer.objects.exists()
    assert not Contact.objects.exists()
    assert Customer.history.filter(history_type="-", history_user=owner).exists()


@pytest.mark.parametrize(
    "refer",
    [
        lambda customer: make.hourly(customer=customer),
        lambda customer: make.ticket(customer=customer),
    ],
)
def test_a_customer_in_use_can_not_be_deleted(owner, refer):
    customer = make.contact(make.customer()).customer
    refer(customer)

    with pytest.raises(Refused, match="Archive the customer instead") as refused:
        directory.delete(customer, by=owner)

    assert refused.value.code == "in_use"
    assert customer.contacts.exists()


def test_a_contact_that_tickets_name_can_not_be_deleted(owner):
    contact = make.contact(make.customer())
    ticket = make.ticket(customer=contact.customer, contact=contact)

    with pytest.raises(Refused, match="Archive the contact instead"):
        directory.delete(contact, by=owner)

    ticket.delete()
    directory.delete(contact, by=owner)
    assert not Contact.objects.exists()
