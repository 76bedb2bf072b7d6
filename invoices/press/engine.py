"""WeasyPrint, set up once and used for many documents.

What costs is shared: one font configuration (a new one leaks), parsed stylesheets, decoded logos.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from . import fonts

COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
SIZES = {"A4", "Letter"}
LOGOS_KEPT = 8


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
        self.look = functools.lru_cache(maxsize=64)(self._look)

    def render(self, html: str, *, size: str, color: str, logo: tuple[str, bytes]) -> bytes:
        """The document as PDF. The same arguments give the same bytes, in any process."""
        name, png = logo
        if len(self.images) > 4 * LOGOS_KEPT:
            self.images.clear()
        self.shelf.assets["asset:" + name] = ("image/png", png)
        try:
            document = weasyprint.HTML(string=html, url_fetcher=self.shelf)
            return document.write_pdf(
                stylesheets=[self.base, self.look(size, color)],
                font_config=self.fonts,
                cache=self.images,
            )
        finally:
            del self.shelf.assets["asset:" + name]

    def _look(self, size: str, color: str) -> weasyprint.CSS:
        """What differs between installations; checked, because it becomes CSS."""
        if size not in SIZES or not COLOR.match(color):
            raise ValueError("unknown paper size or colour")
        return self._sheet(
            f"@page {{ size: {size} }} .band {{ background: {color} }}"
            f" .sums .total td {{ border-top-color: {color} }}"
        )

    def _sheet(self, css: str) -> weasyprint.CSS:
        return weasyprint.CSS(string=css, font_config=self.fonts, url_fetcher=self.shelf)
