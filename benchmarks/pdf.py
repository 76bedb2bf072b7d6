"""Our PDF against ReportLab drawing the same content, on one core.

    python -m benchmarks.pdf --lines 10

Both are warm. `--many 300` also prints that many invoices and tells what the printing process grew
by.
"""

from __future__ import annotations

import argparse
import io
import os
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.utils import timezone
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from benchmarks import measure
from invoices import paper, pdf
from invoices.models import Invoice, InvoiceLine
from whitelabel.models import Branding

TEXT = (
    "Managed Services\n#T-1{n:03} Printer on the second floor does not answer\nChecked queue {n}"
    " and replaced the driver"
)


def example(lines: int, number: str = "INV-00001") -> paper.Paper:
    """A paper with many lines, without a database."""
    day = timezone.localdate()
    invoice = Invoice(
        number=number, currency="USD", invoice_date=day, due_date=day,
        bill_to_name="Bluewater Dental",
        bill_to_address="12 Harbour Street\nPortland, ME 04101", issued_at=timezone.now(),
        created_at=timezone.now(),
        subtotal=Decimal(75 * lines), tax=Decimal(6 * lines), total=Decimal(81 * lines),
        balance=Decimal(81 * lines),
    )  # fmt: skip
    rows = [
        InvoiceLine(
            position=n, kind="labour", description=TEXT.format(n=n), quantity=Decimal("0.75"),
            unit="hour",
            unit_price=Decimal(100), net=Decimal(75), tax=Decimal(6), total=Decimal(81),
            tax_name="Sales", tax_percent=Decimal(8),
        )
        for n in range(1, lines + 1)
    ]  # fmt: skip
    look = Branding(
        company_name="Northwind IT",
        company_address="1 Main Street\nBoston",
        created_at=timezone.now(),
    )
    return paper.build(invoice, rows, branding=look)


def drawn(lines: int) -> bytes:
    """The same content by ReportLab."""
    styles, out = getSampleStyleSheet(), io.BytesIO()
    head = ["Description", "Quantity", "Price", "Tax", "Amount"]
    rows = [
        [
            Paragraph(TEXT.format(n=n).replace("\n", "<br/>"), styles["Normal"]),
            "0.75 h",
            "100.00",
            "8 %",
            "75.00",
        ]
        for n in range(1, lines + 1)
    ]
    table = Table([head, *rows], colWidths=[270, 60, 60, 50, 70], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.lightgrey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    story = [
        Paragraph("Northwind IT", styles["Heading1"]),
        Paragraph("Invoice INV-00001", styles["Heading2"]),
        Paragraph(
            "Bluewater Dental<br/>12 Harbour Street<br/>Portland, ME 04101", styles["Normal"]
        ),
        Spacer(1, 12),
        table,
        Paragraph(f"Total {81 * lines}.00 USD", styles["Heading2"]),
    ]
    SimpleDocTemplate(out, pagesize=A4).build(story)
    return out.getvalue()


def grown(documents: int, lines: int) -> str:
    """Memory of the printing processes before and after many documents."""

    def megabytes() -> float:
        pids = [
            pid
            for task in Path("/proc/self/task").iterdir()
            for pid in (task / "children").read_text().split()
        ]
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
        return max(pages, default=0) * os.sysconf("SC_PAGE_SIZE") / 1e6

    papers = [example(lines, f"INV-{n:05d}") for n in range(documents)]
    marks = []
    for start in range(0, documents, 100):
        for _ in pdf.render_many(papers[start : start + 100]):
            pass
        marks.append(megabytes())
    return (
        "memory   "
        + ", ".join(f"{mark:.0f} MB" for mark in marks)
        + " (largest process, after each 100)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--many", type=int, default=0)
    options = parser.parse_args()
    sheet = example(options.lines)
    result = measure.alternate(
        lambda: drawn(options.lines), lambda: pdf.render(sheet), runs=options.runs
    )
    print(f"PDF, {options.lines} lines")
    print(result)
    if options.many:
        print(grown(options.many, options.lines))


if __name__ == "__main__":
    main()
