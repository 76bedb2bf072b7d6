"""The simulated QuickBooks as a process of its own, and the least that a client has to do with it.

The least is the floor of the export benchmark: bodies that are built by hand from plain tuples, and
the few figures of the answer that have to be kept. No database, no retries, no look at anything.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

BATCH = 30  # documents in one request
BATCHES_A_MINUTE = 40
SECRET = "benchmark"


class Row(NamedTuple):
    """A line of an invoice."""

    text: str
    quantity: Decimal
    price: Decimal
    net: Decimal
    item: str


class Paper(NamedTuple):
    """An invoice as a hand-written exporter would have it."""

    number: str
    customer: str
    date: str
    due: str
    email: str
    rows: tuple[Row, ...]


@dataclass
class Service:
    """A running simulator. What it is asked below /__sim/ counts for nothing."""

    process: subprocess.Popen[str]
    url: str
    realm: str = ""
    access: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """The setting QBO for it."""
        return {
            "client_id": SECRET, "client_secret": SECRET, "api": f"{self.url}/qbo",
            "environment": f"{self.url}/qbo/.well-known/openid_sandbox_configuration",
            "app": "", "webhook_tokens": [SECRET],
        }  # fmt: skip

    def control(self, verb: str, **arguments: Any) -> Any:
        """What a test or a person does to it."""
        answer = self._ask("POST", f"/__sim/{verb}", json.dumps(arguments).encode())
        return answer["result"]

    def ledger(self) -> dict[str, Any]:
        return self._ask("GET", "/__sim/ledger")["result"]["qbo"]

    def connect(self) -> dict[str, str]:
        """A consent's tokens, for the product and for the calls made here."""
        tokens: dict[str, str] = self.control("qbo/connect")
        self.realm, self.access = tokens["realm"], tokens["access_token"]
        return tokens

    def answer_after(self, seconds: float) -> None:
        """Take so long for every batch from now on, as the network and the real service do."""
        self._ask("DELETE", "/__sim/faults")
        if seconds:
            batches = f"POST /v3/company/{self.realm}/batch"
            self.control(
                "faults", app="qbo", fault="delay_answer", on=batches, times=None, seconds=seconds
            )

    def move(self, seconds: float) -> None:
        """Move its clock forward."""
        self.control("clock", move={"seconds": seconds})

    def batch(self, body: bytes) -> bytes:
        """Send one batch; its answer as it comes."""
        query = f"?minorversion=75&requestid={uuid.uuid4()}"
        return self._raw("POST", f"/qbo/v3/company/{self.realm}/batch{query}", body)

    def create(self, kind: str, records: Sequence[dict[str, Any]]) -> list[str]:
        """Records there, and their ids in the same order."""
        ids: dict[str, str] = {}
        for start in range(0, len(records), BATCH):
            chunk = records[start : start + BATCH]
            items = [
                {"bId": str(start + n), "operation": "create", kind: record}
                for n, record in enumerate(chunk)
            ]
            answer = json.loads(self.batch(json.dumps({"BatchItemRequest": items}).encode()))
            ids |= {item["bId"]: item[kind]["Id"] for item in answer["BatchItemResponse"]}
        return [ids[str(n)] for n in range(len(records))]

    def income_account(self) -> str:
        query = "select%20*%20from%20Account%20where%20AccountType%20%3D%20'Income'"
        answer = self._ask("GET", f"/qbo/v3/company/{self.realm}/query?query={query}")
        return str(answer["QueryResponse"]["Account"][0]["Id"])

    def _ask(self, method: str, target: str, body: bytes = b"") -> Any:
        return json.loads(self._raw(method, target, body))

    def _raw(self, method: str, target: str, body: bytes) -> bytes:
        http_ = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        headers = {
            "Content-Type": "application/json", "Accept": "application/json",
            "Authorization": f"Bearer {self.access}",
        }  # fmt: skip
        try:
            http_.request(method, target, body, headers)
            answer = http_.getresponse()
            found = answer.read()
        finally:
            http_.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {target}: {answer.status} {found[:300]!r}")
        return found


