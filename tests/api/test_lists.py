"""Lists: filtered, sorted, paged without gaps, in a constant number of queries."""

from __future__ import annotations

import base64

import pytest

from contracts.models import Ticket
from customers.models import Customer
from invoices.models import Invoice
from tests import make

pytestmark = pytest.mark.django_db


def walk(client, address):
    """Every row from the first page to the last, and then every page backwards."""
    forward, pages = [], []
    while address:
        page = client.get(address).json()
        pages.append(page)
        forward += [row["id"] for row in page["results"]]
        address = page["next"]
    backward = []
    page = pages[-1]
    while page["previous"]:
        page = client.get(page["previous"]).json()
        backward = [row["id"] for row in page["results"]] + backward
    return forward, backward, pages


@pytest.mark.parametrize("ordering", ["", "city", "-city", "name,-city", "-created_at", "id"])
def test_walking_all_pages_meets_each_row_once_also_with_ties(api_as, ordering):
    for index in range(23):
        make.customer(city=["Oslo", "Bergen", ""][index % 3])
    address = f"/api/v1/customers/?page_size=4&ordering={ordering}" if ordering else (
        "/api/v1/customers/?page_size=4"
    )  # fmt: skip
    forward, backward, pages = walk(api_as("owner"), address)
    assert sorted(forward) == sorted(Customer.objects.values_list("id", flat=True))
    assert len(forward) == 23
    last = len(pages[-1]["results"])
    assert backward == forward[:-last]
    assert pages[0]["previous"] is None
    assert pages[-1]["next"] is None


@pytest.mark.parametrize("ordering", ["resolved_at", "-resolved_at"])
def test_empty_values_come_last_and_lose_no_row(api_as, ordering):
    contract = make.hourly()
    for index in range(9):
        make.ticket(contract, resolved=f"2026-10-0{1 + index // 2}" if index % 2 else None)
    forward, backward, pages = walk(
        api_as("owner"), f"/api/v1/tickets/?page_size=2&ordering={ordering}"
    )
    assert sorted(forward) == sorted(Ticket.objects.values_list("id", flat=True))
    assert backward == forward[: -len(pages[-1]["results"])]
    dates = [row["resolved_at"] for page in pages for row in page["results"]]
    known = [date for date in dates if date]
    assert known == sorted(known, reverse=ordering.startswith("-"))
    assert dates[len(known) :] == [None] * 5


