"""Pages of contracts, catalogue and work: what is typed becomes what is meant, or a clear no."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts import blocks
from contracts.models import CatalogItem, Contract, TaxRate, Ticket, TimeEntry, UsageCount
from tests import make

pytestmark = pytest.mark.django_db


def rows(*rates: dict[str, str]) -> dict[str, str]:
    """Rates as the formset posts them."""
    data = {"form-TOTAL_FORMS": str(len(rates)), "form-INITIAL_FORMS": "0"}
    return data | {
        f"form-{i}-{name}": v for i, rate in enumerate(rates) for name, v in rate.items()
    }


def contract_data(customer, **more: str) -> dict[str, str]:
    common = {
        "customer": str(customer.pk), "name": "Support", "start_date": "2026-01-01", "period":
        "monthly",
        "anchor": "start", "timing": "arrears", "rounding_increment": "15", "rounding_minimum": "0",
        "rounding_scope": "entry", "quantity": "1", "is_active": "on",
    }  # fmt: skip
    return common | more


NEW = {
    "hourly": ({}, {"role": "primary", "name": "Standard", "price": "120"}),
    "retainer": ({}, {"role": "fee", "name": "Care", "price": "800"}),
    "block_hours": ({"included": "10"}, {"role": "block", "name": "Block", "price": "95"}),
    "monitoring": ({}, {"role": "device", "counted": "servers", "name": "Server", "price": "40"}),
    "backup": ({}, {"role": "storage", "counted": "total_gb", "name": "GB", "price": "0.35"}),
    "project_fixed": ({}, {"role": "fee", "name": "Project", "price": "5000"}),
    "project_hourly": ({}, {"role": "primary", "name": "Project hour", "price": "110"}),
}


@pytest.mark.parametrize("kind", NEW)
def test_a_contract_of_each_type_is_made_with_its_rate(client_as, kind):
    fields, rate = NEW[kind]
    data = contract_data(make.customer(), **fields) | rows(rate)
    answer = client_as("billing").post(reverse("contracts:new-type", args=[kind]), data)
    assert answer.status_code == 302, answer.context["form"].errors
    contract = Contract.objects.get(type=kind)
    assert contract.rates.get().price == Decimal(rate["price"])


def test_a_block_of_money_needs_its_amount_and_a_rate(client_as):
    url = reverse("contracts:new-type", args=["block_money"])
    data = contract_data(make.customer()) | rows({"role": "fee", "name": "Pot", "price": "1000"})
    client = client_as("billing")
    assert client.post(url, data).status_code in (409, 422)
    assert not Contract.objects.exists()
    assert not CatalogItem.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 101}, {"start_date": "soon"}, {"end_date": "2025-01-01"},
        {"customer": "999"},
        {"rounding_minimum": "-5"}, {"name": "a\0b"},
    ],
)  # fmt: skip
def test_bad_contract_input_writes_nothing(client_as, wrong):
    data = contract_data(make.customer()) | rows(NEW["hourly"][1]) | wrong
    answer = client_as("billing").post(reverse("contracts:new-type", args=["hourly"]), data)
    assert answer.status_code == 422
    assert not Contract.objects.exists()
    assert not CatalogItem.objects.exists()


def test_an_unknown_type_is_404(client_as):
    assert client_as("owner").get("/contracts/new/lottery/").status_code == 404


def test_a_rate_can_be_replaced_and_its_price_changed(client_as):
    contract = make.hourly("100")
    rate = contract.rates.get()
    data = contract_data(contract.customer, name=contract.name) | rows(
        {"id": str(rate.pk), "role": "primary", "item": str(rate.item_id), "price": "111"}
    )
    answer = client_as("billing").post(reverse("contracts:edit", args=[contract.pk]), data)
    assert answer.status_code == 302
    rate.refresh_from_db()
    assert rate.price == Decimal(111)


def test_a_count_is_recorded_and_a_negative_one_refused(client_as):
    contract, client = make.monitoring(), client_as("billing")
    url = reverse("contracts:usage-new", args=[contract.pk])
    good = {"counted": "servers", "counted_on": "2026-10-31", "quantity": "4"}
    assert client.post(url, good | {"quantity": "-1"}).status_code == 422
    assert client.post(url, good).status_code == 302
    assert UsageCount.objects.get().quantity == 4


def test_a_block_is_topped_up_and_never_corrected_below_zero(client_as):
    contract, client = make.block_hours(), client_as("billing")
    url = reverse("contracts:movement-new", args=[contract.pk])
    client.post(url, {"kind": "top_up", "quantity": "5", "on": "2026-10-01"})
    too_much = {"kind": "adjustment", "quantity": "-9", "on": "2026-10-01", "note": "Typo"}
    assert client.post(url, too_much).status_code == 422
    assert blocks.balance(contract) == 5


def test_a_new_default_tax_takes_over(client_as):
    old = make.tax(is_default=True)
    data = {"name": "VAT", "percent": "20", "is_default": "on"}
    assert client_as("billing").post(reverse("contracts:tax-new"), data).status_code == 302
    assert list(TaxRate.objects.filter(is_default=True).values_list("name", flat=True)) == ["VAT"]
    assert old.name != "VAT"


@pytest.mark.parametrize("percent", ["-1", "101", "much"])
def test_a_percent_out_of_range_is_refused(client_as, percent):
    data = {"name": "VAT", "percent": percent}
    assert client_as("billing").post(reverse("contracts:tax-new"), data).status_code == 422
    assert not TaxRate.objects.exists()


def test_a_technician_logs_own_time(client_as):
    ticket = make.ticket(make.hourly(), resolved=None)
    data = {
        "started_at": "2026-10-05T09:00",
        "minutes": "45",
        "billable": "on",
        "description": "<b>x</b>",
    }
    url = reverse("contracts:entry-new", args=[ticket.pk])
    client = client_as("technician")
    assert client.post(url, data).status_code == 302
    entry = TimeEntry.objects.get()
    assert entry.technician.role == "technician"
    assert b"<b>x</b>" not in client.get(reverse("contracts:ticket", args=[ticket.pk])).content


@pytest.mark.parametrize("minutes", ["0", "-5", "6001", "half"])
def test_a_duration_that_cannot_be_is_refused(client_as, minutes):
    ticket = make.ticket(make.hourly(), resolved=None)
    data = {"started_at": "2026-10-05T09:00", "minutes": minutes}
    url = reverse("contracts:entry-new", args=[ticket.pk])
    assert client_as("technician").post(url, data).status_code == 422
    assert not TimeEntry.objects.exists()


def test_somebody_elses_time_is_not_a_technicians_to_change(client_as):
    entry = make.entry(make.ticket(make.hourly(), resolved=None), technician=make.user("billing"))
    data = {"started_at": "2026-10-05T09:00", "minutes": "1"}
    answer = client_as("technician").post(reverse("contracts:entry", args=[entry.pk]), data)
    assert answer.status_code == 404
    entry.refresh_from_db()
    assert entry.minutes == 60


def test_a_billed_ticket_is_locked_and_names_the_bill(client_as):
    from tests.invoices.test_batches import bill

    contract = make.hourly()
    ticket = make.ticket(contract)
    make.entry(ticket)
    bill(contract)
    client = client_as("billing")
    client.post(reverse("contracts:ticket-reopen", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.RESOLVED
    assert b"billed" in client.get(reverse("contracts:ticket", args=[ticket.pk])).content


def test_a_ticket_of_another_customers_contract_is_refused(client_as):
    ticket = make.ticket(make.hourly(), resolved=None)
    other = make.hourly()
    data = {
        "customer": str(ticket.customer_id),
        "contract": str(other.pk),
        "title": "x",
        "priority": "low",
        "number": "T-1",
    }
    answer = client_as("billing").post(reverse("contracts:ticket-edit", args=[ticket.pk]), data)
    assert answer.status_code == 422


def test_the_ticket_list_takes_as_many_queries_for_forty_as_for_two(
    client_as, django_assert_num_queries
):
    client, contract = client_as("owner"), make.hourly()
    for _ in range(2):
        make.entry(make.ticket(contract, opened_at=timezone.now()))
    client.get(reverse("contracts:tickets"))
    with django_assert_num_queries(6):
        client.get(reverse("contracts:tickets"))
    for _ in range(38):
        make.entry(make.ticket(contract, opened_at=timezone.now()))
    with django_assert_num_queries(6):
        client.get(reverse("contracts:tickets"))
