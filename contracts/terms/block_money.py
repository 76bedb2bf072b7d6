"""Block money: an amount is paid ahead; time uses it up at its rates and beyond it is billed."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from atera_invoicing import money

from . import blocks, fees, items, labour
from .base import ZERO, Charge, Entry, Issue, Owed, Period, Terms, Work


class _Time(NamedTuple):
    charges: list[Charge]
    left: Decimal
    unpriced: list[Entry]


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """The amount, time within and beyond it, what was used on tickets, and the money's ledger.

    The block holds net money: the fee without tax.
    """
    rate = terms.rate("fee")
    if rate is None:
        return Owed(issues=(fees.missing("amount"),))
    fee = fees.charge(
        terms, period, work, kind="fee", rate=rate, quantity=terms.quantity, label=rate.name
    )
    included = money.line_net(fee.quantity, fee.unit_price)
    available = blocks.available(terms, work, included=included)
    time = _consume(terms, work, available=available)
    return Owed(
        charges=(
            fees.claiming_period(fee, terms=terms),
            *time.charges,
            *items.charges(terms, work),
        ),
        movements=blocks.movements(
            terms, included=included, used=available - time.left, left=time.left, written=_amount
        ),
        issues=(*labour.rates_missing(time.unpriced, work=work), *_warnings(terms, time.charges)),
    )


def _consume(terms: Terms, work: Work, *, available: Decimal) -> _Time:
    """Entries use the money up until one does not fit. Less than 0.01 h of that is left."""
    time = _Time([], available, [])
    used_up = False
    for entry in labour.billable(work):
        rate = labour.rate_of(entry, terms=terms)
        if rate is None:
            time.unpriced.append(entry)
            continue
        hours = ZERO if used_up else _affordable(entry.hours, price=rate.price, balance=time.left)
        used_up = used_up or hours < entry.hours
        time = time._replace(left=time.left - money.line_net(hours, rate.price))
        overage = terms.rate("overage")
        time.charges.extend(
            labour.split(
                entry,
                terms=terms,
                covered_hours=hours,
                covered_label=f"Covered, {rate.name}",
                overage=overage or rate,
                overage_label="Overage" if overage else f"Overage, {rate.name}",
            )
        )
    return time


def _affordable(hours: Decimal, *, price: Decimal, balance: Decimal) -> Decimal:
    """How many of the hours the balance pays for, 2 decimals, never more than it holds."""
    balance = balance.quantize(money.CENT, ROUND_FLOOR)
    if money.line_net(hours, price) <= balance:
        return hours
    return (balance / price).quantize(money.CENT, ROUND_FLOOR)


def _warnings(terms: Terms, charges: list[Charge]) -> list[Issue]:
    over = any(charge.kind == "overage" for charge in charges)
    if not over or terms.rate("overage"):
        return []
    return [blocks.overage_rate_missing("its own rate")]


def _amount(amount: Decimal) -> str:
    return f"{money.cents(amount):.2f}"
