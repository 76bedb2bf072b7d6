"""Pages of tickets, time and goods: who may open them, what they refuse, and who sees a price."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from atera_invoicing.models import Installation, User
from contracts.models import Ticket, TicketItem, TimeEntry
from contracts.views.tickets import TicketList
from tests import make, pages

pytestmark = pytest.mark.django_db

VIEW, CHANGE, LOG = "contracts.view_ticket", "contracts.change_ticket", "contracts.log_time"
PAGES = {
    "/tickets/": VIEW,
    "/tickets/{ticket}/": VIEW,
    "/tickets/new/": CHANGE,
    "/tickets/{ticket}/edit/": CHANGE,
    "/tickets/{ticket}/resolve/": CHANGE,
    "/tickets/{ticket}/close/": CHANGE,
    "/tickets/{ticket}/reopen/": CHANGE,
    "/tickets/{ticket}/delete/": "contracts.delete_ticket",
    "/tickets/{ticket}/time/": LOG,
    "/tickets/{ticket}/items/": LOG,
    "/items/{item}/": LOG,
    "/items/{item}/delete/": LOG,
}
PRICE = "137.31"
TIME = {"started_at": "2026-10-12T09:00", "minutes": "30", "billable": "on"}


@pytest.fixture
def ticket():
    return make.ticket(make.hourly(PRICE), resolved=None)


@pytest.mark.parametrize("role", pages.ROLES)
@pytest.mark.parametrize("address", PAGES)
def test_each_role_opens_what_the_table_says(client_as, ticket, role, address):
    used = make.used(ticket)
    url = address.format(ticket=ticket.pk, item=used.pk)
    pages.check_role(client_as(role), role, url, PAGES[address])


@pytest.mark.parametrize("address", ["/time/{}/", "/time/{}/delete/"])
def test_the_time_of_others_is_not_there_for_a_technician(client_as, ticket, address):
    url = address.format(make.entry(ticket, technician=make.user("technician")).pk)
    client = client_as("technician")
    assert client.get(url).status_code == 404
    assert client.post(url, TIME).status_code == 404
    assert client_as("billing").get(url).status_code == 200
    assert client_as("read-only").get(url).status_code == 403
    assert TimeEntry.objects.get().minutes == 60


def test_a_technician_reads_only_own_time_on_a_ticket(client_as, ticket):
    make.entry(ticket, 60, technician=make.user("technician"), description="Not yours")
    client = client_as("technician")
    client.post(f"/tickets/{ticket.pk}/time/", TIME | {"description": "My work"})
    text = client.get(f"/tickets/{ticket.pk}/").text
    assert "My work" in text
    assert "Not yours" not in text
    assert "1 h" not in client.get("/tickets/").text.split('id="list"')[1]
    assert "Not yours" in client_as("read-only").get(f"/tickets/{ticket.pk}/").text


def test_a_technician_sees_no_price_on_any_page(client_as, ticket):
    client = client_as("technician")
    rate = ticket.contract.rates.get()
    client.post(f"/tickets/{ticket.pk}/time/", TIME | {"rate": rate.pk})
    entry, used = TimeEntry.objects.get(), make.used(ticket, PRICE)
    urls = [
        "/", "/tickets/", f"/tickets/{ticket.pk}/", f"/tickets/{ticket.pk}/edit/",
        f"/tickets/{ticket.pk}/time/", f"/tickets/{ticket.pk}/items/", f"/time/{entry.pk}/",
        f"/items/{used.pk}/", "/customers/", f"/customers/{ticket.customer_id}/",
    ]  # fmt: skip
    for url in urls:
        response = client.get(url)
        assert response.status_code == 200, url
        assert "137.3" not in response.text, url
        assert "unit_price" not in response.text, url
    assert PRICE in client_as("billing").get(f"/tickets/{ticket.pk}/").text


def test_a_technician_cannot_send_a_price(client_as, ticket):
    item = make.item(price="50", kind="product")
    sent = {
        "item": item.pk, "used_on": "2026-10-12", "quantity": "2", "billable": "on",
        "unit_price": "1", "discount_percent": "90",
    }  # fmt: skip
    client_as("technician").post(f"/tickets/{ticket.pk}/items/", sent)
    used = TicketItem.objects.get()
    assert (used.unit_price, used.discount_percent) == (50, 0)


def test_a_ticket_takes_the_customers_default_contract(client_as):
    contract = make.hourly(is_default=True)
    client = client_as("technician")
    sent = {"customer": contract.customer_id, "title": "Mail stuck", "priority": "high"}
    response = client.post("/tickets/new/", sent)
    ticket = Ticket.objects.get()
    assert response.url == f"/tickets/{ticket.pk}/"
    assert (ticket.contract, ticket.status) == (contract, "open")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"title": "a\x00"}, "Null characters are not allowed."),
        ({"customer": "99999"}, "Select a valid choice."),
        ({"customer": "x"}, "Select a valid choice."),
        ({"priority": "urgent!"}, "Select a valid choice."),
        ({"number": "T-1"}, "Another ticket has this number."),
        ({"description": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_bad_ticket_is_refused_beside_its_field(client_as, sent, words):
    customer = make.customer()
    make.ticket(customer=customer, number="T-1")
    good = {"customer": customer.pk, "title": "Mail stuck", "priority": "low"}
    pages.refused(client_as("billing").post("/tickets/new/", good | sent), words)
    assert Ticket.objects.count() == 1


def test_a_contract_of_another_customer_is_refused(client_as):
    customer, foreign = make.customer(), make.hourly()
    sent = {"customer": customer.pk, "title": "x", "priority": "low", "contract": foreign.pk}
    response = client_as("billing").post("/tickets/new/", sent)
    assert response.status_code == 422
    assert "contract" in response.context["form"].errors
    assert not Ticket.objects.exists()


def test_text_is_kept_and_shown_as_text_only(client_as, ticket):
    client = client_as("billing")
    edit = f"/tickets/{ticket.pk}/edit/"
    sent = {
        "customer": ticket.customer_id, "contract": ticket.contract_id, "number": ticket.number,
        "title": pages.HOSTILE, "priority": "low", "description": pages.HOSTILE,
    }  # fmt: skip
    assert client.post(edit, sent).status_code == 302
    client.post(f"/tickets/{ticket.pk}/time/", TIME | {"description": pages.HOSTILE})
    ticket.refresh_from_db()
    assert ticket.title == pages.HOSTILE
    for url in ("/tickets/", f"/tickets/{ticket.pk}/", edit):
        text = client.get(url).text
        assert pages.INERT in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"minutes": "0"}, "greater than or equal to 1"),
        ({"minutes": "-5"}, "greater than or equal to"),
        ({"minutes": "6001"}, "less than or equal to 6000"),
        ({"minutes": "half"}, "Enter a whole number."),
        ({"started_at": "yesterday"}, "Enter a valid date/time."),
        ({"rate": "99999"}, "Select a valid choice."),
        ({"description": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_bad_time_is_refused_beside_its_field(client_as, ticket, sent, words):
    url = f"/tickets/{ticket.pk}/time/"
    pages.refused(client_as("technician").post(url, TIME | sent), words)
    assert not TimeEntry.objects.exists()


def test_new_work_is_offered_for_today_and_the_person_who_logs_in(client_as, ticket):
    with time_machine.travel(dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)):
        client = client_as("billing")
        time = client.get(f"/tickets/{ticket.pk}/time/")
        item = client.get(f"/tickets/{ticket.pk}/items/")
    assert 'value="2026-10-15 ' in time.text
    assert time.context["form"]["technician"].value() == time.context["user"].pk
    assert 'value="2026-10-15"' in item.text


def test_a_rate_of_another_contract_is_refused(client_as, ticket):
    foreign = make.hourly().rates.get()
    url = f"/tickets/{ticket.pk}/time/"
    pages.refused(client_as("billing").post(url, TIME | {"rate": foreign.pk}), "valid choice")
    assert not TimeEntry.objects.exists()


def test_billing_logs_time_for_a_technician_and_a_technician_for_nobody_else(client_as, ticket):
    other = make.user("technician")
    url = f"/tickets/{ticket.pk}/time/"
    client_as("billing").post(url, TIME | {"technician": other.pk})
    client_as("technician").post(url, TIME | {"technician": other.pk})
    first, second = TimeEntry.objects.order_by("id")
    assert first.technician == other
    assert second.technician != other


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"item": "99999"}, "Select a valid choice."),
        ({"quantity": "0"}, "The quantity must be more than 0."),
        ({"quantity": "-1"}, "The quantity must be more than 0."),
        ({"quantity": "many"}, "Enter a number."),
        ({"unit_price": "-1"}, "negative"),
        ({"discount_percent": "101"}, "between 0 and 100"),
        ({"used_on": "2026-02-31"}, "Enter a valid date."),
        ({"description": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_bad_item_is_refused_beside_its_field(client_as, ticket, sent, words):
    good = {
        "item": make.item(kind="product").pk, "used_on": "2026-10-12", "quantity": "1",
        "billable": "on",
    }  # fmt: skip
    url = f"/tickets/{ticket.pk}/items/"
    pages.refused(client_as("billing").post(url, good | sent), words)
    assert not TicketItem.objects.exists()


def test_an_empty_price_is_the_catalogues(client_as, ticket):
    item = make.item(price="45.5", kind="expense")
    url = f"/tickets/{ticket.pk}/items/"
    sent = {"item": item.pk, "used_on": "2026-10-12", "quantity": "1", "billable": "on"}
    assert client_as("billing").post(url, sent).status_code == 302
    assert TicketItem.objects.get().unit_price == make.Decimal("45.5")


def test_a_ticket_is_resolved_closed_and_reopened(client_as, ticket):
    client = client_as("technician")
    for verb, status in [("resolve", "resolved"), ("close", "closed"), ("reopen", "open")]:
        client.post(f"/tickets/{ticket.pk}/{verb}/")
        ticket.refresh_from_db()
        assert ticket.status == status


def test_billed_work_says_so_and_stays(client_as, ticket):
    client = client_as("billing")
    entry = make.entry(ticket)
    make.claim(entry, "INV-9")
    page = client.get(f"/tickets/{ticket.pk}/").text
    assert "Work on this ticket is billed" in page
    assert f'href="/invoices/{entry.claims.get().invoice_id}/">INV-9</a>' in page
    assert f"/time/{entry.pk}/delete/" not in page
    response = client.post(f"/time/{entry.pk}/", TIME | {"technician": entry.technician_id})
    assert response.status_code == 409
    assert "INV-9" in response.text
    assert "INV-9" in client.post(f"/time/{entry.pk}/delete/", follow=True).text
    assert "INV-9" in client.post(f"/tickets/{ticket.pk}/delete/", follow=True).text
    assert TimeEntry.objects.get().minutes == 60


@pytest.mark.parametrize("role", ["billing", "technician"])
def test_nobody_gets_a_form_for_what_is_billed(client_as, ticket, role):
    client = client_as(role)
    me = User.objects.get(role=role)
    entry, item = make.entry(ticket, technician=me), make.used(ticket)
    claim = make.claim(entry, "INV-9")
    make.claim(item, "INV-10")
    addresses = [f"/time/{entry.pk}/", f"/items/{item.pk}/", f"/tickets/{ticket.pk}/time/"]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 409
        assert "is billed on invoice INV-" in response.text
    text = client.get(addresses[0]).text
    assert (f"/invoices/{claim.invoice_id}/" in text) == (role == "billing")
    assert ("The role Owner or Billing can do that." in text) == (role == "technician")


def test_the_tabs_show_open_and_unbilled_tickets_and_those_without_a_contract(client_as):
    contract = make.hourly()
    make.ticket(contract, resolved=None, title="Still open")
    make.entry(make.ticket(contract, title="Wants a bill"))
    make.ticket(None, title="Orphan")
    client = client_as("billing")
    tabs = client.get("/tickets/").context["tabs"]
    found = {
        label: {row.title for row in client.get(f"/tickets/?{query}").context["rows"].items}
        for label, query, _ in tabs
    }
    assert found == {
        "All": {"Still open", "Wants a bill", "Orphan"},
        "Open": {"Still open"},
        "To be billed": {"Wants a bill"},
        "Without a contract": {"Orphan"},
    }
    page = client.get("/tickets/?status=open&status=pending")
    assert [label for label, _, current in page.context["tabs"] if current] == ["Open"]


def test_a_ticket_on_a_block_shows_what_is_left_of_it(client_as):
    today = timezone.localdate()
    block = make.block_hours("10", start_date=today.replace(day=1))
    ticket = make.ticket(block, resolved=None)
    make.entry(ticket, 90, started=today.isoformat())
    client = client_as("technician")
    for page in (f"/tickets/{ticket.pk}/", f"/tickets/{ticket.pk}/time/"):
        assert "8.50\u00a0h of 10.00\u00a0h left" in client.get(page).text


def test_a_technician_is_not_told_the_money_of_a_block(client_as):
    block = make.block_money("1000", start_date=timezone.localdate().replace(day=1))
    ticket = make.ticket(block, resolved=None)
    assert "1,000.00 left" in client_as("billing").get(f"/tickets/{ticket.pk}/").text
    assert "1,000.00" not in client_as("technician").get(f"/tickets/{ticket.pk}/").text


def test_resolving_says_where_the_work_will_be_billed(client_as, ticket):
    client = client_as("technician")
    address = f"/tickets/{ticket.pk}/resolve/"
    assert "in the period of today" in client.get(address).text
    Installation.objects.update(ticket_period="work_date")
    assert "in the period of the day it was done" in client.get(address).text
    Ticket.objects.update(contract=None)
    assert "none of its work can be billed" in client.get(address).text


def test_deleting_says_what_it_did(client_as, ticket):
    entry, used = make.entry(ticket), make.used(ticket)
    client = client_as("billing")
    client.post(f"/time/{entry.pk}/delete/")
    client.post(f"/items/{used.pk}/delete/")
    assert client.post(f"/tickets/{ticket.pk}/delete/").url == "/tickets/"
    assert not Ticket.objects.exists()


def test_a_strange_customer_in_the_address_is_passed_over(client_as):
    client = client_as("billing")
    for value in ("x", "9" * 40, "-1", "%00"):
        assert client.get(f"/tickets/new/?customer={value}").status_code == 200


@pytest.mark.parametrize("many", [2, 30])
def test_the_list_costs_the_same_for_any_number_of_rows(client_as, django_assert_num_queries, many):
    for _ in range(many):
        make.entry(make.ticket(make.hourly()))
    client = client_as("billing")
    client.get("/tickets/")
    with django_assert_num_queries(6):
        client.get("/tickets/")
    with django_assert_num_queries(7):  # customers with that name
        client.get("/tickets/?q=vpn&unbilled=true")


def test_what_is_to_be_billed_is_counted_to_the_end_of_a_page_only(client_as, monkeypatch):
    monkeypatch.setattr(TicketList, "size", 2)
    contract = make.hourly()
    done = [make.entry(make.ticket(contract)).ticket for _ in range(3)]
    make.claim(make.entry(make.ticket(contract)))
    make.entry(make.ticket(contract, resolved=None))
    make.used(make.ticket(contract, title="Only goods"))
    rows = client_as("billing").get("/tickets/?unbilled=true&sort=number").context["rows"]
    assert rows.items == done[:2]
    assert rows.count == "2+"
    assert client_as("billing").get("/tickets/?unbilled=false").context["rows"].count == "2"


@pytest.mark.parametrize("many", [1, 12])
def test_a_ticket_costs_the_same_for_any_amount_of_work(
    client_as, ticket, django_assert_max_num_queries, many
):
    for _ in range(many):
        make.claim(make.entry(ticket), f"INV-{make.n()}")
        make.used(ticket)
    client = client_as("billing")
    client.get(f"/tickets/{ticket.pk}/")
    with django_assert_max_num_queries(11):
        client.get(f"/tickets/{ticket.pk}/")
