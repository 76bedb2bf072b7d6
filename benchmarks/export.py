"""A month's invoices to QuickBooks or Xero, against what its limits and the least client allow.

    DATABASE_URL=... python -m benchmarks.export --invoices 1000
    DATABASE_URL=... python -m benchmarks.export --provider xero --invoices 1000
    DATABASE_URL=... python -m benchmarks.export --invoices 10000 --runs 1 --skip-waiting

The other end is `python -m simulators`, a process of its own over HTTP, with its limits enforced
(quickbooks.py and xero.py say which). It takes `--latency` seconds for a batch on top of its own
work. Works on a database of its own (a test database, on SQLite a file), dropped at the end.

The floor is computed in the same run: requests and wall time from the limits and from how long the
service takes for a batch that is built by hand, one after the other; CPU from building it and
reading its answer. Ours is the sender's, in both of its threads, from the first look at the outbox
to the last row; what of it is sending and reading, HTTP included, is told too, and so is queueing.

`--skip-waiting`: while nothing may be sent, the clocks of both sides are moved forward together to
the next ring instead of waiting for it. Sending takes its real time on both sides.

In the last run a person exports one invoice while batches are being sent, and another one when the
minute's requests are used up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from accounting import access, calling, delivery, outbox, progress
from accounting.models import Call, Connection, Export, Finding, Link, RemoteInvoice
from accounting.providers import port, registry
from accounting.sending import Line
from benchmarks import measure
from benchmarks.quickbooks import QuickBooks
from benchmarks.service import BATCHES, LINES, Floor, Service, floor, running
from benchmarks.xero import Xero
from contracts.models import CatalogItem
from customers.models import Customer
from invoices.models import Invoice
from tests import make, many

SERVICES: dict[str, type[Service]] = {each.app: each for each in (QuickBooks, Xero)}
CUSTOMERS, ITEMS = 60, 30
RING = float(settings.CELERY_BEAT_SCHEDULE["ring-for-due-exports"]["schedule"])
WARM, PERSONS = 3, 2  # batches before anything is measured; invoices that a person sends


class Time:
    """What time it is for both sides: real time, moved on together."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.ahead = dt.timedelta()

    def now(self) -> dt.datetime:
        return timezone.now() + self.ahead

    def move(self, seconds: float) -> None:
        self.service.move(seconds)
        self.ahead += dt.timedelta(seconds=seconds)


@dataclass
class Run:
    """What one export cost. Times in seconds, memory in MB."""

    invoices: int
    queueing: float = 0.0
    cpu: float = 0.0
    sending: float = 0.0
    wall: float = 0.0
    calls: int = 0
    requests: int = 0
    statements: int = 0
    served: list[float] = field(default_factory=list)
    forecasts: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    persons: dict[str, float] = field(default_factory=dict)


def fill(invoices: int) -> None:
    """Issued invoices of ten lines, nobody's export yet."""
    parts = {"customers": many.customers(CUSTOMERS), "items": many.items(ITEMS)}
    many.invoices(range(invoices), lines=LINES, **parts)
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")


def connect(service: Service, now: dt.datetime) -> Connection:
    """A connection as a finished wizard leaves it: every customer and item is linked."""
    refresh = service.sign_in()
    company = registry.get(service.app).company(port.Session(service.company, service.access))
    made = Connection.objects.create(
        provider=service.app, state=Connection.State.ACTIVE, company_id=company.id,
        company_name=company.name, currency=company.currency, facts=dict(company.facts),
        takes_numbers=company.takes_numbers, tax_mode=company.tax_modes[0].value, snapshot={},
        created_by=make.user("owner"), created_at=now, touched_at=now, committed_at=now,
        **service.chosen(company),
    )  # fmt: skip
    tokens = port.Tokens(service.access, refresh, now + dt.timedelta(minutes=25))
    access.put(made, access.freeze(tokens), tokens)
    customers = list(Customer.objects.order_by("pk"))
    items = list(CatalogItem.objects.order_by("pk"))
    ids = [
        *service.customers([each.name for each in customers]),
        *service.items([each.name for each in items]),
    ]
    Link.objects.bulk_create(
        Link(
            connection=made, kind="customer" if isinstance(row, Customer) else "item",
            action="link", origin="exact", confirmed=True, remote_id=id, remote_name=row.name,
            changed_at=now, **{"customer" if isinstance(row, Customer) else "item": row},
        )
        for row, id in zip([*customers, *items], ids, strict=True)
    )  # fmt: skip
    return made


