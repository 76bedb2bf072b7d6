"""Retainer, or flat fee: quantity x fee per period. Time on its tickets is covered."""

from __future__ import annotations

from . import fees, items, labour
from .base import Owed, Period, Terms, Work


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """The fee, covered time, and what was used on tickets."""
    rate = terms.rate("fee")
    if rate is None:
        return Owed(issues=(fees.missing("fee"),))
    fee = fees.charge(
        terms, period, work, kind="fee", rate=rate, quantity=terms.quantity, label=rate.name
    )
    return Owed(
        charges=(
            fees.claiming_period(fee, terms=terms),
            *labour.all_covered(terms, work),
            *items.charges(terms, work),
        )
    )
