"""Charges for what is counted: devices and gigabytes."""

from __future__ import annotations

from . import fees
from .base import Charge, Issue, Period, Rate, Terms, Work

NAMES = {
    "pcs": "PCs",
    "servers": "Servers",
    "macs": "Macs",
    "other": "Other devices",
    "agents": "All agents",
    "all": "All devices",
    "pcs_gb": "PCs, GB",
    "servers_gb": "Servers, GB",
    "total_gb": "Total GB",
}


def charges(
    terms: Terms, period: Period, work: Work, *, role: str
) -> tuple[list[Charge], list[Issue]]:
    """One charge per rate in a role, for the latest count; the first one claims the period.

    A count of 0 costs nothing and gives no charge. If all are 0, one charge of quantity 0 remains:
    it needs no line, but it claims the period. A class that was never counted blocks.
    """
    rates = terms.in_role(role)
    if not rates:
        return [], [fees.missing("price per device" if role == "device" else "price per GB")]
    every = [
        _charge(terms, period, work, kind=role, rate=rate)
        for rate in rates
        if rate.counted in work.usage
    ]
    owed = [charge for charge in every if charge.quantity] or every[:1]
    issues = [issue for rate in rates for issue in _issues(rate, period=period, work=work)]
    return [
        fees.claiming_period(charge, terms=terms) if charge is owed[0] else charge
        for charge in owed
    ], issues


def _charge(terms: Terms, period: Period, work: Work, *, kind: str, rate: Rate) -> Charge:
    quantity, _ = work.usage[rate.counted]
    label = f"{NAMES[rate.counted]} – {rate.name}"
    return fees.charge(terms, period, work, kind=kind, rate=rate, quantity=quantity, label=label)


def _issues(rate: Rate, *, period: Period, work: Work) -> list[Issue]:
    name = NAMES[rate.counted]
    if rate.counted not in work.usage:
        message = f"There is no count for {name} on or before {period.end}: record it."
        return [Issue("count_missing", message, blocking=True)]
    _, counted_on = work.usage[rate.counted]
    if counted_on >= period.start:
        return []
    message = f"{name}: the count of {counted_on} is used, there is none in this period."
    return [Issue("count_old", message, blocking=False)]
