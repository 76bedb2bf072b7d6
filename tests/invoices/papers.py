"""Papers built from plain rows, without a database."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from atera_invoicing import money
from invoices import pdf
from invoices.models import Invoice, InvoiceLine
from invoices.paper import Paper, build
from whitelabel.models import Branding, Logo

needs_press = pytest.mark.skipif(bool(pdf.available()), reason=pdf.available() or "PDF")
DAY = dt.date(2026, 11, 5)


def line(
    description: str = "Consulting", quantity: str = "1", price: str = "100", **fields: Any
) -> InvoiceLine:
    values = {
        "unit": "hour",
        "discount_percent": Decimal(0),
        "tax_name": "Sales",
        "tax_percent": Decimal(8),
        **fields,
    }
    net = money.line_net(Decimal(quantity), Decimal(price), values["discount_percent"])
    tax = money.line_tax(net, values["tax_percent"])
    return InvoiceLine(
        description=description, quantity=Decimal(quantity), unit_price=Decimal(price), net=net,
        tax=tax, total=net + tax, **values,
    )  # fmt: skip


def paper(*lines: InvoiceLine, look: dict[str, Any] | None = None, **fields: Any) -> Paper:
    """An issued invoice over these lines, or a given field otherwise."""
    rows = list(lines) or [line()]
    subtotal, tax = money.total(r.net for r in rows), money.total(r.tax for r in rows)
    values = {
        "number": "INV-00001",
        "currency": "USD",
        "invoice_date": DAY,
        "due_date": DAY + dt.timedelta(days=30),
        "bill_to_name": "Acme Manufacturing",
        "bill_to_address": "200 Foundry Road\nAugusta, ME 04330",
        "issued_at": dt.datetime(2026, 11, 5, tzinfo=dt.UTC),
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
        "balance": subtotal + tax,
        **fields,
    }
    branding = Branding(**{"company_name": "Northwind IT", **(look or {})})
    return build(Invoice(**values), rows, branding=branding)


def ten_lines() -> list[InvoiceLine]:
    text = "Care, October 2026\n#T-100{} – VPN down\nReset the gateway and checked the tunnel"
    return [line(text.format(i // 2), "1.5") for i in range(10)]


def full_look(**more: Any) -> dict[str, Any]:
    return {
        "company_address": "14 Harbour Street\nPortland, ME 04101\nUnited States",
        "company_email": "billing@msp.example",
        "company_phone": "+1 207 555 0134",
        "tax_number": "EIN 12-3456789",
        "payment_instructions": "Harbour Bank\nAccount 0042 1337 90",
        "terms": "Payment within 30 days.",
        "footer": "Northwind IT LLC",
        "logo": logo(900, 300),
        **more,
    }


def logo(width: int, height: int) -> Logo:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 30, 30, 255)).save(out, "PNG")
    return Logo(png=out.getvalue(), width=width, height=height, sha256=f"{width:032}{height:032}")


def texts(content: bytes) -> list[str]:
    """The text of each page, blanks and line ends as single blanks."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]
