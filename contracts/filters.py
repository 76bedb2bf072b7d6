"""What catalogue, contracts and work can be filtered and sorted by; for pages and endpoints."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from atera_invoicing.filters import DayRangeFilter, YesNoFilter, archived
from atera_invoicing.models import User
from customers.models import Customer

from .facts import has_unbilled_work, unbilled
from .models import (
    BlockMovement,
    CatalogItem,
    Category,
    Contract,
    TaxRate,
    Ticket,
    TicketItem,
    TimeEntry,
    UsageCount,
)

# Why work on a ticket can't be billed; a ticket without a contract counts as that alone.
NOT_READY = {
    "no_contract": Q(contract__isnull=True),
    "not_resolved": Q(contract__isnull=False) & ~Q(status__in=Ticket.DONE),
}


class TaxRateFilter(django_filters.FilterSet):
    q = django_filters.CharFilter("name", "icontains", label="Search")
    archived = archived()
    ordering = django_filters.OrderingFilter(fields=["name", "percent", "id"])

    class Meta:
        model = TaxRate
        fields = ["q", "archived"]


class CategoryFilter(django_filters.FilterSet):
    q = django_filters.CharFilter("name", "icontains", label="Search")
    ordering = django_filters.OrderingFilter(fields=["name", "id"])

    class Meta:
        model = Category
        fields = ["q"]


class CatalogItemFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="In name and SKU.")
    kind = django_filters.ChoiceFilter(choices=CatalogItem.Kind.choices, empty_label="All kinds")
    category = django_filters.ModelChoiceFilter(queryset=Category.objects.all())
    archived = archived()
    ordering = django_filters.OrderingFilter(fields=["name", "kind", "sku", "unit_price", "id"])

    class Meta:
        model = CatalogItem
        fields = ["q", "kind", "category", "archived"]

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(name__icontains=value) | Q(sku__icontains=value))


class ContractFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In name and customer."
    )
    customer = django_filters.ModelChoiceFilter(queryset=Customer.objects.all())
    type = django_filters.ChoiceFilter(choices=Contract.Type.choices, empty_label="All types")
    active = YesNoFilter("Active", "Inactive", field_name="is_active", label="Active")
    taxable = YesNoFilter(
        "Taxable",
        "Not taxable",
        negate=True,
        field_name="tax_rate",
        lookup_expr="isnull",
        label="Tax",
    )
    ordering = django_filters.OrderingFilter(
        fields=["name", ("customer__name", "customer_name"), "type", "start_date", "id"]
    )

    class Meta:
        model = Contract
        fields = ["q", "customer", "type", "active", "taxable"]

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(name__icontains=value) | Q(customer__name__icontains=value))


class BlockMovementFilter(django_filters.FilterSet):
    customer = django_filters.ModelChoiceFilter(
        "contract__customer", queryset=Customer.objects.all()
    )
    contract = django_filters.ModelChoiceFilter(queryset=Contract.objects.all())
    kind = django_filters.ChoiceFilter(choices=BlockMovement.Kind.choices)
    ordering = django_filters.OrderingFilter(fields=["period_start", "id"])

    class Meta:
        model = BlockMovement
        fields = ["customer", "contract", "kind"]


class UsageCountFilter(django_filters.FilterSet):
    customer = django_filters.ModelChoiceFilter(
        "contract__customer", queryset=Customer.objects.all()
    )
    contract = django_filters.ModelChoiceFilter(queryset=Contract.objects.all())
    counted = django_filters.ChoiceFilter(choices=UsageCount._meta.get_field("counted").choices)
    day = DayRangeFilter("counted_on", label="Day")
    ordering = django_filters.OrderingFilter(fields=["counted_on", "id"])

    class Meta:
        model = UsageCount
        fields = ["customer", "contract", "counted", "day"]


class TicketFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In number, title and customer."
    )
    status = django_filters.MultipleChoiceFilter(
        choices=Ticket.Status.choices, widget=forms.CheckboxSelectMultiple
    )
    customer = django_filters.ModelChoiceFilter(queryset=Customer.objects.all())
    contract = django_filters.ModelChoiceFilter(
        queryset=Contract.objects.all(), null_label="No contract"
    )
    technician = django_filters.ModelChoiceFilter(
        method="by_technician", queryset=User.objects.all(), label="Technician"
    )
    resolved = DayRangeFilter("resolved_at", label="Resolved")
    unbilled = YesNoFilter(
        "To be billed", "Nothing to bill", method="with_unbilled_work", label="Billing"
    )
    waits = django_filters.ChoiceFilter(
        method="worked_on",
        label="Work that can't be billed",
        empty_label="All",
        choices=[("no_contract", "Has no contract"), ("not_resolved", "Is not resolved")],
    )
    ordering = django_filters.OrderingFilter(
        fields=[
            "number",
            "title",
            ("customer__name", "customer_name"),
            "status",
            "opened_at",
            "resolved_at",
            "id",
        ]
    )

    class Meta:
        model = Ticket
        fields = [
            "q", "status", "customer", "contract", "technician", "resolved", "unbilled", "waits",
        ]  # fmt: skip

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(
            Q(number__icontains=value)
            | Q(title__icontains=value)
            | Q(customer__in=Customer.objects.ids_named(value))
        )

    def by_technician(self, queryset: QuerySet, name: str, value: User) -> QuerySet:
        return queryset.filter(
            Exists(TimeEntry.objects.filter(ticket=OuterRef("pk"), technician=value))
        )

    def with_unbilled_work(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        """Done, on a contract, and with billable time or items that no live invoice bills."""
        # "Not waiting", since an index of what is done would lead away from the newest.
        done = ~Q(status__in=Ticket.WAITING) & Q(contract__isnull=False)
        ready = done & has_unbilled_work()
        return queryset.filter(ready if value else ~ready)

    def worked_on(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """With billable work that no bill can take, because the ticket isn't ready."""
        return queryset.filter(has_unbilled_work(), NOT_READY[value])


class TimeEntryFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="In description, ticket number and title."
    )
    technician = django_filters.ModelChoiceFilter(queryset=User.objects.all())
    customer = django_filters.ModelChoiceFilter("ticket__customer", queryset=Customer.objects.all())
    contract = django_filters.ModelChoiceFilter("ticket__contract", queryset=Contract.objects.all())
    ticket = django_filters.ModelChoiceFilter(queryset=Ticket.objects.all())
    started = DayRangeFilter("started_at", label="Date")
    billable = YesNoFilter("Billable", "Not billable", field_name="billable", label="Billable")
    billed = YesNoFilter("Billed", "Not billed", method="by_claim", label="Billed")
    ordering = django_filters.OrderingFilter(fields=["started_at", "minutes", "id"])

    class Meta:
        model = TimeEntry
        fields = ["q", "technician", "customer", "contract", "ticket", "started", "billable"]

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(
            Q(description__icontains=value)
            | Q(ticket__number__icontains=value)
            | Q(ticket__title__icontains=value)
        )

    def by_claim(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return filter_billed(queryset, value)


class TicketItemFilter(django_filters.FilterSet):
    ticket = django_filters.ModelChoiceFilter(queryset=Ticket.objects.all())
    customer = django_filters.ModelChoiceFilter("ticket__customer", queryset=Customer.objects.all())
    contract = django_filters.ModelChoiceFilter("ticket__contract", queryset=Contract.objects.all())
    item = django_filters.ModelChoiceFilter(queryset=CatalogItem.objects.all())
    used = DayRangeFilter("used_on", label="Used on")
    billable = YesNoFilter("Billable", "Not billable", field_name="billable", label="Billable")
    billed = YesNoFilter("Billed", "Not billed", method="by_claim", label="Billed")
    ordering = django_filters.OrderingFilter(fields=["used_on", "id"])

    class Meta:
        model = TicketItem
        fields = ["ticket", "customer", "contract", "item", "used", "billable"]

    def by_claim(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return filter_billed(queryset, value)


def filter_billed(queryset: QuerySet, value: bool) -> QuerySet:
    """Only work that a live invoice bills, or only work that none does."""
    free = Exists(unbilled(queryset.model._default_manager.filter(pk=OuterRef("pk"))))
    return queryset.filter(~free if value else free)
