"""The yardstick of the PDF benchmark: ReportLab drawing the same paper, as fast as it can.

It draws everything that our own page shows: band, logo, parties, facts, rows in three roles with
the same embedded and subset Inter, repeated table heads, running header and footer with page
numbers, payment instructions, totals and terms. What a warm process may keep, it keeps.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Table,
)

from invoices.paper import Paper
from invoices.press import fonts

INK, TEXT, PALE, LINE, PANEL = (
    HexColor(color) for color in ("#111827", "#4b5563", "#6b7280", "#e5e7eb", "#f6f7f9")
)
PLAIN = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")


def register(font: str) -> None:
    """Make Inter known, in both weights."""
    for weight, data in fonts.static_weights(font).items():
        face = TTFont(f"Inter{weight}", io.BytesIO(data))
        face.face.name = f"Inter-{weight}".encode()  # else the second is taken for the first
        registerFont(face)
    registerFontFamily("Inter400", normal="Inter400", bold="Inter600")


def draw(paper: Paper) -> bytes:
    """The paper as PDF."""
    out, size = io.BytesIO(), A4 if paper.size == "A4" else LETTER
    document = BaseDocTemplate(out, pagesize=size, title=paper.number, author=paper.company_name)
    width = size[0] - 32 * mm
    document.addPageTemplates(
        [
            _page("first", size, top=13, draw=functools.partial(_first, paper)),
            _page("later", size, top=20, draw=functools.partial(_later, paper)),
        ]
    )
    document.build(
        [NextPageTemplate("later"), *_story(paper, width)],
        canvasmaker=functools.partial(Numbered, paper.footer),
    )
    return out.getvalue()


class Numbered(Canvas):
    """Pages are kept back until their number is known."""

    def __init__(self, footer: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.footer = footer
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self.kept:
            self.__dict__.update(page)
            self.setFont("Inter400", 7.5)
            self.setFillColor(PALE)
            self.drawString(16 * mm, 10 * mm, self.footer)
            place = f"Page {self._pageNumber} of {len(self.kept)}"
            self.drawRightString(self._pagesize[0] - 16 * mm, 10 * mm, place)
            super().showPage()
        super().save()


class Picture(Flowable):
    """An image that is decoded once per process."""

    def __init__(self, png: bytes, width: float, height: float) -> None:
        super().__init__()
        self.png, self.width, self.height = png, width, height

    def wrap(self, *_available: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.drawImage(_reader(self.png), 0, 0, self.width, self.height, mask="auto")


def _page(
    name: str, size: tuple[float, float], *, top: float, draw: Callable[..., None]
) -> PageTemplate:
    inner = {f"{side}Padding": 0 for side in ("left", "right", "top", "bottom")}
    height = size[1] - (top + 17) * mm
    frame = Frame(16 * mm, 17 * mm, size[0] - 32 * mm, height, **inner)
    return PageTemplate(id=name, frames=[frame], onPage=draw)


def _first(paper: Paper, canvas: Canvas, document: BaseDocTemplate) -> None:
    width, height = document.pagesize
    canvas.setFillColor(HexColor(paper.color))
    canvas.rect(0, height - 2.2 * mm, width, 2.2 * mm, stroke=0, fill=1)


def _later(paper: Paper, canvas: Canvas, document: BaseDocTemplate) -> None:
    width, height = document.pagesize
    canvas.setFont("Inter600", 8)
    canvas.setFillColor(TEXT)
    canvas.drawString(16 * mm, height - 13 * mm, f"{paper.title} {paper.number}")
    canvas.setFont("Inter400", 8)
    canvas.drawRightString(width - 16 * mm, height - 13 * mm, paper.bill_to_name)


def _story(paper: Paper, width: float) -> list[Any]:
    return [
        _head(paper, width),
        _parties(paper, width),
        _facts(paper),
        *([_text(paper.message, after=5 * mm)] if paper.message else []),
        _lines(paper, width),
        KeepTogether(_close(paper, width)),
        *([_text(f"{_pale('Terms')}\n{paper.terms}", size=7.5)] if paper.terms else []),
    ]


def _head(paper: Paper, width: float) -> Table:
    logo: Any = _text(f"<b>{escape(paper.company_name)}</b>", size=15)
    if paper.logo:
        logo = Picture(paper.logo.png, paper.logo.width * 0.75, paper.logo.height * 0.75)
    title = [
        Paragraph(escape(paper.title), _style(22, INK, TA_RIGHT, "Inter600")),
        Paragraph(escape(paper.number), _style(10.5, PALE, TA_RIGHT)),
    ]
    return _table([[logo, title]], [width / 2] * 2, after=5 * mm)


def _parties(paper: Paper, width: float) -> Table:
    def party(label: str, name: str, rows: tuple[str, ...]) -> Paragraph:
        more = "".join("\n" + escape(row) for row in rows)
        return _text(f'{_pale(label)}\n<font color="#111827"><b>{escape(name)}</b></font>{more}')

    row = [
        party("From", paper.company_name, paper.company_rows),
        party("Bill to", paper.bill_to_name, paper.bill_to_rows),
    ]
    return _table([row], [width / 2] * 2, TOP, after=4 * mm)


def _facts(paper: Paper) -> Table:
    rows = [[fact.label for fact in paper.facts], [fact.value for fact in paper.facts]]
    looks = [
        ("BACKGROUND", (0, 0), (-1, -1), PANEL),
        ("FONT", (0, 0), (-1, 0), "Inter400", 7.5),
        ("FONT", (0, 1), (-1, 1), "Inter600", 8.6),
        ("TEXTCOLOR", (0, 0), (-1, 0), PALE),
    ]
    table = Table(rows, style=looks, spaceAfter=5 * mm, cornerRadii=[4] * 4)
    table.hAlign = "LEFT"
    return table


def _lines(paper: Paper, width: float) -> Table:
    texts = (
        ("Description", True),
        ("Quantity", True),
        ("Price", True),
        ("Discount", paper.has_discount),
        ("Tax", paper.has_tax),
        ("Amount", True),
    )
    shares = (0, 0.11, 0.11, 0.09, 0.09, 0.135)
    shown = [place for place, (_, wanted) in enumerate(texts) if wanted]
    rows: list[list[Any]] = [[texts[place][0] for place in shown]]
    for line in paper.lines:
        cells = (None, line.quantity, line.price, line.discount, line.tax, line.net)
        rows.append([_description(line.rows), *(cells[place] for place in shown[1:])])
    widths = [shares[place] * width for place in shown]
    widths[0] = width - sum(widths)
    looks = [
        TOP,
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("FONT", (0, 0), (-1, 0), "Inter400", 7.5),
        ("TEXTCOLOR", (0, 0), (-1, 0), PALE),
        ("FONT", (1, 1), (-1, -1), "Inter400", 8.2, 10.5),
        ("TEXTCOLOR", (1, 1), (-1, -1), TEXT),
        ("TEXTCOLOR", (-1, 1), (-1, -1), INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.5, LINE),
    ]
    return _table(rows, widths, *looks, after=3 * mm, repeatRows=1)


def _description(rows: Any) -> Paragraph:
    marks = {
        "lead": '<font color="#111827"><b>{}</b></font>',
        "context": '<font color="#6b7280" size="7.4">{}</font>',
        "detail": "{}",
    }
    return _text("\n".join(marks[row.role].format(escape(row.text)) for row in rows), size=8.2)


def _close(paper: Paper, width: float) -> Table:
    pay = f"{_pale('How to pay')}\n{escape(paper.payment_instructions)}"
    rows = [["Subtotal", paper.subtotal]]
    rows += [[f"{tax.label} on {tax.base}", tax.amount] for tax in paper.taxes]
    total = len(rows)
    rows += [[f"Total {paper.currency}", paper.total]]
    rows += [[fact.label, fact.value] for fact in paper.settled]
    looks = [
        ("ALIGN", (1, 0), (1, -1), "RIGHT"),
        ("FONT", (0, 0), (-1, -1), "Inter400", 8.6),
        ("TEXTCOLOR", (0, 0), (0, -1), TEXT),
        ("FONT", (0, total), (-1, total), "Inter600", 12.5),
        ("LINEABOVE", (0, total), (-1, total), 1.6, HexColor(paper.color)),
    ]
    sums = _table(rows, [width * 0.33, width * 0.17], *looks)
    return _table([[_text(pay), sums]], [width / 2] * 2, TOP)


def _table(
    rows: list[list[Any]], widths: list[float], *looks: Any, after: float = 0, **more: Any
) -> Table:
    return Table(rows, colWidths=widths, style=[*PLAIN, *looks], spaceAfter=after, **more)


def _text(text: str, *, size: float = 8.6, after: float = 0) -> Paragraph:
    return Paragraph(text.replace("\n", "<br/>"), _style(size, TEXT, after=after))


def _pale(text: str) -> str:
    return f'<font color="#6b7280" size="7.5">{text}</font>'


@functools.cache
def _style(
    size: float, color: Any, align: int = 0, font: str = "Inter400", after: float = 0
) -> ParagraphStyle:
    return ParagraphStyle(
        f"{font}-{size}", fontName=font, fontSize=size, leading=size * 1.3, textColor=color,
        alignment=align, spaceAfter=after,
    )  # fmt: skip


@functools.cache
def _reader(png: bytes) -> ImageReader:
    reader = ImageReader(io.BytesIO(png))
    reader.getRGBData()
    return reader
