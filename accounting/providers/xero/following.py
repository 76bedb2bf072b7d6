"""What became of our invoices: by id, and by what changed since we last looked."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounting.providers.port import Changes, Ours, Rejected, State, Status

from . import faults, finding, lists, reading
from .client import Answer, Client

logger = logging.getLogger(__name__)
Doc = Mapping[str, Any]
Url = Callable[[str], str]
OVERLAP = dt.timedelta(minutes=5)  # clocks differ, and what was just written is found late
OLDEST = dt.timedelta(days=90)  # then looking at ours by their ids is less than all that changed
PAGE, MOST_PAGES = 200, 5
REQUESTS = 3  # of a look at few changes: invoices, payments and credit notes
TICK = dt.timedelta(seconds=1)  # what Xero compares
BY_CHANGE = "UpdatedDateUTC ASC"


def get(xero: Client, ids: Sequence[str], *, url: Url) -> dict[str, Status]:
    """The invoices with these ids. Deleted ones stay in Xero, so what is nowhere is missing."""
    found = {status.id: status for status in statuses(finding.by_id(xero, ids), url=url)}
    return {id: found.get(id) or Status(id, State.MISSING) for id in dict.fromkeys(ids)}


def numbered(xero: Client, numbers: Sequence[str], *, url: Url) -> list[Status]:
    return list(statuses(finding.by_number(xero, numbers), url=url))


def changes(xero: Client, cursor: str, *, now: dt.datetime, ours: Ours, url: Url) -> Changes:
    """Invoices that changed, or whose payments or credit notes did: neither need leave a mark on
    its invoice. Prepayments and overpayments are rare and have no look of their own; one that
    leaves no mark is seen by the nightly look. The cursor is a time of Xero's clock.
    """
    if not cursor:
        return Changes((), cursor=_text(_server_time(xero.get("Organisation")) - OVERLAP))
    since = dt.datetime.fromisoformat(cursor)
    if now - since > OLDEST:
        raise Rejected("It is cheaper to look at every invoice anew.", code="cursor_too_old")
    invoices = _changed(xero, "Invoices", since, createdByMyApp="true", unitdp=4)
    payments, notes = (_changed(xero, plural, since) for plural in ("Payments", "CreditNotes"))
    known = {reading.text(row, "InvoiceID") for row in invoices.rows}
    parts = (*payments.rows, *_allocations(notes.rows))
    settled = {_settled(each) for each in parts} - known - {""}
    rows = [*invoices.rows, *finding.by_id(xero, sorted(ours(settled)))]
    looks = (invoices, payments, notes)
    return Changes(
        tuple(statuses(rows, url=url)),
        _text(min(look.until for look in looks)),
        all(look.whole for look in looks),
        payments_gone=tuple(
            reading.text(each, "PaymentID")
            for each in payments.rows
            if each.get("Status") == "DELETED"
        ),
        credits=tuple(reading.text(note, "CreditNoteID") for note in notes.rows),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What changed, the earliest first, each once; until when that is all, and whether it is all
    there is.
    """

    rows: list[Doc]
    until: dt.datetime
    whole: bool


def _changed(xero: Client, plural: str, since: dt.datetime, **query: Any) -> _Look:
    """Each answer begins where the last one ended, by the time of change: what changes meanwhile
    moves to the end, and on numbered pages it would pull another row over an edge, unseen. Numbers
    count the pages within one second only.
    """
    found: dict[str, Doc] = {}
    end: dt.datetime | None = None
    key = f"{plural[:-1]}ID"
    begin, page, answers = since.replace(microsecond=0), 1, 0
    while True:
        answer = xero.get(
            plural, since=f"{begin:%Y-%m-%dT%H:%M:%SZ}", page=page, pageSize=PAGE,
            order=BY_CHANGE, **query,
        )  # fmt: skip
        answers += 1
        end = end or _server_time(answer) - OVERLAP
        rows = lists.rows(answer, plural)
        found |= {reading.text(row, key): row for row in rows}
        if len(rows) < PAGE:
            return _Look(list(found.values()), max(end, since), whole=True)
        reached = reading.moment(rows[-1].get("UpdatedDateUTC"))
        if answers >= MOST_PAGES and reached and reached - since > 2 * TICK:
            return _Look(list(found.values()), reached - TICK, whole=False)
        if reached and reached - begin >= TICK:  # in a later second
            begin, page = reached.replace(microsecond=0), 1
        else:
            page += 1


def statuses(invoices: Iterable[Doc], *, url: Url) -> Iterable[Status]:
    """Sales invoices. One answer that makes no sense must not hide the others."""
    for row in invoices:
        id = reading.text(row, "InvoiceID")
        if not id or row.get("Type", "ACCREC") != "ACCREC":
            continue
        try:
            yield reading.status(row, url=url(id))
        except reading.ODD:
            logger.exception("Xero: invoice %s can't be read", id)
            yield Status(id, State.UNREADABLE, number=reading.text(row, "InvoiceNumber")[:255])


def _allocations(notes: Iterable[Doc]) -> Iterator[Doc]:
    for note in notes:
        if note.get("Type") == "ACCRECCREDIT":
            yield from (each for each in note.get("Allocations") or () if isinstance(each, dict))


def _settled(part: Doc) -> str:
    """The sales invoice that a payment, or a share of a credit note, is for; or ""."""
    invoice = part.get("Invoice")
    if not isinstance(invoice, dict) or invoice.get("Type", "ACCREC") != "ACCREC":
        return ""
    return reading.text(invoice, "InvoiceID")


def _server_time(answer: Answer) -> dt.datetime:
    """The moment by Xero's clock."""
    at = reading.moment(answer.body.get("DateTimeUTC"))
    if at is None:
        raise faults.unreadable(write=False, reference=answer.reference)
    return at


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
