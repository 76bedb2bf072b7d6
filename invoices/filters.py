"""What batches, invoices and payments can be filtered and sorted by; for pages and endpoints."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from atera_invoicing.filters import DayRangeFilter, YesNoFilter, amount_range
from contracts.models import Contract
from customers.models import Customer

from .models import Batch, Invoice, Payment, Status


class BatchFilter(django_filters.FilterSet):
    q = django_filters.CharFilter("name", "icontains", label="Search")
    state = django_filters.ChoiceFilter(choices=Batch.State.choices)
    through = DayRangeFilter(label="Billed through")
    ordering = django_filters.OrderingFilter(fields=["name", "through", "created_at", "id"])

    class Meta:
        model = Batch
        fields = ["q", "state", "through"]


class InvoiceFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In number, customer and PO number."
    )
    status = django_filters.ChoiceFilter(
        choices=Status.choices, method="by_status", empty_label="All"
    )
    customer = django_filters.ModelChoiceFilter(queryset=Customer.objects.all())
    batch = django_filters.ModelChoiceFilter(queryset=Batch.objects.all())
    contract = django_filters.ModelChoiceFilter(queryset=Contract.objects.all())
    date = DayRangeFilter("invoice_date", label="Invoice date")
    due = DayRangeFilter("due_date", label="Due")
    total = amount_range("total", label="Total")
    unpaid = YesNoFilter("Unpaid", "Paid or void", method="by_unpaid", label="Unpaid")
    overdue = YesNoFilter("Overdue", "Not overdue", method="by_overdue", label="Overdue")
    adhoc = YesNoFilter(
        "Written by hand", "From a batch", field_name="batch", lookup_expr="isnull", label="Origin"
    )
    ordering = django_filters.OrderingFilter(
        fields=[
            ("number_key", "number"),
            ("customer__name", "customer_name"),
            "invoice_date",
            "due_date",
            "total",
            "balance",
            "id",
        ]
    )

    class Meta:
        model = Invoice
        fields = ["q", "status", "customer", "batch", "contract", "date", "due", "total"]

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(
            Q(number__icontains=value)
            | Q(customer__in=Customer.objects.ids_named(value))
            | Q(bill_to_name__icontains=value)
            | Q(po_number__icontains=value)
        )

    def by_status(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.in_status(value, timezone.localdate())  # type: ignore[attr-defined]

    def by_unpaid(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        issued = Q(issued_at__isnull=False)
        owing = issued & Q(voided_at__isnull=True, settled_at__isnull=True)
        return queryset.filter(owing if value else issued & ~owing)

    def by_overdue(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        late = Q(
            issued_at__isnull=False,
            voided_at__isnull=True,
            settled_at__isnull=True,
            balance__gt=0,
            due_date__lt=timezone.localdate(),
        )
        return queryset.filter(late if value else ~late)


class PaymentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In reference and invoice number."
    )
    invoice = django_filters.ModelChoiceFilter(queryset=Invoice.objects.all())
    customer = django_filters.ModelChoiceFilter(
        "invoice__customer", queryset=Customer.objects.all()
    )
    kind = django_filters.ChoiceFilter(choices=Payment.Kind.choices)
    method = django_filters.ChoiceFilter(choices=Payment.Method.choices)
    received = DayRangeFilter("received_on", label="Received")
    removed = YesNoFilter(
        "Removed",
        "In force",
        negate=True,
        field_name="removed_at",
        lookup_expr="isnull",
        label="Removed",
    )
    ordering = django_filters.OrderingFilter(fields=["received_on", "amount", "id"])

    class Meta:
        model = Payment
        fields = ["q", "invoice", "customer", "kind", "method", "received", "removed"]

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(reference__icontains=value) | Q(invoice__number__icontains=value))
