"""Turns what matching suggests into links that wait for a person.

Every record of ours gets one link. Unconfirmed it is a suggestion: the match that was found, or
"create it there" where none was. What a person decided stays; what the same company had before
comes back as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from . import matching, moves, references
from .links import write
from .matching import How, Match, Theirs
from .models import Connection, Link, RemoteRecord
from .providers.port import Kind
from .sides import SIDES, Side

Action, Origin = Link.Action, Link.Origin
FIELDS = (
    "action", "origin", "remote_id", "remote_name", "confirmed", "their_price", "score",
    "changed_at",
)  # fmt: skip


def propose(
    connection: Connection, *, now: dt.datetime, ids: Collection[int] | None = None
) -> None:
    """Suggest for everything that is undecided, or for these links; safe to repeat, with any lists.

    Names are compared before anything is locked: thousands of them take seconds.
    """
    found = {side.kind: _found(connection, side, ids) for side in _sides(connection)}
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        for side in _sides(connection):
            _store(connection, side, found[side.kind], now, ids)
        if ids is None:
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


def _sides(connection: Connection) -> list[Side]:
    """People only where their time can be pushed."""
    return [side for side in SIDES.values() if side.kind != Kind.PERSON or connection.takes_time]


def _links(connection: Connection, side: Side) -> dict[int, Link]:
    """The links of a kind by our id."""
    rows = connection.links.filter(kind=side.kind, **{f"{side.field}__isnull": False})
    return {getattr(link, side.fk): link for link in rows}


def _waiting(side: Side, stored: Mapping[int, Link], ids: Collection[int] | None) -> dict[int, Any]:
    """Our rows that nobody decided about."""
    decided = {id for id, link in stored.items() if link.confirmed or _passed(link, ids)}
    rows = {row.pk: row for row in side.rows() if row.pk not in decided}
    return rows if ids is None else {id: row for id, row in rows.items() if id in stored}


def _passed(link: Link, ids: Collection[int] | None) -> bool:
    return ids is not None and link.pk not in ids


def _found(connection: Connection, side: Side, ids: Collection[int] | None) -> dict[int, Match]:
    waiting = _waiting(side, _links(connection, side), ids)
    free = _free(connection, side, offered(connection, side.kind)) if waiting else []
    return _suggested(side, list(waiting.values()), free, _earlier(connection, side))


def _store(
    connection: Connection,
    side: Side,
    found: Mapping[int, Match],
    now: dt.datetime,
    ids: Collection[int] | None,
) -> None:
    """Write suggestions, as far as what they suggest is still free."""
    stored = _links(connection, side)
    waiting = _waiting(side, stored, ids)
    there = {row.remote_id: row for row in offered(connection, side.kind)}
    free = {row.remote_id for row in _free(connection, side, list(there.values()))}
    before = _earlier(connection, side)
    links = []
    for id in waiting:
        link = stored.get(id) or Link(connection=connection, kind=side.kind, **{side.fk: id})
        match, old = found.get(id), _values(link)
        usable = match if match and match.theirs in free else None
        _fill(link, usable, before.get(id), there, side)
        if link.pk is None or _values(link) != old:
            link.changed_at = now
            links.append(link)
    new, changed = [x for x in links if x.pk is None], [x for x in links if x.pk]
    if side.one_to_one:  # room for those that change places
        write(changed, action=Action.CREATE, remote_id="")
    Link.objects.bulk_create(new, batch_size=500)
    Link.objects.bulk_update(changed, FIELDS, batch_size=500)
    if ids is None:
        known = set(side.rows().values_list("pk", flat=True))
        _forget(link for id, link in stored.items() if id not in known and not link.confirmed)
        if connection.is_draft:
            _import_again(connection, side, there, now)


def _values(link: Link) -> tuple[Any, ...]:
    return tuple(getattr(link, name) for name in FIELDS if name != "changed_at")


def _forget(links: Iterable[Link]) -> None:
    """Suggestions for records that were archived or deleted meanwhile."""
    Link.objects.filter(pk__in=[link.pk for link in links]).delete()


def _free(connection: Connection, side: Side, there: Sequence[RemoteRecord]) -> list[RemoteRecord]:
    """Where one is for one only: what no person has linked or chosen to import yet."""
    if not side.one_to_one:
        return list(there)
    links = connection.links.filter(kind=side.kind)
    links = links.filter(Q(confirmed=True) | Q(action=Action.IMPORT))
    taken = set(links.values_list("remote_id", flat=True))
    return [row for row in there if row.remote_id not in taken]


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
    """By our id, what was decided the last time the company was connected, with ids of now."""
    found: dict[int, Link] = {}
    for old in earlier_connections(connection):
        called = moves.since(old, connection, side.kind)
        for link in old.links.filter(kind=side.kind, confirmed=True):
            if id := getattr(link, side.fk):
                link.remote_id = called.get(link.remote_id, link.remote_id)
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
