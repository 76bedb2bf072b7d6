"""Change data capture: everything that changed since a moment, as it is now."""

from __future__ import annotations

from datetime import datetime, timedelta

from .company import Act, Doc
from .operations import kind_at
from .query import moment, visible
from .refusals import Refused, missing
from .rendering import render

LOOK_BACK = timedelta(days=30)
MOST = 1000
NEVER = (
    "TaxCode",
    "TaxRate",
    "TaxAgency",
    "JournalCode",
    "ExchangeRate",
    "Preferences",
    "CompanyInfo",
)


def answer(act: Act, entities: str, since: str) -> list[Doc]:
    """The content of CDCResponse: for each entity its changes, `{}` where there are none."""
    kinds = [kind_at(name.strip()) for name in entities.split(",") if name.strip()]
    if not kinds:
        raise missing("entities")
    for kind in kinds:
        timed = kind == "TimeActivity" and act.switches.cdc_time_activity == "refuse"
        if kind in NEVER or timed:
            raise Refused(
                "2090", f"Entity {kind} is not supported for change data capture", "entities"
            )
    edge = _edge(act, since)
    left, answers = MOST, []
    for kind in kinds:
        changes = _changes(act, kind, edge)[:left]
        left -= len(changes)
        page = {kind: changes, "startPosition": 1, "maxResults": len(changes)}
        answers.append(page if changes else {})
    return [{"QueryResponse": answers}]


def _edge(act: Act, since: str) -> datetime:
    if not since:
        raise missing("changedSince")
    try:
        edge = moment(act.company, since.replace(" ", "+"))  # an offset whose plus was not escaped
    except ValueError:
        raise Refused("2090", f"Invalid date time : {since}", "changedSince") from None
    if edge < act.now - LOOK_BACK:
        raise Refused("2090", "changedSince can be at most 30 days ago", "changedSince")
    return edge.replace(microsecond=0)  # changes are stamped to the second


def _changes(act: Act, kind: str, edge: datetime) -> list[Doc]:
    changed = [
        render(act.company, kind, doc) for doc in visible(act, kind) if _updated(doc) >= edge
    ]
    changed += [
        {name: value for name, value in stub.items() if name != "kind"}
        for stub in act.company.tombstones
        if stub["kind"] == kind and _updated(stub) >= edge
    ]
    return sorted(changed, key=_updated)


def _updated(doc: Doc) -> datetime:
    return datetime.fromisoformat(doc["MetaData"]["LastUpdatedTime"])
