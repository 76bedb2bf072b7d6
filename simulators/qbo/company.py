"""A company file: what it holds and how it is set up. No HTTP, no clock of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .refusals import NOT_FOUND, Refused
from .switches import Switches

Doc = dict[str, Any]
CENT = Decimal("0.01")
SERVER_ZONE = ZoneInfo("America/Los_Angeles")  # where "today" is when a client sends no date
PEOPLE = ("Customer", "Vendor", "Employee")
DELETED = " (deleted)"


@dataclass(frozen=True)
class Event:
    """Something that webhooks tell about."""

    realm: str
    kind: str
    id: str
    operation: str  # created, updated, deleted, merged, emailed, void
    at: str
    deleted_id: str = ""


@dataclass
class Company:
    """One company file, known by its realm id. `docs` is kind -> id -> record."""

    realm: str
    scenario: str
    info: Doc
    preferences: Doc
    language: str = "en"
    automated_tax: bool = False
    subscribed: bool = True
    docs: dict[str, dict[str, Doc]] = field(default_factory=dict)
    tombstones: list[Doc] = field(default_factory=list)
    mails: list[Doc] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    last_number: str = "1000"
    exchange_rates: dict[str, str] = field(default_factory=dict)
    tax_by_state: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    batching: bool = False
    unseen: set[tuple[str, str]] = field(default_factory=set)  # made earlier in the running batch
    numbers: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # kind, DocNumber -> ids

    @property
    def name(self) -> str:
        return str(self.info["CompanyName"])

    @property
    def country(self) -> str:
        return str(self.info["Country"])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.info["DefaultTimeZone"])

    @property
    def home_currency(self) -> str:
        return str(self.preferences["CurrencyPrefs"]["HomeCurrency"]["value"])

    @property
    def multicurrency(self) -> bool:
        return bool(self.preferences["CurrencyPrefs"]["MultiCurrencyEnabled"])

    def prefers(self, group: str, name: str) -> Any:
        """A preference, None when it was never set."""
        return self.preferences.get(group, {}).get(name)

    def of(self, kind: str) -> Iterator[Doc]:
        yield from self.docs.get(kind, {}).values()

    def find(self, kind: str, id: str) -> Doc | None:
        return self.docs.get(kind, {}).get(id)

    def get(self, kind: str, id: str) -> Doc:
        """The record; 610 when there is none."""
        doc = self.find(kind, id)
        if doc is None:
            raise Refused("610", f"Object Not Found : {NOT_FOUND}")
        return doc

    def referred(self, kind: str, doc: Doc, name: str) -> Doc | None:
        """The active record that a reference means, None without one. 2500 if there is none, 610 if
        it is inactive.
        """
        if name not in doc:
            return None
        id = doc[name]["value"]
        found = self.find(kind, id)
        if found is None or (kind, id) in self.unseen:
            label = "Names" if kind in PEOPLE else f"{kind}s"
            detail = f"Invalid Reference Id : {label} element id {id} not found"
            raise Refused("2500", detail, name)
        if found.get("Active") is False:
            raise Refused("610", f"Object Not Found : {NOT_FOUND}", name)
        return found

    def next_id(self, group: str) -> str:
        self.counters[group] = self.counters.get(group, 0) + 1
        return str(self.counters[group])

    def put(self, kind: str, doc: Doc) -> None:
        """Keep a record, and the balance of its customer with it."""
        before = self.find(kind, doc["Id"])
        self._account(kind, before, -1)
        self.docs.setdefault(kind, {})[doc["Id"]] = doc
        self._account(kind, doc, 1)

    def remove(self, kind: str, id: str, *, at: str) -> None:
        """Forget a record, leaving a tombstone for CDC."""
        self._account(kind, self.docs[kind].pop(id), -1)
        stub = {"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": {"LastUpdatedTime": at}}
        self.tombstones.append({"kind": kind, **stub})

    def notify(self, kind: str, id: str, operation: str, *, at: str, deleted_id: str = "") -> None:
        self.events.append(Event(self.realm, kind, id, operation, at, deleted_id))

    def numbered(self, kind: str, number: str) -> set[str]:
        """Ids of the documents that hold a number."""
        return self.numbers.get((kind, number.lower()), set())

    def _account(self, kind: str, doc: Doc | None, sign: int) -> None:
        if doc is None:
            return
        if number := doc.get("DocNumber"):
            ids = self.numbers.setdefault((kind, number.lower()), set())
            ids.add(doc["Id"]) if sign > 0 else ids.discard(doc["Id"])
        owed = {"Invoice": "Balance", "CreditMemo": "Balance", "Payment": "UnappliedAmt"}.get(kind)
        if owed is None or "CustomerRef" not in doc:
            return
        direction = sign if kind == "Invoice" else -sign
        id: str | None = doc["CustomerRef"]["value"]
        own = "Balance"
        while id and (customer := self.find("Customer", id)):
            for name in {own, "BalanceWithJobs"}:
                customer[name] = customer.get(name, Decimal(0)) + direction * doc.get(owed, 0)
            own = "BalanceWithJobs"
            id = customer.get("ParentRef", {}).get("value")


@dataclass(frozen=True)
class Act:
    """One change by somebody at some moment: what every rule may look at."""

    company: Company
    switches: Switches
    now: datetime
    by: str = "api"
    include: frozenset[str] = frozenset()

    @property
    def time(self) -> str:
        """Now as a body shows it, with milliseconds and the offset of the company."""
        return self.now.astimezone(self.company.zone).isoformat(timespec="milliseconds")

    @property
    def stamp(self) -> str:
        """Now as MetaData shows it."""
        return self.now.astimezone(self.company.zone).isoformat(timespec="seconds")

    @property
    def today(self) -> date:
        return self.now.astimezone(SERVER_ZONE).date()


def bump(act: Act, doc: Doc) -> None:
    """The next version of a record."""
    doc["SyncToken"] = str(int(doc["SyncToken"]) + 1)
    doc["MetaData"] = {**doc["MetaData"], "LastUpdatedTime": act.stamp}


def touch(act: Act, kind: str, doc: Doc) -> None:
    """Keep a changed copy of a record that changed because another one did."""
    bump(act, doc)
    act.company.put(kind, doc)
    act.company.notify(kind, doc["Id"], "updated", at=act.stamp)


def cents(amount: Decimal | int) -> Decimal:
    """Rounded half up to two places, as QuickBooks does everywhere."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def clone(doc: Doc) -> Doc:
    return copy.deepcopy(doc)
