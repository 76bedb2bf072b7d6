"""How many devices, or gigabytes, a contract has on a day: recorded by hand or by a program."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import locks, periods
from .models import Contract, UsageCount


@transaction.atomic
def record(
    contract: Contract, counted: str, counted_on: dt.date, quantity: Decimal, *, by: User | None
) -> UsageCount:
    """Store the count of a class on a day; a second count of that day replaces the first."""
    locks.lock([contract.pk])
    _refuse_class(contract, counted)
    if quantity < 0:
        raise Refused("quantity_negative", "A count can't be negative.", field="quantity")
    _refuse_billed(contract, counted, counted_on)
    count, _ = UsageCount.objects.update_or_create(
        contract=contract,
        counted=counted,
        counted_on=counted_on,
        defaults={"quantity": quantity},
        create_defaults={"quantity": quantity, "created_by": by},
    )
    return count


@transaction.atomic
def remove(count: UsageCount, *, by: User | None) -> None:
    """Take back a count that no billed period used."""
    locks.lock([count.contract_id])
    _refuse_billed(count.contract, count.counted, count.counted_on)
    count.delete()


def _refuse_class(contract: Contract, counted: str) -> None:
    names = [rate.get_counted_display() for rate in contract.rates.exclude(counted="")]
    if contract.rates.exclude(counted="").filter(counted=counted).exists():
        return
    if not names:
        message = f"{contract} counts nothing: it has no price per device or GB."
    else:
        message = f"{contract} counts {', '.join(names)} only. Add a rate for this class first."
    raise Refused("not_counted", message, field="counted")


def _refuse_billed(contract: Contract, counted: str, day: dt.date) -> None:
    """Refuse a count that a billed period used or would have used: the latest before its day.

    That day is a period's last one; billed in advance, its first.
    """
    billed = locks.billed_periods([contract.pk])[contract.pk]
    if not billed:
        return
    every = periods.all_periods(
        contract.start_date,
        contract.end_date,
        contract.period,
        contract.anchor,
        until=max(billed),
    )
    advance = contract.timing == Contract.Timing.ADVANCE
    later = (
        contract.usage.filter(counted=counted, counted_on__gt=day).order_by("counted_on").first()
    )
    touched = [
        period.start
        for period in every
        if period.start in billed
        and day <= (last := period.start if advance else period.end)
        and (later is None or later.counted_on > last)
    ]
    locks.refuse_billed_period(contract, touched)
