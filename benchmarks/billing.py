"""A month's batch against the database's own limit: one INSERT ... SELECT each for invoices, lines
and claims.

    DATABASE_URL=... python -m benchmarks.billing --entries 100000 --level ticket

Works on an empty database of its own (a test database, dropped at the end). 15 contracts for 10
invoices for 200 tickets for 1,000 time entries, and that many times over; one rate each, a tax for
all. The month is filled in by another process, so the peak is the product's own. With
`--entries 1000000 --runs 1` against `--entries 100000` it shows how the time grows.
"""

from __future__ import annotations

import argparse
import os
import uuid
from decimal import Decimal

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import measure
from contracts.models import CatalogItem, Contract, ContractRate, Ticket, TimeEntry
from customers.models import Customer
from invoices import batch_work, batches
from invoices.choosing import Choice
from invoices.models import Invoice
from tests import make

TODAY = make.day("2026-11-05")
NOW = make.at("2026-11-05")
UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}

INVOICES = """
INSERT INTO invoices_invoice (uid, number, number_key, batch_id, customer_id, contract_id,
  period_start, period_end,
  level, currency, tax_method, invoice_date, payment_days, due_date, po_number, message,
    bill_to_name, bill_to_address,
  bill_to_tax_number, email, subtotal, tax, total, paid, refunded, balance, void_reason, version,
    created_at)
SELECT {uuid}, '', '', NULL, c.customer_id, c.id, '2026-10-01', '2026-10-31', '{level}', 'USD',
  'per_line', '2026-11-05', 30,
  '2026-12-05', '', '', u.name, '', '', '', sum(l.net), sum(l.tax), sum(l.net + l.tax), 0, 0,
    sum(l.net + l.tax), '', 1, '2026-11-05 09:00:00+00:00'
FROM ({lines}) l JOIN contracts_contract c ON c.id = l.contract_id JOIN customers_customer u ON
  u.id = c.customer_id
GROUP BY c.customer_id, c.id, u.name
"""
GROUPED = """
SELECT contract_id, {ticket} AS ticket_id, {entry} AS entry_id, item_id, text, sum(hours) AS hours,
  price,
  round(sum(hours) * price, 2) AS net, round(round(sum(hours) * price, 2) * 0.08, 2) AS tax
FROM (
  SELECT t.contract_id, t.id AS ticket_id, e.id AS entry_id, r.item_id, i.unit_price AS price,
    round(e.minutes / 60.0, 2) AS hours, {text} AS text
  FROM contracts_timeentry e JOIN contracts_ticket t ON t.id = e.ticket_id JOIN contracts_contract
    c ON c.id = t.contract_id
  JOIN contracts_contractrate r ON r.contract_id = c.id JOIN contracts_catalogitem i ON i.id =
    r.item_id
  LEFT JOIN invoices_claim k ON k.time_entry_id = e.id AND k.released_at IS NULL
  WHERE k.id IS NULL AND e.billable AND t.status IN ('resolved', 'closed') AND t.resolved_at <
    '2026-11-01 00:00:00+00:00'
) w GROUP BY contract_id{group}, item_id, text, price
"""
LINES = """
INSERT INTO invoices_invoiceline (invoice_id, position, kind, item_id, ticket_id, description,
  quantity, unit, unit_price,
  discount_percent, tax_rate_id, tax_name, tax_percent, net, tax, total)
SELECT v.id, row_number() OVER (PARTITION BY v.id ORDER BY l.ticket_id, l.entry_id), 'labour',
  l.item_id, l.ticket_id, l.text, l.hours,
  'hour', l.price, 0, (SELECT min(id) FROM contracts_taxrate), 'Sales', 8, l.net, l.tax, l.net +
    l.tax
FROM ({lines}) l JOIN invoices_invoice v ON v.contract_id = l.contract_id
"""
CLAIMS = """
INSERT INTO invoices_claim (invoice_id, line_id, time_entry_id, part, quantity)
SELECT l.invoice_id, l.id, e.id, 0, round(e.minutes / 60.0, 2)
FROM invoices_invoiceline l JOIN contracts_timeentry e ON e.ticket_id = l.ticket_id
"""
CLAIMS_BY_CONTRACT = """
INSERT INTO invoices_claim (invoice_id, line_id, time_entry_id, part, quantity)
SELECT l.invoice_id, l.id, e.id, 0, round(e.minutes / 60.0, 2)
FROM invoices_invoiceline l JOIN invoices_invoice v ON v.id = l.invoice_id
JOIN contracts_ticket t ON t.contract_id = v.contract_id
JOIN contracts_timeentry e ON e.ticket_id = t.id
"""
CLAIMS_BY_POSITION = """
INSERT INTO invoices_claim (invoice_id, line_id, time_entry_id, part, quantity)
SELECT l.invoice_id, l.id, e.id, 0, l.quantity
FROM (SELECT id, invoice_id, ticket_id, quantity, row_number() OVER (PARTITION BY ticket_id ORDER
  BY position) AS n FROM invoices_invoiceline) l
JOIN (SELECT id, ticket_id, row_number() OVER (PARTITION BY ticket_id ORDER BY id) AS n FROM
  contracts_timeentry) e
  ON e.ticket_id = l.ticket_id AND e.n = l.n
"""
TABLES = (
    "invoices_claim", "invoices_historicalinvoiceline", "invoices_invoiceline", "invoices_event",
    "invoices_invoice",
    "invoices_batchpart", "invoices_batch",
)  # fmt: skip


