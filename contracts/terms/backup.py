"""Online backup: GB x price, one class of storage per rate. Time is covered."""

from __future__ import annotations

from . import counted, items, labour
from .base import Owed, Period, Terms, Work


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """A charge per class of storage, covered time, and what was used on tickets."""
    charges, issues = counted.charges(terms, period, work, role="storage")
    return Owed(
        charges=(*charges, *labour.all_covered(terms, work), *items.charges(terms, work)),
        issues=tuple(issues),
    )
