"""Shortcuts through WeasyPrint: what it works out anew for every box, kept with the box's style.

Styles outlive documents here (see `styles`), so what follows from a style alone is found once, and
a label or a price that was shaped for one line serves the next. Each shortcut gives exactly what it
stands in for and leaves the unusual to the original; a test prints documents both ways and compares
the bytes. Only `borders` draws differently: a rule is one rectangle, instead of a clipped ring.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pydyf
from weasyprint import draw, images
from weasyprint.draw.border import draw_border
from weasyprint.draw.color import get_color
from weasyprint.formatting_structure.boxes import LineBox
from weasyprint.images import RasterImage
from weasyprint.layout import background, block, inline, percent, table
from weasyprint.layout.absolute import AbsolutePlaceholder
from weasyprint.layout.background import layout_box_backgrounds
from weasyprint.layout.float import avoid_collisions
from weasyprint.layout.percent import resolve_percentages
from weasyprint.text import line_break
from weasyprint.text.line_break import split_first_line, strut

LONGEST_KEPT, LINES_KEPT = 80, 250  # characters of a text; texts per style
SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top_left", "top_right", "bottom_right", "bottom_left")
RADII = tuple(f"border_{corner}_radius" for corner in CORNERS)
NO_RADII = dict.fromkeys(RADII, (0, 0))
LENGTHS = (
    *(f"{kind}_{side}" for kind in ("margin", "padding") for side in SIDES),
    *("width", "height", "min_width", "min_height", "max_width", "max_height"),
)
get_x_object = RasterImage.get_x_object


def install(*, without: str = "") -> Callable[[], None]:
    """Take the shortcuts from now on, in this process; calling the result takes them back."""
    ways: list[tuple[Any, str, Any]] = [
        *((layout, "resolve_percentages", lengths) for layout in (block, inline, percent, table)),
        (background, "layout_box_backgrounds", backgrounds),
        (draw, "draw_border", borders),
        (line_break, "Layout", Shaped),
        (inline, "split_first_line", first_line),
        (inline, "strut", line_height),
        (inline, "avoid_collisions", room),
        (images.RasterImage, "get_x_object", encoded),
    ]
    ways = [way for way in ways if way[2].__name__ != without]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in ways]
    _assign(ways)
    return lambda: _assign(before)


def _assign(ways: list[tuple[Any, str, Any]]) -> None:
    for owner, name, value in ways:
        setattr(owner, name, value)


def lengths(box: Any, containing_block: Any) -> None:
    """`resolve_percentages`: without percentages a style always comes to the same lengths."""
    style = box.style
    if not hasattr(style, "lengths"):
        style.lengths = _lengths(style)
    if style.lengths is None:
        resolve_percentages(box, containing_block)
    else:
        box.__dict__.update(style.lengths)


def _lengths(style: Any) -> dict[str, Any] | None:
    is_plain = style["border_collapse"] == "separate" and style["box_sizing"] == "content-box"
    if not is_plain or not all(_is_absolute(style[name]) for name in LENGTHS):
        return None
    probe = SimpleNamespace(style=style)
    resolve_percentages(probe, (0, 0))
    del probe.style
    return vars(probe)


def _is_absolute(value: Any) -> bool:
    return value == "auto" or getattr(value, "unit", None) == "px"


def backgrounds(
    page: Any, box: Any, get_image: Any, layout_children: bool = True, style: Any = None
) -> None:
    """`layout_box_backgrounds`: most boxes have neither a background nor round corners."""
    stands_in = isinstance(box, AbsolutePlaceholder)  # it passes on what is set, not its __dict__
    if style or box is page or stands_in or not _is_bare(box.style):
        layout_box_backgrounds(page, box, get_image, layout_children, style)
        return
    box.__dict__.update(NO_RADII, background=None)
    if layout_children:
        for child in box.all_children():
            backgrounds(page, child, get_image)


def _is_bare(style: Any) -> bool:
    if not hasattr(style, "is_bare"):
        style.is_bare = (
            get_color(style, "background_color").alpha == 0
            and all(kind == "none" for kind, _ in style["background_image"])
            and _is_square(style)
            and style["border_image_source"][0] == style["mask_border_source"][0] == "none"
            and style["visibility"] != "hidden"
            and not style["box_shadow"]
        )
    return style.is_bare


def _is_square(style: Any) -> bool:
    return all((0, "px") in style[radius] for radius in RADII)


def borders(stream: Any, box: Any) -> None:
    """`draw_border`: most boxes have none, and the others a rule above or below."""
    style = box.style
    if not hasattr(style, "border"):
        style.border = _border(style)
    if style.border == "rule":
        _draw_rule(stream, box)
    elif style.border:
        draw_border(stream, box)


def _border(style: Any) -> str:
    """Empty, `rule` for a plain line above or below, else `other`."""
    drawn = [side for side in SIDES if style[f"border_{side}_width"]]
    is_plain = (
        style["border_collapse"] == "separate"
        and style["border_image_source"][0] == "none"
        and (style["column_width"], style["column_count"]) == ("auto", "auto")
    )
    if is_plain and not drawn:
        return ""
    is_rule = drawn in (["top"], ["bottom"]) and style[f"border_{drawn[0]}_style"] == "solid"
    is_shown = style["visibility"] == "visible" and _is_square(style)
    return "rule" if is_plain and is_rule and is_shown else "other"


def _draw_rule(stream: Any, box: Any) -> None:
    above, below = box.border_top_width, box.border_bottom_width
    y = box.border_box_y() + (box.border_height() - below if below else 0)
    stream.set_color(get_color(box.style, f"border_{'bottom' if below else 'top'}_color"))
    stream.rectangle(box.border_box_x(), y, box.border_width(), above + below)
    stream.fill()


class Shaped(line_break.Layout):
    """Text that stays shaped until it is drawn, instead of being shaped a second time."""

    def deactivate(self) -> None:
        """Not now: it is drawn soon, and perhaps again."""

    def reactivate(self, style: Any) -> None:
        if self.justification_spacing:
            super().reactivate(style)


def first_line(
    text: str, style: Any, context: Any, max_width: float | None, spacing: float, **more: bool
) -> tuple[Any, ...]:
    """`split_first_line`: names, labels and prices come back in the next line and document."""
    if len(text) > LONGEST_KEPT:
        return split_first_line(text, style, context, max_width, spacing, **more)
    if not hasattr(style, "first_lines"):
        style.first_lines = {}
    kept, key = style.first_lines, (text, max_width, spacing, *more.items())
    if key not in kept:
        if len(kept) == LINES_KEPT:
            kept.clear()
        kept[key] = split_first_line(text, style, context, max_width, spacing, **more)
    return kept[key]


def line_height(style: Any) -> tuple[float, float]:
    """`strut`: it follows from the style."""
    if not hasattr(style, "line_height"):
        style.line_height = strut(style)
    return style.line_height


def room(context: Any, box: Any, containing_block: Any, outer: bool = True) -> tuple[float, ...]:
    """`avoid_collisions`: where nothing floats, a line is as wide as its block."""
    is_rtl = containing_block.style["direction"] == "rtl"
    if context.excluded_shapes or outer or is_rtl or not _is_bare_line(box):
        return avoid_collisions(context, box, containing_block, outer)
    left = containing_block.content_box_x()
    return left, box.position_y, left + containing_block.width - left


def _is_bare_line(box: Any) -> bool:
    return isinstance(box, LineBox) and not (box.margin_left or box.margin_right or box.margin_top)


def encoded(image: Any, interpolate: bool, dpi_ratio: float) -> pydyf.Stream:
    """`get_x_object`: an image is encoded for its first document and copied into the next."""
    if not hasattr(image, "encoded"):
        image.encoded = {}
    kept, key = image.encoded, (interpolate, dpi_ratio)
    if key not in kept:
        kept[key] = get_x_object(image, interpolate, dpi_ratio)
    return _copy(kept[key])


def _copy(stream: pydyf.Stream) -> pydyf.Stream:
    """A document numbers its objects, and puts a number in the place of the mask."""
    extra = {name: _copy(v) if name == "SMask" else v for name, v in stream.extra.items()}
    return pydyf.Stream(stream.stream, pydyf.Dictionary(extra))
