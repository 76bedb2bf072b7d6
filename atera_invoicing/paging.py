"""Pages that cost the same at any depth: no OFFSET, no COUNT.

A cursor holds the values of the sort keys of the row at the edge of a page, so the next page is an
index range. It is opaque to clients and checked like any other input.
"""

from __future__ import annotations

import base64
import binascii
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import orjson
from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from . import bulk
from .problems import Malformed

DEFAULT_SIZE, MAX_SIZE = 50, 200


class Key(NamedTuple):
    """One sort key. Empty values come last in its own direction."""

    path: str
    descending: bool
    nullable: bool
    field: Field

    def order(self, *, backward: bool) -> Any:
        column = F(self.path)
        nulls = {} if not self.nullable else {"nulls_first" if backward else "nulls_last": True}
        return column.desc(**nulls) if self.descending is not backward else column.asc(**nulls)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any, *, backward: bool, inclusive: str = "") -> Q:
        """Rows further along than `value`."""
        if value is None:
            return Q(**{f"{self.path}__isnull": not backward}) & (Q() if backward else Q(pk__in=[]))
        side = "lt" if self.descending is not backward else "gt"
        further = Q(**{f"{self.path}__{side}{inclusive}": value})
        if self.nullable and not backward:
            further |= Q(**{f"{self.path}__isnull": True})
        return further


class KeysetPagination(BasePagination):
    """`page_size` (up to 200) and `cursor`; answers `next`, `previous` and `results`."""

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list:
        """One page of plain rows, with the columns that `view.columns()` names."""
        self.request = request
        size = _size(request)
        keys = _keys(queryset)
        signature = ",".join(f"{'-' * key.descending}{key.path}" for key in keys)
        values, backward = _read(request.query_params.get("cursor"), keys, signature)
        if values is not None:
            queryset = queryset.filter(_after(keys, values, backward=backward))
        columns = view.columns()
        ordered = queryset.order_by(*(key.order(backward=backward) for key in keys))
        paths = (*columns.values(), *(key.path for key in keys))
        rows = list(bulk.read(ordered.values_list(*paths)[: size + 1]))
        more, rows = len(rows) > size, rows[:size]
        if backward:
            rows.reverse()
        self._link(
            rows, len(columns), signature, more=more, backward=backward, first=values is None
        )
        return [dict(zip(columns, row, strict=False)) for row in rows]

    def _link(
        self, rows: list, width: int, signature: str, *, more: bool, backward: bool, first: bool
    ) -> None:
        """Sets `next` and `previous`: where we came from exists, where we go if there is more."""
        after = bool(rows) and (more or backward)
        before = bool(rows) and not first and (more or not backward)
        self.next = self._url(rows[-1][width:], signature, backward=False) if after else None
        self.previous = self._url(rows[0][width:], signature, backward=True) if before else None

    def _url(self, values: Any, signature: str, *, backward: bool) -> str:
        text = orjson.dumps([signature, backward, list(values)], default=str)
        cursor = base64.urlsafe_b64encode(text).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: list) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        about = "From `next` or `previous` of another page."
        return [
            {"name": "page_size", "in": "query", "required": False, "schema": size},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": about,
                "schema": {"type": "string"},
            },
        ]


def _size(request: Request) -> int:
    text = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MAX_SIZE):
        message = f"page_size is a number from 1 to {MAX_SIZE}."
        raise Malformed(message, "invalid", parameter="page_size")
    return int(text)


def _keys(queryset: QuerySet) -> list[Key]:
    """The query's own sort keys, ended by the id so that no two rows are equal."""
    names = list(queryset.query.order_by or queryset.model._meta.ordering or ["-id"])
    if not any(name.lstrip("-") in ("id", "pk") for name in names):
        names.append("-id" if names[-1].startswith("-") else "id")
    return [_key(queryset.model, name) for name in names]


def _key(model: type[Model], name: str) -> Key:
    path = name.lstrip("-")
    nullable, at = False, model
    for step in path.split("__"):
        field = at._meta.get_field(step)
        nullable = nullable or field.null
        at = field.related_model
    return Key(path, name.startswith("-"), nullable, field)


def _after(keys: list[Key], values: list[Any], *, backward: bool) -> Q:
    """Further in the first key, or equal there and further in the next, and so on."""
    steps, equal = [], Q()
    for key, value in zip(keys, values, strict=True):
        steps.append(equal & key.beyond(value, backward=backward))
        equal &= key.same(value)
    # The first key's own bound is implied, but only with it can the index be entered at the edge.
    bound = Q()
    if values[0] is not None:
        bound = keys[0].beyond(values[0], backward=backward, inclusive="e")
    return bound & reduce(or_, steps)


def _read(cursor: str | None, keys: list[Key], signature: str) -> tuple[list[Any] | None, bool]:
    if cursor is None:
        return None, False
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        made_for, backward, raw = orjson.loads(text)
        if made_for != signature or not isinstance(backward, bool) or len(raw) != len(keys):
            raise ValueError
        return [_value(key, value) for key, value in zip(keys, raw, strict=True)], backward
    except (ValueError, TypeError, binascii.Error, ValidationError) as error:
        message = "This cursor does not belong to this list and ordering. Begin without one."
        raise Malformed(message, "invalid", parameter="cursor") from error


def _value(key: Key, raw: Any) -> Any:
    if raw is None and key.nullable:
        return None
    if raw is None or not isinstance(raw, (str, int)) or "\x00" in str(raw):
        raise ValueError
    return key.field.to_python(raw)
