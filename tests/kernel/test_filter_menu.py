"""The "Filters" menu of a list: drawn when somebody opens it, in force all the time."""

from __future__ import annotations

import pytest

from atera_invoicing.templatetags import ui
from tests import make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def contract():
    return make.hourly(customer=make.customer("Bluewater & Söhne"), name="Care")


def test_a_list_does_not_draw_what_its_filters_offer(client_as, contract):
    text = client_as("billing").get("/invoices/").text
    assert 'popovertarget="filters"' in text
    assert 'hx-get="?filters=1"' in text
    assert "Bluewater" not in text


def test_opening_the_menu_brings_the_fields_with_what_is_chosen(client_as, contract):
    address = f"/invoices/?filters=1&customer={contract.customer_id}&total_min=5"
    text = client_as("billing").get(address, headers=HTMX).text
    assert "<html" not in text
    assert f'<option value="{contract.customer_id}" selected>Bluewater &amp; Söhne</option>' in text
    assert '<option value="true">Overdue</option>' in text
    assert 'name="total_min" value="5"' in text


def test_without_javascript_a_link_brings_the_same_fields(client_as, contract):
    client = client_as("billing")
    assert '<noscript><a class="button" href="?filters=1">' in client.get("/invoices/").text
    text = client.get("/invoices/?filters=1").text
    assert "<html" in text
    assert "Bluewater &amp; Söhne</option>" in text


def test_a_closed_menu_keeps_its_filters_in_the_form(client_as, contract):
    text = client_as("billing").get("/tickets/?q=vpn&status=open&status=pending&sort=number").text
    for value in ("open", "pending"):
        assert f'<input type="hidden" name="status" value="{value}">' in text
    assert '<input type="hidden" name="q"' not in text
    assert text.count('name="sort"') == 1
    assert "Show all" in text


def test_a_filter_that_says_nothing_does_not_narrow(client_as, contract):
    text = client_as("billing").get("/tickets/?status=&filters=1").text
    assert "Show all" not in text


def test_choices_are_drawn_as_django_draws_them():
    groups = [
        (None, [{"value": "", "label": "All", "attrs": {}}], 0),
        ("A & B", [{"value": 7, "label": "<b>", "attrs": {"selected": True, "title": '"'}}], 1),
    ]
    assert ui.options(groups) == (
        '<option value="">All</option><optgroup label="A &amp; B">'
        '<option value="7" title="&quot;" selected>&lt;b&gt;</option></optgroup>'
    )
