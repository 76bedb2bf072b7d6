"""Pages of contracts: roles, the form of each type, refusals, the calendar and the block."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from contracts.models import BlockMovement, CatalogItem, Contract, UsageCount
from tests import make, pages

pytestmark = pytest.mark.django_db

VIEW, CHANGE = "contracts.view_contract", "contracts.change_contract"
PAGES = {
    "/contracts/": VIEW,
    "/contracts/{contract}/": VIEW,
    "/contracts/new/": CHANGE,
    "/contracts/new/hourly/": CHANGE,
    "/contracts/{contract}/edit/": CHANGE,
    "/contracts/{contract}/end/": CHANGE,
    "/contracts/{block}/balance/": CHANGE,
    "/contracts/{counting}/usage/": "contracts.change_usage",
    "/contracts/usage/{count}/delete/": "contracts.change_usage",
}
RATES = {
    "retainer": [{"role": "fee", "name": "Care", "price": "800"}],
    "hourly": [
        {"role": "primary", "name": "Standard", "price": "100"},
        {"role": "additional", "name": "Night", "price": "150"},
    ],
    "block_hours": [{"role": "block", "name": "Block", "price": "95"}],
    "block_money": [
        {"role": "fee", "name": "Block", "price": "1000"},
        {"role": "primary", "name": "Standard", "price": "100"},
    ],
    "monitoring": [{"role": "device", "counted": "servers", "name": "Server", "price": "40"}],
    "backup": [{"role": "storage", "counted": "total_gb", "name": "GB", "price": "0.35"}],
    "project_fixed": [{"role": "fee", "name": "Move", "price": "5000"}],
    "project_hourly": [{"role": "primary", "name": "Standard", "price": "110"}],
}


def terms(type, customer, **fields):
    common = {
        "customer": customer.pk, "name": "Plan", "start_date": "2026-10-01", "quantity": "1",
        "included": "10", "rounding_increment": "15", "rounding_minimum": "0",
        "rounding_scope": "entry", "is_active": "on", "anchor": "start", "timing": "arrears",
        "period": "monthly",
    }  # fmt: skip
    return common | fields


@pytest.mark.parametrize("role", pages.ROLES)
@pytest.mark.parametrize("address", PAGES)
def test_each_role_opens_what_the_table_says(client_as, role, address):
    counting = make.monitoring()
    url = address.format(
        contract=make.hourly().pk,
        block=make.block_hours().pk,
        counting=counting.pk,
        count=make.usage(counting, "servers", "3").pk,
    )
    pages.check_role(client_as(role), role, url, PAGES[address])


@pytest.mark.parametrize("type", Contract.Type.values)
def test_each_type_is_made_with_its_rates_and_shown(client_as, type):
    client, customer = client_as("billing"), make.customer()
    form = client.get(f"/contracts/new/{type}/")
    assert form.status_code == 200
    response = client.post(
        f"/contracts/new/{type}/", terms(type, customer) | pages.rates(*RATES[type])
    )
    assert response.status_code == 302, response.context["form"].errors
    contract = Contract.objects.get()
    assert contract.type == type
    assert response.url == f"/contracts/{contract.pk}/"
    assert {(r.role, r.item.name, r.price) for r in contract.rates.all()} == {
        (row["role"], row["name"], Decimal(row["price"])) for row in RATES[type]
    }
    page = client.get(response.url)
    assert page.status_code == 200
    assert RATES[type][0]["name"] in page.text


@pytest.mark.parametrize("type", Contract.Type.values)
def test_the_form_of_a_type_has_a_row_for_each_rate_it_needs(client_as, type):
    formset = client_as("billing").get(f"/contracts/new/{type}/").context["formset"]
    needed = [form.initial["role"] for form in formset.initial_forms]
    assert needed == [row["role"] for row in RATES[type]][: len(needed)]
    assert needed
    assert len(formset.extra_forms) == (type not in ("retainer", "project_fixed"))


def test_a_form_shows_only_the_fields_of_its_type(client_as):
    client = client_as("billing")
    assert "included" not in client.get("/contracts/new/hourly/").context["form"].fields
    fields = client.get("/contracts/new/block_hours/").context["form"].fields
    assert {"included", "rollover"} <= fields.keys()
    assert client.get("/contracts/new/lease/").status_code == 404


def test_eight_types_are_offered_with_a_sentence_each(client_as):
    text = client_as("billing").get("/contracts/new/?customer=7").text
    for type in Contract.Type:
        assert f"/contracts/new/{type}/?customer=7" in text


def test_a_new_contract_begins_this_month_and_lasts_three_years(client_as):
    with time_machine.travel(dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)):
        text = client_as("billing").get("/contracts/new/hourly/").text
    assert 'value="2026-10-01"' in text
    assert 'value="2029-09-30"' in text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "\x00"}, "Null characters are not allowed."),
        ({"customer": "99999"}, "Select a valid choice."),
        ({"tax_rate": "99999"}, "Select a valid choice."),
        ({"start_date": "1 May"}, "Enter a valid date."),
        ({"end_date": "2026-09-30"}, "The end date lies before the start date."),
        ({"period": "hourly"}, "Select a valid choice."),
        ({"period": "whole"}, "give it an end date"),
        ({"included": "-3"}, "how many hours the block includes"),
        ({"included": "ten"}, "Enter a number."),
        ({"rounding_increment": "7"}, "Select a valid choice."),
        ({"form-0-name": "", "form-0-price": ""}, "Pick an item, or name a new one."),
        ({"form-0-price": ""}, "Give the new item a price."),
        ({"form-0-price": "-1"}, "greater than or equal to 0"),
        ({"form-0-name": "x" * 101}, "at most 100 characters"),
        ({"form-0-name": "\x00"}, "Null characters are not allowed."),
        ({"form-0-name": "taken"}, "An item of this kind and name already exists."),
        ({"form-0-item": "99999"}, "Select a valid choice."),
        ({"form-0-role": "device"}, "Select a valid choice."),
        ({"form-0-role": "overage"}, "Add the block price per hour."),
        ({"form-0-id": "99999"}, "This rate belongs to another contract."),
    ],
)
def test_a_bad_contract_is_refused_and_leaves_nothing(client_as, sent, words):
    make.item("Taken")
    good = terms("block_hours", make.customer()) | pages.rates(*RATES["block_hours"])
    response = client_as("billing").post("/contracts/new/block_hours/", good | sent)
    pages.refused(response, words)
    assert not Contract.objects.exists()
    assert CatalogItem.objects.count() == 1


def test_a_rate_of_another_contract_cannot_be_taken(client_as):
    foreign = make.hourly().rates.get()
    contract = make.hourly()
    row = {"id": foreign.pk, "role": "primary", "item": foreign.item_id}
    response = client_as("billing").post(
        f"/contracts/{contract.pk}/edit/",
        terms("hourly", contract.customer) | pages.rates(row),
    )
    pages.refused(response, "This rate belongs to another contract.")
    foreign.refresh_from_db()
    assert foreign.contract != contract


def test_text_is_kept_and_shown_as_text_only(client_as):
    client, customer = client_as("billing"), make.customer()
    rows = pages.rates({"role": "fee", "name": pages.HOSTILE, "price": "1"})
    sent = terms("retainer", customer, name=pages.HOSTILE, notes=pages.HOSTILE)
    client.post("/contracts/new/retainer/", sent | rows)
    contract = Contract.objects.get()
    assert contract.name == pages.HOSTILE
    page = f"/contracts/{contract.pk}/"
    for url in ("/contracts/", page, f"{page}edit/", "/catalog/"):
        text = client.get(url).text
        assert pages.INERT in text
        assert "<script>alert" not in text


def test_rates_are_added_priced_and_removed(client_as):
    contract = make.hourly("100")
    primary, night = contract.rates.get(), make.rate(contract, "additional", "150")
    rows = pages.rates(
        {"id": primary.pk, "role": "primary", "item": primary.item_id, "price": "120"},
        {"id": night.pk, "role": "additional", "item": night.item_id, "DELETE": "on"},
        {"role": "additional", "name": "Weekend", "price": "200"},
        {"role": "additional"},
        known=2,
    )
    response = client_as("billing").post(
        f"/contracts/{contract.pk}/edit/", terms("hourly", contract.customer) | rows
    )
    assert response.status_code == 302, response.context["form"].errors
    assert [(r.item.name, r.price) for r in contract.rates.all()] == [
        (primary.item.name, 120), ("Weekend", 200),
    ]  # fmt: skip


def test_a_contract_keeps_an_item_that_was_archived_since(client_as):
    contract = make.hourly("100")
    rate = contract.rates.get()
    CatalogItem.objects.update(archived_at=make.at("2026-10-01"))
    rows = pages.rates({"id": rate.pk, "role": "primary", "item": rate.item_id}, known=1)
    response = client_as("billing").post(
        f"/contracts/{contract.pk}/edit/", terms("hourly", contract.customer) | rows
    )
    assert response.status_code == 302


def test_a_billed_contract_keeps_its_schedule(client_as):
    contract = make.retainer(start_date="2026-10-01", name="Plan")
    make.claim(contract, "INV-1", "2026-10-01")
    rate = contract.rates.get()
    rows = pages.rates({"id": rate.pk, "role": "fee", "item": rate.item_id}, known=1)
    sent = terms("retainer", contract.customer, period="weekly") | rows
    response = client_as("billing").post(f"/contracts/{contract.pk}/edit/", sent)
    pages.refused(response, "invoice INV-1 was made from this contract", 409)
    contract.refresh_from_db()
    assert contract.period == "monthly"


def test_a_contract_ends_on_a_day_that_makes_sense(client_as):
    contract = make.hourly(start_date="2026-01-01")
    client, url = client_as("billing"), f"/contracts/{contract.pk}/end/"
    assert client.post(url, {"on": "never"}).status_code == 422
    assert "end before that" in client.post(url, {"on": "2025-12-31"}, follow=True).text
    contract.refresh_from_db()
    assert contract.end_date is None
    client.post(url, {"on": "2026-12-31"})
    contract.refresh_from_db()
    assert contract.end_date == make.day("2026-12-31")


def test_the_periods_say_what_became_of_them(client_as):
    contract = make.retainer(start_date="2026-08-01")
    make.claim(contract, "INV-7", "2026-08-01")
    with time_machine.travel(dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)):
        page = client_as("read-only").get(f"/contracts/{contract.pk}/")
    assert [slot.state for slot in page.context["slots"]] == ["open", "due", "billed"]
    assert page.context["slots"][2].number == "INV-7"
    assert page.context["next_bill"] == make.day("2026-10-15")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"quantity": "-1"}, "A top-up must be more than 0."),
        ({"quantity": "x"}, "Enter a number."),
        ({"quantity": "1" * 20}, "no more than 14 digits"),
        ({"kind": "used"}, "Select a valid choice."),
        ({"on": "x"}, "Enter a valid date."),
        ({"note": "x" * 201}, "at most 200 characters"),
        ({"note": "\x00"}, "Null characters are not allowed."),
        ({"kind": "adjustment"}, "Say why the balance is corrected."),
        ({"kind": "adjustment", "note": "x", "quantity": "-9"}, "can&#x27;t fall below 0"),
    ],
)
def test_a_bad_change_of_a_balance_is_refused(client_as, sent, words):
    block = make.block_hours()
    good = {"kind": "top_up", "quantity": "5", "on": "2026-10-01"}
    url = f"/contracts/{block.pk}/balance/"
    pages.refused(client_as("billing").post(url, good | sent), words)
    assert not BlockMovement.objects.exists()


def test_the_list_says_what_is_left_of_each_block_today(client_as):
    make.hourly()
    with time_machine.travel(dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)):
        block = make.block_hours("10", start_date="2026-10-01")
        make.entry(make.ticket(block, resolved=None), 90, started="2026-10-12")
        make.block_money("1000", start_date="2026-11-01")
        text = client_as("billing").get("/contracts/").text
    assert "8.50\u00a0h" in text
    assert "1,000.00" not in text  # that block has not begun


def test_a_block_explains_its_balance(client_as):
    block = make.block_hours("10", start_date="2026-10-01")
    client = client_as("billing")
    url = f"/contracts/{block.pk}/balance/"
    sent = {"kind": "top_up", "quantity": "2.5", "on": "2026-10-02", "note": pages.HOSTILE}
    assert client.post(url, sent).status_code == 302
    make.entry(make.ticket(block), 720)
    with time_machine.travel(dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC)):
        page = client.get(f"/contracts/{block.pk}/")
    assert [(row.movement.quantity, row.balance) for row in page.context["ledger"]] == [
        (Decimal("2.5"), Decimal("2.5"))
    ]
    assert pages.INERT in page.text
    assert "12 h of 12.5 h" in page.text
    assert "This block is nearly used up." in page.text


def test_only_blocks_have_a_balance_and_only_counters_a_count(client_as):
    client, other = client_as("billing"), make.hourly()
    assert client.get(f"/contracts/{other.pk}/balance/").status_code == 404
    assert client.get(f"/contracts/{other.pk}/usage/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"quantity": "-1"}, "greater than or equal to 0"),
        ({"quantity": "few"}, "Enter a number."),
        ({"counted": "macs"}, "Select a valid choice."),
        ({"counted_on": "2026-13-01"}, "Enter a valid date."),
    ],
)
def test_a_bad_count_is_refused(client_as, sent, words):
    contract = make.monitoring()
    good = {"counted": "servers", "counted_on": "2026-10-31", "quantity": "12"}
    url = f"/contracts/{contract.pk}/usage/"
    pages.refused(client_as("billing").post(url, good | sent), words)
    assert not UsageCount.objects.exists()


def test_a_count_is_recorded_and_deleted_unless_it_is_billed(client_as):
    contract = make.monitoring(start_date="2026-10-01")
    client, url = client_as("billing"), f"/contracts/{contract.pk}/usage/"
    sent = {"counted": "servers", "counted_on": "2026-10-31", "quantity": "12"}
    client.post(url, sent)
    count = UsageCount.objects.get()
    claim = make.claim(contract, "INV-3", "2026-10-01")
    response = client.post(url, sent | {"quantity": "9"})
    pages.refused(response, "INV-3", 409)
    delete = f"/contracts/usage/{count.pk}/delete/"
    assert "INV-3" in client.post(delete, follow=True).text
    claim.delete()
    client.post(delete)
    assert not UsageCount.objects.exists()


@pytest.mark.parametrize("many", [2, 30])
def test_the_list_costs_the_same_for_any_number_of_rows(client_as, django_assert_num_queries, many):
    for _ in range(many):
        make.block_hours(tax_rate=make.tax())
    client = client_as("billing")
    assert "10.00\u00a0h" in client.get("/contracts/").text
    with django_assert_num_queries(15):  # seven find what is left of the blocks
        client.get("/contracts/")
