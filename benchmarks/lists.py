"""Lists over REST against psycopg and orjson alone, at 100,000 invoices with ten lines each.

    DATABASE_URL=postgres://... python -m benchmarks.lists

The limit sends the very statements that a list sends for its rows, over a connection of its own,
and makes the same JSON of them (for the status of an invoice it has to ask the product). That both
say the same is checked first. It has no routing, key, permission, throttle, filter or cursor. The
product is asked with an API key and goes through all middleware: some 5 ms a page, whatever is on
it, so the ratio of a list of short rows says little. Nor does a ratio show a bad plan, since both
send the same statements; the seconds do. "depth" compares the page after row 99,900 with the first.

PostgreSQL only. `--keep` keeps the filled database for the next run.
"""

from __future__ import annotations

import argparse
import base64
import os
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("API_RATE", "1000000/min")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

import django

django.setup()

import orjson
import psycopg
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.utils.urls import replace_query_param

from atera_invoicing import api_keys
from benchmarks import books, measure
from invoices.models import Invoice, status_of

SIZE = 100
AT_ONCE = 20  # requests per measurement, so that one takes longer than a clock's noise
LISTS = {
    "invoices with lines": ("invoices", "include=lines"),
    "invoices": ("invoices", ""),
    "tickets": ("tickets", ""),
    "time entries": ("time-entries", ""),
    "payments": ("payments", ""),
    "contracts": ("contracts", ""),
}
ORDERINGS = ("", "invoice_date", "-due_date", "total", "customer_name", "number")


class Api:
    """The product, asked by a program."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def get(self, address: str) -> bytes:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:500]!r}")
        return answer.content


class Limit:
    """The rows of one address by the statements that the product sends, and nothing else."""

    def __init__(self, api: Api, address: str) -> None:
        api.get(address)  # the first request also notes when the key was used
        with CaptureQueriesContext(connection) as sent:
            expected = orjson.loads(api.get(address))["results"]
        self.statements = [q["sql"] for q in sent if "atera_invoicing_apikey" not in q["sql"]]
        self.names = list(expected[0])
        self.line_names = list(expected[0]["lines"][0]) if "lines" in expected[0] else []
        options = connection.get_connection_params()
        options.pop("cursor_factory"), options.pop("context")
        self.connection = psycopg.connect(**options, autocommit=True)
        if orjson.loads(self())["results"] != expected:
            raise RuntimeError(f"{address}: the limit and the product differ")

    def __call__(self) -> bytes:
        rows_sent, *lines_sent = self.statements
        rows = [
            dict(zip(self.names, row, strict=False))
            for row in self.connection.execute(rows_sent).fetchmany(SIZE)
        ]
        if "balance" in self.names:
            today = timezone.localdate()
            for row in rows:
                row["status"] = status_of(row, today)
        for statement in lines_sent:
            lines: dict[int, list] = {row["id"]: [] for row in rows}
            for invoice, *values in self.connection.execute(statement):
                lines[invoice].append(dict(zip(self.line_names, values, strict=True)))
            for row in rows:
                row["lines"] = lines[row["id"]]
        return orjson.dumps({"results": rows}, default=str, option=orjson.OPT_UTC_Z)


def depth(api: Api, ordering: str) -> str:
    """The page at the deep end against the first page, in the same order."""
    first = f"/api/v1/invoices/?page_size={SIZE}" + (f"&ordering={ordering}" if ordering else "")
    deep = _after_row(orjson.loads(api.get(first))["next"])
    pairs = [(_seconds(api, first), _seconds(api, deep)) for _ in range(15)]
    ratio = statistics.median(far / near for near, far in pairs)
    near, far = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    return f"{ordering or '-id':15} first {near:6.1f} ms   deep {far:6.1f} ms   {ratio:5.2f} x"


def _after_row(address: str) -> str:
    """The address of a next page, changed to go on after row 99,900 (of fewer: after 99.9 %)."""
    cursor = QueryDict(urlsplit(address).query)["cursor"]
    signature, backward, _ = orjson.loads(base64.urlsafe_b64decode(cursor + "=="))
    paths = signature.split(",")
    order = [
        F(path[1:]).desc(nulls_last=True) if path[0] == "-" else F(path).asc(nulls_last=True)
        for path in paths
    ]
    rows = Invoice.objects.order_by(*order).values_list(*(path.lstrip("-") for path in paths))
    edge = rows[Invoice.objects.count() * 999 // 1000 - 1]
    text = orjson.dumps([signature, backward, edge], default=str)
    return replace_query_param(
        address, "cursor", base64.urlsafe_b64encode(text).decode().rstrip("=")
    )


def _seconds(api: Api, address: str) -> float:
    start = time.perf_counter()
    api.get(address)
    return time.perf_counter() - start


def repeated(act: Callable[[], Any]) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(AT_ONCE):
            act()

    return repeat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    books.options(parser)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        parser.error("The limit needs PostgreSQL: set DATABASE_URL.")
    with books.opened(options.invoices, keep=options.keep) as owner:
        now = timezone.now()
        _, key = api_keys.create(owner, name="Benchmark", scope="read", days=1, now=now)
        api = Api(key)
        for name, (path, query) in LISTS.items():
            address = f"/api/v1/{path}/?page_size={SIZE}&{query}"
            limit = Limit(api, address)
            result = measure.alternate(
                repeated(limit), repeated(lambda at=address: api.get(at)), runs=options.runs
            )
            print(f"\n{name}: {AT_ONCE} pages of {SIZE}, {len(limit()):,} bytes each\n{result}")
        print("\ndepth")
        for ordering in ORDERINGS:
            print(depth(api, ordering))


if __name__ == "__main__":
    main()