def fill(entries: int, *, contracts_count: int = 0, active_count: int = 0) -> None:
    """The month: entries on so many of the contracts."""
    contracts_count, tickets_count = contracts_count or entries * 15 // 1000, entries // 5
    person, tax = make.user("technician"), make.tax("Sales", "8")
    item = CatalogItem.objects.create(
        kind="service", name="Standard", unit="hour", unit_price=Decimal(100)
    )
    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}") for n in range(contracts_count)
    )
    contracts = Contract.objects.bulk_create(
        Contract(
            customer=c,
            name=f"Support {c.name}",
            type="hourly",
            start_date=make.day("2026-01-01"),
            tax_rate=tax,
        )
        for c in customers
    )
    ContractRate.objects.bulk_create(
        ContractRate(contract=c, role="primary", item=item) for c in contracts
    )
    active = contracts[: active_count or entries // 100]
    tickets = Ticket.objects.bulk_create(
        (
            Ticket(
                number=f"T-{n}", title="Printer does not answer", customer_id=c.customer_id,
                contract=c, status="resolved",
                opened_at=make.at("2026-10-02"), resolved_at=make.at("2026-10-20"),
            )
            for n in range(tickets_count)
            for c in [active[n % len(active)]]
        ),
        batch_size=5000,
    )  # fmt: skip
    TimeEntry.objects.bulk_create(
        (
            TimeEntry(
                ticket=tickets[n % tickets_count], technician=person,
                started_at=make.at("2026-10-12"), minutes=5 + n % 90,
                description="Checked the queue and replaced the driver",
            )
            for n in range(entries)
        ),
        batch_size=5000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def limit(level: str) -> None:
    """The month in three statements and one transaction."""
    none, title = "CAST(NULL AS bigint)", "c.name || '\n#' || t.number || ' ' || t.title"
    shape, claims = {
        "contract": ((none, none, "", "c.name || '\nStandard'"), CLAIMS_BY_CONTRACT),
        "ticket": (("ticket_id", none, ", ticket_id", f"{title} || ' (Standard)'"), CLAIMS),
        "entry": (
            ("ticket_id", "entry_id", ", ticket_id, entry_id", f"{title} || '\n' || e.description"),
            CLAIMS_BY_POSITION,
        ),
    }[level]
    lines = GROUPED.format(**dict(zip(("ticket", "entry", "group", "text"), shape, strict=True)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INVOICES.format(uuid=UUID[connection.vendor], level=level, lines=lines))
        cursor.execute(LINES.format(lines=lines))
        cursor.execute(claims)


def product(level: str) -> None:
    """The product's batch, from the choice to the last draft."""
    batch = batches.start(
        [Choice(pk) for pk in Contract.objects.values_list("pk", flat=True)],
        uid=uuid.uuid4(), name="Benchmark", through=TODAY, invoice_date=TODAY, by=None, now=NOW,
        level=level,
    )  # fmt: skip
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)


def reset() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        else:
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--level", choices=["contract", "ticket", "entry"], default="ticket")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with measure.filled(lambda: fill(options.entries)):
        before = measure.peak_mb()
        result = measure.alternate(
            lambda: limit(options.level),
            lambda: product(options.level),
            runs=options.runs,
            reset=reset,
        )
        with CaptureQueriesContext(connection) as queries:
            product(options.level)
        written = Invoice.objects.count()
        print(
            f"Batch, {options.entries:,} entries -> {written:,} invoices, {options.level} level,"
            f" {connection.vendor}"
        )
        print(result)
        print(f"before   {before:8.0f} MB   {len(queries) / written:.3f} statements per invoice")


if __name__ == "__main__":
    main()
