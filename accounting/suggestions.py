"""Turns what matching suggests into links that wait for a person.

Every record of ours gets one link. Unconfirmed it is a suggestion: the match that was found, or
"create it there" where none was. What a person decided stays; what the same company had before
comes back as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from . import matching, references
from .matching import How, Match, Theirs
from .models import Connection, Link, RemoteRecord
from .providers.port import Kind
from .sides import SIDES, Side

Action, Origin = Link.Action, Link.Origin
FIELDS = (
    "action", "origin", "remote_id", "remote_name", "confirmed", "their_price", "score",
    "changed_at",
)  # fmt: skip


@transaction.atomic
def propose(connection: Connection, *, now: dt.datetime) -> None:
    """Suggest for everything that is undecided; safe to repeat, with any lists."""
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    for side in SIDES.values():
        if side.kind != Kind.PERSON or connection.takes_time:
            _propose(connection, side, now)
    _follow_names(connection)


def offered(connection: Connection, kind: Kind) -> list[RemoteRecord]:
    """Their records that one of ours may be linked with, in order of names."""
    return list(connection.records.filter(kind=kind, active=True))


def earlier_connections(connection: Connection) -> list[Connection]:
    """Those that the same company once had here, newest first."""
    if not connection.company_id:
        return []
    rows = Connection.objects.filter(
        provider=connection.provider, company_id=connection.company_id
    ).filter(state=Connection.State.CLOSED)
    return list(rows.exclude(pk=connection.pk).order_by("-id"))


def _propose(connection: Connection, side: Side, now: dt.datetime) -> None:
    stored = {
        getattr(link, side.fk): link
        for link in connection.links.filter(kind=side.kind)
        if getattr(link, side.fk)
    }
    rows = {row.pk: row for row in side.rows()}
    _forget(link for id, link in stored.items() if id not in rows and not link.confirmed)
    waiting = [row for id, row in rows.items() if id not in stored or not stored[id].confirmed]
    there = {row.remote_id: row for row in offered(connection, side.kind)}
    before = _earlier(connection, side)
    found = _suggested(side, waiting, _free(connection, side, there), before)
    links = []
    for row in waiting:
        link = stored.get(row.pk) or Link(
            connection=connection, kind=side.kind, **{side.fk: row.pk}
        )
        _fill(link, found.get(row.pk), before.get(row.pk), there, side)
        link.changed_at = now
        links.append(link)
    if side.one_to_one:  # room for those that change places
        undecided = connection.links.filter(kind=side.kind, confirmed=False)
        undecided.exclude(action=Action.IMPORT).update(action=Action.CREATE, remote_id="")
    Link.objects.bulk_create([link for link in links if link.pk is None], batch_size=500)
    Link.objects.bulk_update([link for link in links if link.pk], FIELDS, batch_size=500)
    if connection.is_draft:
        _import_again(connection, side, there, now)


def _forget(links: Iterable[Link]) -> None:
    """Suggestions for records that were archived or deleted meanwhile."""
    Link.objects.filter(pk__in=[link.pk for link in links]).delete()


def _free(
    connection: Connection, side: Side, there: Mapping[str, RemoteRecord]
) -> list[RemoteRecord]:
    """Where one is for one only: what no person has linked or chosen to import yet."""
    if not side.one_to_one:
        return list(there.values())
    taken = set(
        connection.links.filter(kind=side.kind)
        .filter(Q(confirmed=True) | Q(action=Action.IMPORT))
        .values_list("remote_id", flat=True)
    )
    return [row for row in there.values() if row.remote_id not in taken]


def _suggested(
    side: Side, rows: Sequence[Any], there: Sequence[RemoteRecord], before: Mapping[int, Link]
) -> dict[int, Match]:
    ours = [side.described(row) for row in rows]
    theirs = [_theirs(row) for row in there]
    earlier = {id: link.remote_id for id, link in before.items() if link.remote_id}
    if side.kind == Kind.TAX:
        return matching.suggest_taxes(ours, theirs, earlier=earlier)
    return matching.suggest(ours, theirs, one_to_one=side.one_to_one, earlier=earlier)


def _theirs(row: RemoteRecord) -> Theirs:
    code = row.facts.get("email" if row.kind == Kind.PERSON else "sku", "")
    return Theirs(
        row.remote_id, row.name, code, percent=references.percent_of(row), active=row.active
    )


def _fill(
    link: Link,
    match: Match | None,
    before: Link | None,
    there: Mapping[str, RemoteRecord],
    side: Side,
) -> None:
    """Make an undecided link what is suggested now."""
    link.action = Action.CREATE if side.creates else Action.SKIP
    link.origin, link.remote_id, link.remote_name, link.score = Origin.PERSON, "", "", 0
    link.confirmed = link.their_price = False
    if before and (before.action == Action.SKIP or (before.action == Action.CREATE and not match)):
        link.action, link.origin, link.confirmed = before.action, Origin.EARLIER, True
    elif match:
        link.action, link.origin = Action.LINK, Origin(match.how.value)
        link.remote_id, link.remote_name = match.theirs, there[match.theirs].name
        link.score = match.score
        link.confirmed = match.how == How.EARLIER
        link.their_price = bool(before and link.confirmed and before.their_price)


def _earlier(connection: Connection, side: Side) -> dict[int, Link]:
    """By our id, what was decided the last time the company was connected."""
    found: dict[int, Link] = {}
    for old in earlier_connections(connection):
        for link in old.links.filter(kind=side.kind, confirmed=True):
            if id := getattr(link, side.fk):
                found.setdefault(id, link)
    return found


def _import_again(
    connection: Connection, side: Side, there: Mapping[str, RemoteRecord], now: dt.datetime
) -> None:
    """What was imported before and taken back by disconnecting is imported once more."""
    known = set(connection.links.filter(kind=side.kind).values_list("remote_id", flat=True))
    again: dict[str, Link] = {}
    for old in earlier_connections(connection)[:1]:
        for link in old.links.filter(kind=side.kind, action=Action.IMPORT):
            if link.local is None and link.remote_id in there and link.remote_id not in known:
                again[link.remote_id] = Link(
                    connection=connection,
                    kind=side.kind,
                    action=Action.IMPORT,
                    origin=Origin.EARLIER,
                    remote_id=link.remote_id,
                    remote_name=there[link.remote_id].name,
                    confirmed=True,
                    their_price=link.their_price,
                    changed_at=now,
                )
    Link.objects.bulk_create(again.values(), batch_size=500)


def _follow_names(connection: Connection) -> None:
    """Links say the name that their record has now."""
    names = {
        (row.kind, row.remote_id): row.name
        for row in connection.records.only("kind", "remote_id", "name")
    }
    renamed = []
    for link in connection.links.exclude(remote_id=""):
        name = names.get((link.kind, link.remote_id), link.remote_name)
        if name != link.remote_name:
            link.remote_name = name
            renamed.append(link)
    Link.objects.bulk_update(renamed, ["remote_name"], batch_size=500)