@contextmanager
def running() -> Iterator[Service]:
    """`python -m simulators` with one company, its limits enforced, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", "--port", "0", "--company", "us",
         "--client-id", SECRET, "--client-secret", SECRET],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        pages = process.stdout.readline() if process.stdout else ""
        yield Service(process, pages.split()[-1].removesuffix("/__sim/"))
    finally:
        process.terminate()
        process.wait(20)


def build(papers: Sequence[Paper]) -> bytes:
    """One batch by hand: plain dictionaries and the standard library."""
    items = [
        {
            "bId": str(place),
            "operation": "create",
            "Invoice": {
                "DocNumber": paper.number,
                "CustomerRef": {"value": paper.customer},
                "TxnDate": paper.date,
                "DueDate": paper.due,
                "BillEmail": {"Address": paper.email},
                "Line": [
                    {
                        "DetailType": "SalesItemLineDetail",
                        "Amount": float(row.net),
                        "Description": row.text,
                        "SalesItemLineDetail": {
                            "ItemRef": {"value": row.item},
                            "TaxCodeRef": {"value": "NON"},
                            "Qty": float(row.quantity),
                            "UnitPrice": float(row.price),
                        },
                    }
                    for row in paper.rows
                ],
            },
        }
        for place, paper in enumerate(papers, 1)
    ]
    return json.dumps({"BatchItemRequest": items}).encode()


def parse(answer: bytes) -> list[tuple[str, str, str, Decimal]]:
    """What has to be kept of an answer: id, version, number, total."""
    documents = [item["Invoice"] for item in json.loads(answer)["BatchItemResponse"]]
    return [
        (each["Id"], each["SyncToken"], each["DocNumber"], Decimal(str(each["TotalAmt"])))
        for each in documents
    ]


def papers_of(count: int, customers: Sequence[str], items: Sequence[str]) -> list[Paper]:
    """Invoices of ten lines that nobody has seen yet."""
    mark, one, price = uuid.uuid4().hex[:8], Decimal("0.75"), Decimal(100)
    return [
        Paper(
            f"F-{mark}-{n}", customers[n % len(customers)], "2026-10-31", "2026-11-30",
            f"ana{n}@customer.example",
            tuple(
                Row(text(n, place), one, price, one * price, items[(n + place) % len(items)])
                for place in range(10)
            ),
        )
        for n in range(count)
    ]  # fmt: skip


def text(number: int, place: int) -> str:
    """What stands on a line: contract, ticket, entry."""
    return (
        f"Support {number} (October 2026)\n#T-{number}-{place} VPN down\nReset the gateway and"
        f" checked tunnel {place} of the branch office"
    )


@dataclass(frozen=True, slots=True)
class Floor:
    """What the least costs: seconds that the service takes for a batch, CPU for an invoice."""

    service: float
    cpu: float

    def requests(self, invoices: int) -> int:
        return -(-invoices // BATCH)

    def wall(self, invoices: int) -> float:
        """One batch after the other, never more than allowed within any minute."""
        sent: list[float] = []
        for number in range(self.requests(invoices)):
            ready = sent[-1] + self.service if sent else 0.0
            if number >= BATCHES_A_MINUTE:
                ready = max(ready, sent[number - BATCHES_A_MINUTE] + 60)
            sent.append(ready)
        return sent[-1] + self.service


def floor(service: Service, papers: Sequence[Paper]) -> Floor:
    """Send these by hand, batch by batch, and measure. CPU without what the network costs."""
    times, cpu = [], 0.0
    for start in range(0, len(papers), BATCH):
        cpu -= time.thread_time()
        body = build(papers[start : start + BATCH])
        cpu += time.thread_time()
        began = time.perf_counter()
        answer = service.batch(body)
        times.append(time.perf_counter() - began)
        cpu -= time.thread_time()
        parse(answer)
        cpu += time.thread_time()
    times.sort()
    return Floor(times[len(times) // 2], cpu / len(papers))
