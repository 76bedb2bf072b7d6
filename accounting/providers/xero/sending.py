"""Makes a call and reads what became of each of its invoices.

Xero would let anybody overwrite anything, so before a change we look whether the invoice is still
the one that is to be changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from accounting.providers import port
from accounting.providers.port import (
    Cost,
    Frozen,
    Operation,
    Outcome,
    Reason,
    Receipt,
    Unavailable,
    Unknown,
)

from . import faults, finding, mapping, reading
from .carrying import carry_over
from .client import Client
from .lists import NOBODY, refused

LOOKING = 30.0  # seconds that a call may look before it changes
log = logging.getLogger(__name__)
Doc = Mapping[str, Any]
Url = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Errand:
    """One call of invoices over a client."""

    xero: Client
    url: Url

    def make(self, call: Frozen) -> list[Outcome]:
        if call.operation is Operation.CREATE:
            elements = orjson.loads(call.body)["Invoices"]
            return self._put("PUT", call.body, elements, key=call.key)
        return self._change(call)

    def _change(self, call: Frozen) -> list[Outcome]:
        """What is still as it was is changed; the others are told why not."""
        head, _, wire = call.body.partition(b"\n")
        elements = json.loads(wire, parse_float=Decimal)["Invoices"]
        rows = self._look([element["InvoiceID"] for element in elements])
        judged = [
            row if isinstance(row, Outcome) else self._judge(call.operation, element, version, row)
            for element, version, row in zip(elements, json.loads(head), rows, strict=True)
        ]
        todo = [each for each in judged if not isinstance(each, Outcome)]
        done = iter(self._post(todo, call.key))
        return [each if isinstance(each, Outcome) else next(done) for each in judged]

    def _look(self, ids: Sequence[str]) -> list[Doc | Outcome | None]:
        """Each as it is now, read by itself: lists lag behind, and would let us write over what
        somebody just changed. What there is no time or request left for waits for another call.
        """
        rows: list[Doc | Outcome | None] = []
        end = time.monotonic() + LOOKING
        while len(rows) < len(ids):
            try:
                if time.monotonic() > end:
                    raise Unavailable(faults.BUSY, retry_after=1)
                rows.append(finding.by_itself(self.xero, ids[len(rows)]))
            except Unavailable as error:
                if not rows:
                    raise
                rows += [Outcome(error=error)] * (len(ids) - len(rows))
        return rows

    def _judge(
        self, operation: Operation, element: Doc, version: str, row: Doc | None
    ) -> Outcome | Doc:
        """The element to send, or an outcome without sending it."""
        status = reading.text(row or {}, "Status")
        if row is None or status == "DELETED":
            return Outcome(error=faults.gone())
        if status == "VOIDED":
            is_void = operation is Operation.VOID
            return self._told(row, "") if is_void else Outcome(error=faults.gone())
        if _version(row) != version:
            if operation is Operation.UPDATE and _stands(element, row):
                return self._told(row, "")
            return Outcome(error=faults.stale())
        return _voiding(element, row) if operation is Operation.VOID else _written(element, row)

    def _post(self, elements: list[Doc], key: str) -> list[Outcome]:
        if not elements:
            return []
        body = mapping.dump({"Invoices": elements})
        # What is left out changes the body, and a key must not come with another body.
        hashed = f"{key}-{hashlib.sha256(body).hexdigest()[:12]}"
        return self._put("POST", body, elements, key=hashed)

    def _put(self, method: str, body: bytes, sent: list[Doc], *, key: str) -> list[Outcome]:
        answer = self.xero.write(
            method, "Invoices", body, key=key, cost=Cost.CALL, summarizeErrors="false", unitdp=4
        )
        found = answer.body.get("Invoices")
        if not isinstance(found, list) or len(found) != len(sent):
            raise faults.unreadable(write=True, reference=answer.reference)
        outcomes = [
            self._outcome(asked, doc, answer.reference)
            for asked, doc in zip(sent, found, strict=True)
        ]
        self._name_holders(sent, outcomes)
        return outcomes

    def _outcome(self, asked: Doc, doc: Any, reference: str) -> Outcome:
        """What became of one. Xero answers in our order; what does not fit is not believed."""
        if not isinstance(doc, dict):
            return _open(reference)
        if refused(doc):
            return Outcome(error=faults.of_element(doc, reference=reference), reference=reference)
        if not _is_answer(asked, doc):
            return _open(reference)
        if doc.get("Warnings"):
            log.warning("Xero warns of invoice %s: %s", doc["InvoiceID"], doc["Warnings"])
        return self._told(doc, reference)

    def _told(self, doc: Doc, reference: str) -> Outcome:
        seen = self.seen(doc)
        if isinstance(seen, Unknown):
            return Outcome(error=seen, reference=reference)
        return Outcome(seen, reference=reference)

    def seen(self, doc: Doc) -> Receipt | Unknown:
        """An invoice that is there, even if what is said of it makes no sense."""
        id = reading.text(doc, "InvoiceID")
        try:
            return reading.receipt(doc, url=self.url(id))
        except reading.ODD:
            log.exception("Xero: invoice %s can't be read", id)
            return Unknown(faults.ODD.format(id=id), found_id=id, code="unreadable")

    def _name_holders(self, sent: list[Doc], outcomes: list[Outcome]) -> None:
        """Who has the numbers that are taken: asked once for all of them."""
        taken = {
            asked.get("InvoiceNumber", ""): outcome.error
            for asked, outcome in zip(sent, outcomes, strict=True)
            if isinstance(outcome.error, port.Rejected)
            and outcome.error.reason is Reason.NUMBER_TAKEN
        }
        if not taken:
            return
        try:
            rows = finding.by_number(self.xero, [number for number in taken if number])
        except port.ProviderError:  # that it is taken is known all the same
            return
        ids = {reading.text(row, "InvoiceNumber").casefold(): row["InvoiceID"] for row in rows}
        for number, error in taken.items():
            error.found_id = str(ids.get(number.casefold(), ""))


def _is_answer(asked: Doc, doc: Doc) -> bool:
    """Whether an element of the answer is of the invoice that was asked for. Its address may come
    back in another form.
    """
    if reading.text(doc, "InvoiceID") in NOBODY:
        return False
    if "Url" in asked and reading.marker(doc) != reading.marker(asked):
        return False
    same = ("InvoiceNumber", "InvoiceID")
    return all(reading.text(doc, name) == asked[name] for name in same if name in asked)


def _voiding(element: Doc, row: Doc) -> Outcome | Doc:
    """A draft is deleted instead; what is for nothing can't be voided."""
    status = reading.text(row, "Status")
    if status == "PAID" and not reading.amount(row, "Total"):
        return Outcome(error=faults.nothing_due())
    return {**element, "Status": "DELETED"} if status in reading.WAITING else element


def _written(element: Doc, row: Doc) -> Doc:
    theirs = row.get("LineItems") or []
    return {**element, "LineItems": carry_over(element["LineItems"], theirs)}


def _open(reference: str) -> Outcome:
    error = faults.unreadable(write=True, reference=reference)
    return Outcome(error=error, reference=reference)


def _version(row: Doc) -> str:
    try:
        return reading.version(row)
    except reading.ODD:
        return ""


def _stands(element: Doc, row: Doc) -> bool:
    """Whether a change is there already: an earlier call had its effect, and the answer was
    lost.
    """
    # Xero tells each day twice, and what we send has no twins.
    twins = {f"{name}String": element[name] for name in ("Date", "DueDate")}
    try:
        ours, theirs = reading.content({**row, **element, **twins}), reading.content(row)
        return all(ours[name] == theirs[name] for name in ours if name != "lines") and [
            {**line, "net": ""} for line in ours["lines"]
        ] == [{**line, "net": ""} for line in theirs["lines"]]
    except reading.ODD:
        return False
