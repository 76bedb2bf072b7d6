"""Every page, opened by every role: allowed people see it, others get 403, nobody gets a 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.html import escape

from accounting.models import Connection, Export, Finding, Link, RemoteInvoice
from atera_invoicing.pages import ActionPage, Page
from atera_invoicing.roles import TABLE, Role
from contracts.models import (
    CatalogItem,
    Category,
    Contract,
    TaxRate,
    Ticket,
    TicketItem,
    TimeEntry,
    UsageCount,
)
from customers.models import Contact, Customer
from tests import make
from tests.accounting import build

pytestmark = pytest.mark.django_db
OBJECTS = {
    "contracts/usage": UsageCount,
    "customers/contacts": Contact, "customers/": Customer, "contracts/": Contract,
    "catalog/taxes": TaxRate,
    "catalog/categories": Category, "catalog/": CatalogItem, "tickets/": Ticket, "time/": TimeEntry,
    "items/": TicketItem,
    "accounting/links": Link, "accounting/export": Export, "accounting/differences": Finding,
    "accounting/there": RemoteInvoice,
    "accounting/": Connection,
}  # fmt: skip

# Pages that lead on, or that are nothing without what a provider brings.
ELSEWHERE = {
    "accounting/from/": 404,
    "accounting/leave/": 302, "accounting/read/": 302, "accounting/setup/": 302,
    "accounting/connect/<slug:provider>/back/": 409,
}  # fmt: skip
FITTING = {">/usage/": "monitoring", ">/balance/": "block_hours"}


def pages() -> Iterator[tuple[str, type[Page]]]:
    """Address pattern and view class of pages about customers, contracts, work, accounting."""

    def walk(patterns: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            route = before + re.sub(r"[$^]|\(\?P<kind>(\w+)[^)]*\)", r"\1", str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route, pattern

    for route, pattern in walk(get_resolver().url_patterns, ""):
        view = getattr(pattern.callback, "view_class", None)
        if view and issubclass(view, Page) and route.startswith(tuple(OBJECTS)):
            yield route, view


def address(route: str) -> str:
    model = next(model for start, model in OBJECTS.items() if route.startswith(start))
    if kind := next((kind for part, kind in FITTING.items() if part in route), None):
        return "/" + route.replace("<int:pk>", str(Contract.objects.get(type=kind).pk))
    pk = str(Customer.objects.get().pk if "<int:customer>" in route else model.objects.first().pk)
    slugs = route.replace("<slug:type>", "hourly").replace("<slug:provider>", "qbo")
    return "/" + re.sub(r"<int:\w+>", pk, slugs)


@pytest.fixture
def month():
    contract = make.hourly("173.25", customer=make.customer("Bluewater"), tax_rate=make.tax())
    make.contact(contract.customer)
    ticket = make.ticket(contract, resolved=None)
    make.entry(ticket)
    make.usage(make.monitoring(customer=contract.customer), "servers", "4")
    make.block_hours(customer=contract.customer)
    make.used(ticket, "231.75", item=make.item("Dock", "231.75", "product", category="Hardware"))
    connect(make.claim(contract, "INV-1").invoice)


def connect(invoice):
    """One connection in use, with something refused and something that differs; one in the making,
    which each owner who comes along holds.
    """
    active = build.connected(takes_time=True)
    Export.objects.create(
        connection=active, invoice=invoice, operation="create", state="rejected", document={},
        digest="x", marker="m", queued_at=build.NOW,
    )  # fmt: skip
    RemoteInvoice.objects.create(
        connection=active, invoice=invoice, remote_id="7", number="INV-1", status="open",
        version="0", subtotal=1, tax=0, total=1, balance=1, content={}, baseline={},
        seen_at=build.NOW,
    )  # fmt: skip
    Finding.objects.create(
        connection=active, invoice=invoice, kind="drift", found_at=build.NOW,
        differences=[{"field": "total", "ours": "1", "theirs": "2"}],
    )  # fmt: skip
    Connection.objects.create(
        provider="qbo", company_id="2", company_name="Second", sealed="x", read_at=build.NOW,
        created_at=build.NOW, created_by=active.created_by, touched_at=build.NOW,
    )  # fmt: skip


def test_every_page_of_ours_names_a_permission_of_the_table():
    missing = [route for route, view in pages() if view.permission not in TABLE]
    assert missing == []


@pytest.mark.parametrize("role", Role.values)
def test_each_role_opens_what_it_may(month, client_as, role):
    client, seen = client_as(role), 0
    Connection.objects.filter(state="draft").update(held_by=client.session["_auth_user_id"])
    for route, view in pages():
        status = client.get(address(route)).status_code
        others_time = role == Role.TECHNICIAN and route.startswith("time/")
        expected = 404 if others_time else ELSEWHERE.get(route, 200)
        expected = 403 if role not in TABLE[view.permission] else expected
        assert (route, status) == (route, expected)
        seen += 1
    assert seen > 60


def test_nobody_is_let_in_without_a_log_in(month, client_as):
    client = client_as("anonymous")
    assert {client.get(address(route)).status_code for route, _ in pages()} == {302}


def test_no_form_forgets_a_field_and_no_choice_is_called_dashes(month, client_as):
    client, seen = client_as("owner"), 0
    for route, _ in pages():
        response = client.get(address(route))
        fields = getattr((response.context or {}).get("form"), "visible_fields", list)()
        missing = [field.html_name for field in fields if field.auto_id not in response.text]
        assert (route, missing) == (route, [])
        assert "---------" not in response.text, route
        assert "[invalid name]" not in response.text, route
        seen += len(fields)
    assert seen > 80


@pytest.mark.parametrize("start", ["time/", "items/"])
def test_a_page_is_marked_in_the_navigation_wherever_its_address_begins(month, client_as, start):
    route = next(route for route, _ in pages() if route.startswith(start))
    text = client_as("owner").get(address(route)).text
    assert re.search(r'href="/tickets/" aria-current="page"', text)


def test_a_question_names_its_row_and_leads_back_to_it(month, client_as):
    client, seen = client_as("owner"), 0
    for route, view in pages():
        if not issubclass(view, ActionPage):
            continue
        response = client.get(address(route))
        row, back = str(response.context["object"]), response.context["back"]
        assert escape(row) in response.text
        assert f'<a class="button quiet" href="{back}"' in response.text
        assert 'aria-label="Path"' in response.text
        assert row in client.get(address(route), headers={"HX-Request": "true"}).text
        seen += 1
    assert seen > 10


def test_a_technician_never_sees_a_price(month, client_as):
    client = client_as("technician")
    for route, view in pages():
        if Role.TECHNICIAN in TABLE[view.permission]:
            text = client.get(address(route)).content.decode()
            assert not re.search(r"173[.,]25|231[.,]75", text), route
