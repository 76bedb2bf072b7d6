"""What becomes of each record: decided one by one or many at once.

On a draft a decision only waits for the commit. On an active connection it takes effect at once, by
the same plan that the commit follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, QuerySet

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import changes, connected, needs, references, sides, suggestions
from .links import write
from .models import Connection, Link, RemoteRecord
from .providers.port import Kind
from .sides import SIDES

Action, Origin = Link.Action, Link.Origin
SURE = (Origin.EXACT, Origin.CODE, Origin.EARLIER)


def hold(connection: Connection, *, by: User) -> Connection:
    """The connection as it is now, locked; refused to everybody but who sets it up."""
    stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if not (stored.is_draft or stored.is_active):
        raise Refused("ended", "This connection has ended. Open the Accounting page again.")
    if stored.is_draft and stored.held_by_id != by.pk:
        raise Refused(
            "held_by_other",
            f"{stored.held_by} is setting this up. Take it over to go on yourself.",
            held_by=stored.held_by_id,
        )
    return stored


@transaction.atomic
def hold_for(connection: Connection, *, by: User) -> None:
    """Refuse to everybody but who sets it up; for acts that ask the provider afterwards."""
    hold(connection, by=by)


def touch(connection: Connection, *, now: dt.datetime) -> None:
    """Something was changed: what others have on their screens is old now."""
    Connection.objects.filter(pk=connection.pk).update(version=F("version") + 1, touched_at=now)


@transaction.atomic
def confirm(connection: Connection, ids: Collection[int], *, by: User, now: dt.datetime) -> int:
    """Agree with suggested links; the number of them."""
    connection = hold(connection, by=by)
    links = _rows(connection, ids).filter(action=Action.LINK, confirmed=False)
    return _decide(connection, list(links), {"confirmed": True}, by, now)


@transaction.atomic
def confirm_sure(connection: Connection, kind: Kind, *, by: User, now: dt.datetime) -> int:
    """Agree with every link of a kind whose name or SKU is the same."""
    connection = hold(connection, by=by)
    links = connection.links.filter(kind=kind, action=Action.LINK, origin__in=SURE, confirmed=False)
    return _decide(connection, loaded(links), {"confirmed": True}, by, now)


@transaction.atomic
def create_there(
    connection: Connection, ids: Collection[int] | None, kind: Kind, *, by: User, now: dt.datetime
) -> int:
    """Have these created at their first export; None: all that have no match."""
    connection = hold(connection, by=by)
    if not SIDES[kind].creates:
        many = connected.words(connection).many(kind).capitalize()
        raise Refused("cannot_create", f"{many} can't be created there from here.")
    return _decide(connection, _chosen(connection, ids, kind), _unlinked(Action.CREATE), by, now)


@transaction.atomic
def leave_out(
    connection: Connection, ids: Collection[int] | None, kind: Kind, *, by: User, now: dt.datetime
) -> int:
    """Keep these out; None: all that have no match. Items that something needs can't be."""
    connection = hold(connection, by=by)
    links = _chosen(connection, ids, kind)
    if connection.is_active:
        needs.refuse(links)
    return _decide(connection, links, _unlinked(Action.SKIP), by, now)


@transaction.atomic
def choose(link: Link, remote_id: str, *, by: User, now: dt.datetime) -> Link:
    """Link a record of ours with the one that a person chose."""
    connection = hold(link.connection, by=by)
    record = connection.records.filter(kind=link.kind, remote_id=remote_id).first()
    if record is None or not record.active:
        raise Refused(
            "record_gone",
            "This record is not there any more, or is inactive. Refresh the lists, or choose"
            " another one.",
            field="remote_id",
        )
    if sides.of(link).one_to_one:
        _make_room(connection, link, record)
    values = {
        "action": Action.LINK,
        "origin": Origin.PERSON,
        "remote_id": record.remote_id,
        "remote_name": record.name,
        "confirmed": True,
    }
    links = list(_rows(connection, [link.pk]))
    if not links:
        raise Refused("gone", "This record was deleted or archived meanwhile.")
    _decide(connection, links, values, by, now)
    return links[0]


@transaction.atomic
def reconsider(connection: Connection, ids: Collection[int], *, by: User, now: dt.datetime) -> int:
    """Take decisions back, to what is suggested."""
    connection = hold(connection, by=by)
    links = list(_rows(connection, ids))
    values = {**_unlinked(Action.CREATE), "confirmed": False}
    count = _decide(connection, links, values, by, now)
    suggestions.propose(connection, now=now, ids=[link.pk for link in links])
    return count


@transaction.atomic
def keep_price(
    connection: Connection, ids: Collection[int] | None, *, theirs: bool, by: User, now: dt.datetime
) -> int:
    """Take the provider's price for linked items, or keep ours; None: for all of them."""
    connection = hold(connection, by=by)
    links = connection.links.filter(kind=Kind.ITEM, action=Action.LINK).exclude(their_price=theirs)
    links = links.filter(remote_id__in=_priced(connection)) if theirs else links
    if ids is not None:
        links = links.filter(pk__in=ids)
    return _decide(connection, loaded(links), {"their_price": theirs}, by, now)


