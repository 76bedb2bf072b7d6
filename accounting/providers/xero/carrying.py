"""What somebody at Xero decided about lines of an invoice stays when ours are written over them.

Xero replaces all lines at once. Those that don't name a line of before are new ones, with the
account of their item and without the bookkeeper's tracking. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import reading

Doc = Mapping[str, Any]
TRACKING = ("TrackingCategoryID", "TrackingOptionID", "Name", "Option")
# What makes two lines the same one, in turn: item, words and place, or two of them.
SAMENESS = (
    lambda place, line: (reading.sold_as(line), reading.text(line, "Description"), place),
    lambda place, line: (reading.sold_as(line), reading.text(line, "Description")),
    lambda place, line: (reading.sold_as(line), place),
)


def carry_over(ours: Sequence[Doc], theirs: Sequence[Doc]) -> list[Doc]:
    """Our lines, each with id, account and tracking of the line there that is the same one. A line
    of ours that names an account has that one; tracking that was chosen for the connection is for
    new lines.
    """
    left = dict(enumerate(theirs))
    same: dict[int, Doc] = {}
    for mark in SAMENESS:
        for place, line in enumerate(ours):
            if place not in same:
                wanted = mark(place, line)
                at = next((at for at, each in left.items() if mark(at, each) == wanted), None)
                if at is not None:
                    same[place] = left.pop(at)
    return [_over(same[place], line) if place in same else line for place, line in enumerate(ours)]


def _over(there: Doc, line: Doc) -> Doc:
    """A line of ours in the place of the one there."""
    body = {**line}
    if not there.get("DiscountAmount"):  # that would stay on the line as long as it has its id
        body["LineItemID"] = reading.text(there, "LineItemID")
    if there.get("DiscountRate"):
        body.setdefault("DiscountRate", 0)
    if code := reading.text(there, "AccountCode"):
        body.setdefault("AccountCode", code)
    tracking = [
        {name: each[name] for name in TRACKING if each.get(name)}
        for each in there.get("Tracking") or []
    ]
    if tracking or "Tracking" in line:
        body["Tracking"] = tracking
    return body
