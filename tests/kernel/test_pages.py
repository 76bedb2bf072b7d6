"""The generic pages: log-in, permission, lists paged by key, refusals that explain themselves."""

from __future__ import annotations

import pytest
from django import forms
from django.urls import include, path

from atera_invoicing.errors import Refused
from atera_invoicing.pages import (
    ActionPage,
    Bulk,
    DetailPage,
    FormPage,
    ListPage,
    ReasonForm,
    keyset,
)
from customers.filters import CustomerFilter
from customers.models import Customer
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Customers(ListPage):
    permission = "customers.view_customer"
    template_name = "_list.html"
    title = "Customers"
    queryset = Customer.objects.all()
    search_fields = ("name", "city")
    sortable = {"name": "name", "days": "payment_days"}
    sort = "name"
    size = 3
    bulk = (Bulk("rename", "Rename", "customers.change_customer"),)

    def bulk_rename(self, rows):
        if any(row.city == "locked" for row in rows):
            raise Refused("locked", "A locked customer can't be renamed.")
        Customer.objects.filter(pk__in=[row.pk for row in rows]).update(phone="1")
        return f"{len(rows)} renamed."


class Filtered(Customers):
    filter_class = CustomerFilter


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ["name", "city"]


class Edit(FormPage):
    permission = "customers.change_customer"
    queryset = Customer.objects.all()
    form_class = CustomerForm
    title = "Edit"
    back = "/list/"

    def perform(self, form):
        if form.instance.city == "Atlantis":
            raise Refused("sunk", "Atlantis has sunk.", field="city")
        if form.instance.city == "Nowhere":
            raise Refused("nowhere", "That place does not exist.")
        form.instance.country = "X" * 99 if form.instance.city == "Longland" else ""
        form.instance.full_clean()
        form.instance.save()
        return form.instance


class Ask(ActionPage):
    permission = "customers.change_customer"
    queryset = Customer.objects.all()
    title = "Erase"
    question = "Really?"
    form_class = ReasonForm
    back = "/list/"

    def perform(self, form):
        if self.object.city == "locked":
            raise Refused("locked", "It is locked.")
        Customer.objects.filter(pk=self.object.pk).update(notes=form.cleaned_data["reason"])
        return "Erased."


class Show(DetailPage):
    permission = "customers.view_customer"
    template_name = "base.html"
    queryset = Customer.objects.all()


urlpatterns = [
    path("list/", Customers.as_view()),
    path("filtered/", Filtered.as_view()),
    path("new/", Edit.as_view()),
    path("<int:pk>/", Edit.as_view()),
    path("<int:pk>/ask/", Ask.as_view()),
    path("<int:pk>/show/", Show.as_view()),
    path("", include("atera_invoicing.urls")),
]


def names(response):
    return [row.name for row in response.context["rows"].items]


def texts(response):
    return [str(message) for message in response.context["messages"]]


def test_nobody_gets_a_page_without_log_in_and_comes_back_to_it(client_as):
    response = client_as("anonymous").get("/list/?q=a")
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=/list/%3Fq%3Da"


