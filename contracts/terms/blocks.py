"""What both kinds of block share: what is there to use, and what the ledger gets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from .base import ZERO, Issue, Movement, Terms, Work


def available(terms: Terms, work: Work, *, included: Decimal) -> Decimal:
    """What work can use up: the opening balance and, unless billed in advance, the new block."""
    return max(work.opening + (ZERO if terms.advance else included), ZERO)


def movements(
    terms: Terms,
    *,
    included: Decimal,
    used: Decimal,
    left: Decimal,
    written: Callable[[Decimal], str],
) -> tuple[Movement, ...]:
    """The ledger's movements, in the order of events; `written` puts an amount into words.

    Without rollover what is left expires. In advance the new block comes after that, for the work
    of the period that begins.
    """
    expired = ZERO if terms.rollover else left
    added = Movement("included", included, f"{written(included)} included in the period")
    taken = Movement("used", -used, f"{written(used)} used")
    lost = Movement("expired", -expired, f"{written(expired)} not used, no rollover")
    order = (taken, lost, added) if terms.advance else (added, taken, lost)
    return tuple(movement for movement in order if movement.quantity)


def overage_rate_missing(instead: str) -> Issue:
    """A warning: work beyond the block is charged, but at a rate nobody chose for it."""
    message = f"The contract has no overage rate: time beyond the block is charged at {instead}."
    return Issue("overage_rate_missing", message, blocking=False)
