"""Our PDF against ReportLab drawing the same paper, on one core.

    python -m benchmarks.pdf --lines 10
    python -m benchmarks.pdf --many 1000

Both are warm, and every run prints another invoice. `--many` tells how long that many take on all
cores, start of the processes included, and how a printing process grows with each hundred.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.utils import timezone
from PIL import Image, ImageDraw

from atera_invoicing import money
from benchmarks import measure, yardstick
from invoices import paper, pdf
from invoices.models import Invoice, InvoiceLine
from invoices.press.client import Press
from whitelabel.models import Branding, Logo

WORDS = [
    "gateway", "printer", "reset", "tunnel", "user", "checked", "replaced", "certificate",
    "laptop", "mailbox", "restored", "driver", "second", "floor", "office", "backup", "failed",
    "disk", "quota", "phone", "router", "branch", "switch", "cable", "monitor", "asked",
    "vendor", "ticket", "closed", "patch",
]  # fmt: skip


def logo() -> Logo:
    """As an upload is kept: 900 x 260 pixels with transparency."""
    picture, out = Image.new("RGBA", (900, 260)), io.BytesIO()
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((10, 30, 210, 230), 40, fill="#0f766e")
    for letter in range(9):
        pen.ellipse((250 + 70 * letter, 100, 300 + 70 * letter, 170), outline="#111827", width=14)
    picture.save(out, "PNG", optimize=True)
    return Logo(png=out.getvalue(), width=900, height=260, sha256="0" * 64)


def look() -> Branding:
    return Branding(
        company_name="Northwind IT LLC",
        company_address="14 Harbour Street\nPortland, ME 04101\nUnited States",
        company_email="billing@northwind.example",
        company_phone="+1 207 555 0134",
        company_website="northwind.example",
        tax_number="EIN 12-3456789",
        payment_instructions="Harbour Bank, Portland\nAccount 0042 1337 90\nPlease quote it.",
        terms="Payment within 30 days of the invoice date.",
        footer="Northwind IT LLC, 14 Harbour Street, Portland, ME 04101",
        color="#0f766e",
        logo=logo(),
        created_at=timezone.now(),
    )


def papers(lines: int) -> Iterator[paper.Paper]:
    """Different invoices of the same month, for ever; the same ones in each run of this program."""
    chance, branding = random.Random(2026), look()
    for place in itertools.count(1):
        yield _paper(chance, branding, lines, place)


def _paper(chance: random.Random, branding: Branding, lines: int, place: int) -> paper.Paper:
    rows = [_line(chance, position) for position in range(1, lines + 1)]
    day = timezone.localdate()
    net, tax = money.total(r.net for r in rows), money.total(r.tax for r in rows)
    invoice = Invoice(
        number=f"INV-{place:05}", currency="USD", po_number=f"PO-{chance.randrange(10_000)}",
        invoice_date=day, due_date=day + timedelta(days=30),
        period_start=day.replace(day=1), period_end=day,
        bill_to_name=" ".join(chance.sample(WORDS, 2)).title(),
        bill_to_address=f"{place} Harbour Street\nPortland, ME {chance.randrange(10_000, 99_999)}",
        issued_at=timezone.now(), created_at=timezone.now(),
        subtotal=net, tax=tax, total=net + tax, balance=net + tax,
    )  # fmt: skip
    return paper.build(invoice, rows, branding=branding)


def _line(chance: random.Random, position: int) -> InvoiceLine:
    """A time entry: contract, ticket and what was done, which needs a second row now and then."""
    title, done = chance.sample(WORDS, 4), chance.sample(WORDS, chance.randrange(3, 11))
    ticket = f"#T-{chance.randrange(1000, 9999)} {' '.join(title).capitalize()}"
    quantity = Decimal(chance.randrange(1, 20)) / 4
    price = Decimal(chance.choice([95, 120, 150]))
    net = money.line_net(quantity, price, Decimal(0))
    tax = money.line_tax(net, Decimal(8))
    return InvoiceLine(
        position=position, kind="labour", unit="hour",
        description=f"Managed services, October 2026\n{ticket}\n{' '.join(done).capitalize()}",
        quantity=quantity, unit_price=price, net=net, tax=tax, total=net + tax,
        tax_name="Sales", tax_percent=Decimal(8),
    )  # fmt: skip


def compare(lines: int, runs: int) -> measure.Comparison:
    """ReportLab, then we, on the same paper; then the next one."""
    sheets = papers(lines)
    current = [next(sheets)]

    def drawn() -> None:
        current[0] = next(sheets)
        yardstick.draw(current[0])

    def printed() -> None:
        press.render(*pdf.order(current[0]))

    yardstick.register(pdf.pool().setup[1])
    press = Press(*pdf.pool().setup)
    result = measure.alternate(
        drawn, printed, runs=runs, clock=lambda: time.process_time() + _cpu(press)
    )
    press.close()
    return result


def grown(documents: int, lines: int) -> str:
    """Memory of one printing process after each hundred documents."""
    press, sheets, marks = Press(*pdf.pool().setup), papers(lines), []
    for place in range(1, documents + 1):
        press.render(*pdf.order(next(sheets)))
        if place % 100 == 0:
            marks.append(_resident(press))
    press.close()
    return "memory   " + ", ".join(f"{mark:.0f} MB" for mark in marks) + "  (after each 100)"


def many(documents: int, lines: int) -> str:
    """Seconds for this many on all cores, from papers to bytes."""
    sheets = list(itertools.islice(papers(lines), documents))
    before, start = sum(os.times()[:4]), time.perf_counter()
    size = sum(len(content) for content in pdf.render_many(sheets))
    seconds = time.perf_counter() - start
    pdf.pool().close()  # the system counts the CPU of children that have ended
    cpu = sum(os.times()[:4]) - before
    return (
        f"all      {seconds:8.1f} s   CPU {cpu:8.1f} s for {documents} on {pdf.PRESSES} processes,"
        f" {size / 1e6:.1f} MB"
    )


def _cpu(press: Press) -> float:
    """Seconds of CPU that a child has used, from the clock that Linux keeps for each process."""
    return time.clock_gettime((~press.process.pid << 3) | 2)


def _resident(press: Press) -> float:
    pages = Path(f"/proc/{press.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--many", type=int, default=0)
    options = parser.parse_args()
    result = compare(options.lines, options.runs)
    print(f"PDF, {options.lines} lines")
    print(result)
    print(f"CPU      {result.product.cpu / result.limit.cpu:8.2f} x")
    if options.many:
        print(grown(min(options.many, 300), options.lines))
        print(many(options.many, options.lines))


if __name__ == "__main__":
    main()
