"""Files of customers and contacts, from the engine and through the pages."""

import datetime as dt

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from atera_invoicing import imports
from atera_invoicing.errors import Refused
from atera_invoicing.models import Upload
from atera_invoicing.roles import TABLE, Role
from customers.imports import Contacts, Customers
from customers.models import Contact, Customer
from tests import make

pytestmark = pytest.mark.django_db
FILE = "name,reference,city,payment_days\nAcme Ltd,C-1,Bristol,30\nBeta GmbH,C-2,Köln,\n".encode()
NOW = make.at("2026-11-01")


def bring(importer, content, by):
    plan = imports.plan(importer, content)
    assert not plan.problems
    return imports.commit(importer, content, fingerprint=plan.fingerprint, by=by, now=NOW)


def counts(plan):
    return tuple(plan.count(action) for action in imports.Action)


def test_a_dry_run_writes_nothing_and_a_commit_writes_all(owner):
    plan = imports.plan(Customers(), FILE)
    assert counts(plan) == (2, 0, 0)
    assert not Customer.objects.exists()
    bring(Customers(), FILE, owner)
    acme = Customer.objects.get(reference="C-1")
    assert (acme.name, acme.city, acme.payment_days) == ("Acme Ltd", "Bristol", 30)
    assert acme.history.get().history_user == owner


def test_the_same_file_again_changes_nothing(owner):
    bring(Customers(), FILE, owner)
    assert counts(bring(Customers(), FILE, owner)) == (0, 0, 2)
    assert Customer.history.count() == 2


def test_a_customer_is_known_by_reference_then_by_name(owner):
    bring(Customers(), FILE, owner)
    bring(Customers(), b"name,reference,phone\nAcme plc,C-1,1\nbeta gmbh,,2\n", owner)
    assert Customer.objects.get(reference="C-1").name == "Acme plc"
    assert Customer.objects.get(name="beta gmbh").phone == "2"
    assert Customer.objects.count() == 2


def test_a_missing_column_changes_nothing_and_an_empty_cell_empties(owner):
    bring(Customers(), FILE, owner)
    bring(Customers(), b"name,payment_days\nAcme Ltd,\n", owner)
    acme = Customer.objects.get(name="Acme Ltd")
    assert (acme.city, acme.payment_days) == ("Bristol", None)


def test_twenty_bad_rows_are_all_listed_and_nothing_is_written(owner):
    rows = [f"Customer {n},{n},-1" for n in range(10)] + [f"Other {n},{n},x" for n in range(10, 18)]
    rows += [",R,1", "Too many,1,2,3"]
    content = "\n".join(["name,reference,payment_days", *rows, "Good,G,5"]).encode()
    plan = imports.plan(Customers(), content)
    assert [problem.line for problem in plan.problems] == list(range(2, 22))
    assert all(problem.message for problem in plan.problems)
    assert {problem.column for problem in plan.problems} == {"payment_days", "name", ""}
    with pytest.raises(Refused) as refused:
        imports.commit(Customers(), content, fingerprint=plan.fingerprint, by=owner, now=NOW)
    assert refused.value.code == "plan_changed"
    assert not Customer.objects.exists()


def test_a_customer_twice_in_a_file_is_a_problem():
    plan = imports.plan(Customers(), b"name,reference\nAcme,C-1\nACME,\nOther,C-1\n")
    assert [(p.line, p.message) for p in plan.problems] == [
        (3, "Line 2 is about the same customer."),
        (4, "Line 2 is about the same customer."),
    ]


def test_a_name_or_reference_of_somebody_else_is_a_problem():
    make.customer("Acme", reference="C-1")
    make.customer("Beta", reference="C-2")
    plan = imports.plan(Customers(), b"name,reference\nAcme,C-9\nBeta,C-1\n")
    assert [(problem.line, problem.column) for problem in plan.problems] == [
        (2, "reference"),
        (3, "name"),
    ]


def test_an_archived_customer_is_not_touched():
    make.customer("Acme", archived_at=NOW)
    (problem,) = imports.plan(Customers(), b"name\nAcme\n").problems
    assert "archived" in problem.message


def test_a_plan_that_no_longer_holds_is_refused(owner):
    plan = imports.plan(Customers(), FILE)
    make.customer("Acme Ltd")
    with pytest.raises(Refused) as refused:
        imports.commit(Customers(), FILE, fingerprint=plan.fingerprint, by=owner, now=NOW)
    assert refused.value.code == "plan_changed"
    assert Customer.objects.count() == 1


