"""Makes a call and reads what became of each of its invoices.

Xero would let anybody overwrite anything, so before a change we look whether the invoice is still
the one that is to be changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from accounting.providers import port
from accounting.providers.port import Cost, Frozen, Operation, Outcome, Reason, Receipt, Unknown

from . import faults, finding, mapping, reading
from .client import Client
from .lists import refused

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
        rows = finding.by_id(self.xero, [element["InvoiceID"] for element in elements])
        there = {reading.text(row, "InvoiceID"): row for row in rows}
        judged = [
            self._judge(call.operation, element, version, there.get(element["InvoiceID"]))
            for element, version in zip(elements, json.loads(head), strict=True)
        ]
        todo = [each for each in judged if not isinstance(each, Outcome)]
        done = iter(self._post(todo, call.key))
        return [each if isinstance(each, Outcome) else next(done) for each in judged]

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
        draft = operation is Operation.VOID and status in ("DRAFT", "SUBMITTED")
        return {**element, "Status": "DELETED"} if draft else element

    def _post(self, elements: list[Doc], key: str) -> list[Outcome]:
        if not elements:
            return []
        plain = [json.loads(json.dumps(each, default=float)) for each in elements]
        body = mapping.dump({"Invoices": plain})
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
        same = ("InvoiceNumber", "Url", "InvoiceID")
        if any(reading.text(doc, name) != asked[name] for name in same if name in asked):
            return _open(reference)
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
    try:
        ours, theirs = reading.content({**row, **element}), reading.content(row)
        return all(ours[name] == theirs[name] for name in ours if name != "lines") and [
            {**line, "net": ""} for line in ours["lines"]
        ] == [{**line, "net": ""} for line in theirs["lines"]]
    except reading.ODD:
        return False
