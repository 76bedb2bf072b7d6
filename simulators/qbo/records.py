"""Create, change, delete: what holds for records of every kind. What differs is in `kinds`."""

from __future__ import annotations

from .company import Act, Doc, bump, clone
from .fields import TYPES
from .intake import read
from .kind import Kind
from .refusals import NOT_FOUND, Refused, missing, not_simulated

OWN = {
    "Id",
    "SyncToken",
    "MetaData",
    "domain",
    "sparse",
    "status",
}  # of the server, on every record
STALE = (
    "Stale Object Error : You and another user were working on this at the same time. "
    "That user finished first, so this change was not saved."
)


def create(act: Act, kind: Kind, sent: Doc) -> Doc:
    """A new record from what a client sent. Raises Refused and leaves everything as it was."""
    doc, _ = read(kind.name, sent, act.switches)
    doc = kind.prepare(act, {n: v for n, v in doc.items() if n not in OWN}, None)
    id = act.company.next_id(kind.group)
    by = {"value": "9341450000000000"}
    doc |= {
        "Id": id, "SyncToken": "0", "domain": "QBO", "sparse": False,
        "_made": "" if act.by == "seed" else act.now.isoformat(), "MetaData": {
            "CreateTime": act.stamp, "LastModifiedByRef": by, "LastUpdatedTime": act.stamp,
        },
    }  # fmt: skip
    act.company.put(kind.name, doc)
    kind.settle(act, None, doc)
    if act.company.batching:
        act.company.unseen.add((kind.name, id))
    act.company.notify(kind.name, id, "created", at=act.stamp)
    return doc


def update(act: Act, kind: Kind, sent: Doc) -> Doc:
    """Change a record. With `sparse` what was not sent stays, without it is cleared."""
    doc, empty = read(kind.name, sent, act.switches)
    before = current(act, kind, doc)
    if doc.get("sparse"):
        merged = {n: v for n, v in before.items() if n not in empty or _is_server(kind, n)}
    else:
        merged = {n: v for n, v in before.items() if _is_server(kind, n)}
    merged = clone(merged) | {n: v for n, v in doc.items() if n not in OWN}
    after = kind.prepare(act, merged, before)
    return replace(act, kind, before, after)


def delete(act: Act, kind: Kind, sent: Doc) -> Doc:
    """Remove a transaction. List entities are never deleted."""
    if not kind.transaction:
        raise Refused("500", f"Operation delete is not supported for {kind.name}")
    doc, _ = read(kind.name, sent, act.switches)
    before = current(act, kind, doc)
    kind.check_delete(act, before)
    kind.settle(act, before, None)
    act.company.remove(kind.name, before["Id"], at=act.stamp)
    act.company.notify(kind.name, before["Id"], "deleted", at=act.stamp)
    return {"status": "Deleted", "domain": "QBO", "Id": before["Id"]}


def void(act: Act, kind: Kind, sent: Doc) -> Doc:
    """Keep a transaction with its number and take all its money away."""
    if kind.void is None:
        raise not_simulated(f"voiding of {kind.name}")
    doc, _ = read(kind.name, sent, act.switches)
    before = current(act, kind, doc)
    return replace(act, kind, before, kind.void(act, clone(before)), operation="void")


def current(act: Act, kind: Kind, doc: Doc) -> Doc:
    """The record that is meant; 2020 without Id or SyncToken, 610 if gone, 5010 if stale."""
    for name in ("Id", "SyncToken"):
        if name not in doc:
            raise missing(name)
    before = act.company.find(kind.name, doc["Id"])
    if before is None:
        gone = "Another user has deleted this transaction."
        raise Refused("610", f"Object Not Found : {gone if kind.transaction else NOT_FOUND}")
    if before["SyncToken"] != doc["SyncToken"]:
        raise Refused("5010", STALE)
    return before


def replace(act: Act, kind: Kind, before: Doc, after: Doc, operation: str = "updated") -> Doc:
    """Keep the new version of a record, with everything that follows from it."""
    bump(act, after)
    act.company.put(kind.name, after)
    kind.settle(act, before, after)
    act.company.notify(kind.name, after["Id"], operation, at=act.stamp)
    return after


def _is_server(kind: Kind, name: str) -> bool:
    """Set by the server, or our own note."""
    field = TYPES[kind.name].get(name)
    return name in OWN or name.startswith("_") or (field is not None and field.server)
