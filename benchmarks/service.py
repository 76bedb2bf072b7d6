"""A simulated accounting service as a process of its own, and the least that a client has to do
with it.

The least is the floor of the export benchmark: bodies that are built by hand from plain tuples, and
the few figures of the answer that have to be kept. No database, no retries, no look at anything.
What differs from service to service is in a module for each: quickbooks.py, xero.py.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from accounting.providers.port import Company
from atera_invoicing import bulk
from tests.many import text

KEY = "benchmark"  # client id and secret
LINES, BATCHES = 10, 10  # of an invoice; that the floor is measured with


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


Kept = list[tuple[str, str, str, Decimal]]  # id, version, number and total of each invoice


class Service(ABC):
    """A running simulator. What it is asked below /__sim/ counts for nothing."""

    app: ClassVar[str]  # its key: in the simulator, and of the provider
    setting: ClassVar[str]  # the product's
    flags: ClassVar[tuple[str, ...]]  # of `python -m simulators`
    batch: ClassVar[int]  # documents in one request
    a_minute: ClassVar[int]  # such requests that the service allows
    sends: ClassVar[str]  # what such a request looks like to the simulator's faults

    def __init__(self, url: str) -> None:
        self.url = url
        self.company = ""
        self.access = ""

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The product's setting for it."""

    @abstractmethod
    def sign_in(self) -> str:
        """A fresh access token for the calls made here; gives the refresh token beside it."""

    @abstractmethod
    def chosen(self, company: Company) -> dict[str, Any]:
        """What a person would choose in the wizard for this company."""

    @abstractmethod
    def customers(self, names: Sequence[str]) -> list[str]:
        """Customers there, and their ids as the product knows them."""

    @abstractmethod
    def items(self, names: Sequence[str]) -> list[str]:
        """The same for what is sold."""

    @abstractmethod
    def put(self, body: bytes) -> bytes:
        """Send one batch; its answer as it comes."""

    @staticmethod
    @abstractmethod
    def build(papers: Sequence[Paper]) -> bytes:
        """One batch by hand: plain dictionaries and the standard library."""

    @staticmethod
    @abstractmethod
    def parse(answer: bytes) -> Kept:
        """What has to be kept of an answer."""

    @abstractmethod
    def arrived(self) -> list[str]:
        """What names each invoice there that the product sent."""

    def papers(self, count: int, customers: Sequence[str], items: Sequence[str]) -> list[Paper]:
        """Invoices of ten lines that nobody has seen yet."""
        mark, one, price = uuid.uuid4().hex[:8], Decimal("0.75"), Decimal(100)
        return [
            Paper(
                f"F-{mark}-{n}", customers[n % len(customers)], "2026-10-31", "2026-11-30",
                f"ana{n}@customer.example",
                tuple(
                    Row(text(n, place), one, price, one * price, items[(n + place) % len(items)])
                    for place in range(LINES)
                ),
            )
            for n in range(count)
        ]  # fmt: skip

    def control(self, verb: str, **arguments: Any) -> Any:
        """What a test or a person does to it."""
        return self.ask("POST", f"/__sim/{verb}", json.dumps(arguments).encode())["result"]

    def ledger(self) -> dict[str, Any]:
        """What it holds."""
        held: dict[str, Any] = self.ask("GET", "/__sim/ledger")["result"][self.app]
        return held

    def answer_after(self, seconds: float) -> None:
        """Take so long for every batch from now on, as the network and the real service do."""
        self.ask("DELETE", "/__sim/faults")
        if seconds:
            late = {"app": self.app, "fault": "delay_answer", "on": self.sends, "times": None}
            self.control("faults", **late, seconds=seconds)

    def move(self, seconds: float) -> None:
        """Move its clock forward."""
        self.control("clock", move={"seconds": seconds})

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Any:
        return json.loads(self.raw(method, target, body, **headers))

    def raw(self, method: str, target: str, body: bytes, **headers: str) -> bytes:
        http_ = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        sent = {
            "Content-Type": "application/json", "Accept": "application/json",
            "Authorization": f"Bearer {self.access}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
        try:
            http_.request(method, target, body, sent)
            answer = http_.getresponse()
            found = answer.read()
        finally:
            http_.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {target}: {answer.status} {found[:300]!r}")
        return found


@contextmanager
def running(kind: Callable[[str], Service], flags: Sequence[str]) -> Iterator[Service]:
    """`python -m simulators` with one company, its limits enforced, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", "--port", "0", "--company", "us",
         "--organisation", "us", *flags],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        pages = process.stdout.readline() if process.stdout else ""
        yield kind(pages.split()[-1].removesuffix("/__sim/"))
    finally:
        process.terminate()
        process.wait(20)


def chunks(records: Sequence[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    for start in range(0, len(records), size):
        yield list(records[start : start + size])


@dataclass(frozen=True, slots=True)
class Floor:
    """What the least costs: seconds that the service takes for a batch, CPU for an invoice. One
    batch after the other, as the product sends them: of that it makes the most.
    """

    service: float
    cpu: float
    batch: int
    a_minute: int

    def requests(self, invoices: int) -> int:
        return -(-invoices // self.batch)

    def wall(self, invoices: int) -> float:
        """Never more than allowed within any minute."""
        sent: list[float] = []
        for number in range(self.requests(invoices)):
            ready = sent[-1] + self.service if sent else 0.0
            if number >= self.a_minute:
                ready = max(ready, sent[number - self.a_minute] + 60)
            sent.append(ready)
        return sent[-1] + self.service


def floor(service: Service, papers: Sequence[Paper]) -> Floor:
    """Send these by hand, batch by batch, and measure. CPU without what the network costs, and
    without what a collector does with everybody else's objects.
    """
    service.sign_in()
    with bulk.without_collector():
        return _floor(service, papers)


def _floor(service: Service, papers: Sequence[Paper]) -> Floor:
    times, cpu = [], 0.0
    for start in range(0, len(papers), service.batch):
        cpu -= time.thread_time()
        body = service.build(papers[start : start + service.batch])
        cpu += time.thread_time()
        began = time.perf_counter()
        answer = service.put(body)
        times.append(time.perf_counter() - began)
        cpu -= time.thread_time()
        kept = service.parse(answer)
        cpu += time.thread_time()
        assert len(kept) == len(papers[start : start + service.batch])
    times.sort()
    return Floor(times[len(times) // 2], cpu / len(papers), service.batch, service.a_minute)
