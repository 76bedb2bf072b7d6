"""Pages of many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django_filters import FilterSet

from . import keyset
from .base import Page, say

OWN = frozenset({"sort", "after", "before", "page", "filters"})


@dataclass(frozen=True)
class Bulk:
    """A button of the bulk bar. It calls the page's `bulk_<name>(rows)`, which says what it did."""

    name: str
    label: str
    permission: str
    icon: str = "check"
    confirm: str = ""
    danger: bool = False


class ListPage(Page):
    """A table: search `q`, the app's FilterSet, sorting, paging, bulk actions.

    A FilterSet with a filter `q` searches; without one every word must be in some of the
    `search_fields`. Templates extend `_list.html` and fill the blocks `columns`, `cells`, `empty`;
    htmx gets the list alone. The fields of the FilterSet, which may offer thousands of customers,
    are only drawn when somebody opens their menu: with `filters` in the address.
    """

    queryset: QuerySet[Any] | None = None
    filter_class: type[FilterSet] | None = None
    search_fields: Sequence[str] = ()
    search_hint: str = "Search"
    sortable: ClassVar[dict[str, str]] = {}
    sort: str = "-id"
    size: int = 50
    bulk: Sequence[Bulk] = ()

    def get_queryset(self) -> QuerySet[Any]:
        """All rows that this person may see, with what the template touches already joined."""
        if self.queryset is None:
            raise NotImplementedError("set `queryset` or write `get_queryset`")
        return self.queryset.all()

    @cached_property
    def filters(self) -> FilterSet | None:
        if self.filter_class is None:
            return None
        return self.filter_class(self.request.GET, self.get_queryset(), request=self.request)

    @cached_property
    def query(self) -> str:
        """What is searched for; NUL can't be in any text of ours."""
        return self.request.GET.get("q", "").replace("\x00", "").strip()[:200]

    def matching(self) -> QuerySet[Any]:
        """The rows that pass search and filters; none where a filter makes no sense."""
        rows: QuerySet[Any] = self.get_queryset() if self.filters is None else self.filters.qs
        if self.filters is not None and not self.filters.is_valid():
            return rows.none()
        if self.filters is not None and "q" in self.filters.filters:
            return rows
        for word in self.query.split():
            rows = rows.filter(
                reduce(or_, (Q(**{f"{f}__icontains": word}) for f in self.search_fields))
            )
        return rows

    def filter_fields(self) -> list[BoundField]:
        """The fields of the "Filters" menu: all but what has its own place on the page."""
        form = self.filters.form if self.filters is not None else ()
        return [field for field in form if field.name not in ("q", "ordering")]

    def narrowing(self) -> list[tuple[str, str]]:
        """What the address says beyond order and place: the search and the filters in force."""
        given = self.request.GET.lists()
        return [
            (name, value) for name, values in given if name not in OWN for value in values if value
        ]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "filters" in request.GET and request.htmx:
            return render(request, "ui/filters.html", {"filter_fields": self.filter_fields()})
        return super().get(request, *args, **kwargs)

    def rows(self) -> keyset.Rows:
        """The page of rows that the address asks for."""
        get = self.request.GET
        sort = get.get("sort", "")
        sort = sort if sort.removeprefix("-") in self.sortable else self.sort
        key = sort.removeprefix("-")
        return keyset.page(
            self.matching(),
            sort=sort,
            column=self.sortable.get(key, key),
            size=self.size,
            after=get.get("after", ""),
            before=get.get("before", ""),
            rows=self.get_queryset(),
            many=self.count_to(),
        )

    def buttons(self) -> Sequence[Bulk]:
        """The bulk bar, before anybody's permissions."""
        return self.bulk

    def count_to(self) -> int:
        """Where counting the matching rows ends. Fewer where finding one costs much."""
        return keyset.MANY

    def context(self) -> dict[str, Any]:
        may = self.request.user.has_perm
        narrowing = self.narrowing()
        return super().context() | {
            "shell_template": "_partial.html" if self.request.htmx else "base.html",
            "rows": self.rows(),
            "query": self.query,
            "filters": self.filters,
            "filterable": bool(self.filter_fields()),
            "filter_fields": self.filter_fields() if "filters" in self.request.GET else (),
            "in_force": [(name, value) for name, value in narrowing if name != "q"],
            "searchable": self.search_fields
            or "q" in getattr(self.filter_class, "base_filters", ()),
            "narrowed": bool(narrowing),
            "bulk": [button for button in self.buttons() if may(button.permission)],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A bulk action on the ticked rows of this list."""
        button = next((b for b in self.buttons() if b.name == request.POST.get("action")), None)
        if button is None or not request.user.has_perm(button.permission):
            raise PermissionDenied
        ids = [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]
        rows = list(self.get_queryset().filter(pk__in=ids))
        if not rows:
            messages.warning(request, "Tick at least one row first.")
        else:
            say(request, lambda: getattr(self, f"bulk_{button.name}")(rows))
        return HttpResponseRedirect(self.next_or(request.get_full_path()))
