"""The books of an MSP after fifty months, for benchmarks that read. Set-based, so they fill fast.

Of 100,000 invoices 95 % come from fifty monthly batches over 1,900 contracts of 950 customers, and
5 % are written by hand to the first customer. Each has ten lines; on a batch's invoice the first
five bill a time entry each of one ticket. Most are paid. The last month is still in draft, the one
before is issued and waits; of the older ones some are overdue or voided. Beside them are 950 open
tickets, and 3,800 that are done and not billed yet.

`opened` makes a database of its own for them (a test database). Filling takes minutes, so
`--keep` leaves it for the next run.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone

from atera_invoicing.models import User
from contracts.models import BlockMovement, Contract, ContractRate
from customers.models import Contact, Customer
from invoices.models import Batch, Invoice
from tests import make
from whitelabel.models import Branding

MONTHS, LINES, BILLED = 50, 10, 5
OWNER = "owner@msp.example"
CITIES = ("Portland", "Bristol", "Graz", "Odense", "Utrecht")
UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
NUMBERS = "n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %(count)s)"

TICKETS = """
INSERT INTO contracts_ticket (number, title, description, internal_notes, customer_id, contract_id,
  status, priority, opened_at, resolved_at)
SELECT %(prefix)s || id, 'Printer does not answer', '', '', customer_id, id, %(status)s, 'medium',
  %(opened)s, %(resolved)s
FROM contracts_contract WHERE id %% %(every)s = 0
"""
ENTRIES = f"""
WITH RECURSIVE {NUMBERS}
INSERT INTO contracts_timeentry (ticket_id, technician_id, started_at, minutes, billable, on_site,
  description, internal_notes)
SELECT id, %(person)s, opened_at, 15 * i, TRUE, FALSE, 'Replaced the driver', ''
FROM contracts_ticket CROSS JOIN n WHERE id > %(ticket)s
"""
PER_CONTRACT = "s AS (SELECT customer_id, id AS contract_id, id AS i FROM contracts_contract)"
BY_HAND = f"""{NUMBERS},
s AS (SELECT %(customer)s AS customer_id, CAST(NULL AS bigint) AS contract_id, i FROM n)"""
INVOICES = """
WITH RECURSIVE {source}
INSERT INTO invoices_invoice (uid, number, number_key, batch_id, customer_id, contract_id,
  period_start, period_end, level, currency, tax_method, invoice_date, payment_days, due_date,
  po_number, message, bill_to_name, bill_to_address, bill_to_tax_number, email, branding_id,
  subtotal, tax, total, paid, refunded, balance, settled_at, issued_at, sent_at, voided_at,
  void_reason, version, created_at, created_by_id)
SELECT {uuid}, v.number, v.number, %(batch)s, v.customer_id, v.contract_id, %(start)s, %(end)s,
  'ticket', 'USD', 'per_line', %(date)s, 30, %(due)s, 'PO ' || v.i, '', c.name,
  '12 Harbour Street', '', '', %(look)s, 100 * v.price, 10 * v.price, 110 * v.price,
  CASE WHEN v.paid THEN 110 * v.price ELSE 0 END, 0,
  CASE WHEN v.paid THEN 0 ELSE 110 * v.price END, CASE WHEN v.paid THEN %(paid)s END, %(issued)s,
  %(issued)s, CASE WHEN v.voided THEN %(paid)s END, '', 1, %(created)s, %(person)s
FROM (
  SELECT s.*, CASE WHEN %(issued)s IS NULL THEN '' ELSE %(prefix)s || i END AS number,
    1 + i %% 37 AS price, %(settled)s AND i %% 40 > 1 AS paid, %(settled)s AND i %% 40 = 1 AS voided
  FROM s
) v JOIN customers_customer c ON c.id = v.customer_id
"""
LINE = f"""
WITH RECURSIVE {NUMBERS}
INSERT INTO invoices_invoiceline (invoice_id, position, kind, item_id, ticket_id, description,
  quantity, unit, unit_price, discount_percent, tax_rate_id, tax_name, tax_percent, net, tax, total)
