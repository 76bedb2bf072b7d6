"""What customers and contacts can be searched, filtered and sorted by; for pages and endpoints."""

from __future__ import annotations

import django_filters
from django.db.models import Q

from atera_invoicing.filters import YesNoFilter, archived

from .models import Contact, ContactQuerySet, Customer, CustomerQuerySet


class CustomerFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In name, reference and city."
    )
    reachable = YesNoFilter(
        "With an address", "Without one", method="by_address", label="E-mail for invoices"
    )
    archived = archived()
    ordering = django_filters.OrderingFilter(
        fields=["name", "reference", "city", "created_at", "id"]
    )

    class Meta:
        model = Customer
        fields = ["q", "reachable", "archived"]

    def by_address(self, queryset: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        unreachable = Customer.objects.unreachable().values("pk")
        return (
            queryset.exclude(pk__in=unreachable) if value else queryset.filter(pk__in=unreachable)
        )

    def search(self, queryset: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return queryset.filter(
            Q(name__icontains=value) | Q(reference__icontains=value) | Q(city__icontains=value)
        )


class ContactFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="In name and e-mail.")
    customer = django_filters.ModelChoiceFilter(queryset=Customer.objects.all())
    main = YesNoFilter("Main contacts", "Others", field_name="is_main", label="Main contact")
    archived = archived()
    ordering = django_filters.OrderingFilter(fields=["last_name", "first_name", "email", "id"])

    class Meta:
        model = Contact
        fields = ["q", "customer", "main", "archived"]

    def search(self, queryset: ContactQuerySet, name: str, value: str) -> ContactQuerySet:
        return queryset.filter(
            Q(first_name__icontains=value)
            | Q(last_name__icontains=value)
            | Q(email__icontains=value)
        )
