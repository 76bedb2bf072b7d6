"""Pages of a long table that stay fast at any depth: they go on from a row instead of counting.

A page is named by the row it follows (`?after=123`) or precedes (`?before=123`). The row's value of
the sorted column is read from the database, so nothing in the address can be forged.

A page takes three queries. The first finds what matches, up to a thousand ids: that is the count,
and if it is all, the search is over, whatever it cost. The second orders ids, those few, or else so
many that an index of the sorted column meets a page of them soon. The third reads the rows of one
page, with all that is joined and computed for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import F, Model, Q, QuerySet

MANY = 1_000


@dataclass(frozen=True)
class Rows:
    """One page of a list, and where the neighbours begin."""

    items: list[Any]
    sort: str
    before: int | None
    after: int | None
    total: int
    more: bool

    @property
    def count(self) -> str:
        """How many match, as far as they were counted."""
        return f"{self.total:,}+" if self.more else f"{self.total:,}"


def page(
    matching: QuerySet[Any],
    *,
    sort: str,
    column: str,
    size: int,
    after: str = "",
    before: str = "",
    rows: QuerySet[Any] | None = None,
    many: int | None = None,
) -> Rows:
    """The rows in order of `column` (a leading "-" in `sort` turns it round), ties by id.

    `column` may follow relations or name an annotation. An unknown `after` or `before` begins at
    the start. `rows` is what is read for the page, all that it shows joined, if not `matching`.
    Counting ends at `many`, a thousand by default.
    """
    many = MANY if many is None else many
    rows = matching if rows is None else rows
    down = sort.startswith("-")
    anchor = _anchor(rows, column, after or before)
    backwards = bool(before and not after and anchor)
    newest = list(matching.order_by("-pk").values_list("pk", flat=True)[: many + 1])
    among = matching if len(newest) > many else rows.filter(pk__in=newest)
    if anchor:
        among = among.filter(_beyond(rows, column, anchor, down != backwards))
    ordered = _ordered(among, column, down != backwards).values_list("pk", flat=True)
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards and not more:  # back at the start: show it full
        return page(matching, sort=sort, column=column, size=size, rows=rows, many=many)
    if backwards:
        found.reverse()
    items = rows.in_bulk(found)
    return Rows(
        items=[items[pk] for pk in found if pk in items],
        sort=sort,
        before=found[0] if found and anchor else None,
        after=found[-1] if found and (more or backwards) else None,
        total=min(len(newest), many),
        more=len(newest) > many,
    )


def _anchor(queryset: QuerySet[Any], column: str, pk: str) -> tuple[Any, int] | None:
    """The sorted value and id of the row that the address names."""
    if not pk.isdecimal() or len(pk) > 18:
        return None
    return queryset.filter(pk=pk).values_list(column, "pk").first()


def _ordered(queryset: QuerySet[Any], column: str, down: bool) -> QuerySet[Any]:
    """Empty values count as the smallest, on every database."""
    if column in ("pk", "id"):
        return queryset.order_by("-pk" if down else "pk")
    if not _may_be_empty(queryset.model, column) or connections[queryset.db].vendor == "sqlite":
        return queryset.order_by(f"{'-' if down else ''}{column}", "-pk" if down else "pk")
    place = F(column).desc(nulls_last=True) if down else F(column).asc(nulls_first=True)
    return queryset.order_by(place, "-pk" if down else "pk")


def _beyond(queryset: QuerySet[Any], column: str, anchor: tuple[Any, int], down: bool) -> Q:
    """The rows that come after the anchor. The bound on the column lets an index skip the rest."""
    value, pk = anchor
    way = "lt" if down else "gt"
    further = Q(**{f"pk__{way}": pk})
    if column in ("pk", "id"):
        return further
    if value is None:
        same = Q(**{f"{column}__isnull": True}) & further
        return same if down else same | Q(**{f"{column}__isnull": False})
    bound = Q(**{f"{column}__{way}e": value})
    beyond = bound & (Q(**{f"{column}__{way}": value}) | further)
    if down and _may_be_empty(queryset.model, column):
        return beyond | Q(**{f"{column}__isnull": True})
    return beyond


def _may_be_empty(model: type[Model], column: str) -> bool:
    """Whether a step on the way to `column` allows NULL; an annotation may."""
    for name in column.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if getattr(field, "null", True):
            return True
        model = field.related_model or model
    return False
