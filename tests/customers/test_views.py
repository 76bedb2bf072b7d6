"""Pages of customers and contacts: who may open them, what they refuse, what they show."""

from __future__ import annotations

import pytest
from django.utils import timezone

from customers.models import Contact, Customer
from tests import make, pages

pytestmark = pytest.mark.django_db

VIEW, CHANGE = "customers.view_customer", "customers.change_customer"
PAGES = {
    "/customers/": VIEW,
    "/customers/{customer}/": VIEW,
    "/customers/new/": CHANGE,
    "/customers/{customer}/edit/": CHANGE,
    "/customers/{customer}/archive/": CHANGE,
    "/customers/{customer}/restore/": CHANGE,
    "/customers/{customer}/contacts/new/": CHANGE,
    "/customers/contacts/{contact}/": CHANGE,
    "/customers/contacts/{contact}/archive/": CHANGE,
    "/customers/contacts/{contact}/restore/": CHANGE,
}


@pytest.mark.parametrize("role", pages.ROLES)
@pytest.mark.parametrize("address", PAGES)
def test_each_role_opens_what_the_table_says(client_as, role, address):
    contact = make.contact(make.customer())
    url = address.format(customer=contact.customer_id, contact=contact.pk)
    pages.check_role(client_as(role), role, url, PAGES[address])


@pytest.mark.parametrize("role", ["technician", "bookkeeper", "read-only"])
def test_a_form_sent_without_permission_changes_nothing(client_as, role):
    customer = make.customer("Acme")
    client = client_as(role)
    assert client.post("/customers/new/", {"name": "Other"}).status_code == 403
    assert client.post(f"/customers/{customer.pk}/edit/", {"name": "Other"}).status_code == 403
    assert client.post(f"/customers/{customer.pk}/archive/").status_code == 403
    assert list(Customer.objects.active().values_list("name", flat=True)) == ["Acme"]


def test_a_customer_is_added_and_changed(client_as):
    client = client_as("billing")
    response = client.post("/customers/new/", {"name": "Acme", "payment_days": "14"})
    customer = Customer.objects.get()
    assert response.url == f"/customers/{customer.pk}/"
    client.post(f"/customers/{customer.pk}/edit/", {"name": "Acme Works"})
    customer.refresh_from_db()
    assert (customer.name, customer.payment_days) == ("Acme Works", None)
    assert [h.history_user.role for h in customer.history.all()] == ["billing", "billing"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": " ACME "}, "A customer with this name already exists."),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"payment_days": "soon"}, "Enter a whole number."),
        ({"payment_days": "-1"}, "greater than or equal to 0"),
        ({"reference": "C-1"}, "Another customer has this reference."),
    ],
)
def test_a_bad_customer_is_refused_beside_its_field(client_as, sent, words):
    make.customer("Acme", reference="C-1")
    response = client_as("billing").post("/customers/new/", {"name": "Other"} | sent)
    pages.refused(response, words)
    assert Customer.objects.count() == 1


