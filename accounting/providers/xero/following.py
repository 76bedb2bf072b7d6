"""What became of our invoices: by id, and by what changed since we last looked."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from accounting.providers.port import Changes, Rejected, State, Status

from . import faults, finding, lists, reading
from .client import Answer, Client

logger = logging.getLogger(__name__)
Doc = Mapping[str, Any]
Url = Callable[[str], str]
OVERLAP = dt.timedelta(minutes=5)  # clocks differ, and what was just written is found late
OLDEST = dt.timedelta(days=90)  # then looking at ours by their ids is less than all that changed
PAGE, MOST_PAGES = 200, 5
REQUESTS = 2  # of a look at few changes: invoices and payments
TICK = dt.timedelta(seconds=1)  # what Xero compares
BY_CHANGE = "UpdatedDateUTC ASC"


def get(xero: Client, ids: Sequence[str], *, url: Url) -> dict[str, Status]:
    """The invoices with these ids. Deleted ones stay in Xero, so what is nowhere is missing."""
    found = {status.id: status for status in statuses(finding.by_id(xero, ids), url=url)}
    return {id: found.get(id) or Status(id, State.MISSING) for id in dict.fromkeys(ids)}


def numbered(xero: Client, numbers: Sequence[str], *, url: Url) -> list[Status]:
    return list(statuses(finding.by_number(xero, numbers), url=url))


def changes(xero: Client, cursor: str, *, now: dt.datetime, url: Url) -> Changes:
    """Invoices that changed, or whose payments did. The cursor is a time of Xero's clock."""
    if not cursor:
        return Changes((), cursor=_text(_server_time(xero.get("Organisation")) - OVERLAP))
    since = dt.datetime.fromisoformat(cursor)
    if now - since > OLDEST:
        raise Rejected("It is cheaper to look at every invoice anew.", code="cursor_too_old")
    invoices, ends = _changed(xero, "Invoices", since, createdByMyApp="true", unitdp=4)
    payments, other = _changed(xero, "Payments", since)
    gone = {reading.text(p, "PaymentID") for p in payments if p.get("Status") == "DELETED"}
    known = {reading.text(row, "InvoiceID") for row in invoices}
    touched = {id for each in payments if (id := _paid(each)) and id not in known}
    invoices += finding.by_id(xero, sorted(touched))
    whole = ends[1] and other[1]
    return Changes(
        tuple(statuses(invoices, url=url)), _text(min(ends[0], other[0])), whole,
        tuple(sorted(gone)),
    )  # fmt: skip


def _changed(
    xero: Client, plural: str, since: dt.datetime, **query: Any
) -> tuple[list[Doc], tuple[dt.datetime, bool]]:
    """What changed, the earliest first, each once; until when that is all, and whether it is all
    there is.
    """
    found: dict[str, Doc] = {}
    end: dt.datetime | None = None
    key = f"{plural[:-1]}ID"
    page = 1
    while True:
        answer = xero.get(
            plural, since=f"{since:%Y-%m-%dT%H:%M:%SZ}", page=page, pageSize=PAGE,
            order=BY_CHANGE, **query,
        )  # fmt: skip
        end = end or _server_time(answer) - OVERLAP
        rows = lists.rows(answer, plural)
        found |= {reading.text(row, key): row for row in rows}
        if len(rows) < PAGE:
            return list(found.values()), (max(end, since), True)
        reached = reading.moment(rows[-1].get("UpdatedDateUTC"))
        if page >= MOST_PAGES and reached and reached - since > 2 * TICK:
            return list(found.values()), (reached - TICK, False)
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


def _paid(payment: Doc) -> str:
    invoice = payment.get("Invoice")
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