def test_a_row_written_between_two_pages_shifts_nothing(api_as):
    for name in "bdfhj":
        make.customer(name)
    client = api_as("owner")
    first = client.get("/api/v1/customers/?page_size=2&ordering=name").json()
    make.customer("a")
    second = client.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["f", "h"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "e30",
        "%00",
        base64.urlsafe_b64encode(b'["-id",false,["1 OR 1=1"]]').decode(),
        base64.urlsafe_b64encode(b'["name,id",false,["a\\u0000",1]]').decode(),
        base64.urlsafe_b64encode(b'["name,id",false,[null,1]]').decode(),
        base64.urlsafe_b64encode(b'["name,id",false,[{"a":1},1]]').decode(),
        base64.urlsafe_b64encode(b'["name,id",1,["a",1]]').decode(),
    ],
)
def test_a_made_up_cursor_is_refused(api_as, cursor):
    answer = api_as("owner").get(f"/api/v1/customers/?ordering=name&cursor={cursor}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_a_cursor_of_another_ordering_is_refused(api_as):
    for _ in range(3):
        make.customer()
    client = api_as("owner")
    page = client.get("/api/v1/customers/?page_size=1&ordering=name").json()
    other = page["next"].replace("ordering=name", "ordering=city")
    assert client.get(other).status_code == 400


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("customers/?colour=red", "colour"),
        ("customers/?archived=perhaps", "archived"),
        ("customers/?ordering=notes", "ordering"),
        ("customers/?page_size=0", "page_size"),
        ("customers/?page_size=201", "page_size"),
        ("customers/?page_size=²", "page_size"),
        ("customers/?q=a%00b", "q"),
        ("contacts/?customer=999999", "customer"),
        ("invoices/?status=lost", "status"),
        ("invoices/?total_min=1e999", "total"),
        ("invoices/?date_after=yesterday", "date"),
        ("invoices/?customer=99999999999999999999999", "customer"),
        ("invoices/?include=secrets", "include"),
        ("tickets/?technician=x", "technician"),
        ("time-entries/?billed=maybe", "billed"),
    ],
)
def test_a_wrong_parameter_is_named(api_as, path, parameter):
    answer = api_as("owner").get(f"/api/v1/{path}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["parameter"] == parameter


def test_an_unknown_parameter_is_answered_with_the_known_ones(api_as):
    detail = api_as("owner").get("/api/v1/invoices/?colour=red").json()["detail"]
    for name in ("status", "total_min", "date_after", "q", "include", "cursor", "ordering"):
        assert name in detail


def test_filters_of_work_know_what_is_billed(api_as):
    client = api_as("owner")
    contract = make.hourly()
    done, waiting = make.ticket(contract), make.ticket(contract, resolved=None)
    for ticket in (done, waiting):
        make.entry(ticket)
    assert ids(client, "tickets/?unbilled=true") == [done.pk]
    assert ids(client, "tickets/?unbilled=false") == [waiting.pk]
    assert len(ids(client, "time-entries/?billed=false")) == 2
    assert ids(client, "time-entries/?billed=true") == []
    assert ids(client, f"tickets/?status=open&customer={waiting.customer_id}") == [waiting.pk]
    assert ids(client, "tickets/?resolved_after=2026-10-20&resolved_before=2026-10-20") == [done.pk]


def ids(client, path):
    return [row["id"] for row in client.get(f"/api/v1/{path}").json()["results"]]


def test_filters_of_invoices(api_as):
    client = api_as("owner")
    customer = make.customer("Acme & Söhne")
    for price, date in (("10", "2026-01-05"), ("200", "2026-10-05")):
        body = {
            "customer": customer.pk,
            "invoice_date": date,
            "lines": [{"description": "Work", "unit_price": price}],
        }
        assert client.post("/api/v1/invoices/", body).status_code == 201
    old, new = Invoice.objects.order_by("id")
    client.post(f"/api/v1/invoices/{old.pk}/issue/")
    assert ids(client, "invoices/?status=draft") == [new.pk]
    assert ids(client, "invoices/?overdue=true") == [old.pk]
    assert ids(client, "invoices/?total_min=10&total_max=10.00") == [old.pk]
    assert ids(client, "invoices/?date_after=2026-10-05") == [new.pk]
    assert ids(client, "invoices/?q=söhne&adhoc=true&ordering=total") == [old.pk, new.pk]
    assert ids(client, "invoices/?adhoc=false") == []


QUERIES = {
    "customers": 1,
    "contacts": 1,
    "tax-rates": 1,
    "categories": 1,
    "catalog-items": 1,
    "contracts": 1,
    "block-movements": 1,
    "usage-counts": 1,
    "tickets": 1,
    "time-entries": 1,
    "ticket-items": 1,
    "batches": 1,
    "invoices": 1,
    "invoices/?include=lines&": 2,
    "payments": 1,
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_list_costs_the_same_queries_however_long_it_is(api_as, name, django_assert_num_queries):
    client = api_as("owner")
    client.get("/api/v1/customers/")  # the budget of this minute is read once
    for _ in range(3):
        ticket = make.ticket(make.hourly())
        make.entry(ticket)
        make.used(ticket)
        make.contact(ticket.customer)
        line = {"description": "Work", "unit_price": "10"}
        client.post("/api/v1/invoices/", {"customer": ticket.customer_id, "lines": [line]})
    address = f"/api/v1/{name}" if "?" in name else f"/api/v1/{name}/"
    with django_assert_num_queries(QUERIES[name]):
        assert client.get(address).status_code == 200


def test_a_list_shows_what_a_single_object_shows(api_as):
    client = api_as("owner")
    ticket = make.ticket(make.hourly())
    make.entry(ticket)
    make.used(ticket)
    make.contact(ticket.customer)
    make.usage(make.monitoring(), "servers", "3")
    make.movement(make.block_hours(), "2")
    line = {"description": "Work", "unit_price": "10"}
    client.post("/api/v1/invoices/", {"customer": ticket.customer_id, "lines": [line]})
    for name in QUERIES:
        if "?" in name or name in ("batches", "payments", "tax-rates", "categories"):
            continue
        row = client.get(f"/api/v1/{name}/").json()["results"][0]
        one = client.get(f"/api/v1/{name}/{row['id']}/").json()
        assert {key: one[key] for key in row} == row, name
