"""Project by the hour: as hourly, but it can be billed only once."""

from __future__ import annotations

import dataclasses

from . import fees, hourly
from .base import Owed, Period, Terms, Work


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """Time and items as in an hourly contract; the first charge also claims the project.

    A project without work owes nothing and stays unclaimed.
    """
    result = hourly.owed(terms, period, work)
    if not result.charges:
        return result
    first, *others = result.charges
    return dataclasses.replace(result, charges=(fees.claiming_period(first, terms=terms), *others))
