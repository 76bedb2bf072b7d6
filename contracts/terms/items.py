"""Charges for products and expenses used on tickets."""

from __future__ import annotations

from .base import Charge, Source, Terms, Used, Work


def charges(terms: Terms, work: Work) -> list[Charge]:
    """One charge per billable product or expense, by day of use, then id."""
    billable = (used for used in work.used if used.billable)
    return [_charge(used, terms=terms) for used in sorted(billable, key=_order)]


def _order(used: Used) -> tuple[object, int]:
    return used.used_on, used.id


def _charge(used: Used, *, terms: Terms) -> Charge:
    return Charge(
        kind=used.kind,
        label=used.name,
        item_id=used.item_id,
        quantity=used.quantity,
        unit=used.unit,
        unit_price=used.unit_price,
        discount_percent=used.discount_percent,
        tax=used.tax or terms.tax,
        sources=(Source("item", used.id, 0, used.quantity),),
        ticket_id=used.ticket_id,
        description=used.description,
    )
