"""Computed styles that are remembered from one document to the next.

WeasyPrint matches every element against every selector and computes its style anew in each
document: a quarter of the time of an invoice. Documents here share one stylesheet and one template,
and its selectors ask for tag, class and ancestors alone. So an element's style follows from its
tag, its class and the style of its parent, and is looked up by just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any
from xml.etree.ElementTree import Element

from cssselect2 import ElementWrapper
from weasyprint import CSS
from weasyprint.css import ComputedStyle, InitialStyle, StyleFor, declaration_precedence
from weasyprint.text.fonts import FontConfiguration

Cascade = dict[str, Any]


class Branch:
    """The style of an element, those of its pseudo-elements, and the branches of its children."""

    __slots__ = ("children", "pseudos", "style")

    def __init__(self, style: Any, pseudos: Mapping[str, Any]) -> None:
        self.style, self.pseudos = style, pseudos
        self.children: dict[tuple[str, str | None], Branch] = {}


class Look:
    """Stylesheets, and all styles that documents under them have needed so far."""

    def __init__(self, sheets: Iterable[CSS], fonts: FontConfiguration) -> None:
        self.sheets, self.fonts = tuple(sheets), fonts
        self.roots: dict[tuple[str, str | None], Branch] = {}
        self.pages: dict[bool, dict[str | None, Any]] = {True: {}, False: {}}
        self.page_sizes: dict[str, Any] = {"box": None, "area": None}

    def branch(self, path: tuple[Element, ...], parent: Branch | None) -> Branch:
        """The branch of the last element of a path from the root."""
        known = parent.children if parent else self.roots
        key = (path[-1].tag, path[-1].get("class"))
        if key not in known:
            known[key] = self._grow(path, parent)
        return known[key]

    def _grow(self, path: tuple[Element, ...], parent: Branch | None) -> Branch:
        cascades = self._cascades(path)
        above = parent.style if parent else None
        root = above.root_style if above and not above.is_root_element else above
        style = self._computed(above, cascades.pop(None, {}), None, root)
        pseudos = {
            pseudo: self._computed(style, cascade, pseudo, root or style)
            for pseudo, cascade in cascades.items()
        }
        return Branch(style, pseudos)

    def _cascades(self, path: tuple[Element, ...]) -> dict[Any, Cascade]:
        """By pseudo-element: the declarations that win, each with its weight."""
        wrapper = None
        for element in path:
            wrapper = ElementWrapper(element, wrapper, 0, None, in_html_document=True)
        cascades: dict[Any, Cascade] = {None: {}}
        for sheet in self.sheets:
            for specificity, _, pseudo, (declarations, _) in sheet.matcher.match(wrapper):
                cascade = cascades.setdefault(pseudo, {})
                for name, value, important in declarations:
                    weight = (declaration_precedence("user", important), inf, specificity)
                    if name not in cascade or cascade[name][1] <= weight:
                        cascade[name] = value, weight
        return cascades

    def _computed(self, above: Any, cascade: Cascade, pseudo: str | None, root: Any) -> Any:
        first = InitialStyle(self.fonts) if root is None else root
        return ComputedStyle(above, cascade, pseudo, first, None, self.fonts, self.page_sizes)


class Styles(StyleFor):
    """What WeasyPrint asks for the style of an element or a page, answered out of a look."""

    def __init__(self, root: Element, look: Look) -> None:
        self.look = look
        self.font_config, self.initial_page_sizes = look.fonts, look.page_sizes
        self._sheets = [(sheet, "user", None) for sheet in look.sheets]
        self._cascaded_styles: dict[Any, Any] = {}
        self._computed_styles: dict[Any, Any] = {}
        self._dress((root,), None)

    def _dress(self, path: tuple[Element, ...], parent: Branch | None) -> None:
        branch = self.look.branch(path, parent)
        element = path[-1]
        self._computed_styles[element, None] = branch.style
        for pseudo, style in branch.pseudos.items():
            self._computed_styles[element, pseudo] = style
        for child in element:
            self._dress((*path, child), branch)

    def add_page_declarations(self, page_type: Any) -> None:
        """First pages look alike, and so do all others."""
        known = self.look.pages[page_type.index == 0]
        if not known:
            super().add_page_declarations(page_type)
        for pseudo in known:
            self._cascaded_styles[page_type, pseudo] = {}

    def set_computed_styles(
        self, element: Any, parent: Any, *args: Any, pseudo_type: str | None = None, **more: Any
    ) -> None:
        known = self.look.pages[element.index == 0]
        if pseudo_type not in known:
            super().set_computed_styles(element, parent, *args, pseudo_type=pseudo_type, **more)
            known[pseudo_type] = self._computed_styles[element, pseudo_type]
        self._computed_styles[element, pseudo_type] = known[pseudo_type]
