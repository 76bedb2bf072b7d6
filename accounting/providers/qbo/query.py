"""QuickBooks' query language: quoting, and reading a list to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import faults
from .client import Client

Doc = Mapping[str, Any]
PAGE = 1000  # the most that one answer holds
OVERLAP = 25  # rows that are read twice, because deletions shift the pages
AT_ONCE = 200  # values in one IN


def quote(value: str) -> str:
    """A value as it may stand in a statement; ValueError for control characters."""
    if any(ord(character) < 32 for character in value):
        raise ValueError("A control character can't be asked for.")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def within(field: str, values: Iterable[str]) -> str:
    return f"{field} IN ({', '.join(quote(value) for value in values)})"


def select(client: Client, kind: str, where: str = "") -> list[Doc]:
    """All that match, however many pages. In the order of their creation, so that what is created
    meanwhile comes last; each once.
    """
    found: dict[str, Doc] = {}
    start = 1
    while True:
        page = _page(client, kind, where, "MetaData.CreateTime", start)
        found |= {str(doc["Id"]): doc for doc in page}
        if len(page) < PAGE:
            return list(found.values())
        start += PAGE - OVERLAP


def select_each(
    client: Client, kind: str, field: str, values: Sequence[str], more: str = ""
) -> list[Doc]:
    """All that have one of these values."""
    found: list[Doc] = []
    for start in range(0, len(values), AT_ONCE):
        where = within(field, values[start : start + AT_ONCE])
        found += select(client, kind, f"{where} AND {more}" if more else where)
    return found


def changed_since(client: Client, kind: str, since: str) -> Iterator[list[Doc]]:
    """Pages of what changed, the earliest change first."""
    where = f"MetaData.LastUpdatedTime >= {quote(since)}"
    start = 1
    while True:
        page = _page(client, kind, where, "MetaData.LastUpdatedTime", start)
        yield page
        if len(page) < PAGE:
            return
        start += PAGE - OVERLAP


def server_time(client: Client) -> str:
    """The moment by the server's clock."""
    answer = client.query("SELECT COUNT(*) FROM Invoice")
    return str(answer.get("time", ""))


def _page(client: Client, kind: str, where: str, order: str, start: int) -> list[Doc]:
    condition = f" WHERE {where}" if where else ""
    part = f"ORDERBY {order} STARTPOSITION {start} MAXRESULTS {PAGE}"
    answer = client.query(f"SELECT * FROM {kind}{condition} {part}")  # noqa: S608 - quoted above
    found = answer.get("QueryResponse")
    if not isinstance(found, dict):  # silence is no proof that there is nothing
        raise faults.unreadable(write=False, reference=answer["reference"])
    rows: list[Doc] = found.get(kind) or []
    return rows
