"""A contract's calendar: what became of each period, and when it is billed next."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from . import periods
from .models import Contract
from .terms.base import Period

SHOWN = 13
BILLED, DUE, OPEN = "billed", "due", "open"


class Slot(NamedTuple):
    """A period and its state; a billed one names its invoice, whose number is empty on a draft."""

    period: Period
    state: str
    invoice_id: int | None = None
    number: str = ""


def slots(contract: Contract, *, today: dt.date) -> list[Slot]:
    """The periods that began until today, newest first.

    Hourly contracts claim no period: theirs are open or over, and any work in them may be billed.
    """
    bills = _bills(contract)
    return [_slot(contract, period, bills, today) for period in reversed(_begun(contract, today))]


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


def _bills(contract: Contract) -> dict[dt.date, tuple[int, str]]:
    """The live bill of each billed period, by the period's first day."""
    live = contract.claims.filter(released_at=None, period_start__isnull=False)
    rows = live.values_list("period_start", "invoice_id", "invoice__number")
    return {start: (invoice, number) for start, invoice, number in rows}  # type: ignore[misc]


def _slot(
    contract: Contract, period: Period, bills: dict[dt.date, tuple[int, str]], today: dt.date
) -> Slot:
    if period.start in bills:
        return Slot(period, BILLED, *bills[period.start])
    hourly = contract.type == Contract.Type.HOURLY
    due = (
        periods.is_due(period, timing=contract.timing, every=contract.period, today=today)
        and not hourly
    )
    return Slot(period, DUE if due else OPEN)
