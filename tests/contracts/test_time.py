"""Time, products and expenses on tickets: whose, at which rate, at which price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atera_invoicing.errors import Refused
from contracts import work
from contracts.models import TicketItem, TimeEntry

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-10-20", "17:00")


@pytest.fixture
def boss():
    return make.user("billing")


@pytest.fixture
def tech():
    return make.user("technician")


def hour(ticket, technician, **fields) -> TimeEntry:
    return TimeEntry(ticket=ticket, technician=technician, started_at=NOW, minutes=60, **fields)


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


def test_technicians_keep_their_own_time_only(tech):
    ticket = make.ticket(make.hourly())
    other = make.entry(ticket, technician=make.user("technician"))

    own = work.log_time(hour(ticket, tech), by=tech)
    assert own.pk
    assert refusal(work.log_time, hour(ticket, other.technician), by=tech).code == "not_yours"
    assert refusal(work.change_time, other, by=tech).code == "not_yours"
    assert refusal(work.delete_time, other, by=tech).code == "not_yours"
    own.technician = other.technician
    assert refusal(work.change_time, own, by=tech).code == "not_yours"


def test_a_technician_can_not_take_over_the_time_of_another(tech):
    other = make.entry(make.ticket(make.hourly()), technician=make.user("technician"))
    other.technician = tech

    assert refusal(work.change_time, other, by=tech).code == "not_yours"


def test_billing_may_keep_the_time_of_others(boss, tech):
    entry = work.log_time(hour(make.ticket(make.hourly()), tech), by=boss)
    entry.minutes = 30

    work.change_time(entry, by=boss)
    work.delete_time(entry, by=boss)

    assert not TimeEntry.objects.exists()


def test_overlapping_time_is_allowed(tech):
    ticket = make.ticket(make.hourly())

    work.log_time(hour(ticket, tech), by=tech)
    work.log_time(hour(ticket, tech), by=tech)

    assert ticket.entries.count() == 2


@pytest.mark.parametrize("build", [make.hourly, make.project_hourly, make.block_money])
def test_hourly_work_takes_the_primary_and_the_additional_rates(tech, build):
    contract = build()
    late = make.rate(contract, "additional", "150")

    assert {rate.role for rate in work.time_rates(contract)} == {"primary", "additional"}
    assert work.log_time(hour(make.ticket(contract), tech, rate=late), by=tech).pk


@pytest.mark.parametrize(
    "build", [make.retainer, make.block_hours, make.monitoring, make.backup, make.project_fixed]
)
def test_covered_work_takes_no_rate(tech, build):
    contract = build()
    ticket = make.ticket(contract)

    assert not work.time_rates(contract)
    refused = refusal(work.log_time, hour(ticket, tech, rate=contract.rates.first()), by=tech)
    assert (refused.code, refused.field) == ("foreign_rate", "rate")
    assert work.log_time(hour(ticket, tech), by=tech).pk


def test_a_fee_is_not_an_hourly_rate(tech):
    contract = make.block_money()
    fee = contract.rates.get(role="fee")

    assert (
        refusal(work.log_time, hour(make.ticket(contract), tech, rate=fee), by=tech).field == "rate"
    )


def test_a_rate_of_another_contract_is_refused(tech):
    ticket = make.ticket(make.hourly())
    foreign = make.hourly(customer=ticket.customer).rates.get()

    assert refusal(work.log_time, hour(ticket, tech, rate=foreign), by=tech).field == "rate"
    entry = make.entry(ticket, technician=tech)
    entry.rate = foreign
    assert refusal(work.change_time, entry, by=tech).field == "rate"


def test_a_ticket_without_a_contract_takes_time_without_a_rate(tech):
    ticket = make.ticket()

    assert work.log_time(hour(ticket, tech), by=tech).pk
    refused = refusal(work.log_time, hour(ticket, tech, rate=make.hourly().rates.get()), by=tech)
    assert refused.field == "rate"


def test_time_that_moves_must_fit_the_new_tickets_contract(boss):
    contract = make.hourly()
    entry = make.entry(make.ticket(contract), rate=contract.rates.get())
    entry.ticket = make.ticket(make.hourly(customer=contract.customer))

    assert refusal(work.change_time, entry, by=boss).field == "rate"
    entry.rate = None
    assert work.change_time(entry, by=boss).pk


def test_time_that_is_gone_says_so(boss):
    entry = make.entry(make.ticket())
    TimeEntry.objects.all().delete()

    assert refusal(work.change_time, entry, by=boss).code == "gone"


def test_an_item_without_a_price_has_the_catalogues(boss):
    dock = make.item("Dock", "180", kind="product")
    ticket = make.ticket(make.hourly())

    plain = TicketItem(ticket=ticket, item=dock, used_on=NOW.date())
    free = TicketItem(ticket=ticket, item=dock, used_on=NOW.date(), unit_price=Decimal(0))

    assert work.add_item(plain, by=boss).unit_price == Decimal(180)
    assert work.add_item(free, by=boss).unit_price == 0


def test_a_technician_can_not_set_a_price(tech):
    dock = make.item("Dock", "180", kind="product")
    product = TicketItem(
        ticket=make.ticket(make.hourly()),
        item=dock,
        used_on=NOW.date(),
        unit_price=Decimal(1),
        discount_percent=Decimal(50),
        tax_rate=make.tax(),
    )

    work.add_item(product, by=tech)

    product.refresh_from_db()
    assert (product.unit_price, product.discount_percent, product.tax_rate) == (180, 0, None)


def test_a_technicians_correction_keeps_the_agreed_price(tech):
    product = make.used(make.ticket(make.hourly()), price="150", discount_percent="10")
    product.unit_price, product.discount_percent, product.quantity = 1, 90, 2

    work.change_item(product, by=tech)

    product.refresh_from_db()
    assert (product.unit_price, product.discount_percent, product.quantity) == (150, 10, 2)


def test_a_technician_who_picks_another_item_gets_that_items_price(tech):
    product = make.used(make.ticket(make.hourly()), price="150", discount_percent="10")
    product.item = make.item("Cable", "9", kind="product")

    work.change_item(product, by=tech)

    product.refresh_from_db()
    assert (product.unit_price, product.discount_percent) == (9, 0)


def test_an_archived_item_is_not_offered_but_stays_where_it_is(boss):
    old = make.item(kind="product", archived_at=NOW)
    ticket = make.ticket(make.hourly())
    kept = make.used(ticket, item=old)
    kept.quantity = 3

    new = TicketItem(ticket=ticket, item=old, used_on=NOW.date())
    assert refusal(work.add_item, new, by=boss).code == "item_archived"
    assert work.change_item(kept, by=boss).quantity == 3


def test_an_item_that_is_gone_says_so(boss):
    product = make.used(make.ticket())
    TicketItem.objects.all().delete()

    assert refusal(work.change_item, product, by=boss).code == "gone"