def test_what_is_typed_is_kept_and_shown_as_text_only(client_as):
    client = client_as("billing")
    client.post("/customers/new/", {"name": pages.HOSTILE, "notes": pages.HOSTILE})
    customer = Customer.objects.get()
    assert customer.name == pages.HOSTILE
    for url in ("/customers/", f"/customers/{customer.pk}/", f"/customers/{customer.pk}/edit/"):
        text = client.get(url).text
        assert pages.INERT in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"first_name": ""}, "This field is required."),
        ({"email": "ana at customer"}, "Write one e-mail address"),
        ({"email": "a@b.example, c@d.example"}, "Write one e-mail address"),
        ({"email": "a" * 260 + "@x.example"}, "at most 254 characters"),
        ({"last_name": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_bad_contact_is_refused(client_as, sent, words):
    customer = make.customer()
    url = f"/customers/{customer.pk}/contacts/new/"
    pages.refused(client_as("billing").post(url, {"first_name": "Ana"} | sent), words)
    assert not Contact.objects.exists()


def test_a_contact_is_added_to_the_customer_of_the_address(client_as):
    customer, other = make.customer(), make.customer()
    client_as("billing").post(
        f"/customers/{customer.pk}/contacts/new/",
        {"first_name": "Ana", "email": "ana@x.example", "customer": other.pk},
    )
    assert Contact.objects.get().customer == customer


def test_an_unknown_customer_is_not_found(client_as):
    client = client_as("billing")
    for url in ("/customers/999/", "/customers/999/contacts/new/", "/customers/contacts/9/"):
        assert client.get(url).status_code == 404
    assert client.get(f"/customers/{10**30}/").status_code == 404


def test_the_page_says_who_gets_the_invoices_and_why(client_as):
    customer = make.customer()
    make.contact(customer, email="first@x.example")
    make.contact(customer, first_name="Kim", last_name="Lee", email="k@x.example", is_main=True)
    text = client_as("read-only").get(f"/customers/{customer.pk}/").text
    assert "main contact Kim Lee" in text
    assert "k@x.example" in text


def test_a_customer_without_an_address_is_warned_about(client_as):
    customer = make.customer()
    text = client_as("billing").get(f"/customers/{customer.pk}/").text
    assert "This customer has no contact" in text


def test_archiving_is_refused_while_a_contract_is_active(client_as):
    contract = make.hourly()
    url = f"/customers/{contract.customer_id}/archive/"
    response = client_as("billing").post(url, follow=True)
    assert "1 active contract" in response.text
    assert Customer.objects.active().count() == 1


def test_an_archived_customer_leaves_the_list_and_comes_back(client_as):
    customer = make.customer("Old Client")
    client = client_as("billing")
    client.post(f"/customers/{customer.pk}/archive/")
    assert listed(client) == []
    assert listed(client, "?archived=true") == ["Old Client"]
    client.post(f"/customers/{customer.pk}/restore/")
    assert listed(client) == ["Old Client"]


def listed(client, query=""):
    return [row.name for row in client.get(f"/customers/{query}").context["rows"].items]


def test_an_archived_contact_gets_no_invoices_until_it_is_back(client_as):
    contact = make.contact(make.customer(), is_main=True)
    client = client_as("billing")
    client.post(f"/customers/contacts/{contact.pk}/archive/")
    page = f"/customers/{contact.customer_id}/"
    assert contact.email not in client.get(page).text
    assert contact.email in client.get(f"{page}?archived=1").text
    client.post(f"/customers/contacts/{contact.pk}/restore/")
    assert contact.email in client.get(page).text


def test_roles_see_only_their_part_of_a_customer(client_as):
    contract = make.hourly(name="Care plan")
    make.ticket(contract, resolved=None, title="Printer")
    url = f"/customers/{contract.customer_id}/"
    technician, bookkeeper = client_as("technician").get(url).text, client_as("bookkeeper").get(url)
    assert "Printer" in technician
    assert "/contracts/" not in technician.split("<main")[1]
    assert "Printer" not in bookkeeper.text
    assert "Care plan" in bookkeeper.text


@pytest.mark.parametrize("many", [2, 30])
def test_the_list_costs_the_same_for_any_number_of_rows(client_as, django_assert_num_queries, many):
    for _ in range(many):
        make.hourly()
    make.customer(archived_at=timezone.now())
    client = client_as("billing")
    client.get("/customers/")
    with django_assert_num_queries(6):
        client.get("/customers/")


@pytest.fixture
def owing():
    """A customer who owes 70, 40 of it late."""
    contract = make.hourly(customer=make.customer("Acme"))
    for total, due in [("30.00", "2099-01-01"), ("40.00", "2026-01-01")]:
        bill = make.claim(make.entry(make.ticket(contract)), f"INV-{make.n()}").invoice
        bill.total = bill.balance = total
        bill.due_date = make.day(due)
        bill.invoice_date = timezone.localdate()
        bill.save()
    make.claim(make.entry(make.ticket(contract)))  # a draft owes nothing yet
    return contract.customer


def test_the_list_says_what_is_unpaid_to_those_who_see_invoices(client_as, owing):
    make.customer("Paid up")
    rows = client_as("bookkeeper").get("/customers/").context["rows"].items
    assert [(row.name, row.unpaid) for row in rows] == [("Acme", 70), ("Paid up", None)]
    assert "70.00" in client_as("bookkeeper").get("/customers/").text
    assert "70.00" not in client_as("technician").get("/customers/").text


def test_a_customer_shows_what_is_owed_and_the_newest_invoices(client_as, owing):
    page = client_as("bookkeeper").get(f"/customers/{owing.pk}/")
    owes = page.context["owes"]
    assert (owes["unpaid"], owes["unpaid_count"]) == (70, 2)
    assert (owes["overdue"], owes["overdue_count"]) == (40, 1)
    assert (owes["year"], owes["year_count"]) == (70, 2)
    assert len(page.context["invoices"]) == 3
    assert "$40.00" in page.text
    assert "$40.00" not in client_as("technician").get(f"/customers/{owing.pk}/").text


def test_archived_contacts_are_shown_on_demand(client_as):
    contact = make.contact(make.customer(), first_name="Gone", archived_at=timezone.now())
    client, address = client_as("billing"), f"/customers/{contact.customer_id}/"
    assert "Show 1 archived" in client.get(address).text
    assert str(contact) not in client.get(address).text
    assert str(contact) in client.get(f"{address}?archived=1").text


def test_the_rule_that_finds_the_recipient_is_shown(client_as):
    contact = make.contact(make.customer(), is_main=True)
    text = client_as("owner").get(f"/customers/{contact.customer_id}/").text
    assert f"main contact {contact}" in text
    assert "The rule: main contact, else the first contact with an address." in text
    assert "Change it in Options" in text
    assert (
        "Change it in Options"
        not in client_as("billing").get(f"/customers/{contact.customer_id}/").text
    )
