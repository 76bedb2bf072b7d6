"""Pages of a long table that stay fast at any depth: they go on from a row instead of counting.

A page is named by the row it follows (`?after=123`) or precedes (`?before=123`). The row's value of
the sorted column is read from the database, so nothing in the address can be forged.
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
        """How many match, counted up to a thousand."""
        return f"{self.total:,}+" if self.more else f"{self.total:,}"


def page(
    queryset: QuerySet[Any],
    *,
    sort: str,
    column: str,
    size: int,
    after: str = "",
    before: str = "",
) -> Rows:
    """The rows in order of `column` (a leading "-" in `sort` turns it round), ties by id.

    `column` may follow relations or name an annotation. An unknown `after` or `before` begins at
    the start.
    """
    down = sort.startswith("-")
    anchor = _anchor(queryset, column, after or before)
    backwards = bool(before and not after and anchor)
    rows = _ordered(queryset, column, down != backwards)
    if anchor:
        rows = rows.filter(_beyond(queryset, column, anchor, down != backwards))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards and not more:  # back at the start: show it full
        return page(queryset, sort=sort, column=column, size=size)
    if backwards:
        found.reverse()
    matching = queryset.order_by()[: MANY + 1].count()
    return Rows(
        items=found,
        sort=sort,
        before=found[0].pk if found and anchor else None,
        after=found[-1].pk if found and (more or backwards) else None,
        total=min(matching, MANY),
        more=matching > MANY,
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
