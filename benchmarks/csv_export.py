"""CSV export of invoices against the database's own way out: COPY, or a bare cursor on SQLite.

    DATABASE_URL=... python -m benchmarks.csv_export --rows 100000

Works on an empty database of its own (a test database, dropped at the end). The limit writes the
same rows with the same joins, without guard, recipients or labels.
"""

from __future__ import annotations

import argparse
import csv
import io
import os

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone

from atera_invoicing.models import RecipientRule
from benchmarks import measure
from invoices import files
from invoices.models import Claim, Invoice, InvoiceLine

LINES = 10
SQL = """
SELECT i.number, i.invoice_date, i.bill_to_name, c.name, i.period_start, i.period_end, i.currency,
       l.position, item.name, item.sku, l.description, l.quantity, l.unit_price,
       l.discount_percent, l.tax_percent, l.net, l.tax, l.total, i.email, t.number,
       u.first_name, u.last_name, e.started_at
FROM invoices_invoice i
JOIN invoices_invoiceline l ON l.invoice_id = i.id
LEFT JOIN contracts_contract c ON c.id = i.contract_id
LEFT JOIN contracts_catalogitem item ON item.id = l.item_id
LEFT JOIN contracts_ticket t ON t.id = l.ticket_id
LEFT JOIN invoices_claim k ON k.line_id = l.id
LEFT JOIN contracts_timeentry e ON e.id = k.time_entry_id
LEFT JOIN atera_invoicing_user u ON u.id = e.technician_id
ORDER BY i.id, l.position
"""


def fill(rows: int) -> None:
    """Invoices of ten lines, each line billing one time entry of a ticket."""
    from contracts.models import TimeEntry
    from tests import make

    contract = make.hourly(customer=make.customer("Benchmark Ltd"))
    make.contact(contract.customer, is_main=True)
    ticket, person = make.ticket(contract), make.user("technician")
    now, day = timezone.now(), make.day("2026-10-31")
    invoices = Invoice.objects.bulk_create(
        Invoice(
            customer=contract.customer, contract=contract, bill_to_name="Benchmark Ltd",
            currency="USD", invoice_date=day, due_date=day, period_start=make.day("2026-10-01"),
            period_end=day, created_at=now, level="entry",
        )
        for _ in range(rows // LINES)
    )  # fmt: skip
    entries = TimeEntry.objects.bulk_create(
        (
            TimeEntry(
                ticket=ticket, technician=person, started_at=make.at("2026-10-12"), minutes=45
            )
            for _ in range(rows)
        ),
        batch_size=5000,
    )
    rate = contract.rates.get()
    lines = InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(
                invoice=invoice, position=position, kind="labour", item=rate.item, ticket=ticket,
                description=f"{contract.name} (October 2026)\n#{ticket.number} VPN down"
                f"\nReset the gateway and checked tunnel {position} of the branch office",
                quantity="0.7500", unit_price="100.0000", unit="hour", net="75.00", tax="6.00",
                total="81.00", tax_percent="8.0000", tax_name="Sales",
            )
            for invoice in invoices
            for position in range(1, LINES + 1)
        ),
        batch_size=5000,
    )  # fmt: skip
    Claim.objects.bulk_create(
        (
            Claim(invoice_id=line.invoice_id, line=line, time_entry=entry, quantity="0.7500")
            for line, entry in zip(lines, entries, strict=True)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def raw() -> int:
    """The rows as fast as the database lets them go; the number of bytes."""
    if connection.vendor == "postgresql":
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY ({SQL}) TO STDOUT (FORMAT csv)") as out,
        ):
            return sum(len(block) for block in out)
    size = 0
    with connection.cursor() as cursor:
        found = cursor.connection.execute(SQL)
        while part := found.fetchmany(2000):
            text = io.StringIO()
            csv.writer(text).writerows(part)
            size += len(text.getvalue().encode())
    return size


def ours() -> int:
    """The product's export; the number of bytes."""
    now = timezone.now()
    parts = files.export(
        Invoice.objects.all(), rule=RecipientRule.MAIN_CONTACT, today=now.date(), now=now
    )
    return sum(len(part) for part in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        fill(options.rows)
        result = measure.alternate(raw, ours, runs=options.runs)
        print(f"CSV export, {options.rows:,} rows, {connection.vendor}")
        print(result)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
