"""What is printed on an invoice, as text that is ready to print.

`Paper` is all the printer and the screen need: no model, no query, no rounding happens after it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import dateformat

from atera_invoicing import money
from whitelabel.models import Branding
from whitelabel.models import Logo as StoredLogo

from . import totals
from .models import Invoice, InvoiceLine

LOGO_BOX = (300, 100)  # CSS pixels: about 79 x 26 mm
LONGEST_LEAD = 120
LONGEST_FACT = 16
ENDLESS_WORD, PIECE = re.compile(r"\S{100,}"), re.compile(r".{30}(?=.)")
LONGEST_FIGURE, LONGEST_AMOUNT = 10, 13
PLAIN_UNITS = {"", "each", "period", "device", "hour"}


@dataclass(frozen=True)
class Logo:
    png: bytes
    width: int
    height: int
    name: str


@dataclass(frozen=True)
class Fact:
    label: str
    value: str

    @property
    def is_long(self) -> bool:
        return len(self.value) > LONGEST_FACT


@dataclass(frozen=True)
class Row:
    """A row of a description: `context` repeats a neighbour, `lead` is new, `detail` follows."""

    text: str
    role: str


@dataclass(frozen=True)
class Line:
    rows: tuple[Row, ...]
    quantity: str
    price: str
    discount: str
    tax: str
    net: str


@dataclass(frozen=True)
class Tax:
    label: str
    base: str
    amount: str


@dataclass(frozen=True)
class Paper:
    title: str
    number: str
    watermark: str
    company_name: str
    company_rows: tuple[str, ...]
    bill_to_name: str
    bill_to_rows: tuple[str, ...]
    facts: tuple[Fact, ...]
    message: str
    lines: tuple[Line, ...]
    has_discount: bool
    has_tax: bool
    currency: str
    subtotal: str
    taxes: tuple[Tax, ...]
    tax: str
    total: str
    settled: tuple[Fact, ...]
    payment_instructions: str
    terms: str
    footer: str
    color: str
    size: str
    date: dt.date
    logo: Logo | None

    @property
    def is_wide(self) -> bool:
        """Whether a figure is too long for the usual columns."""
        return any(
            len(line.quantity) > LONGEST_FIGURE
            or len(line.price) > LONGEST_FIGURE
            or len(line.net) > LONGEST_AMOUNT
            for line in self.lines
        )


def of(invoice: Invoice, *, branding: Branding | None = None) -> Paper:
    """The paper of a stored invoice: in the look it was issued with, a draft in the current one."""
    look = branding or invoice.branding or Branding.current()
    return build(invoice, list(invoice.lines.all()), branding=look)


def of_many(invoice_ids: Sequence[int]) -> list[Paper]:
    """As `of` for many invoices, in the given order and four queries. Unknown ids are left out."""
    found = Invoice.objects.prefetch_related("lines").in_bulk(invoice_ids)
    wanted = {invoice.branding_id for invoice in found.values()}
    looks = Branding.objects.select_related("logo").in_bulk([pk for pk in wanted if pk])
    looks |= {0: Branding.current()} if None in wanted else {}
    papers = []
    for pk in invoice_ids:
        if invoice := found.get(pk):
            look = looks[invoice.branding_id or 0]
            papers.append(build(invoice, list(invoice.lines.all()), branding=look))
    return papers


def build(invoice: Invoice, lines: Sequence[InvoiceLine], *, branding: Branding) -> Paper:
    """The paper of rows that need not be stored: a preview prints exactly what would be written."""
    return Paper(
        title=branding.title,
        number=invoice.number or "DRAFT",
        watermark=_watermark(invoice),
        company_name=branding.company_name,
        company_rows=_company(branding),
        bill_to_name=invoice.bill_to_name,
        bill_to_rows=(*_rows(invoice.bill_to_address), *_filled(invoice.bill_to_tax_number)),
        facts=tuple(_facts(invoice, branding.date_format)),
        message=_text(invoice.message),
        lines=_lines(lines),
        has_discount=any(line.discount_percent for line in lines),
        has_tax=any(line.tax_name or line.tax_percent for line in lines),
        currency=invoice.currency,
        subtotal=_amount(invoice.subtotal),
        taxes=tuple(_taxes(lines)),
        tax=_amount(invoice.tax),
        total=_amount(invoice.total),
        settled=tuple(_settled(invoice)),
        payment_instructions=_text(branding.payment_instructions),
        terms=_text(branding.terms),
        footer=branding.footer.strip(),
        color=branding.color,
        size=branding.paper,
        date=invoice.invoice_date,
        logo=_logo(branding.logo),
    )


def _watermark(invoice: Invoice) -> str:
    if invoice.voided_at:
        return "VOID"
    if invoice.is_draft:
        return "DRAFT"
    return "PAID" if invoice.paid and not invoice.balance else ""


def _company(branding: Branding) -> tuple[str, ...]:
    return (
        *_rows(branding.company_address),
        *_filled(branding.company_email),
        *_filled(" · ".join(_filled(branding.company_phone, branding.company_website))),
        *_filled(branding.tax_number),
    )


def _facts(invoice: Invoice, date_format: str) -> Iterable[Fact]:
    """The few dates and names that everybody looks for first; a due date even on a draft."""

    def day(value: dt.date) -> str:
        return dateformat.format(value, date_format)

    due = invoice.due_date or invoice.invoice_date + dt.timedelta(days=invoice.payment_days)
    yield Fact("Date", day(invoice.invoice_date))
    yield Fact("Due", day(due))
    if invoice.period_start and invoice.period_end:
        yield Fact("Period", f"{day(invoice.period_start)} – {day(invoice.period_end)}")
    if invoice.po_number:
        yield Fact("Your order", invoice.po_number)


def _settled(invoice: Invoice) -> Iterable[Fact]:
    """Payments so far; nothing as long as there are none."""
    if invoice.paid:
        yield Fact("Paid", _amount(-invoice.paid))
    if invoice.refunded:
        yield Fact("Refunded", _amount(invoice.refunded))
    if invoice.paid or invoice.refunded:
        yield Fact("Balance due", _amount(invoice.balance))


def _lines(lines: Sequence[InvoiceLine]) -> tuple[Line, ...]:
    texts = [_rows(line.description) for line in lines]
    return tuple(
        Line(
            rows=_roles(texts, place),
            quantity=quantity(line.quantity, line.unit),
            price=number(line.unit_price, at_least=2),
            discount=f"{percent(line.discount_percent)} %" if line.discount_percent else "",
            tax=f"{percent(line.tax_percent)} %" if line.tax_name or line.tax_percent else "",
            net=_amount(line.net),
        )
        for place, line in enumerate(lines)
    )


def _roles(texts: Sequence[tuple[str, ...]], place: int) -> tuple[Row, ...]:
    """Rows that the line above or below says too step back, so that the eye finds what is new."""
    rows = texts[place]
    around = [*texts[max(place - 1, 0) : place], *texts[place + 1 : place + 2]]
    shared = max((_common(rows, other) for other in around), default=0)
    lead = min(shared, len(rows) - 1)
    return tuple(Row(text, _role(i, lead, text)) for i, text in enumerate(rows))


def _role(place: int, lead: int, text: str) -> str:
    """A paragraph is not set in bold, even where it is what is new."""
    if place < lead:
        return "context"
    return "lead" if place == lead and len(text) <= LONGEST_LEAD else "detail"


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many rows both begin with."""
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    return same


