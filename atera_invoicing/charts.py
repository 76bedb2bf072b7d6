"""Where the parts of a chart stand, in SVG units; ui/bars.html and ui/line.html draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

WIDTH, FLOOR, HEAD = 640, 178, 24
FEWEST = 6
UNITS = ((Decimal(10**6), "M"), (Decimal(10**3), "k"))


@dataclass(frozen=True)
class Column:
    """One column of a chart: its label, its amount, and its box."""

    label: str
    amount: Decimal
    left: int
    top: int
    wide: int
    high: int

    @property
    def middle(self) -> int:
        return self.left + self.wide // 2

    @property
    def above(self) -> int:
        return self.top - 7

    @property
    def short(self) -> str:
        """The amount in a few characters: "626", "48.3k", "1.2M"; nothing for 0."""
        return short(self.amount) if self.amount > 0 else ""


def short(amount: Decimal) -> str:
    """Three digits and a unit, to stand above a column."""
    for size, unit in UNITS:
        if amount >= size:
            digits = 0 if amount >= 100 * size else 1
            text = f"{(amount / size).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)}"
            return f"{text.removesuffix('.0')}{unit}"
    return f"{amount.quantize(Decimal(1), ROUND_HALF_UP)}"


def without_beginning(points: Sequence[tuple[str, Decimal]]) -> Sequence[tuple[str, Decimal]]:
    """From the first month in which there was anything, but half a year at least."""
    first = next((place for place, (_, amount) in enumerate(points) if amount), len(points))
    return points[min(first, max(len(points) - FEWEST, 0)) :]


def columns(points: Sequence[tuple[str, Decimal]]) -> list[Column]:
    """A column per (label, amount); the highest fills the room, nothing is drawn below 0."""
    most = max([Decimal(0), *(amount for _, amount in points)]) or Decimal(1)
    slot = WIDTH // max(len(points), 1)
    wide = min(slot * 5 // 8, 56)
    found = []
    for place, (label, amount) in enumerate(points):
        high = max(int(amount / most * (FLOOR - HEAD)), 0)
        left = place * slot + (slot - wide) // 2
        found.append(Column(label, amount, left, FLOOR - high, wide, high))
    return found


def line(values: Sequence[Decimal]) -> str:
    """The path of a sparkline in a box of 96 by 24, lowest value at the bottom."""
    if not values:
        return ""
    low, span = min(values), (max(values) - min(values)) or Decimal(1)
    step = Decimal(96) / max(len(values) - 1, 1)
    spots = (
        f"{place * step:.1f} {22 - (v - low) / span * 20:.1f}" for place, v in enumerate(values)
    )
    return "M" + "L".join(spots)