SELECT v.id, i, 'labour', %(item)s, CASE WHEN i <= {BILLED} THEN t.id END,
  'Managed services' || %(newline)s || 'Reset the gateway and checked tunnel ' || i, 1, 'hour',
  v.subtotal / {LINES}, 0, %(tax)s, 'Sales', 10, v.subtotal / {LINES}, v.tax / {LINES},
  v.total / {LINES}
FROM invoices_invoice v CROSS JOIN n
LEFT JOIN contracts_ticket t ON t.contract_id = v.contract_id AND t.id > %(ticket)s
WHERE v.id > %(invoice)s
"""
CLAIMS = """
INSERT INTO invoices_claim (invoice_id, line_id, time_entry_id, part, quantity, released_at)
SELECT v.id, l.id, e.id, 0, 1, v.voided_at
FROM invoices_invoice v JOIN invoices_invoiceline l ON l.invoice_id = v.id
JOIN contracts_timeentry e ON e.ticket_id = l.ticket_id AND e.minutes = 15 * l.position
WHERE v.id > %(invoice)s
"""
PAYMENTS = """
INSERT INTO invoices_payment (invoice_id, kind, amount, received_on, method, reference, created_at,
  removed_reason)
SELECT id, 'payment', total, date(settled_at), 'bank', 'Ref ' || id, settled_at, ''
FROM invoices_invoice WHERE id > %(invoice)s AND settled_at IS NOT NULL
"""
EVENTS = """
INSERT INTO invoices_event (invoice_id, code, text, facts, at, by_id)
SELECT id, code, text, '{}', created_at, created_by_id FROM invoices_invoice CROSS JOIN (
  SELECT 'created' AS code, 'Written by a batch.' AS text UNION ALL SELECT 'issued', 'Issued.'
) what WHERE id > %(invoice)s
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What every benchmark over these books can be told."""
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="leave the database for the next run")


@contextmanager
def opened(invoices: int, *, keep: bool) -> Iterator[User]:
    """The filled database; gives the owner, who may open every page."""
    databases = setup_databases(
        verbosity=0, interactive=False, keepdb=keep, serialized_aliases=set()
    )
    try:
        filled = Invoice.objects.count() == invoices
        yield User.objects.get(email=OWNER) if filled else fill(invoices)
    finally:
        teardown_databases(databases, verbosity=0, keepdb=keep)


def fill(invoices: int) -> User:
    """Fill an empty database; the owner."""
    owner, technician = make.user("owner", email=OWNER), make.user("technician")
    today = timezone.localdate()
    contracts = max(invoices * 19 // 20 // MONTHS, 10)
    facts = _agree(contracts, start=_back(today, MONTHS)) | {"person": technician.pk}
    for back in range(MONTHS, 0, -1):
        _bill(facts | _month(_back(today, back), back), PER_CONTRACT)
        if back % 10 == 9:
            _analyze()
    _bill(facts | _hand(today) | {"count": invoices // 20}, BY_HAND)
    _leave(facts, today)
    _analyze()
    return owner


def _agree(count: int, *, start: dt.date) -> dict[str, Any]:
    """Customers with two contacts and two contracts each; every tenth contract is a block."""
    tax = make.tax("Sales", "10")
    rate, block = make.item("Standard", "100"), make.item("Block hour", "90")
    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {n:05}", reference=f"C-{n}", city=CITIES[n % len(CITIES)])
        for n in range(count // 2)
    )
    Contact.objects.bulk_create(
        Contact(customer=c, first_name="Ana", last_name=f"Ruiz {n}", email=f"{n}@c{c.pk}.example")
        for c in customers
        for n in range(2)
    )  # fmt: skip
    contracts = Contract.objects.bulk_create(
        Contract(
            customer=customers[n % len(customers)],
            name=f"Support {n}",
            type="hourly" if n % 10 else "block_hours",
            included=None if n % 10 else Decimal(10),
            start_date=start,
            tax_rate=tax,
        )
        for n in range(count)
    )
    ContractRate.objects.bulk_create(
        ContractRate(contract=c, role=role, item=item)
        for c in contracts
        for role, item in [("block", block) if c.is_block else ("primary", rate)]
    )
    BlockMovement.objects.bulk_create(
        BlockMovement(
            contract=c, kind=kind, quantity=hours, period_start=start, created_at=timezone.now()
        )
        for c in contracts
        if c.is_block
        for kind, hours in [("included", Decimal(10)), ("used", Decimal(-8))] * MONTHS
    )
    look = Branding.current().pk
    return {"item": rate.pk, "tax": tax.pk, "customer": customers[0].pk, "look": look}


def _month(first: dt.date, back: int) -> dict[str, Any]:
    """A month's tickets and time, and what the batch that bills it says."""
    end = _back(first, -1) - dt.timedelta(days=1)
    batch = Batch.objects.create(
        name=f"{first:%B %Y}", through=end, invoice_date=end, state="ready", created_at=_at(end)
    )
    draft = {"issued": None, "look": None} if back == 1 else {}
    return {
        "batch": batch.pk, "prefix": f"{first:%y%m}-", "start": first, "end": end, "date": end,
        "due": end + dt.timedelta(days=30), "created": _at(end), "issued": _at(end),
        "paid": _at(end + dt.timedelta(days=20)), "settled": back > 2, "opened": _at(first),
        "resolved": _at(end), "status": "resolved", "every": 1,
    } | draft  # fmt: skip


