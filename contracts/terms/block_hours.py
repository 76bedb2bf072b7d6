"""Block hours: hours are bought in a block; time uses them up and beyond them costs extra."""

from __future__ import annotations

from decimal import Decimal

from . import blocks, fees, items, labour
from .base import ZERO, Charge, Owed, Period, Rate, Terms, Work


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """The block, time covered by it and beyond it, what was used on tickets, and the hours' ledger.

    In an incomplete period that is prorated, the hours included shrink with the fee.
    """
    block = terms.rate("block")
    if block is None:
        return Owed(issues=(fees.missing("block price"),))
    fee = _fee(terms, period, work, block=block)
    available = blocks.available(terms, work, included=fee.quantity)
    time, left = _consume(terms, work, available=available, overage=terms.rate("overage") or block)
    warn = terms.rate("overage") is None and any(charge.kind == "overage" for charge in time)
    return Owed(
        charges=(fee, *time, *items.charges(terms, work)),
        movements=blocks.movements(
            terms, included=fee.quantity, used=available - left, left=left, written=_hours
        ),
        issues=(blocks.overage_rate_missing("the block's own price"),) if warn else (),
    )


def _fee(terms: Terms, period: Period, work: Work, *, block: Rate) -> Charge:
    """Hours included x price per hour, named after the hours."""
    hours = fees.prorated(terms.included or ZERO, terms=terms, period=period, work=work)
    label = f"Block {_hours(hours)}"
    fee = fees.charge(
        terms, period, work, kind="fee", rate=block, quantity=terms.included or ZERO, label=label
    )
    return fees.claiming_period(fee._replace(unit=labour.HOUR), terms=terms)


def _consume(
    terms: Terms, work: Work, *, available: Decimal, overage: Rate
) -> tuple[list[Charge], Decimal]:
    """The charges for time, and the hours that are left of the block."""
    charges, left = [], available
    for entry in labour.billable(work):
        hours = min(entry.hours, left)
        left -= hours
        charges += labour.split(
            entry,
            terms=terms,
            covered_hours=hours,
            covered_label="Covered",
            overage=overage,
            overage_label="Overage",
        )
    return charges, left


def _hours(amount: Decimal) -> str:
    return f"{fees.number(amount)} h"
