"""Pages of customers and contacts: bad input, odd text, states."""

from __future__ import annotations

import pytest
from django.urls import reverse

from customers.models import Contact, Customer
from tests import make

pytestmark = pytest.mark.django_db
BAD = {
    "empty": {"name": ""},
    "too long": {"name": "x" * 101},
    "NUL": {"name": "a\0b"},
    "negative": {"name": "Fine", "payment_days": "-1"},
    "wrong type": {"name": "Fine", "payment_days": "soon"},
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_input_is_refused_and_what_was_typed_stays(client_as, data):
    answer = client_as("billing").post(reverse("customers:new"), data | {"city": "Lisbon"})
    assert answer.status_code == 422
    assert b"Lisbon" in answer.content
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{ 7|add:7 }} {% now %}", "Ünïcode 🦷"]
)
def test_markup_and_template_code_are_plain_text(client_as, name):
    client = client_as("billing")
    client.post(reverse("customers:new"), {"name": name})
    page = client.get(reverse("customers:detail", args=[Customer.objects.get(name=name).pk]))
    assert b"<script>alert" not in page.content
    assert page.status_code == 200


def test_a_name_that_differs_only_in_case_is_taken(client_as):
    make.customer("Acme")
    answer = client_as("billing").post(reverse("customers:new"), {"name": " aCME "})
    assert b"already exists" in answer.content


def test_an_unknown_customer_is_404(client_as):
    assert client_as("owner").get(reverse("customers:detail", args=[999])).status_code == 404


def test_an_edit_based_on_old_values_is_stopped(client_as):
    customer, client = make.customer("Acme"), client_as("billing")
    url = reverse("customers:edit", args=[customer.pk])
    seen = client.get(url).context["seen"]
    Customer.objects.update(city="Porto")
    assert client.post(url, {"name": "Acme 2", "seen": seen}).status_code == 409
    assert Customer.objects.get().name == "Acme"


@pytest.mark.parametrize("email", ["nobody at home", "a@b, c@d.example"])
def test_a_contact_needs_one_usable_address(client_as, email):
    customer = make.customer()
    url = reverse("customers:contact-new", args=[customer.pk])
    answer = client_as("billing").post(url, {"first_name": "Ana", "email": email})
    assert answer.status_code == 422
    assert not Contact.objects.exists()


def test_the_page_shows_who_gets_the_invoice_and_why(client_as):
    customer = make.customer()
    make.contact(customer, first_name="Ben", last_name="Cole")
    make.contact(customer, first_name="Ana", last_name="Ruiz", is_main=True, email="ana@x.example")
    page = client_as("read-only").get(reverse("customers:detail", args=[customer.pk]))
    text = page.content.decode()
    assert "ana@x.example" in text
    assert "main contact Ana Ruiz" in text


def test_a_customer_with_open_work_is_not_archived(client_as):
    customer = make.hourly().customer
    client = client_as("billing")
    client.post(reverse("customers:archive", args=[customer.pk]))
    customer.refresh_from_db()
    assert customer.archived_at is None


def test_the_list_takes_as_many_queries_for_forty_rows_as_for_two(
    client_as, django_assert_num_queries
):
    client = client_as("owner")
    for _ in range(2):
        make.hourly()
    client.get(reverse("customers:list"))
    with django_assert_num_queries(5) as few:
        client.get(reverse("customers:list"))
    for _ in range(38):
        make.hourly()
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(reverse("customers:list"))
