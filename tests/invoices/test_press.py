"""The engine inside the press: no document reaches out, and no shortcut changes what is printed."""

from __future__ import annotations

import http.server
import io
import re
import threading
import warnings
from collections import Counter
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
from PIL import ImageFile
from pypdf import PdfReader

from invoices import pdf
from invoices.press import fonts

from . import papers
from .papers import full_look, line, paper, ten_lines, texts

pytestmark = [papers.needs_press, pytest.mark.filterwarnings("ignore")]
LOOK: dict[str, Any] = {"size": "A4", "color": "#1f5eff", "logo": ("none", b"")}


@pytest.fixture(scope="module", autouse=True)
def _pictures_as_before():
    """WeasyPrint has Pillow take damaged pictures, for the whole process. Only the press imports it
    in the product; here it must not reach the tests that follow.
    """
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    yield
    ImageFile.LOAD_TRUNCATED_IMAGES = before


@pytest.fixture(scope="module")
def engine():
    """In this process, where a failure needs no new child."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from invoices.press.engine import Engine

        return Engine(*pdf.pool().setup)


@pytest.fixture
def canary():
    """A local server that counts its visitors."""
    visits: list[str] = []

    class Visitors(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            visits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visitors)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", visits
    server.shutdown()
    thread.join()
    server.server_close()


def printed(engine, sheet: Any) -> bytes:
    request, logo = pdf.order(sheet)
    look = {"size": request["size"], "color": request["color"], "logo": (request["logo"], logo)}
    return engine.render(request["markup"], **look)


def samples() -> list[Any]:
    """Papers that between them use every part of the template."""
    tall = [line(f"Care\n#{i} VPN down\n" + "Reset the gateway. " * i) for i in range(18)]
    return [
        paper(*ten_lines(), look=full_look(), po_number="PO-7781", message="Thanks.\nSee you."),
        paper(*tall, look=full_look(paper="Letter", logo=None), number="", issued_at=None),
        paper(line("x" * 200, "1234567.5", "98765.4321", discount_percent=papers.Decimal(10))),
        paper(line("Zażółć, Αθήνα, Москва, 漢字 😀 العربية"), paid=papers.Decimal(50)),
    ]


TRICKS = [
    '<img src="{url}"/>',
    '<link rel="stylesheet" href="{url}"/>',
    '<link rel="attachment" href="{url}"/>',
    '<a rel="attachment" href="{url}">x</a>',
    "<style>@import url({url}); body {{ background: url({url}) }}</style>",
    "<style>@font-face {{ font-family: Evil; src: url({url}) }} p {{ font-family: Evil }}</style>",
    '<p style="background: url({url})">x</p>',
    '<object data="{url}"/><embed src="{url}"/><iframe src="{url}"/>',
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}" width="9" height="9"/>'
    '<use href="{url}#a"/></svg>',
    "<img src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E"
    "%3Cimage href='{url}'/%3E%3C/svg%3E\"/>",
    '<base href="{url}"/><img src="x.png"/>',
]


@pytest.mark.parametrize("trick", TRICKS)
def test_crafted_markup_reaches_neither_files_nor_the_network(trick, engine, canary, tmp_path):
    url, visits = canary
    secret = tmp_path / "secret.txt"
    secret.write_text("CANARY-4711")
    for target in (f"{url}/hit", secret.as_uri(), "file:///etc/passwd"):
        markup = f"<html><body><p>Before {trick.format(url=target)}</p></body></html>"
        content = engine.render(markup, **LOOK)
        assert b"/EmbeddedFile" not in content
        assert b"CANARY-4711" not in content
        assert "root:x:0" not in " ".join(texts(content))
    assert visits == []


def test_an_svg_in_the_place_of_the_logo_reaches_nothing(engine, canary):
    url, visits = canary
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/logo"/></svg>'.encode()
    engine.render('<p><img src="asset:x"/></p>', **{**LOOK, "logo": ("x", svg)})
    assert visits == []


@pytest.mark.parametrize(
    "markup",
    [
        '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a;</p>',
        "<p>&undefined;</p>",
        "<p>never closed",
    ],
)
def test_a_document_may_not_bring_entities_or_mistakes(markup, engine):
    with pytest.raises((ValueError, ParseError)):
        engine.render(markup, **LOOK)


@pytest.mark.parametrize("look", [{"size": "A4} body{color:red"}, {"color": "red;}"}])
def test_the_look_can_not_smuggle_css(look, engine):
    with pytest.raises(ValueError, match="unknown paper size or colour"):
        engine.render("<p>x</p>", **{**LOOK, **look})


def test_shortcuts_give_the_same_bytes(engine):
    """Twice with shortcuts: what was remembered for the first document serves the second."""
    from invoices.press import shortcuts

    for sheet in samples():
        plain = printed(engine, sheet)
        undo = shortcuts.install(without="borders")
        try:
            assert [printed(engine, sheet), printed(engine, sheet)] == [plain, plain]
        finally:
            undo()


def test_a_rule_is_the_rectangle_that_a_border_would_fill(engine):
    from invoices.press import shortcuts

    sheet = samples()[0]
    plain = printed(engine, sheet)
    undo = shortcuts.install()
    short = printed(engine, sheet)
    undo()
    assert texts(short) == texts(plain)
    assert rules(short) - rules(plain) == clips(plain)
    assert sum(clips(plain).values()) > 50


def rules(content: bytes) -> Counter[tuple[int, ...]]:
    """Rectangles that are filled and nothing else, in tenths of a pixel."""
    found = re.findall(r"([\d. -]+) re\nf\n", _operators(content))
    boxes = [[float(n) for n in one.split()] for one in found]
    return Counter(_tenths(x, y, x + w, y + h) for x, y, w, h in boxes)


def clips(content: bytes) -> Counter[tuple[int, ...]]:
    """What borders on one side are clipped to: the corners of their four points."""
    point = r"([\d.]+) ([\d.]+) "
    found = re.findall(rf"{point}m\n{point}l\n{point}l\n{point}l\nW\*\nn\n", _operators(content))
    boxes = [[float(n) for n in one] for one in found]
    return Counter(_tenths(min(b[::2]), min(b[1::2]), max(b[::2]), max(b[1::2])) for b in boxes)


def _operators(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return "".join(page.get_contents().get_data().decode("latin1") for page in pages)


def _tenths(*numbers: float) -> tuple[int, ...]:
    return tuple(round(number * 10) for number in numbers)


def test_remembered_styles_are_those_that_the_stylesheet_gives(engine):
    """For every element of every sample, property by property."""
    from weasyprint.css import StyleFor
    from weasyprint.css.properties import INITIAL_VALUES

    from invoices.press.engine import Markup
    from invoices.press.styles import Styles

    for sheet in samples():
        look = engine.look(sheet.size, sheet.color)
        html = Markup(pdf.markup(sheet).replace(' lang="en"', ""), engine.shelf)
        theirs = StyleFor(html, [(s, "user", None) for s in look.sheets], False, look.fonts, None)
        ours = Styles(html.etree_element, look)
        for element in html.etree_element.iter():
            a, b = ours(element), theirs(element)
            assert [n for n in INITIAL_VALUES if a[n] != b[n]] == [], element.attrib


def test_both_weights_keep_kerning_marks_and_tabular_figures():
    from fontTools.ttLib import TTFont

    weights = fonts.static_weights(pdf.pool().setup[1])
    assert set(weights) == {400, 600}
    for data in weights.values():
        assert [tag for tag in (b"kern", b"mark", b"ccmp", b"tnum") if tag not in data] == []
        characters = TTFont(io.BytesIO(data)).getBestCmap()
        assert {ord("Ж"), ord("Ω"), ord("ż"), ord("€")} <= set(characters)
