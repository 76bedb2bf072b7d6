"""A PDF of one plain page, enough to be a PDF of this document and of no other."""

from __future__ import annotations

from ..pdf import text_pdf
from .company import Doc


def invoice_pdf(company: str, kind: str, doc: Doc) -> bytes:
    """Company, number, customer, lines and total in Helvetica."""
    title = {"CreditMemo": "Credit memo"}.get(kind, kind)
    lines = [
        company, f"{title} {doc.get('DocNumber', '')}", doc["CustomerRef"].get("name", ""),
        f"Date {doc['TxnDate']}", "",
    ]  # fmt: skip
    lines += [
        f"{line.get('Description', 'Subtotal')}   {line['Amount']:,.2f}"
        for line in doc["Line"]
        if "Amount" in line
    ]
    lines += ["", f"Total {doc['CurrencyRef']['value']} {doc['TotalAmt']:,.2f}"]
    return text_pdf(lines)
