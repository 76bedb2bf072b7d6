"""Loads the demo month: the same people, contracts and work every time, dated relative to today."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.db import transaction
from django.utils import timezone

from atera_invoicing.models import User
from contracts.models import Contract
from customers.models import Customer

from . import agreements, clients, counts, history, look, month, people, prices
from .dates import Month, shown

SEED = 2026
MONTHS_BEFORE = 6
WORKED_BEFORE = 3  # of those, the months that have tickets, too
TICKETS, TICKETS_BEFORE, OPEN = 128, 32, 18
UNCOVERED = ("Vashon Island Ferry Café", "Gasworks Brewing", "Ballard Boatworks")


def is_empty() -> bool:
    """Whether nobody has used this database yet."""
    return not (User.objects.exists() or Customer.objects.exists())


@transaction.atomic
def load(*, now: dt.datetime, password: str) -> None:
    """Write everything, or nothing."""
    today = timezone.localdate(now)
    this = shown(today)
    months = [this.plus(step) for step in range(-MONTHS_BEFORE, 1)]
    dice = Random(SEED)  # noqa: S311 - a story, not a secret
    look.write(now=now)
    staff = people.write(password=password)
    items, taxes = prices.write()
    customers = clients.write()
    contracts = agreements.write(this, customers, items, taxes)
    counts.write(contracts, months)
    desk = month.Desk(contracts, staff.technicians, items, dice=dice)
    for past in months[-1 - WORKED_BEFORE : -1]:
        desk.resolve_some(past, TICKETS_BEFORE)
    desk.resolve_some(this, TICKETS)
    desk.pin(this)
    desk.oddities()
    desk.without_contract(this, [customers[name] for name in UNCOVERED])
    desk.leave_open([*this.working_days()[-6:], *_days_since(this.last, today)], OPEN)
    desk.write()
    _bill(months[:-1], contracts, staff, dice=dice, today=today)
    history.sell(customers, items, taxes[prices.SEATTLE], this, today=today, by=staff.billing)
    counts.top_up(contracts, on=this.first + dt.timedelta(days=9), by=staff.owner, now=now)


def _bill(
    months: list[Month],
    contracts: list[Contract],
    staff: people.People,
    *,
    dice: Random,
    today: dt.date,
) -> None:
    for past in months:
        history.bill(past, contracts, by=staff.billing)
    history.pay(shown(today), today=today, dice=dice, by=staff.billing)
    history.void_one(staff.billing, shown(today))


def _days_since(last: dt.date, today: dt.date) -> list[dt.date]:
    """The working days of the running month that are over."""
    days = (last + dt.timedelta(days=n) for n in range(1, (today - last).days))
    return [day for day in days if day.weekday() < 5]
