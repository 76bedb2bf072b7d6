"""Builders for thousands at once, for tests and benchmarks of a whole month. Set-based, so they are
quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils import timezone

from contracts.models import CatalogItem
from customers.models import Contact, Customer
from invoices.models import Invoice, InvoiceLine
from whitelabel.models import Branding

from . import make

DAY, DUE = make.day("2026-10-31"), make.day("2026-11-30")
PREFIX = "B-"
CHUNK = 1000


def text(number: int, place: int) -> str:
    """What stands on a line: contract, ticket, entry."""
    return (
        f"Support {number} (October 2026)\n#T-{number}-{place} VPN down\nReset the gateway and"
        f" checked tunnel {place} of the branch office"
    )


def customers(count: int) -> list[Customer]:
    """Each with a main contact."""
    made = Customer.objects.bulk_create(Customer(name=f"Benchmark {n}") for n in range(count))
    Contact.objects.bulk_create(
        Contact(customer=customer, first_name="Ana", email=f"ana@c{n}.example", is_main=True)
        for n, customer in enumerate(made)
    )
    return made


def items(count: int) -> list[CatalogItem]:
    return CatalogItem.objects.bulk_create(
        CatalogItem(kind="service", name=f"Benchmark {n}", unit="hour", unit_price=Decimal(100))
        for n in range(count)
    )


def invoices(
    numbers: Iterable[int],
    *,
    customers: Sequence[Customer],
    items: Sequence[CatalogItem],
    lines: int,
) -> list[int]:
    """Issued invoices B-000001 and so on, of 75.00 a line, nobody's export yet; their ids."""
    numbers, ids = list(numbers), []
    for start in range(0, len(numbers), CHUNK):
        some = numbers[start : start + CHUNK]
        made = _papers(some, customers, total=75 * lines)
        ids += [invoice.pk for invoice in made]
        InvoiceLine.objects.bulk_create(
            (
                InvoiceLine(
                    invoice=invoice, position=place + 1, kind="labour",
                    item=items[(n + place) % len(items)], description=text(n, place),
                    quantity="0.7500", unit_price="100.0000", unit="hour", net="75.00", tax=0,
                    total="75.00", tax_percent=0,
                )
                for n, invoice in zip(some, made, strict=True)
                for place in range(lines)
            ),
            batch_size=5000,
        )  # fmt: skip
    return ids


def _papers(numbers: Sequence[int], customers: Sequence[Customer], *, total: int) -> list[Invoice]:
    now, look = timezone.now(), Branding.current().pk
    return Invoice.objects.bulk_create(
        Invoice(
            number=number, number_key=number, customer=customers[n % len(customers)],
            bill_to_name="Benchmark", currency="USD", level="entry", invoice_date=DAY,
            due_date=DUE, branding_id=look, subtotal=total, tax=0, total=total, balance=total,
            issued_at=now, created_at=now,
        )
        for n, number in ((n, f"{PREFIX}{n:06}") for n in numbers)
    )  # fmt: skip
