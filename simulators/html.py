"""A few helpers for plain pages. Text is escaped unless it is already markup."""

from __future__ import annotations

import html


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


_VOID = {"input", "meta", "link", "br"}


def tag(name: str, /, *content: str, **attributes: object) -> Markup:
    """An element. `class_` stands for class, underscores for dashes; False and None leave out."""
    shown = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        shown += f" {label}" if value is True else f' {label}="{html.escape(str(value))}"'
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    inner = "".join(
        part if isinstance(part, Markup) else html.escape(str(part)) for part in content
    )
    return Markup(f"<{name}{shown}>{inner}</{name}>")


def page(title: str, *body: str, trail: tuple[tuple[str, str], ...] = ()) -> str:
    """A whole page. `trail` are links to where one came from."""
    links = [
        tag("a", label, href=address) for label, address in (("Simulators", "/__sim/"), *trail)
    ]
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("title", title),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("link", rel="stylesheet", href="/__sim/style.css"),
    )  # fmt: skip
    shell = tag("body", tag("nav", *links), tag("main", *body))
    return f"<!doctype html>{tag('html', head, shell, lang='en')}"


def table(
    heads: list[str],
    rows: list[list[str]],
    *,
    numbers: tuple[int, ...] = (),
    stacked: bool = False,
) -> Markup:
    """A table that on a phone scrolls sideways, or has its cells below each other when `stacked`.
    `numbers` are the columns aligned to the right.
    """

    def cells(name: str, row: list[str]) -> Markup:
        shown = [
            tag(name, cell, class_="number" if position in numbers else None)
            for position, cell in enumerate(row)
        ]
        return tag("tr", *shown)

    head = tag("thead", cells("th", heads))
    body = tag("tbody", *(cells("td", row) for row in rows))
    return tag("div", tag("table", head, body), class_="scroll stacked" if stacked else "scroll")


def button(label: str, action: str, *, quiet: bool = False, **hidden: str) -> Markup:
    """A form of one button."""
    fields = [tag("input", type="hidden", name=name, value=value) for name, value in hidden.items()]
    press = tag("button", label, class_="quiet" if quiet else None)
    return tag("form", *fields, press, method="post", action=action, class_="inline")
