"""The page of a new batch, as a browser asks for it: the whole page, a tick, the next page, a row.

    DATABASE_URL=... python -m benchmarks.batch_page --contracts 1500 --entries 20000

Works on an empty database of its own (a test database, dropped at the end). Two thirds of the
contracts are hourly and share the entries, the others are retainers; all are due.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import time
from decimal import Decimal

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases

from benchmarks import billing, measure
from contracts.models import CatalogItem, Contract, ContractRate
from tests import make

NEW, PANEL = "/batches/new/", "/batches/new/panel/"
ASKED = {"through": "2026-10-31"}


def fill(contracts: int, entries: int) -> None:
    active = contracts * 2 // 3
    billing.fill(entries, contracts_count=contracts, active_count=active)
    fee = CatalogItem.objects.create(
        kind="service", name="Managed", unit="period", unit_price=Decimal(800)
    )
    idle = list(Contract.objects.order_by("id").values_list("pk", flat=True)[active:])
    ContractRate.objects.filter(contract__in=idle).update(role="fee", item=fee)
    Contract.objects.filter(pk__in=idle).update(type="retainer", start_date=make.day("2026-10-01"))


class Visitor:
    """A billing person in a browser: the form as it was sent, less one tick each time."""

    def __init__(self) -> None:
        self.client = Client()
        self.client.force_login(make.user("billing"), backend=settings.AUTHENTICATION_BACKENDS[-1])
        self.bills = 0

    def load(self) -> None:
        html = self.client.get(NEW, ASKED).content.decode()
        self.bills = bills(html)
        ticks = re.findall(r'name="take" value="([^"]*)"', html)
        self.form = {
            "name": "October", "level": "", "invoice_date": "2026-11-01", "page": "1", **ASKED,
            "shown": " ".join(ticks), "take": ticks, "uid": value(html, "uid"),
            "on": value(html, "on"), "seen": value(html, "seen"),
        }  # fmt: skip
        self.first = ticks[0].partition("/")[0]

    def send(self, url: str, **fields: str) -> str:
        answer = self.client.post(url, self.form | fields, headers={"hx-request": "true"})
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def tick(self) -> None:
        self.form["take"] = self.form["take"][1:]
        left, self.bills = self.bills - 1, bills(self.send(PANEL))
        assert self.bills == left

    def turn(self) -> None:
        self.send(NEW, page="2")

    def open_row(self) -> None:
        self.send(f"{NEW}{self.first}/row/", open="1")

    def preview(self) -> None:
        self.send(f"{NEW}{self.first}/")


def value(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def bills(html: str) -> int:
    return int(re.search(r"Save (\d+) draft", html)[1])


def report(name: str, act: measure.Work, *, runs: int) -> None:
    act()
    seconds, cpu = [], []
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        act()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    with CaptureQueriesContext(connection) as queries:
        act()
    late = sorted(seconds)[int(len(seconds) * 0.95)]
    print(
        f"{name:<12} median {statistics.median(seconds) * 1000:6.0f} ms   p95 {late * 1000:6.0f} ms"
        f"   CPU {statistics.median(cpu) * 1000:6.0f} ms   {len(queries)} queries"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=1_500)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        fill(options.contracts, options.entries)
        visitor = Visitor()
        visitor.load()
        print(
            f"New batch, {options.contracts:,} contracts, {options.entries:,} entries:"
            f" {visitor.bills:,} bills, {connection.vendor}"
        )
        report("page", visitor.load, runs=options.runs)
        report("tick", visitor.tick, runs=options.runs)
        report("next page", visitor.turn, runs=options.runs)
        report("open a row", visitor.open_row, runs=options.runs)
        report("preview", visitor.preview, runs=options.runs)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
