"""What exports and findings can be searched and filtered for, by page and endpoint alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from .models import Export, Finding, Link, RemoteInvoice, RemoteRecord
from .progress import ON_THE_WAY

MOVING = "moving"


class ExportFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search")
    state = django_filters.ChoiceFilter(
        method="in_state", choices=[*Export.State.choices, (MOVING, "On the way")]
    )
    invoice = django_filters.NumberFilter(field_name="invoice_id")
    batch = django_filters.NumberFilter(field_name="invoice__batch_id")
    run = django_filters.NumberFilter(field_name="run_id")

    class Meta:
        model = Export
        fields = ["operation"]

    def search(self, rows: QuerySet[Export], name: str, value: str) -> QuerySet[Export]:
        for word in value.replace("\x00", "").split():
            rows = rows.filter(
                Q(invoice__number__icontains=word) | Q(invoice__bill_to_name__icontains=word)
            )
        return rows

    def in_state(self, rows: QuerySet[Export], name: str, value: Any) -> QuerySet[Export]:
        return rows.filter(state__in=ON_THE_WAY) if value == MOVING else rows.filter(state=value)


class FindingFilter(django_filters.FilterSet):
    open = django_filters.BooleanFilter(
        field_name="answered_at", lookup_expr="isnull", label="Waits for an answer"
    )
    invoice = django_filters.NumberFilter(field_name="invoice_id")

    class Meta:
        model = Finding
        fields = ["kind", "answer"]


class LinkFilter(django_filters.FilterSet):
    class Meta:
        model = Link
        fields = ["connection", "kind", "action", "confirmed"]


class RecordFilter(django_filters.FilterSet):
    class Meta:
        model = RemoteRecord
        fields = ["connection", "kind", "active"]


class RemoteInvoiceFilter(django_filters.FilterSet):
    class Meta:
        model = RemoteInvoice
        fields = ["connection", "invoice", "status", "draft"]
