"""What lines come to. Tax is computed for each line, rounded, and then added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

HUNDRED = Decimal(100)
Rounding = Callable[[Decimal], Decimal]


@dataclass(frozen=True)
class Totals:
    """Of a document."""

    subtotal: Decimal
    tax: Decimal
    total: Decimal


def line_amount(
    quantity: Decimal,
    unit: Decimal,
    *,
    cents: Rounding,
    rate: Decimal = Decimal(0),
    discount: Decimal = Decimal(0),
) -> Decimal:
    """Quantity times price, less a discount of `rate` per cent or of an amount."""
    return cents(quantity * unit * (1 - rate / HUNDRED) - discount)


def line_tax(amount: Decimal, rate: Decimal, *, types: str, cents: Rounding) -> Decimal:
    """The tax on, or in, a line amount. `types` is Exclusive, Inclusive or NoTax."""
    if types == "NoTax":
        return cents(Decimal(0))
    if types == "Inclusive":
        return cents(amount * rate / (HUNDRED + rate))
    return cents(amount * rate / HUNDRED)


def totals(lines: Iterable[tuple[Decimal, Decimal]], *, types: str) -> Totals:
    """Of lines as (amount, tax)."""
    amount = tax = Decimal("0.00")
    for line, on_it in lines:
        amount += line
        tax += on_it
    if types == "Inclusive":
        return Totals(amount - tax, tax, amount)
    return Totals(amount, tax, amount + tax)