class Exporting:
    """Exports invoices as worker and clock do, and watches."""

    def __init__(self, connection: Connection, time_: Time, *, skip_waiting: bool) -> None:
        self.connection, self.time, self.skip_waiting = connection, time_, skip_waiting

    def export(self, ids: list[int], *, persons: list[int] | None = None) -> Run:
        """Queue these and send them; `persons` are single exports that come in between."""
        run, persons = Run(len(ids)), persons or []
        began = time.thread_time()
        outbox.queue(self.connection, ids, by=None, now=self.time.now())
        run.queueing = time.thread_time() - began
        start = self.time.now()
        self._forecast(run, start)
        acting = self._person(persons.pop(), "while sending", run) if persons else None
        with self._watched(run, start, acting):
            self._work_off(run, start, persons)
        if acting:
            acting.join()
        last = self.connection.exports.filter(invoice__in=ids).latest("settled_at").settled_at
        run.wall = (last - start).total_seconds()
        return run

    def _work_off(self, run: Run, start: dt.datetime, persons: list[int]) -> None:
        """A worker that is rung every few seconds, as by beat."""
        open_ = self.connection.exports.filter(state__in=progress.ON_THE_WAY)
        while True:
            began = time.thread_time()
            delivery.work(self.connection.pk, now=self.time.now())
            run.cpu += time.thread_time() - began
            if not open_.exists():
                return
            if persons:
                self._wait(10.0)
                self._person_now(persons.pop(), run)
            self._wait(RING - (self.time.now() - start).total_seconds() % RING)

    def _wait(self, seconds: float) -> None:
        if self.skip_waiting:
            self.time.move(seconds)
        else:
            time.sleep(seconds)

    def _person_now(self, pk: int, run: Run) -> None:
        """Somebody exports one invoice while the limits are used up; the door rings at once."""
        asked = self.time.now()
        outbox.queue(self.connection, [pk], by=None, now=asked)
        began = time.thread_time()
        delivery.work(self.connection.pk, now=self.time.now())
        run.cpu += time.thread_time() - began
        run.persons["limits used up"] = self._arrived(pk, asked)

    def _person(self, pk: int, name: str, run: Run) -> threading.Thread:
        def act() -> None:
            asked = self.time.now()
            outbox.queue(self.connection, [pk], by=None, now=asked)
            run.persons[name] = self._arrived(pk, asked)
            database.close()

        return threading.Thread(target=act)

    def _arrived(self, pk: int, asked: dt.datetime) -> float:
        for _ in range(1200):
            export = Export.objects.get(invoice=pk)
            if export.settled_at:
                return (export.settled_at - asked).total_seconds()
            time.sleep(0.05)
        raise RuntimeError("A person's export did not arrive.")

    @contextmanager
    def _watched(
        self, run: Run, start: dt.datetime, acting: threading.Thread | None
    ) -> Iterator[None]:
        """Count statements and calls; look at forecast and memory between two calls."""
        send, apart = Line.send, calling._apart
        calls = -(-run.invoices // SERVICES[self.connection.provider].batch)

        def counted(line: Line, call: Call, *, urgent: bool) -> None:
            send(line, call, urgent=urgent)
            run.calls += not urgent
            cpu = time.thread_time()
            if run.calls == 2:
                self._forecast(run, start)
            if acting and run.calls == max(2, calls // 3):
                acting.start()
            if run.calls in (calls // 10, calls):
                run.memory.append(_resident())
            run.cpu -= time.thread_time() - cpu

        def sent(*args: Any) -> Any:
            cpu, began = time.thread_time(), time.perf_counter()
            try:
                return apart(*args)
            finally:
                run.sending += time.thread_time() - cpu
                run.served.append(time.perf_counter() - began)

        def statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            run.statements += 1
            return execute(sql, params, many, context)

        Line.send, calling._apart = counted, sent  # type: ignore[method-assign]
        try:
            with database.execute_wrapper(statement):
                yield
            run.cpu += run.sending
        finally:
            Line.send, calling._apart = send, apart  # type: ignore[method-assign]

    def _forecast(self, run: Run, start: dt.datetime) -> None:
        self.connection.refresh_from_db()
        eta = progress.of(self.connection, now=self.time.now()).eta
        run.forecasts.append((eta - start).total_seconds() if eta else 0.0)


def _resident() -> float:
    """MB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def check(service: Service, connection: Connection) -> None:
    """Everything is there once, and no limit was broken."""
    ours, violations = service.arrived(), service.ledger()["violations"]
    assert (
        len(ours) == len(set(ours)) == RemoteInvoice.objects.count() == connection.exports.count()
    )
    assert not Finding.objects.exists()
    assert not violations, violations


def report(run: Run, least: Floor) -> str:
    count, requests = run.invoices, least.requests(run.invoices)
    wall, cpu = least.wall(count), least.cpu * 1e6
    ours, sending, queueing = (
        1e6 * seconds / count for seconds in (run.cpu, run.sending, run.queueing)
    )
    forecasts = ", ".join(f"{f:.1f} s ({f / run.wall - 1:+.0%})" for f in run.forecasts)
    memory = ", ".join(f"{each:.0f} MB" for each in run.memory)
    served = statistics.median(run.served)
    rows = [
        f"requests {run.calls:8}     floor {requests:8}     {run.calls / requests:6.2f} x",
        f"wall     {run.wall:8.1f} s   floor {wall:8.1f} s   {run.wall / wall:6.2f} x",
        f"of that  {sum(run.served):8.1f} s   for answers, {served:.3f} s each",
        f"CPU      {ours:8.0f} us  floor {cpu:8.0f} us  {ours / cpu:6.2f} x   per invoice",
        f"of that  {sending:8.0f} us  to send and to read the answer",
        f"queueing {queueing:8.0f} us CPU per invoice, before that",
        f"forecast {forecasts}: at the start, after two calls",
        f"memory   {memory}: after a tenth, at the end",
        f"{run.statements / count:.2f} statements per invoice",
    ]
    rows += [f"person   {seconds:8.1f} s   {name}" for name, seconds in run.persons.items()]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provider", choices=SERVICES, default="qbo")
    parser.add_argument("--invoices", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--skip-waiting", action="store_true")
    options = parser.parse_args()
    if database.vendor == "sqlite":
        name = settings.DATA_DIR / "benchmark.sqlite3"
        settings.DATABASES["default"]["TEST"]["NAME"] = name
    kind = SERVICES[options.provider]
    total = WARM * kind.batch + options.runs * options.invoices + PERSONS
    with measure.filled(lambda: fill(total)), running(kind, kind.flags) as service:
        setattr(settings, kind.setting, service.settings)
        compare(service, options)


def compare(service: Service, options: argparse.Namespace) -> None:
    """Floor and product in turn. The first forecast of all is made without a measured pace."""
    time_ = Time(service)
    connection = connect(service, time_.now())
    service.answer_after(options.latency)
    exporting = Exporting(connection, time_, skip_waiting=options.skip_waiting)
    ids = list(Invoice.objects.order_by("pk").values_list("pk", flat=True))
    persons, ids = ids[:PERSONS], ids[PERSONS:]
    links = {
        f"{kind}s": list(connection.links.filter(kind=kind).values_list("remote_id", flat=True))
        for kind in ("customer", "item")
    }
    time_.move(120)
    warm = WARM * service.batch
    exporting.export(ids[:warm])
    runs = []
    for number in range(options.runs):
        start = warm + number * options.invoices
        time_.move(120)
        least = floor(service, service.papers(BATCHES * service.batch, **links))
        time_.move(120)
        last = number == options.runs - 1
        run = exporting.export(
            ids[start : start + options.invoices], persons=persons if last else []
        )
        runs.append((run, least))
        what = f"{options.invoices:,} invoices to {service.app}, {database.vendor}"
        print(f"{what}, service {least.service:.3f} s")
        print(report(run, least), flush=True)
    check(service, connection)
    print(f"medians of {options.runs}")
    for name, ratios in {
        "requests": [run.calls / least.requests(run.invoices) for run, least in runs],
        "wall": [run.wall / least.wall(run.invoices) for run, least in runs],
        "CPU": [run.cpu / run.invoices / least.cpu for run, least in runs],
    }.items():
        print(f"{name:9} {statistics.median(ratios):8.2f} x")


if __name__ == "__main__":
    main()
