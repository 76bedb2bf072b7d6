"""WeasyPrint, set up once and used for many documents.

What costs is shared: one font configuration (a new one leaks), parsed stylesheets, computed styles,
encoded logos. A document is well-formed markup without a stylesheet, script or entity of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from weasyprint import CSS, DEFAULT_OPTIONS, HTML
from weasyprint.css.targets import TargetCollector
from weasyprint.document import Document
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.images import get_image_from_uri
from weasyprint.layout import LayoutContext
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from . import fonts
from .styles import Look, Styles

COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
SIZES = {"A4", "Letter"}
LOGOS_KEPT = LOOKS_KEPT = 8


class Shelf(URLFetcher):
    """Serves `asset:` addresses out of memory and nothing else: no file, no network, no `data:`."""

    def __init__(self) -> None:
        super().__init__(allow_redirects=False)
        self.assets: dict[str, tuple[str, bytes]] = {}

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        if url not in self.assets:
            raise ValueError("this document may not load anything")
        kind, data = self.assets[url]
        return URLFetcherResponse(url, data, {"Content-Type": kind})


class Markup(HTML):
    """A parsed document. Expat is ten times as fast as a parser that forgives."""

    def __init__(self, markup: str, shelf: Shelf) -> None:
        if "<!" in markup:
            raise ValueError("a document may not bring a doctype")
        root = ElementTree.fromstring(markup)  # noqa: S314 - no doctype, so no entities
        self.base_url, self.url_fetcher, self.media_type = None, shelf, "print"
        self.etree_element = root
        self.wrapper_element = ElementWrapper.from_html_root(root)


class Sheet(Document):
    """A laid out document, dressed out of a look instead of by matching selectors."""

    @classmethod
    def _build_layout_context(
        cls, html: Markup, font_config: Any, counter_style: Any, profiles: Any, options: Any
    ) -> LayoutContext:
        get_image = functools.partial(
            get_image_from_uri,
            cache=options["cache"],
            url_fetcher=html.url_fetcher,
            options=options,
        )
        styles = Styles(html.etree_element, options["look"])
        return LayoutContext(styles, get_image, font_config, counter_style, TargetCollector())


class Engine:
    """Renders documents that share one stylesheet and one typeface."""

    def __init__(self, css: str, font: str) -> None:
        self.shelf = Shelf()
        self.fonts = FontConfiguration()
        self.images: dict[str, Any] = {}
        weights = fonts.static_weights(font)
        self.shelf.assets = {f"asset:{w}.ttf": ("font/ttf", data) for w, data in weights.items()}
        faces = "".join(
            f'@font-face {{ font-family: Paper; font-weight: {w}; src: url("asset:{w}.ttf") }}'
            for w in weights
        )
        self.base = self._sheet(faces + css)
        self.look = functools.lru_cache(maxsize=LOOKS_KEPT)(self._look)

    def render(self, markup: str, *, size: str, color: str, logo: tuple[str, bytes]) -> bytes:
        """The document as PDF. The same arguments give the same bytes, in any process."""
        name, png = logo
        if len(self.images) > 4 * LOGOS_KEPT:
            self.images.clear()
        self.shelf.assets["asset:" + name] = ("image/png", png)
        options = DEFAULT_OPTIONS | {"cache": self.images}
        try:
            sheet = Sheet._render(
                Markup(markup, self.shelf),
                self.fonts,
                UA_COUNTER_STYLE.copy(),
                {},
                options | {"look": self.look(size, color)},
            )
            return sheet.write_pdf(**options)
        finally:
            del self.shelf.assets["asset:" + name]

    def _look(self, size: str, color: str) -> Look:
        """What differs between installations; checked, because it becomes CSS."""
        if size not in SIZES or not COLOR.match(color):
            raise ValueError("unknown paper size or colour")
        own = self._sheet(
            f"@page {{ size: {size} }} .band {{ background: {color} }}"
            f" .sums .total td {{ border-top-color: {color} }}"
        )
        return Look([self.base, own], self.fonts)

    def _sheet(self, css: str) -> CSS:
        return CSS(string=css, font_config=self.fonts, url_fetcher=self.shelf)
