"""Hourly: each entry at its rate. Entries claim themselves, so the period is not claimed."""

from __future__ import annotations

from . import items, labour
from .base import Owed, Period, Terms, Work


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """Time at its rates, and what was used on tickets."""
    charges, issues = labour.at_rates(terms, work)
    return Owed(charges=(*charges, *items.charges(terms, work)), issues=tuple(issues))
