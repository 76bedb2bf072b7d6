"""An organisation: what its books hold and how it is set up. No HTTP, no clock of its own."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .switches import Switches

Doc = dict[str, Any]
CENT = Decimal("0.01")
VERSIONS = 8  # how many earlier ones of an invoice are remembered
IDS = {
    "Contact": "ContactID", "Invoice": "InvoiceID", "CreditNote": "CreditNoteID",
    "Payment": "PaymentID", "Item": "ItemID", "Account": "AccountID", "TaxRate": "TaxType",
    "TrackingCategory": "TrackingCategoryID", "BrandingTheme": "BrandingThemeID",
    "Currency": "Code", "User": "UserID", "Allocation": "AllocationID",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something that webhooks tell about."""

    tenant: str
    category: str  # INVOICE, CONTACT, CREDITNOTE
    id: str
    type: str  # CREATE, UPDATE
    at: str
    data: tuple[tuple[str, str], ...] = ()


@dataclass
class Organisation:
    """One organisation, known by its tenant id. `docs` is kind -> id -> record, with days as
    2026-11-22, moments in ISO, figures as Decimal, and what is ours under names with a "_".
    """

    tenant: str
    region: str
    info: Doc
    zone_name: str
    docs: dict[str, dict[str, Doc]] = field(default_factory=dict)
    settings: Doc = field(default_factory=dict)
    history: dict[str, list[Doc]] = field(default_factory=dict)  # record id -> what happened
    attachments: dict[str, list[Doc]] = field(default_factory=dict)
    mails: list[Doc] = field(default_factory=list)
    projects: Doc = field(default_factory=dict)
    rights: bool = True  # of the one user of this world
    events: list[Event] = field(default_factory=list)
    numbers: dict[str, set[str]] = field(default_factory=dict)  # lower InvoiceNumber -> ids
    past: dict[str, list[Doc]] = field(default_factory=dict)  # invoice id -> earlier versions

    @property
    def name(self) -> str:
        return str(self.info["Name"])

    @property
    def currency(self) -> str:
        return str(self.info["BaseCurrency"])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    def of(self, kind: str) -> Iterator[Doc]:
        yield from self.docs.get(kind, {}).values()

    def find(self, kind: str, id: str) -> Doc | None:
        return self.docs.get(kind, {}).get(id)

    def put(self, kind: str, doc: Doc) -> Doc:
        """Keep a record, and the index of invoice numbers with it."""
        id = doc[IDS[kind]]
        before = self.find(kind, id)
        self.docs.setdefault(kind, {})[id] = doc
        if kind == "Invoice" and before is not None:
            self.past[id] = [*self.past.get(id, ()), before][-VERSIONS:]
        if kind == "Invoice" and doc["Type"] == "ACCREC":
            if before is not None:
                self.numbers[before["InvoiceNumber"].lower()].discard(id)
            self.numbers.setdefault(doc["InvoiceNumber"].lower(), set()).add(id)
        return doc

    def as_of(self, doc: Doc, seen: str) -> Doc | None:
        """An invoice as it was at a moment; None before it was made. What does not count as a
        change of it is there at once.
        """
        if doc["_made"] > seen:
            return None
        versions = [*self.past.get(doc["InvoiceID"], ()), doc]
        known = (each for each in reversed(versions) if each["UpdatedDateUTC"] <= seen)
        return next(known, versions[0])

    def index(self) -> None:
        """Make the index of numbers anew."""
        self.numbers = {}
        for doc in self.of("Invoice"):
            if doc["Type"] == "ACCREC":
                self.numbers.setdefault(doc["InvoiceNumber"].lower(), set()).add(doc["InvoiceID"])

    def numbered(self, number: str, switches: Switches) -> list[Doc]:
        """Sales invoices that hold a number."""
        docs = [self.docs["Invoice"][id] for id in self.numbers.get(number.lower(), ())]
        if switches.number_case == "told_apart":
            docs = [doc for doc in docs if doc["InvoiceNumber"] == number]
        if switches.deleted_numbers == "free":
            docs = [doc for doc in docs if doc["Status"] != "DELETED"]
        return docs

    def account(self, code: str) -> Doc | None:
        return next((doc for doc in self.of("Account") if doc.get("Code") == code), None)

    def item(self, code: str) -> Doc | None:
        return next((doc for doc in self.of("Item") if doc["Code"] == code), None)


@dataclass(frozen=True)
class Act:
    """One change by somebody at some moment: what every rule may look at."""

    org: Organisation
    switches: Switches
    now: datetime
    by: str = "api"  # or "person"
    app: str = ""  # client id
    who: str = "System Generated"
    places: int = 2  # of unit amounts: unitdp

    @property
    def stamp(self) -> str:
        return self.now.astimezone(UTC).isoformat(timespec="milliseconds")

    @property
    def today(self) -> date:
        return self.now.astimezone(self.org.zone).date()

    def cents(self, amount: Decimal) -> Decimal:
        """Rounded to two places; half a cent as the switch says."""
        way = ROUND_HALF_UP if self.switches.ties == "half_up" else ROUND_HALF_EVEN
        return amount.quantize(CENT, way)


def new_id() -> str:
    return str(uuid.uuid4())


def clone(doc: Doc) -> Doc:
    return copy.deepcopy(doc)


def record(act: Act, id: str, changes: str, details: str = "") -> None:
    """One more line in the history of a record."""
    line = {"Changes": changes, "DateUTC": act.stamp, "User": act.who, "Details": details}
    act.org.history.setdefault(id, []).append(line)


def tell(act: Act, kind: str, doc: Doc, type: str) -> None:
    """Something for the webhooks."""
    data: tuple[tuple[str, str], ...] = ()
    if kind == "CreditNote":
        data = (("Type", doc["Type"]), ("Status", doc["Status"]))
    category = kind.upper()
    act.org.events.append(Event(act.org.tenant, category, doc[IDS[kind]], type, act.stamp, data))