def _hand(today: dt.date) -> dict[str, Any]:
    """What invoices written by hand say."""
    date = today - dt.timedelta(days=60)
    return {
        "batch": None, "prefix": "H-", "start": None, "end": None, "date": date,
        "due": date + dt.timedelta(days=30), "created": _at(date), "issued": _at(date),
        "paid": _at(date + dt.timedelta(days=20)), "settled": True,
    }  # fmt: skip


def _bill(facts: dict[str, Any], source: str) -> None:
    """Invoices with all that belongs to them, from the tickets of a month or from nothing."""
    facts = facts | {"ticket": _last("contracts_ticket"), "invoice": _last("invoices_invoice")}
    if source == PER_CONTRACT:
        _run(TICKETS, facts)
        _run(ENTRIES, facts | {"count": BILLED})
    _run(INVOICES.format(source=source, uuid=UUID[connection.vendor]), facts)
    _run(LINE, facts | {"newline": "\n", "count": LINES})
    for statement in (CLAIMS, PAYMENTS, EVENTS):
        _run(statement, facts)


def _leave(facts: dict[str, Any], today: dt.date) -> None:
    """Tickets that are open, and done ones that nobody has billed."""
    opened, resolved = (_at(today - dt.timedelta(days=days)) for days in (20, 2))
    for prefix, status, every in (("O-", "open", 2), ("D-", "resolved", 1), ("E-", "resolved", 1)):
        facts = facts | {"ticket": _last("contracts_ticket"), "prefix": prefix, "every": every}
        facts |= {"status": status, "opened": opened}
        _run(TICKETS, facts | {"resolved": resolved if status == "resolved" else None})
        _run(ENTRIES, facts | {"count": 2})


def _back(day: dt.date, months: int) -> dt.date:
    """The first day of the month that lies so many months before."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(years, month + 1, 1)


def _at(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(9)))


def _last(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        return cursor.fetchone()[0]


def _analyze() -> None:
    """What PostgreSQL does by itself sooner or later. Nobody does it on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _run(statement: str, facts: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: _adapted(value) for name, value in facts.items()})


def _adapted(value: Any) -> Any:
    match value:
        case dt.datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case dt.date():
            return connection.ops.adapt_datefield_value(value)
        case _:
            return value
