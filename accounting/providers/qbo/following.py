"""What became of our invoices: by id, and by what changed since we last looked."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from accounting.providers.port import Changes, Ours, Rejected, State, Status

from . import faults, finding, query, reading
from .client import Client

logger = logging.getLogger(__name__)
Doc = Mapping[str, Any]
Url = Callable[[str], str]
OVERLAP = dt.timedelta(minutes=5)  # clocks differ, and what was just written is found late
OLDEST = dt.timedelta(days=30) - dt.timedelta(hours=2)
MOST = 1000  # changes in one answer
TICK = dt.timedelta(seconds=1)  # what times of changes are rounded to


def get(qbo: Client, ids: Sequence[str], *, url: Url) -> dict[str, Status]:
    """The invoices with these ids. One that a query does not find is asked for by itself before it
    counts as deleted: queries lag behind.
    """
    wanted = list(dict.fromkeys(ids))
    rows = {str(row["Id"]): row for row in query.select_each(qbo, "Invoice", "Id", wanted)}
    for id in wanted:
        if id not in rows:
            rows[id] = finding.by_itself(qbo, "Invoice", id) or {"Id": id, "status": "Deleted"}
    return {status.id: status for status in _statuses(qbo, list(rows.values()), {}, url=url)}


def numbered(qbo: Client, numbers: Sequence[str], *, url: Url) -> list[Status]:
    """The invoices with these numbers."""
    rows = query.select_each(qbo, "Invoice", "DocNumber", list(dict.fromkeys(numbers)))
    return list(_statuses(qbo, rows, {}, url=url))


def changes(qbo: Client, cursor: str, *, now: dt.datetime, ours: Ours, url: Url) -> Changes:
    """Invoices that changed, or whose payments did. The cursor is a time of the server's clock."""
    if not cursor:
        return Changes((), cursor=_before(query.server_time(qbo), OVERLAP))
    if now - dt.datetime.fromisoformat(cursor) > OLDEST:
        raise Rejected("QuickBooks remembers changes for 30 days only.", code="cursor_too_old")
    answer = qbo.change_data_capture("Invoice,Payment", cursor)
    invoices, payments = _captured(answer)
    if len(invoices) + len(payments) < MOST:
        next_cursor, complete = _before(str(answer.get("time", "")), OVERLAP), True
    else:
        deleted = [row for row in [*invoices, *payments] if row.get("status") == "Deleted"]
        invoices, payments, next_cursor = _page_by_page(qbo, cursor)
        invoices += [row for row in deleted if row["kind"] == "Invoice"]
        payments += [row for row in deleted if row["kind"] == "Payment"]
        complete = False
    payments = _readable(payments)
    gone = {str(row["Id"]) for row in payments if _is_gone(row)}
    alive = {str(row["Id"]): row for row in payments if str(row["Id"]) not in gone}
    invoices = [*invoices, *_paid_by(qbo, alive, invoices, ours)]
    statuses = tuple(_statuses(qbo, invoices, alive, url=url))
    return Changes(statuses, next_cursor, complete, tuple(sorted(gone)))


def _captured(answer: Mapping[str, Any]) -> tuple[list[Doc], list[Doc]]:
    """What a change capture holds, each row marked with its kind: deleted ones don't say it."""
    found: dict[str, list[Doc]] = {"Invoice": [], "Payment": []}
    captures = answer.get("CDCResponse")
    if not isinstance(captures, list):
        raise faults.unreadable(write=False, reference=answer["reference"])
    for capture in captures:
        for response in capture.get("QueryResponse") or []:
            for kind, rows in found.items():
                rows += [{**row, "kind": kind} for row in response.get(kind) or []]
    return found["Invoice"], found["Payment"]


def _page_by_page(qbo: Client, cursor: str) -> tuple[list[Doc], list[Doc], str]:
    """A capture holds no more than this and has no second page, so a burst is read by queries, the
    earliest change first, and the cursor follows. They don't show what was deleted; of that the
    capture told as much as it held, and a sweep finds the rest.
    """
    since = dt.datetime.fromisoformat(cursor)
    found: dict[str, list[Doc]] = {}
    ends: list[dt.datetime] = []
    for kind in ("Invoice", "Payment"):
        found[kind] = []
        for page in query.changed_since(qbo, kind, cursor):
            found[kind] += page
            if len(page) < query.PAGE:
                break
            end = dt.datetime.fromisoformat(page[-1]["MetaData"]["LastUpdatedTime"])
            if end - since > 2 * TICK:  # else the cursor would stand still
                ends.append(end)
                break
    reached = _text(min(ends) - TICK) if ends else _before(query.server_time(qbo), OVERLAP)
    return found["Invoice"], found["Payment"], reached


def _paid_by(
    qbo: Client, payments: Mapping[str, Doc], known: Iterable[Doc], ours: Ours
) -> list[Doc]:
    """Invoices whose payment changed although they did not."""
    ids = {id for payment in payments.values() for id in reading.paid_invoices(payment)}
    missing = sorted(ours(ids - {str(row["Id"]) for row in known}))
    return query.select_each(qbo, "Invoice", "Id", missing)


def _statuses(
    qbo: Client, invoices: Sequence[Doc], payments: Mapping[str, Doc], *, url: Url
) -> Iterable[Status]:
    linked = {id for row in invoices for id in reading.linked_payments(row)}
    more = query.select_each(qbo, "Payment", "Id", sorted(linked - payments.keys()))
    known = {**payments, **{str(row["Id"]): row for row in more}}
    for row in invoices:
        id = str(row["Id"])
        try:
            yield reading.status(row, known, url=url(id))
        except reading.ODD:  # one answer that makes no sense must not hide the others
            logger.exception("QuickBooks: invoice %s can't be read", id)
            yield Status(id, State.UNREADABLE, number=str(row.get("DocNumber", "")))


def _readable(payments: Iterable[Doc]) -> list[Doc]:
    """Without those of a shape that nobody knows: the invoices that they pay say so themselves."""
    found = []
    for payment in payments:
        try:
            reading.amount(payment, "TotalAmt")
            reading.paid_invoices(payment)
        except reading.ODD:
            logger.exception("QuickBooks: payment %s can't be read", payment.get("Id"))
        else:
            found.append(payment)
    return found


def _is_gone(payment: Doc) -> bool:
    """Deleted, or voided: worth nothing and on no invoice."""
    if payment.get("status") == "Deleted":
        return True
    return not reading.amount(payment, "TotalAmt") and not reading.paid_invoices(payment)


def _before(moment: str, overlap: dt.timedelta) -> str:
    """A little before the moment that an answer bears."""
    try:
        return _text(dt.datetime.fromisoformat(moment) - overlap)
    except ValueError:
        raise faults.unreadable(write=False) from None


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
