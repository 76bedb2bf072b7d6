"""Filters that several apps use. A filter set serves a page and its endpoint alike."""

from __future__ import annotations

from typing import Any

import django_filters
import django_filters.fields
import django_filters.widgets
from django import forms
from django.db.models import QuerySet


class YesNoField(django_filters.fields.ChoiceField):
    """`true`, `false` or nothing, as True, False or None."""

    def clean(self, value: Any) -> bool | None:
        return {"true": True, "false": False}.get(super().clean(value))


class YesNoFilter(django_filters.ChoiceFilter):
    """`true` or `false`, with a word for each on the page; anything else is refused.

    `negate` is for lookups that say the opposite, such as `archived_at__isnull`.
    """

    field_class = YesNoField

    def __init__(self, yes: str, no: str, *, negate: bool = False, **kwargs: Any) -> None:
        self.negate = negate
        super().__init__(choices=[("true", yes), ("false", no)], **{"empty_label": "All", **kwargs})

    def filter(self, qs: QuerySet, value: bool | None) -> QuerySet:
        return qs if value is None else super().filter(qs, value is not self.negate)


class DayRangeFilter(django_filters.DateFromToRangeFilter):
    """`…_after` and `…_before`, both days included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        days = django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
        super().__init__(*args, **{"widget": days, **kwargs})


def archived() -> YesNoFilter:
    """Rows whose `archived_at` is set, or not."""
    return YesNoFilter(
        "Archived",
        "Active",
        negate=True,
        field_name="archived_at",
        lookup_expr="isnull",
        label="Archived",
    )


def amount_range(field_name: str, **kwargs: Any) -> django_filters.RangeFilter:
    """`…_min` and `…_max` of an amount, both included."""
    ends = [forms.DecimalField(max_digits=14, decimal_places=4) for _ in range(2)]
    return django_filters.RangeFilter(field_name, fields=tuple(ends), **kwargs)
