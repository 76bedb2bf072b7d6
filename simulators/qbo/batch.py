"""Several operations in one call. They share a fate only in transport: each succeeds or fails
alone, in any order, and none sees what another one made.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import operations, query
from .company import Act, Doc
from .kinds import KINDS
from .refusals import Refused, missing, unsupported
from .requestids import LONGEST_BID

ENTITIES = frozenset(KINDS)


def check(sent: Any, *, with_requestid: bool, act: Act) -> list[Doc]:
    """The items of a batch. Refuses the whole call when there are too many or one is no item."""
    items = sent.get("BatchItemRequest") if isinstance(sent, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise missing("BatchItemRequest")
    if len(items) > act.switches.batch_items:
        most = act.switches.batch_items
        raise Refused("2090", f"A batch has at most {most} items. Supplied:{len(items)}")
    ids = [str(item.get("bId", "")) for item in items]
    if not all(ids) or len(set(ids)) < len(ids):
        raise missing("bId")
    strict = with_requestid and act.switches.requestid_lengths == "enforced"
    if strict and any(len(id) > LONGEST_BID for id in ids):
        raise Refused("2050", f"Min:1 Max:{LONGEST_BID} supported with requestid", "bId")
    return items


def execute(act: Act, items: list[Doc]) -> list[Doc]:
    """The answers of all items. What one made is unseen by the others until the batch is over."""
    order = list(items)
    if act.switches.batch_order == "shuffled":
        random.Random(len(items)).shuffle(order)  # noqa: S311 - any order will do
    act.company.batching = True
    try:
        return [{"bId": item["bId"], **_item(act, item)} for item in order]
    finally:
        act.company.batching = False
        act.company.unseen.clear()


def queries(items: list[Doc]) -> int:
    """How many of them are reads."""
    return sum("Query" in item for item in items)


def _item(act: Act, item: Doc) -> Doc:
    try:
        return _kind_of(item)(act, item)
    except Refused as refused:
        return {"Fault": refused.fault(act.company.language)}


def _kind_of(item: Doc) -> Callable[[Act, Doc], Doc]:
    return _query if "Query" in item else _write


def _query(act: Act, item: Doc) -> Doc:
    return {"QueryResponse": query.answer(act, str(item["Query"]))}


def _write(act: Act, item: Doc) -> Doc:
    entities = [name for name in item if name in ENTITIES]
    if len(entities) != 1:
        named = [name for name in item if name not in ("bId", "operation", "optionsData")]
        raise unsupported(named[0] if named else "BatchItemRequest")
    operation = item.get("operation")
    if not operation:
        raise missing("operation")
    options = frozenset(str(item.get("optionsData", "")).split(","))
    kind = operations.writable(entities[0])
    return operations.write(replace(act, include=options), kind, operation, item[kind.name])