@transaction.atomic
def bring_in(
    connection: Connection, kind: Kind, remote_ids: Collection[str] | None, *, by: User,
    now: dt.datetime,
) -> int:  # fmt: skip
    """Import records that we lack; None: all of them. The number of them."""
    connection = hold(connection, by=by)
    if kind == Kind.PERSON:
        raise Refused("cannot_import", "People are added on the team page.")
    new = [
        Link(
            connection=connection, kind=kind, action=Action.IMPORT, origin=Origin.PERSON,
            remote_id=record.remote_id, remote_name=record.name, confirmed=True,
            their_price=kind == Kind.ITEM and bool(references.price_of(record)),
            changed_at=now, changed_by=by,
        )
        for record in only_there(connection, kind)
        if remote_ids is None or record.remote_id in remote_ids
    ]  # fmt: skip
    Link.objects.bulk_create(new, batch_size=500)
    _settle(connection, new, by, now)
    touch(connection, now=now)
    return len(new)


@transaction.atomic
def leave_there(
    connection: Connection, kind: Kind, remote_ids: Collection[str] | None, *, by: User,
    now: dt.datetime,
) -> int:  # fmt: skip
    """Take back that these will be imported; None: any of them."""
    connection = hold(connection, by=by)
    links = connection.links.filter(kind=kind, action=Action.IMPORT)
    if remote_ids is not None:
        links = links.filter(remote_id__in=remote_ids)
    count, _ = links.delete()
    touch(connection, now=now)
    return count


def loaded(links: QuerySet[Link]) -> list[Link]:
    """Links with the records that they are about."""
    return list(links.select_related("customer", "item", "tax_rate", "person"))


def only_there(connection: Connection, kind: Kind) -> QuerySet[RemoteRecord]:
    """Their active records that no link of ours names, in order of names."""
    known = connection.links.filter(kind=kind).values("remote_id")
    return importable(connection, kind).exclude(remote_id__in=known)


def importable(connection: Connection, kind: Kind) -> QuerySet[RemoteRecord]:
    """Their active records that can become ours."""
    rows = connection.records.filter(kind=kind, active=True)
    return rows.exclude(facts__has_key="link_only")


def _rows(connection: Connection, ids: Collection[int]) -> QuerySet[Link]:
    return connection.links.select_related("customer", "item", "tax_rate", "person").filter(
        pk__in=ids
    )


def _chosen(connection: Connection, ids: Collection[int] | None, kind: Kind) -> list[Link]:
    """These links of ours of a kind; None: those that nothing was suggested for."""
    links = connection.links.filter(kind=kind).exclude(action=Action.IMPORT)
    if ids is None:
        links = links.filter(confirmed=False).exclude(action=Action.LINK)
    else:
        links = links.filter(pk__in=ids)
    return loaded(links)


def _priced(connection: Connection) -> list[str]:
    """Items that have a price there; 0 stands for "none" there."""
    rows = connection.records.filter(kind=Kind.ITEM)
    return [row.remote_id for row in rows if references.price_of(row)]


def _unlinked(action: str) -> dict[str, object]:
    return {
        "action": action, "origin": Origin.PERSON, "remote_id": "", "remote_name": "",
        "confirmed": True, "their_price": False,
    }  # fmt: skip


def _decide(
    connection: Connection, links: list[Link], values: dict[str, object], by: User, now: dt.datetime
) -> int:
    """Write one decision on many links."""
    values = {**values, "changed_at": now, "changed_by": by}
    for link in links:
        for name, value in values.items():
            setattr(link, name, value)
    write(links, **values)
    _settle(connection, links, by, now)
    touch(connection, now=now)
    return len(links)


def _settle(connection: Connection, links: Sequence[Link], by: User, now: dt.datetime) -> None:
    """While connected a decision holds at once."""
    if not connection.is_active:
        return
    plan = changes.plan(connection, links, now=now)
    for link in links:
        row = link.item or link.tax_rate
        if row and row.archived_at and link.action in (Action.LINK, Action.CREATE):
            row.archived_at = None
            row.full_clean()  # a new item may have taken its name or SKU
            plan.edits.append(changes.Edit(row, {"archived_at": None}))
    changes.apply(plan, by=by, now=now)


def _make_room(connection: Connection, link: Link, record: RemoteRecord) -> None:
    """Nobody else may be linked with this one: a mere suggestion gives way, a decision doesn't."""
    others = connection.links.filter(kind=link.kind, remote_id=record.remote_id).exclude(pk=link.pk)
    for other in others.select_related("customer"):
        if other.action == Action.IMPORT:
            other.delete()
        elif other.confirmed:
            raise Refused(
                "taken",
                f"{record.name} is linked with {other.local} already. Change that one first.",
                field="remote_id",
                link=other.pk,
            )
        else:
            other.action, other.remote_id, other.remote_name = Action.CREATE, "", ""
            other.origin, other.score = Origin.PERSON, 0
            other.save()
