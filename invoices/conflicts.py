"""Two people changed one draft: what the second typed, laid over what the first saved.

Nobody's input is lost. What only the others changed is taken over, what both changed stays as it is
typed, and each of the others' changes is named, with what becomes of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from .changes import CODES, HEAD, LINE, Changed, number, text
from .models import Event, Invoice

Cells = dict[str, Any]
NUMBERS = ("quantity", "unit_price", "discount_percent")


class Theirs(NamedTuple):
    """One thing that somebody else changed. `mine` is what stands against it, if anything."""

    label: str
    value: str
    mine: str | None = None


@dataclass
class Merged:
    """A form to show again: values of the head, cells of each row, and what is to be said."""

    head: Cells
    rows: list[Cells]
    theirs: list[Theirs] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    at: dt.datetime | None = None


class Since(NamedTuple):
    """All that happened to a draft after a version, as if it were one act."""

    events: list[Event]
    head: Changed
    lines: dict[int, Changed]
    reordered: bool


def since(invoice: Invoice, version: int) -> Since:
    """What the diary says about the edits after a version."""
    edits = invoice.events.filter(code__in=CODES).select_related("by").order_by("id")
    events = [event for event in edits if event.facts.get("version", 0) > version]
    head: Changed = {}
    lines: dict[int, Changed] = {}
    for event in events:
        _fold(head, event.facts.get("changed", {}))
        for fact in event.facts.get("lines", ()):
            _fold(lines.setdefault(fact["id"], {}), fact["changed"])
    return Since(events, head, lines, any(event.facts.get("reordered") for event in events))


def _fold(known: Changed, more: Mapping[str, Sequence[str]]) -> None:
    """From the first old value to the last new one."""
    for name, (old, new) in more.items():
        known[name] = [known[name][0] if name in known else old, new]


def merge(
    head: Cells,
    rows: Iterable[Cells],
    *,
    now: Invoice,
    stored: Mapping[int, Cells],
    taxes: Mapping[str, str],
    since: Since,
) -> Merged:
    """`head` and `rows` as typed, `now` and `stored` (cells of each line by id) as saved.

    `taxes` are the values of the tax list by their labels.
    """
    names = [str(event.by or "Background work") for event in since.events]
    last = since.events[-1].at if since.events else None
    merged = Merged({}, [], by=list(dict.fromkeys(names)), at=last)
    merged.head = _merge_head(head, now, since.head, merged.theirs)
    seen: set[int] = set()
    for row in rows:
        pk = row.get("id") or 0
        seen.add(pk)
        changed = since.lines.get(pk, {})
        if pk and pk not in stored:
            _meet_removal(row, changed, merged, taxes)
            continue
        if changed:
            _merge_row(row, stored.get(pk, {}), changed, merged.theirs)
        merged.rows.append(row)
    for place, (pk, cells) in enumerate(stored.items()):
        if pk not in seen:
            merged.theirs.append(Theirs(f"Line “{_name(cells)}”", "added"))
            merged.rows.insert(place, cells | {"note": "Added by somebody else."})
    if since.reordered:
        merged.theirs.append(Theirs("Order of the lines", "changed", "as it was"))
    return merged


def _merge_head(mine: Cells, now: Invoice, changed: Changed, theirs: list[Theirs]) -> Cells:
    result = dict(mine)
    for name, label in HEAD.items():
        if name not in changed or name not in mine:
            continue
        (old, new), typed = changed[name], text(mine[name])
        if typed == old:
            result[name] = getattr(now, name)
        theirs.append(Theirs(label, new, None if typed in (old, new) else typed))
    return result


def _merge_row(mine: Cells, now: Cells, changed: Changed, theirs: list[Theirs]) -> None:
    """Take over the parts of a line that its typist left alone."""
    if mine.get("DELETE"):
        theirs.append(Theirs(f"Line “{_name(now)}”", "changed", "removed"))
        return
    clash = False
    for name, part in LINE.items():
        if name not in changed:
            continue
        (old, new), typed = changed[name], _typed(mine, name)
        alone = typed == old or (name == "tax" and typed == "")
        if alone:
            mine[name] = now.get(name, mine[name])
        differs = not alone and typed != new
        clash = clash or differs
        theirs.append(Theirs(f"“{_name(now)}”, {part}", new, typed if differs else None))
    if "item" in changed:
        mine["picked"] = mine["item"]
    mine["note"] = "Both of you changed this line." if clash else "Changed by somebody else."


def _meet_removal(mine: Cells, was: Changed, merged: Merged, taxes: Mapping[str, str]) -> None:
    """A line that they removed goes, unless its typist changed it: then it comes as a new one."""
    label = f"Line “{_name(mine)}”"
    touched = any(
        _typed(mine, name) != old for name, (old, _) in was.items() if name != "tax"
    ) or bool(_typed(mine, "tax"))
    if mine.get("DELETE") or not touched:
        merged.theirs.append(Theirs(label, "removed"))
        return
    merged.theirs.append(Theirs(label, "removed", "kept as a new line"))
    note = "Somebody else removed this line. Saving adds it anew, without the work behind it."
    anew = {"id": None, "note": note}
    if not _typed(mine, "tax"):
        anew["tax"] = taxes.get(was["tax"][0], "")
    merged.rows.append(mine | anew)


def _typed(row: Cells, name: str) -> str:
    """A cell as the diary writes it; a tax that nobody chose is empty."""
    value = text(row.get("tax_label" if name == "tax" else name, ""))
    if name not in NUMBERS:
        return value
    try:
        return number(Decimal(value or 0))
    except InvalidOperation:  # on a removed row, whose cells nobody checked
        return value


def _name(row: Cells) -> str:
    named = [part for part in text(row.get("description", "")).split("\n") if part.strip()]
    return named[-1] if named else str(row.get("item", ""))