def test_htmx_is_sent_to_the_log_in_as_a_whole_page(client_as):
    response = client_as("anonymous").get("/list/", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith("/accounts/login/?next=")


def test_a_role_without_the_permission_gets_the_403_page(client_as):
    response = client_as("technician").get("/new/")
    assert response.status_code == 403
    assert "Your role does not include this" in response.text


def test_what_is_not_there_is_a_404_page(client_as):
    response = client_as("owner").get("/999/show/")
    assert response.status_code == 404
    assert "There is no such page" in response.text


def test_a_detail_page_is_titled_with_its_row(client_as):
    customer = make.customer("Northwind")
    assert "<h1>Northwind</h1>" in client_as("read-only").get(f"/{customer.pk}/show/").text


def test_every_word_of_a_search_must_match_some_field(client_as):
    make.customer("Alpha Works", city="Berlin")
    make.customer("Alpha Labs", city="Boston")
    client = client_as("owner")
    assert names(client.get("/list/?q=alpha+berlin")) == ["Alpha Works"]
    assert names(client.get("/list/?q=%00alpha")) == ["Alpha Labs", "Alpha Works"]


def test_a_filter_set_searches_and_filters_as_the_endpoint_does(client_as):
    make.customer("Alpha Works", city="Berlin")
    make.customer("Beta", archived_at=make.at("2026-10-01"))
    client = client_as("owner")
    assert names(client.get("/filtered/?q=alpha+w")) == ["Alpha Works"]
    assert names(client.get("/filtered/?archived=true")) == ["Beta"]


def test_a_filter_that_makes_no_sense_says_so_and_shows_nothing(client_as):
    make.customer("Alpha")
    response = client_as("owner").get("/filtered/", {"q": "\x00"})
    assert names(response) == []
    assert "Null characters are not allowed." in response.text


def test_an_empty_list_and_a_search_without_result_say_different_things(client_as):
    client = client_as("owner")
    assert "Nothing here yet" in client.get("/list/").text
    make.customer("Alpha")
    assert "Nothing matches" in client.get("/list/?q=zzz").text


def test_a_search_is_escaped_where_it_is_shown(client_as):
    text = client_as("owner").get("/list/", {"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert(1)" not in text
    assert "&quot;&gt;&lt;script&gt;alert(1)" in text


def test_htmx_gets_the_list_alone(client_as):
    make.customer("Alpha")
    text = client_as("owner").get("/list/", headers={"HX-Request": "true"}).text
    assert "Alpha" in text
    assert "<html" not in text


def walk(client, address):
    """Every page from the first to the last by its "next", then back by its "previous"."""
    there, back = [], []
    response = client.get(address)
    while True:
        there.append(names(response))
        if not (after := response.context["rows"].after):
            break
        response = client.get(f"{address}&after={after}")
    while before := response.context["rows"].before:
        response = client.get(f"{address}&before={before}")
        back.append(names(response))
    return there, back


@pytest.mark.parametrize("many", [2, keyset.MANY])  # fewer than match, and more
@pytest.mark.parametrize("sort", ["name", "-name", "days", "-days"])
def test_paging_shows_every_row_once_in_order_both_ways(client_as, monkeypatch, sort, many):
    monkeypatch.setattr(keyset, "MANY", many)
    for number in range(11):  # ties and empty values among the days
        make.customer(f"C{number:02}", payment_days=[None, 14, 30][number % 3])
    there, back = walk(client_as("owner"), f"/list/?sort={sort}")
    rows = list(Customer.objects.all())
    if "name" in sort:
        wanted = sorted(rows, key=lambda row: row.name)
    else:
        wanted = sorted(rows, key=lambda row: (row.payment_days or -1, row.pk))
    wanted = [row.name for row in (reversed(wanted) if sort[0] == "-" else wanted)]
    assert [name for page in there for name in page] == wanted
    assert list(reversed(back)) == there[:-1]


@pytest.mark.parametrize(
    "query", ["after=abc", "after=999999", "sort=password", "after=" + "9" * 40]
)
def test_nonsense_in_the_address_shows_the_first_page(client_as, query):
    make.customer("Alpha")
    assert names(client_as("owner").get(f"/list/?{query}")) == ["Alpha"]


def test_a_list_costs_six_queries_however_long_it_is(client_as, django_assert_num_queries):
    client = client_as("owner")
    client.get("/list/")
    for number in range(30):
        make.customer(f"C{number}")
    # session, person, what matches, the ids of the page, its rows, navigation with its counts
    with django_assert_num_queries(6):
        client.get("/list/")


def test_the_count_stops_at_a_thousand(db, monkeypatch):
    monkeypatch.setattr(keyset, "MANY", 4)
    for number in range(6):
        make.customer(f"C{number}")
    rows = keyset.page(Customer.objects.all(), sort="id", column="id", size=2)
    assert (rows.count, rows.total, rows.more) == ("4+", 4, True)
    rows = keyset.page(Customer.objects.all(), sort="id", column="id", size=2, many=2)
    assert (rows.count, rows.after) == ("2+", rows.items[-1].pk)


def test_a_row_that_a_filter_no_longer_shows_still_marks_the_place(client_as):
    rows = [make.customer(f"C{number}", city="Here") for number in range(5)]
    Customer.objects.filter(pk=rows[2].pk).update(city="Gone")
    assert names(client_as("owner").get(f"/list/?q=here&after={rows[2].pk}")) == ["C3", "C4"]


def test_a_bulk_action_acts_on_the_ticked_rows_and_says_so(client_as):
    one, two = make.customer(), make.customer()
    response = client_as("owner").post(
        "/list/", {"action": "rename", "selected": [one.pk]}, follow=True
    )
    assert texts(response) == ["1 renamed."]
    assert Customer.objects.filter(phone="1").get() == one
    assert two.phone == ""


def test_a_refused_bulk_action_says_why_and_changes_nothing(client_as):
    one = make.customer(city="locked")
    response = client_as("owner").post(
        "/list/", {"action": "rename", "selected": [one.pk]}, follow=True
    )
    assert texts(response) == ["A locked customer can't be renamed."]
    assert not Customer.objects.filter(phone="1").exists()


@pytest.mark.parametrize(("role", "action"), [("read-only", "rename"), ("owner", "post")])
def test_a_bulk_action_needs_its_permission_and_must_exist(client_as, role, action):
    one = make.customer()
    response = client_as(role).post("/list/", {"action": action, "selected": [one.pk]})
    assert response.status_code == 403
    assert not Customer.objects.filter(phone="1").exists()


def test_the_bulk_bar_is_shown_to_those_who_may(client_as):
    make.customer()
    assert "data-all" in client_as("owner").get("/list/").text
    assert "data-all" not in client_as("read-only").get("/list/").text


def test_a_form_page_creates_through_the_verb(client_as):
    response = client_as("billing").post("/new/", {"name": "Alpha", "city": "Rome"}, follow=True)
    assert texts(response) == ["Saved Alpha."]
    assert Customer.objects.get().city == "Rome"


def test_a_form_with_mistakes_keeps_what_was_typed_and_links_to_the_field(client_as):
    response = client_as("billing").post("/new/", {"name": "", "city": "Rome"})
    assert response.status_code == 422
    assert 'value="Rome"' in response.text
    assert '<a href="#id_name">Name</a>: This field is required.' in response.text
    assert 'aria-invalid="true"' in response.text
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("city", "status", "where"),
    [("Atlantis", 422, "city"), ("Nowhere", 409, "__all__"), ("Longland", 422, "__all__")],
)
def test_a_refusal_stands_beside_the_form(client_as, city, status, where):
    response = client_as("billing").post("/new/", {"name": "Alpha", "city": city})
    assert response.status_code == status
    assert list(response.context["form"].errors) == [where]
    assert f'value="{city}"' in response.text


def test_a_stale_edit_is_stopped_once_and_then_possible(client_as):
    customer, client = make.customer("Alpha"), client_as("billing")
    seen = client.get(f"/{customer.pk}/").context["seen"]
    Customer.objects.filter(pk=customer.pk).update(city="Oslo")
    typed = {"name": "Alpha", "city": "Rome"}
    response = client.post(f"/{customer.pk}/", typed | {"seen": seen})
    assert response.status_code == 409
    assert "Somebody else changed this" in response.text
    assert Customer.objects.get().city == "Oslo"
    client.post(f"/{customer.pk}/", typed | {"seen": response.context["seen"]})
    assert Customer.objects.get().city == "Rome"


def test_a_question_is_a_page_and_for_htmx_a_dialog(client_as):
    customer, client = make.customer(), client_as("owner")
    page = client.get(f"/{customer.pk}/ask/").text
    dialog = client.get(f"/{customer.pk}/ask/", headers={"HX-Request": "true"}).text
    assert "Really?" in page
    assert "<html" in page
    assert "Really?" in dialog
    assert "<html" not in dialog


def test_an_act_needs_its_reason(client_as):
    customer = make.customer()
    response = client_as("owner").post(f"/{customer.pk}/ask/", {"reason": " "})
    assert response.status_code == 422
    assert Customer.objects.get().notes == ""


def test_an_act_is_done_and_said(client_as):
    customer = make.customer()
    response = client_as("owner").post(f"/{customer.pk}/ask/", {"reason": "twice"}, follow=True)
    assert texts(response) == ["Erased."]
    assert Customer.objects.get().notes == "twice"


def test_a_refused_act_returns_with_the_reason(client_as):
    customer = make.customer(city="locked")
    response = client_as("owner").post(f"/{customer.pk}/ask/", {"reason": "twice"}, follow=True)
    assert texts(response) == ["It is locked."]
    assert Customer.objects.get().notes == ""


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver@evil.example/",
    "\thttps://evil.example",
]


@pytest.mark.parametrize("address", FOREIGN)
def test_no_form_leads_away_from_this_host(client_as, address):
    customer, client = make.customer(), client_as("owner")
    for response in (
        client.post("/new/", {"name": f"N{make.n()}", "next": address}),
        client.post(f"/{customer.pk}/ask/", {"reason": "x", "next": address}),
        client.post("/list/", {"action": "rename", "selected": [customer.pk], "next": address}),
        client.post("/theme/", {"theme": "dark", "next": address}),
    ):
        assert response.status_code == 302
        assert response.url.startswith("/")
        assert "evil" not in response.url
        assert "javascript" not in response.url


def test_a_form_returns_to_a_page_of_ours_that_asked_for_it(client_as):
    response = client_as("owner").post("/new/", {"name": "Alpha", "next": "/list/?q=a"})
    assert response.url == "/list/?q=a"
