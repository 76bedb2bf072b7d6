"""The other end of the stories in `exports`: what may strike there, and what it has in the end."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import simulators
from accounting.models import Connection
from accounting.providers import xero
from accounting.providers.qbo import adapter as qbo_adapter
from accounting.providers.qbo import client as qbo_client
from accounting.providers.xero import adapter as xero_adapter
from accounting.providers.xero import client as xero_client
from invoices.models import Invoice
from tests.accounting import books
from tests.accounting.providers import backends

LATE = ("slow_commit", "delay_request")  # done long after the client has given up
# Some strike before anything was done, some after it was.
COMMON = (
    "drop_request", "reset_request", "server_error", "lose_answer", "reset_answer",
    "truncate_answer", "empty_answer", "error_after_commit", "throttled", "unauthorized",
    *LATE,
)  # fmt: skip


class QuickBooks:
    """A company file. A refusal that is a lie can't be seen through; a system failure promises
    nothing.
    """

    faults = (*COMMON, "fault_in_200")
    client: Any = qbo_client
    provider: Any = qbo_adapter.QuickBooksOnline
    batch = 30

    def __init__(self, sims: simulators.Simulators) -> None:
        self.sims = sims
        self.sim: Any = sims.qbo

    def moody(self, dice: random.Random) -> None:
        """Searches that lag, and a memory of keys that is not what it should be."""
        self.sim.switch(
            query_lag_seconds=float(dice.choice([0, 0, 20, 60])),
            requestid_ttl_seconds=dice.choice([0, 0, 60]),
            requestid_errors=dice.choice(["remembered", "forgotten"]),
            requestid=dice.choice(["honoured", "honoured", "honoured", "ignored"]),
        )

    def connect(self) -> Connection:
        return books.connect(self.sims)

    def limit(self, documents: int) -> None:
        """No more than so many documents in a call; for a process that ends with it."""
        self.provider.limits = dataclasses.replace(self.provider.limits, batch=documents)

    def hurry(self) -> None:
        """Wait no more than a second for an answer; for a process that ends with it."""
        self.client.TIMEOUT = (3.05, 1.0)

    def arm(self, name: str, **options: Any) -> None:
        more = {"code": "10000"} if name == "fault_in_200" else {}
        self.sim.arm(name, **options, **more)

    def forget_keys(self) -> None:
        self.sim.forget_request_ids()

    def of(self, invoice: Invoice) -> list[tuple[str, str]]:
        """Id and total of each document there that is this invoice."""
        docs = books.there(self.sims, invoice)
        return [(str(doc["Id"]), str(doc["TotalAmt"])) for doc in docs]

    def names(self) -> Iterable[Counter[str]]:
        """How often each name is there, by kind."""
        for kind, field in (("Customer", "DisplayName"), ("Item", "Name")):
            yield Counter(doc[field] for doc in self.sim.documents(kind))


class Xero(QuickBooks):
    """An organisation. Its own faults are among those that strike."""

    faults = (
        *COMMON, "error_before_work", "error_after_work", "keys_down", "offline", "cut_in_batch",
    )  # fmt: skip
    client = xero_client
    provider = xero_adapter.Xero
    batch = 50

    def __init__(self, sims: simulators.Simulators) -> None:
        super().__init__(sims)
        self.sim = sims.xero

    def moody(self, dice: random.Random) -> None:
        self.sim.switch(
            query_lag_seconds=float(dice.choice([0, 0, 20, 60])),
            idempotency_minutes=dice.choice([1, 6, 6]),
            idempotency_after_cut=dice.choice(["forgotten", "error"]),
            idempotency=dice.choice(["honoured", "honoured", "honoured", "ignored"]),
        )

    def connect(self) -> Connection:
        return books.connect(backends.Xero(self.sims))

    def limit(self, documents: int) -> None:
        xero.LIMITS = dataclasses.replace(xero.LIMITS, batch=documents)

    def hurry(self) -> None:
        super().hurry()
        self.client.WRITE_TIMEOUT = (3.05, 1.0)

    def arm(self, name: str, **options: Any) -> None:
        more = {"after": 2} if name == "cut_in_batch" else {}
        self.sim.arm(name, **options, **more)

    def forget_keys(self) -> None:
        self.sim.forget_keys()

    def of(self, invoice: Invoice) -> list[tuple[str, str]]:
        uid = str(invoice.uid)
        docs = [doc for doc in self.sim.invoices() if uid in doc.get("Url", "")]
        return [(str(doc["InvoiceID"]), str(doc["Total"])) for doc in docs]

    def names(self) -> Iterable[Counter[str]]:
        for kind in ("Contact", "Item"):
            yield Counter(doc["Name"].casefold() for doc in self.sim.documents(kind))
