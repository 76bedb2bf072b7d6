"""Where the parts of a chart stand, in SVG units; ui/bars.html and ui/line.html draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, FLOOR, HEAD = 640, 178, 20


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
    def anchor(self) -> str:
        """Which end of a long amount stays above the column, so that it never leaves the chart."""
        if self.middle < WIDTH // 8:
            return "start"
        return "end" if self.middle > WIDTH * 7 // 8 else "middle"

    @property
    def at(self) -> int:
        return {"start": self.left, "end": self.left + self.wide}.get(self.anchor, self.middle)

    @property
    def above(self) -> int:
        return self.top - 7


def columns(points: Sequence[tuple[str, Decimal]]) -> list[Column]:
    """A column per (label, amount); the highest fills the room, nothing is drawn below 0."""
    most = max([Decimal(0), *(amount for _, amount in points)]) or Decimal(1)
    slot = WIDTH // max(len(points), 1)
    wide = min(slot * 5 // 8, 44)
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
