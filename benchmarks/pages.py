"""How long the main pages take at 100,000 invoices: every sort, filter and search of the lists.

    python -m benchmarks.pages
    DATABASE_URL=postgres://... python -m benchmarks.pages --only invoices

Pages are asked through all middleware by a person who is logged in, without a network. There is no
limit to compare with; a page shall take less than 200 ms in 95 of 100 cases. "CPU" is the work of
this process and its database session, so on a busy machine it tells what a quiet one would take.
"queries" counts statements, those of the session and the navigation included.

`--keep` keeps the filled database for the next run; on SQLite it is a file below DATA_DIR.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from atera_invoicing.models import User
from benchmarks import books
from contracts.models import Contract, Ticket
from contracts.views.agreements import ContractList
from contracts.views.tickets import TicketList
from customers.models import Customer
from customers.views import CustomerList
from invoices.models import Batch, Invoice, Status
from invoices.views.lists import BatchList, InvoiceList

LIMIT = 0.2
SEARCHES = ("Customer 00042", "-42", "zzz", "e")


def invoices() -> Iterator[str]:
    big = Customer.objects.order_by("pk").first()
    yield from _list("invoices:list", InvoiceList)
    for status in Status.values:
        yield f"status={status}"
        yield f"status={status}&sort=due"
    yield from ("overdue=true", "overdue=false", "adhoc=true", "adhoc=false&sort=number")
    yield from ("date_after=2025-01-01&date_before=2025-12-31", "total_min=3000&sort=-balance")
    yield from (f"customer={big.pk}", f"customer={big.pk}&sort=due", "q=Customer&sort=due")
    yield from (f"batch={Batch.objects.last().pk}", "status=draft&q=zzz", "adhoc=true&sort=total")


def invoice() -> Iterator[str]:
    for found in (Invoice.objects.order_by("pk")[500], Invoice.objects.filter(batch=None).last()):
        yield reverse("invoices:detail", args=[found.pk])
    yield reverse("invoices:detail", args=[Invoice.objects.drafts().first().pk])


def batches() -> Iterator[str]:
    yield from _list("invoices:batches", BatchList)
    for found in (Batch.objects.first(), Batch.objects.last()):
        yield reverse("invoices:batch", args=[found.pk])


def customers() -> Iterator[str]:
    yield from _list("customers:list", CustomerList)
    yield reverse("customers:detail", args=[Customer.objects.order_by("pk").first().pk])


def contracts() -> Iterator[str]:
    yield from _list("contracts:list", ContractList)
    for kind in ("hourly", "block_hours"):
        found = Contract.objects.filter(type=kind).first()
        yield f"type={kind}"
        yield reverse("contracts:detail", args=[found.pk])


def tickets() -> Iterator[str]:
    yield from _list("contracts:tickets", TicketList)
    yield from ("status=open", "unbilled=true", "unbilled=false", "contract=null")
    yield from (f"customer={Customer.objects.first().pk}", "status=resolved&sort=customer")
    yield from (f"technician={User.objects.get(role='technician').pk}", "resolved_after=2026-01-01")
    yield reverse("contracts:ticket", args=[Ticket.objects.first().pk])


def overview() -> Iterator[str]:
    yield reverse("overview")


PAGES = (overview, invoices, invoice, batches, customers, contracts, tickets)


def _list(view: str, page: type) -> Iterator[str]:
    """A list as it opens, deep inside, in each of its orders, and searched."""
    home = reverse(view)
    yield home
    row = page.filter_class.Meta.model.objects.all() if page.filter_class else Batch.objects.all()
    yield f"after={row.order_by('pk')[row.count() // 2].pk}"
    for name in page.sortable:
        yield f"sort={name}"
        yield f"sort=-{name}"
    for text in SEARCHES:
        yield f"q={text}"


def addresses(pages: Iterator[str]) -> Iterator[str]:
    """What begins with a slash is an address, the rest a query of the last list."""
    home = ""
    for part in pages:
        home = home or part
        yield part if part.startswith("/") else f"{home}?{part}"


class Cost(NamedTuple):
    """Seconds; `cpu` is what this process and the database's session have worked, on average."""

    median: float
    p95: float
    cpu: float
    queries: int
    size: int

    def __str__(self) -> str:
        median, p95, cpu = (round(1000 * seconds) for seconds in self[:3])
        return f"{median:5} ms {p95:5} ms {cpu:5} ms {self.queries:8} {self.size / 1000:6.0f}"


def measured(client: Client, address: str, runs: int) -> Cost:
    """What one page costs."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
        statements = len(queries)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    times, before = [], _worked()
    for _ in range(runs):
        start = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - start)
    cpu = (_worked() - before) / runs
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    size = len(answer.content)
    return Cost(statistics.median(times), p95, cpu, statements, size)


def _worked() -> float:
    """CPU seconds of this process and, on Linux and the same machine, of its PostgreSQL session."""
    own = time.process_time()
    if connection.vendor == "sqlite":
        return own
    session = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return own + (int(session.read_text().split()[0]) / 1e9 if session.exists() else 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    books.options(parser)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", nargs="*", help="; ".join(page.__name__ for page in PAGES))
    options = parser.parse_args()
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        database["TEST"]["NAME"] = settings.DATA_DIR / "benchmark.sqlite3"
    with books.opened(options.invoices, keep=options.keep) as owner:
        client, slow, total = Client(), 0, 0
        client.force_login(owner, backend=settings.AUTHENTICATION_BACKENDS[-1])
        client.get("/")  # templates are compiled and read-only caches are filled
        print(f"{options.invoices:,} invoices, {connection.vendor}, {options.runs} requests each")
        print("  median       p95      CPU  queries     kB  page")
        for page in PAGES:
            if options.only and page.__name__ not in options.only:
                continue
            for address in addresses(page()):
                cost = measured(client, address, options.runs)
                total, slow = total + 1, slow + (cost.p95 >= LIMIT)
                print(cost, f"{address}{'   SLOW' if cost.p95 >= LIMIT else ''}", flush=True)
        print(f"{total} pages, {slow} at or above {LIMIT * 1000:.0f} ms")


if __name__ == "__main__":
    main()