def test_contacts_are_known_by_customer_and_address(owner):
    customer = make.customer("Acme", reference="C-1")
    content = b"customer,e-mail,first name,main contact\nC-1,Ana@acme.example,Ana,yes\n"
    bring(Contacts(), content, owner)
    ana = Contact.objects.get()
    assert (ana.customer, ana.is_main) == (customer, True)
    bring(Contacts(), b"customer,email,first_name,main\nacme,ana@acme.example,Anna,no\n", owner)
    ana.refresh_from_db()
    assert (ana.first_name, ana.is_main, Contact.objects.count()) == ("Anna", False, 1)


def test_a_contact_of_nobody_or_without_an_address_is_a_problem():
    make.customer("Acme")
    plan = imports.plan(
        Contacts(), b"customer,email,first_name\nNobody,a@b.example,A\nAcme,not an address,A\n"
    )
    assert [(problem.line, problem.column) for problem in plan.problems] == [
        (2, "customer"),
        (3, "email"),
    ]


def test_five_thousand_rows_need_a_constant_number_of_queries(owner, django_assert_max_num_queries):
    rows = "".join(f"Customer {n},R-{n}\n" for n in range(5000))
    content = ("name,reference\n" + rows).encode()
    with django_assert_max_num_queries(2):
        imports.plan(Customers(), content)


# Through the pages


def upload(client, content=FILE, kind="customers", name="customers.csv"):
    return client.post(
        reverse("imports:start"), {"kind": kind, "file": SimpleUploadedFile(name, content)}
    )


def test_a_file_goes_from_upload_to_result(client_as):
    client = client_as("billing")
    review = upload(client).headers["Location"]
    page = client.get(review)
    assert "Import 2 rows" in page.text
    answer = client.post(review, {"fingerprint": page.context["plan"].fingerprint}, follow=True)
    assert "Created" in answer.text
    assert Customer.objects.count() == 2
    assert bytes(Upload.objects.get().content) == b""
    assert client.post(review, {"fingerprint": "again"}).status_code == 302
    assert Customer.objects.count() == 2


def test_a_bad_row_is_shown_with_its_reason_and_no_button(client_as):
    client = client_as("owner")
    review = upload(client, b"name,payment_days\nAcme,soon\n").headers["Location"]
    page = client.get(review)
    assert "is not a whole number" in page.text
    assert 'name="fingerprint"' not in page.text
    assert client.post(review, {"fingerprint": page.context["plan"].fingerprint}).status_code == 409
    assert not Customer.objects.exists()
    assert "soon" in client.get(f"{review}problems.csv").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name\nMüller\n".encode("latin-1"), "Save the file as CSV UTF-8"),
        (b"name,colour\nAcme,red\n", "Unknown columns: colour"),
        (b"name\n\x00\n", "NUL"),
        (b"city\nBristol\n", "Missing columns: name"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(client_as, content, words):
    answer = upload(client_as("owner"), content)
    assert answer.status_code == 422
    assert words in answer.text
    assert not Upload.objects.exists()


def test_markup_and_template_code_stay_text(client_as):
    client = client_as("owner")
    bad = "<script>alert(1)</script>{{ 7|add:7 }}{% now 'Y' %}"
    page = client.get(upload(client, f'name,reference\n"{bad}",\n'.encode()).headers["Location"])
    assert "<script>alert(1)" not in page.text
    assert "{{ 7|add:7 }}" in page.text


def test_an_upload_is_its_owners_alone_for_a_day(client_as):
    client = client_as("owner")
    review = upload(client).headers["Location"]
    assert client_as("billing").get(review).status_code == 404
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25), tick=False):
        other = client_as("owner")
        upload(other)
    assert Upload.objects.count() == 1
    assert client.get(review).status_code == 404


@pytest.mark.parametrize("role", [*Role.values, "anonymous"])
def test_only_who_may_import_sees_the_pages(client_as, role):
    review = upload(client_as("owner")).headers["Location"]
    client = client_as(role)
    allowed = role in TABLE["atera_invoicing.import_data"]
    status = 200 if allowed else 302 if role == "anonymous" else 403
    for address in (reverse("imports:start"), reverse("imports:template", args=["tickets"])):
        assert client.get(address).status_code == status
    assert client.get(review).status_code == (404 if allowed else status)
    assert client.post(review).status_code == (404 if allowed else status)