def _taxes(lines: Iterable[InvoiceLine]) -> Iterable[Tax]:
    """A row per tax: what it is, on what, how much."""
    for tax in totals.by_tax(lines):
        shown = f"{percent(tax.percent)} %"
        label = tax.name if shown in tax.name else f"{tax.name or 'Tax'} {shown}"
        yield Tax(label, _amount(tax.base), _amount(tax.amount))


def number(value: Decimal, *, at_least: int = 0) -> str:
    """`1,234.5` for people: thousands separators, no trailing zeros beyond `at_least` decimals."""
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0").ljust(at_least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def percent(value: Decimal) -> str:
    return number(value)


def _amount(value: Decimal) -> str:
    return f"{money.cents(value):,.2f}"


def quantity(value: Decimal, unit: str) -> str:
    """Hours always with two decimals; a unit is named where the number alone would mislead."""
    if unit == "hour":
        return f"{number(value, at_least=2)} h"
    return number(value) if unit in PLAIN_UNITS else f"{number(value)} {unit}"


def _rows(text: str) -> tuple[str, ...]:
    return _filled(*(_text(row) for row in text.splitlines()))


def _text(text: str) -> str:
    """Without blanks around it, and with places to break inside words that no line could hold:
    else each line of such a word would cost as much as all of it.
    """
    return ENDLESS_WORD.sub(lambda word: PIECE.sub("\\g<0>\u200b", word[0]), text.strip())


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _logo(stored: StoredLogo | None) -> Logo | None:
    """Fitted into the box, never enlarged. Named by its pixels, so that it is decoded once."""
    if stored is None:
        return None
    png = bytes(stored.png)
    shrink = min(1.0, LOGO_BOX[0] / stored.width, LOGO_BOX[1] / stored.height)
    width, height = (max(1, int(side * shrink)) for side in (stored.width, stored.height))
    return Logo(png, width, height, stored.sha256 or hashlib.sha256(png).hexdigest())
