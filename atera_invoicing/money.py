"""Rounding, line amounts and tax: pure functions over `Decimal`.

Amounts have 2 decimals, unit prices and quantities up to 4, percents are plain numbers (8 = 8 %).
All rounding is half-up (half away from zero, so a credit mirrors its invoice) and explicit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
PER_LINE = "per_line"
PER_RATE = "per_rate"


def cents(amount: Decimal) -> Decimal:
    """`amount` rounded half-up to 2 decimals; -0.00 becomes 0.00."""
    return amount.quantize(CENT, ROUND_HALF_UP) + ZERO


def line_net(quantity: Decimal, unit_price: Decimal, discount_percent: Decimal = ZERO) -> Decimal:
    """Net amount of a line: quantity x unit price, less the discount, rounded once."""
    return cents(quantity * unit_price * (HUNDRED - discount_percent) / HUNDRED)


def line_tax(net: Decimal, percent: Decimal) -> Decimal:
    """Tax on a net amount, rounded half-up."""
    return cents(net * percent / HUNDRED)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum with 2 decimals, 0.00 for nothing."""
    return sum(amounts, ZERO)


def taxes(lines: Sequence[tuple[Decimal, Decimal]], method: str = PER_LINE) -> list[Decimal]:
    """The tax of each line of one invoice, given (net, percent) pairs.

    `per_line` rounds the tax of each line, as Xero does. `per_rate` rounds once per tax rate over
    the whole invoice, as QuickBooks does, and spreads that amount over the lines by largest
    remainder, so that the lines always add up to it.
    """
    if method == PER_LINE:
        return [line_tax(net, percent) for net, percent in lines]
    if method != PER_RATE:
        raise ValueError(f"unknown tax method {method!r}")
    result = [ZERO] * len(lines)
    for percent in {percent for _, percent in lines}:
        places = [i for i, line in enumerate(lines) if line[1] == percent]
        exact = [lines[i][0] * percent / HUNDRED for i in places]
        for i, share in zip(places, _spread(exact), strict=True):
            result[i] = share
    return result


def _spread(exact: Sequence[Decimal]) -> list[Decimal]:
    """Round each amount to cents so that they add up to the rounded sum of all.

    Cut off towards zero, then hand out the missing cents by largest remainder: the negative of the
    amounts gets the negative of the result.
    """
    shares = [amount.quantize(CENT, ROUND_DOWN) + ZERO for amount in exact]
    missing = cents(sum(exact, Decimal(0))) - total(shares)
    cent = CENT.copy_sign(missing)
    by_remainder = sorted(range(len(exact)), key=lambda i: ((shares[i] - exact[i]) * cent, i))
    for i in by_remainder[: abs(int(missing / CENT))]:
        shares[i] += cent
    return shares
