"""Charges that a period costs whatever work was done: fees, blocks, devices, storage."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .base import ZERO, Charge, Issue, Period, Rate, Source, Tax, Terms, Work

QUANTITY = Decimal("0.0001")


def charge(
    terms: Terms,
    period: Period,
    work: Work,
    *,
    kind: str,
    rate: Rate,
    quantity: Decimal,
    label: str,
) -> Charge:
    """`quantity` x the rate's price; by the day if the period is incomplete and prorated."""
    return Charge(
        kind=kind,
        label=label + days_note(terms, period, work),
        item_id=rate.item_id,
        quantity=prorated(quantity, terms=terms, period=period, work=work),
        unit=rate.unit,
        unit_price=rate.price,
        discount_percent=ZERO,
        tax=tax(rate, terms=terms),
        sources=(),
        description=rate.description,
    )


def claiming_period(charge: Charge, *, terms: Terms) -> Charge:
    """The charge with the period as one more source, so that it is billed at most once."""
    source = Source("period", terms.contract_id, 0, charge.quantity)
    return charge._replace(sources=(*charge.sources, source))


def prorated(quantity: Decimal, *, terms: Terms, period: Period, work: Work) -> Decimal:
    """The quantity; its share by days (4 decimals, half-up) if a cut period is prorated."""
    if not terms.prorate or work.whole_days is None:
        return quantity
    return (quantity * period.days / work.whole_days).quantize(QUANTITY, ROUND_HALF_UP)


def days_note(terms: Terms, period: Period, work: Work) -> str:
    """ " (12 of 30 days)" where a share by days is charged, else nothing."""
    if not terms.prorate or work.whole_days is None:
        return ""
    return f" ({period.days} of {work.whole_days} days)"


def tax(rate: Rate, *, terms: Terms) -> Tax | None:
    """The tax of a line at this rate: the item's own or its category's, else the contract's."""
    return rate.tax or terms.tax


def missing(what: str) -> Issue:
    """Nothing can be charged, because the contract lacks the rate everything hangs on."""
    return Issue("fee_missing", f"The contract has no {what}: add the rate to it.", blocking=True)


def number(quantity: Decimal) -> str:
    """A quantity for a text: "10", "7.5"."""
    return f"{quantity.normalize():f}"
