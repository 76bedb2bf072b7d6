"""Records that are called otherwise there now, and what here names them: it follows.

An id may be a code that people change, and give to another record later; and customers are merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .models import Connection, Link, RemoteInvoice, RemoteRecord
from .providers.port import Kind, Record
from .sides import SIDES

GONE = "gone:"  # before the identity of a record whose id is another one's by now
SETTINGS = {Kind.ACCOUNT: "income_account_id", Kind.ITEM: "fallback_item_id"}


def moved(known: Mapping[str, RemoteRecord], records: Sequence[Record]) -> dict[str, str]:
    """What is called otherwise than when it was `known`: new ids by old ones."""
    by_id = {record.id: record for record in records}
    by_identity = {record.identity: record.id for record in records if record.identity}
    found = {}
    for id, row in known.items():
        identity = row.facts.get("identity", "")
        now = by_identity.get(identity, f"{GONE}{identity}" if id in by_id else id)
        if identity and now != id:
            found[id] = now
    for record in records:
        if record.merged_into and (heir := _heir(record, by_id)):
            found[record.id] = heir
    return found


def gone(moves: Mapping[str, str], known: Mapping[str, RemoteRecord]) -> Iterator[RemoteRecord]:
    """Rows for those that left their id to another one and are nowhere now."""
    for old, new in moves.items():
        if new.startswith(GONE):
            row = known[old]
            yield RemoteRecord(
                connection=row.connection, kind=row.kind, remote_id=new, name=row.name,
                version=row.version, active=False, facts=row.facts,
            )  # fmt: skip


def follow(connection: Connection, kind: Kind, moves: Mapping[str, str]) -> None:
    """Links and settings name the same record as before. Two of ours that became one there can't
    both be it: the later one stays with what is inactive, and needs a person.
    """
    links = list(connection.links.filter(kind=kind, remote_id__in=moves).order_by("id"))
    if kind in SIDES and SIDES[kind].one_to_one:
        links = list(_free(connection, kind, links, moves))
    for link in links:
        link.remote_id = moves[link.remote_id]
    Link.objects.bulk_update(links, ["remote_id"], batch_size=500)
    _follow_settings(connection, kind, moves)
    if kind == Kind.CUSTOMER:
        _follow_invoices(connection, moves)


def since(earlier: Connection, connection: Connection, kind: Kind) -> dict[str, str]:
    """What is called otherwise than on an earlier connection to the same company."""
    rows = earlier.records.filter(kind=kind, facts__identity__isnull=False)
    known = {row.remote_id: row for row in rows}
    if not known:
        return {}
    here = connection.records.filter(kind=kind).values_list("remote_id", "facts__identity")
    return moved(known, [Record(kind, id, "", identity=identity or "") for id, identity in here])


def setting(earlier: Connection, connection: Connection, name: str) -> str:
    """What was chosen on an earlier connection, as it is called now; "" when it is nowhere."""
    chosen: str = getattr(earlier, name)
    for kind, field in SETTINGS.items():
        if field == name:
            chosen = since(earlier, connection, kind).get(chosen, chosen)
    return "" if is_gone(chosen) else chosen


def is_gone(remote_id: str) -> bool:
    """Whether this names a record that is nowhere any more."""
    return remote_id.startswith(GONE)


def _heir(record: Record, by_id: Mapping[str, Record]) -> str:
    """The active record at the end of a chain of mergers; "" when there is none."""
    seen = {record.id}
    while record.merged_into:
        following = by_id.get(record.merged_into)
        if following is None or following.id in seen:
            return ""
        seen.add(following.id)
        record = following
    return record.id if record.active else ""


def _free(
    connection: Connection, kind: Kind, links: Sequence[Link], moves: Mapping[str, str]
) -> Iterator[Link]:
    rows = connection.links.filter(kind=kind, remote_id__in=moves.values())
    taken = set(rows.values_list("remote_id", flat=True))
    for link in links:
        new = moves[link.remote_id]
        if new not in taken:
            taken.add(new)
            yield link


def _follow_settings(connection: Connection, kind: Kind, moves: Mapping[str, str]) -> None:
    """What is nowhere any more is not chosen any more."""
    name = SETTINGS.get(kind, "")
    new = moves.get(getattr(connection, name)) if name else None
    if new is not None:
        setattr(connection, name, "" if is_gone(new) else new)
        connection.save(update_fields=[name])


def _follow_invoices(connection: Connection, moves: Mapping[str, str]) -> None:
    """Invoices of a customer that was merged became those of the other one, which is no drift."""
    rows = RemoteInvoice.objects.filter(connection=connection, baseline__customer_id__in=moves)
    changed = list(rows.select_for_update(of=("self",)).only("baseline"))
    for row in changed:
        row.baseline["customer_id"] = moves[row.baseline["customer_id"]]
    RemoteInvoice.objects.bulk_update(changed, ["baseline"], batch_size=500)
