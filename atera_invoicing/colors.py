"""A brand colour that somebody chose, made readable: pure functions over "#rrggbb"."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

AA = 4.5  # WCAG 2.2, contrast of normal text
LIGHT, DARK = "#f3f3f5", "#1b1e23"  # the least forgiving grounds in tokens.css


class Brand(NamedTuple):
    """Fill of primary buttons, text on it, and the colour of links on light and dark ground."""

    fill: str
    on_fill: str
    on_light: str
    on_dark: str


@lru_cache(maxsize=64)
def brand(color: str) -> Brand:
    """What the stylesheet needs of one brand colour; every pair has a contrast of 4.5 or more."""
    on_fill = max(("#ffffff", "#12141a"), key=lambda ink: contrast(ink, color))
    return Brand(
        color, on_fill, _towards("#000000", color, LIGHT), _towards("#ffffff", color, DARK)
    )


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _towards(end: str, color: str, ground: str) -> str:
    """`color`, mixed with as little of `end` as makes it readable on `ground`."""
    for step in range(21):
        mixed = _mix(color, end, step / 20)
        if contrast(mixed, ground) >= AA:
            return mixed
    return end


def _mix(color: str, end: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(end), strict=True)
    return "#" + "".join(f"{int(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
