"""A contract's calendar: what became of each period, and when it is billed next."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from atera_invoicing.models import Installation

from . import facts as reading
from . import periods
from .models import Contract
from .terms.base import Period

SHOWN = 13
BILLED, DUE, OPEN, EMPTY = "billed", "due", "open", "empty"
Bills = dict[dt.date, tuple[int, str]]


class Slot(NamedTuple):
    """A period and its state; a billed one names its invoice, whose number is empty on a draft."""

    period: Period
    state: str
    invoice_id: int | None = None
    number: str = ""


def slots(contract: Contract, *, today: dt.date, options: Installation) -> list[Slot]:
    """The periods that began until today, newest first.

    Hourly contracts claim no period: theirs is due while billable work in it waits, whatever was
    billed before, and empty if it is over without any.
    """
    begun = _begun(contract, today)
    if contract.type == Contract.Type.HOURLY:
        bills, waiting = _written(contract), _days_with_work(contract, today, options)
        found = [_hourly_slot(contract, period, bills, waiting, today) for period in begun]
    else:
        claims = _claims(contract)
        found = [_slot(contract, period, claims, today) for period in begun]
    return found[::-1]


def next_bill(contract: Contract, known: list[Slot], *, today: dt.date) -> dt.date | None:
    """The first day on which the contract can be billed; None when nothing more will come.

    That is today if a period is due, or if the contract can be billed on any day.
    """
    if contract.period == Contract.Period.ON_DEMAND or any(s.state == DUE for s in known):
        return max(today, contract.start_date)
    advance = contract.timing == Contract.Timing.ADVANCE
    if not known:
        first = _begun(contract, contract.start_date)[0]
        return first.start if advance or contract.is_project else _after(first)
    last = known[0]
    if last.state == OPEN and not advance:
        return _after(last.period)
    ended = contract.end_date is not None and last.period.end >= contract.end_date
    if ended or contract.period in (Contract.Period.ONCE, Contract.Period.WHOLE):
        return None
    return _after(last.period) if advance else _after(_following(contract, last.period))


def _begun(contract: Contract, until: dt.date) -> list[Period]:
    return periods.all_periods(
        contract.start_date, contract.end_date, contract.period, contract.anchor, until=until
    )


def _following(contract: Contract, period: Period) -> Period:
    return _begun(contract, _after(period))[-1]


def _after(period: Period) -> dt.date:
    return period.end + periods.DAY


def _claims(contract: Contract) -> Bills:
    """The live bill of each billed period, by the period's first day."""
    live = contract.claims.filter(released_at=None, period_start__isnull=False)
    rows = live.values_list("period_start", "invoice_id", "invoice__number")
    return {start: (invoice, number) for start, invoice, number in rows}  # type: ignore[misc]


def _written(contract: Contract) -> Bills:
    """The newest invoice of each period, for contracts that claim none."""
    live = contract.invoices.filter(voided_at=None, period_start__isnull=False)
    rows = live.order_by("id").values_list("period_start", "id", "number")
    return {start: (invoice, number) for start, invoice, number in rows}  # type: ignore[misc]


def _days_with_work(contract: Contract, today: dt.date, options: Installation) -> list[dt.date]:
    """The days to which done, billable work belongs that no live invoice bills."""
    one = Contract.objects.filter(pk=contract.pk)
    zone = ZoneInfo(timezone.get_default_timezone_name())
    (facts,) = reading.read(one, through=today, by=options.ticket_period, zone=zone)
    time = [day for day, entry in facts.entries if entry.billable]
    return time + [day for day, _ in facts.used]


def _slot(contract: Contract, period: Period, bills: Bills, today: dt.date) -> Slot:
    if period.start in bills:
        return Slot(period, BILLED, *bills[period.start])
    return Slot(period, DUE if _is_due(contract, period, today) else OPEN)


def _hourly_slot(
    contract: Contract, period: Period, bills: Bills, waiting: list[dt.date], today: dt.date
) -> Slot:
    bill = bills.get(period.start, ())
    if not _is_due(contract, period, today):
        return Slot(period, OPEN, *bill)
    if any(period.start <= day <= period.end for day in waiting):
        return Slot(period, DUE, *bill)
    return Slot(period, BILLED if bill else EMPTY, *bill)


def _is_due(contract: Contract, period: Period, today: dt.date) -> bool:
    return periods.is_due(period, timing=contract.timing, every=contract.period, today=today)
