"""CSV imports: rows per second and statements per row, for the dry run and the commit.

    python -m benchmarks.csv_import --rows 500
    DATABASE_URL=postgres://... python -m benchmarks.csv_import --rows 2000

Works on an empty database of its own (a test database, dropped at the end). Each kind of file comes
three times: with new rows; with the same rows, a value changed in each; and with a mistake in every
twentieth row, which the dry run has to find. There is no limit to compare with; what counts is that
the statements don't grow with the rows. CPU is this process's own, as a share of the time.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone

from atera_invoicing import csvfiles, imports
from atera_invoicing.models import User
from contracts.imports import Contracts, Tickets, TimeEntries
from customers.imports import Contacts, Customers
from tests import make

Cells = tuple[object, ...]


class File(NamedTuple):
    """A kind of file: the cells of each row, followed by those of a new, changed or wrong one."""

    importer: imports.Import
    header: str
    row: Callable[[int], Cells]
    new: Cells
    changed: Cells
    wrong: Cells

    def content(self, rows: int, end: Cells) -> bytes:
        lines = (csvfiles.line((*self.row(n), *end)) for n in range(rows))
        return b"".join(csvfiles.stream(self.header.split(), lines))

    def with_mistakes(self, rows: int) -> bytes:
        lines = (
            csvfiles.line((*self.row(n), *(self.new if n % 20 else self.wrong)))
            for n in range(rows)
        )
        return b"".join(csvfiles.stream(self.header.split(), lines))


FILES = (
    File(
        Customers(),
        "reference name street city payment_days",
        lambda n: (f"R-{n}", f"Client {n:05}", "1 High Street", "Bristol"),
        new=("30",), changed=("14",), wrong=("-1",),
    ),
    File(
        Contacts(),
        "customer email first_name last_name is_main",
        lambda n: (f"R-{n}", f"p{n}@c{n}.example", "Ana", "Ruiz"),
        new=("yes",), changed=("no",), wrong=("maybe",),
    ),
    File(
        Contracts(),
        "customer name type start_date tax is_default additional_rates primary_rate end_date",
        lambda n: (f"R-{n}", "Support", "hourly", "2026-01-01", "Sales", "yes", "After hours @ 99"),
        new=("Standard", ""), changed=("Standard @ 120", "2028-12-31"),
        wrong=("Standard", "2025-12-31"),
    ),
    File(
        Tickets(),
        "number customer contract opened_at resolved_at title",
        lambda n: (f"I-{n}", f"R-{n}", "Support", "2026-10-05 08:00", "2026-10-06 17:00"),
        new=("VPN down",), changed=("VPN up",), wrong=("x" * 201,),
    ),
    File(
        TimeEntries(),
        "ticket technician start rate minutes",
        lambda n: (f"I-{n}", "sam@msp.example", "2026-10-05 09:00", "After hours"),
        new=("45",), changed=("50",), wrong=("0",),
    ),
)  # fmt: skip


def prepare() -> User:
    """What the files refer to; the person who imports."""
    make.tax("Sales")
    for name in ("Standard", "After hours"):
        make.item(name, "100")
    make.user("technician", email="sam@msp.example")
    return make.user("owner")


@contextmanager
def reported(what: str, rows: int) -> Iterator[None]:
    """Print what is done inside, per second and row."""
    statements = 0

    def count(execute: Callable, *args: object) -> object:
        nonlocal statements
        statements += 1
        return execute(*args)

    start, used = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        yield
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    print(
        f"{what:32} {seconds:7.2f} s {rows / seconds:8.0f} rows/s   CPU {cpu / seconds:4.0%}"
        f" {statements:7} statements, {statements / rows:6.3f} a row",
        flush=True,
    )


def measure(file: File, rows: int, by: User) -> None:
    kind = file.importer.kind
    with_mistakes = file.with_mistakes(rows)
    with reported(f"{kind}, dry run with mistakes", rows):
        plan = imports.plan(file.importer, with_mistakes)
    if plan.bad_rows != -(-rows // 20):
        raise RuntimeError(f"{plan.bad_rows} bad rows, among them {plan.problems[:3]}")
    for name, end in (("new", file.new), ("changed", file.changed)):
        content = file.content(rows, end)
        with reported(f"{kind}, dry run of {name} rows", rows):
            plan = imports.plan(file.importer, content)
        if plan.problems:
            raise RuntimeError(plan.problems[:3])
        with reported(f"{kind}, commit of {name} rows", rows):
            imports.commit(
                file.importer, content, fingerprint=plan.fingerprint, by=by, now=timezone.now()
            )
        if plan.count("unchanged"):
            raise RuntimeError(f"{plan.count('unchanged')} rows change nothing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500)
    options = parser.parse_args()
    databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    try:
        by = prepare()
        print(f"CSV import, {options.rows:,} rows, {connection.vendor}")
        for file in FILES:
            measure(file, options.rows, by)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
