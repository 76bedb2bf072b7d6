"""Charts as inline SVG, coloured by the stylesheet. No style attributes, so the content policy holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, FOOT, HEAD = 640, 200, 22, 20


def bars(
    points: Sequence[tuple[str, Decimal]], *, label: str, write: Callable[[Decimal], str]
) -> SafeString:
    """One column per (label, amount); the last one is marked as now. `write` spells an amount."""
    most = max((float(amount) for _, amount in points), default=0) or 1
    step = WIDTH / max(len(points), 1)
    wide = min(step * 0.62, 44)
    floor, room = HEIGHT - FOOT, HEIGHT - FOOT - HEAD
    columns = format_html_join(
        "",
        '<g class="{}" tabindex="0"><title>{}: {}</title>'
        '<rect x="{}" y="0" width="{}" height="{}" fill="transparent"/>'
        '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}" rx="4"/>'
        '<text class="value" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
        (
            _column(name, write(amount), float(amount) / most * room, place, step, wide, now)
            for place, (name, amount) in enumerate(points)
            for now in [place == len(points) - 1]
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="grid" d="M0 {}H{}M0 {}H{}M0 {}H{}"/>{}</svg>',
        WIDTH,
        HEIGHT,
        label,
        HEAD + 0.5,
        WIDTH,
        HEAD + room // 2 + 0.5,
        WIDTH,
        floor + 0.5,
        WIDTH,
        columns,
    )


def _column(
    name: str, value: str, high: float, place: int, step: float, wide: float, now: bool
) -> tuple[object, ...]:
    """The arguments of one column, in the order of the template above."""
    floor = HEIGHT - FOOT
    middle = f"{(place + 0.5) * step:.1f}"
    left, top = f"{(place + 0.5) * step - wide / 2:.1f}", f"{floor - high:.1f}"
    mark = "now" if now else ""
    return (
        *(mark, name, value, f"{place * step:.1f}", f"{step:.1f}", floor),
        *(mark, left, top, f"{wide:.1f}", f"{max(high, 0):.1f}"),
        *(middle, f"{floor - high - 7:.1f}", value, middle, HEIGHT - 5, name),
    )


def sparkline(values: Sequence[Decimal], *, label: str) -> SafeString:
    """A line from left to right, lowest value at the bottom."""
    numbers = [float(value) for value in values] or [0.0]
    low, span = min(numbers), (max(numbers) - min(numbers)) or 1
    step = 96 / max(len(numbers) - 1, 1)
    line = "L".join(
        f"{i * step:.1f} {22 - (n - low) / span * 20:.1f}" for i, n in enumerate(numbers)
    )
    return format_html(
        '<svg class="sparkline" viewBox="0 0 96 24" role="img" aria-label="{}"><path d="M{}"/></svg>',
        label,
        line,
    )
