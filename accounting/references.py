"""The provider's customers, items, taxes, accounts and persons, kept here as they were last read.

Each kind is read as a whole: a record that no longer comes is marked inactive, never deleted, so
that links and forms can still say its name.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.db import transaction

from . import calling, moves
from .models import Connection, RemoteRecord
from .providers.port import Kind, Record

AMOUNTS = ("price", "percent")
TEXTS = ("type", "email", "phone", "currency", "sku", "contact", "identity", "merged_into")


class Read(NamedTuple):
    """What reading a kind brought: how many are new, changed and gone."""

    kind: Kind
    total: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0


def read(connection: Connection, kind: Kind, *, urgent: bool = True, now: dt.datetime) -> Read:
    """Ask for all records of a kind and keep them. Errors of the port go to the caller."""
    records = calling.ask(connection, "records", kind, urgent=urgent, now=now)
    return store(connection, kind, records)


def finish(connection: Connection, *, now: dt.datetime) -> None:
    """Note that all lists are read."""
    connection.read_at = now
    connection.save(update_fields=["read_at"])


@transaction.atomic
def store(connection: Connection, kind: Kind, records: Sequence[Record]) -> Read:
    """Make the rows of a kind what was read, in a constant number of queries per 500 records. What
    names a record that is called otherwise now follows it.
    """
    known = {row.remote_id: row for row in connection.records.filter(kind=kind)}
    moved = moves.moved(known, records)
    left = list(moves.gone(moved, known))
    counts: Counter[str] = Counter()
    kept: list[RemoteRecord] = []
    for row in _rows(connection, kind, records):
        before = known.pop(row.remote_id, None)
        if before is None:
            counts["new"] += 1
        elif _values(before) != _values(row):
            counts["changed"] += 1
        else:
            continue
        kept.append(row)
    gone = [row for row in known.values() if row.active]
    for row in gone:
        row.active = False
    RemoteRecord.objects.bulk_create(
        [*kept, *gone, *left],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["connection", "kind", "remote_id"],
        update_fields=["name", "version", "active", "facts"],
    )
    if moved:
        moves.follow(connection, kind, moved)
    return Read(kind, len(records), counts["new"], counts["changed"], len(gone))


def thaw(row: RemoteRecord) -> Record:
    """The record as the provider described it."""
    facts = dict(row.facts)
    for name in AMOUNTS:
        if facts.get(name) is not None:
            facts[name] = Decimal(facts[name])
    return Record(
        Kind(row.kind),
        row.remote_id,
        row.name,
        version=row.version,
        active=row.active,
        **{**facts, "address": tuple(facts.get("address", ()))},
    )


def price_of(row: RemoteRecord) -> Decimal | None:
    """An item's price there, as we can store it; None when it has none."""
    text = row.facts.get("price")
    return None if text is None else max(_stored(text), Decimal(0))


def percent_of(row: RemoteRecord) -> Decimal | None:
    """A tax's percent there; None for one that the provider computes."""
    text = row.facts.get("percent")
    return None if text is None else min(max(_stored(text), Decimal(0)), Decimal(100))


def _stored(text: str) -> Decimal:
    """With the 4 decimals of our columns, or it would differ for ever."""
    return Decimal(text).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _rows(connection: Connection, kind: Kind, records: Iterable[Record]) -> Iterable[RemoteRecord]:
    """One row per id, whatever was read twice while lists changed."""
    unique = {record.id: record for record in records}
    for record in unique.values():
        yield RemoteRecord(
            connection=connection,
            kind=kind,
            remote_id=record.id,
            name=record.name[:500],
            version=record.version,
            active=record.active,
            facts=facts(record),
        )


def facts(record: Record) -> dict[str, Any]:
    """What a record says beyond its name, without what is empty."""
    found: dict[str, Any] = {name: getattr(record, name) for name in TEXTS if getattr(record, name)}
    for name in AMOUNTS:
        if (amount := getattr(record, name)) is not None:
            found[name] = f"{amount:f}"
    if any(record.address):
        found["address"] = list(record.address)
    if record.link_only:
        found["link_only"] = True
    return found


def _values(row: RemoteRecord) -> tuple[Any, ...]:
    return row.name, row.version, row.active, row.facts
