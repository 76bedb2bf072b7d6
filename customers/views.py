"""Pages of customers and contacts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing import history
from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, DetailPage, FormPage, ListPage

from . import directory, recipients
from .filters import CustomerFilter
from .forms import ContactForm, CustomerForm
from .models import Contact, Customer

VIEW, CHANGE = "customers.view_customer", "customers.change_customer"
SEES_INVOICES = "invoices.view_invoice"
HOME = (("Customers", reverse_lazy("customers:list")),)


class CustomerList(ListPage):
    permission = VIEW
    template_name = "customers/list.html"
    title = "Customers"
    filter_class = CustomerFilter
    search_fields = ("name", "reference", "city")
    search_hint = "Search customers"
    sortable = {"name": "name", "reference": "reference", "city": "city", "added": "id"}
    sort = "name"

    def get_queryset(self) -> QuerySet[Customer]:
        rows = Customer.objects.all()
        if "archived" not in self.request.GET:
            rows = rows.active()
        one = rows.filter(pk=OuterRef("pk")).order_by().values("pk")
        active = one.filter(contracts__is_active=True).annotate(n=Count("contracts")).values("n")
        rows = rows.annotate(active_contracts=Subquery(active))
        if not self.request.user.has_perm(SEES_INVOICES):
            return rows
        owing = one.filter(
            invoices__issued_at__isnull=False, invoices__voided_at__isnull=True
        ).annotate(sum=Sum("invoices__balance"))
        return rows.annotate(unpaid=Subquery(owing.values("sum")))


class CustomerPage(DetailPage):
    """A customer with contacts, contracts, work and money, and who gets the invoices."""

    permission = VIEW
    template_name = "customers/detail.html"
    queryset = Customer.objects.all()
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        may = self.request.user.has_perm
        options = Installation.current()
        contacts = self.object.contacts.all()
        shown = contacts if "archived" in self.request.GET else contacts.active()
        return (
            super().context()
            | {
                "contacts": shown,
                "archived_contacts": contacts.exclude(archived_at=None).count(),
                "recipient": recipients.for_customer(self.object, options.recipient_rule),
                "rule": options.get_recipient_rule_display(),
                "options": options,
            }
            | (self._agreed() if may("contracts.view_contract") else {})
            | (self._waiting() if may("contracts.view_ticket") else {})
            | (self._money(options.currency) if may(SEES_INVOICES) else {})
        )

    def _agreed(self) -> dict[str, Any]:
        contracts = self.object.contracts.select_related("tax_rate")
        return {"contracts": contracts.order_by("-is_active", "name")}

    def _waiting(self) -> dict[str, Any]:
        tickets = self.object.tickets.select_related("contract")
        waiting = tickets.filter(status__in=["open", "pending"]).order_by("-opened_at")
        return {"tickets": waiting[:10]}

    def _money(self, currency: str) -> dict[str, Any]:
        """The newest invoices, and what is owed in the currency of new ones."""
        today = timezone.localdate()
        invoices = self.object.invoices.with_status(today).order_by("-id")
        issued = Q(issued_at__isnull=False, voided_at__isnull=True, currency=currency)
        late = issued & Q(balance__gt=0, due_date__lt=today)
        year = issued & Q(invoice_date__gt=today - dt.timedelta(days=365))
        sums = self.object.invoices.aggregate(
            unpaid=Sum("balance", filter=issued),
            unpaid_count=Count("pk", filter=issued & Q(balance__gt=0)),
            overdue=Sum("balance", filter=late),
            overdue_count=Count("pk", filter=late),
            year=Sum("total", filter=year),
            year_count=Count("pk", filter=year),
        )
        return {"invoices": invoices[:8], "owes": sums}


class CustomerWrite(FormPage):
    """What adding and editing a customer share."""

    permission = CHANGE
    template_name = "customers/edit.html"
    queryset = Customer.objects.all()
    form_class = CustomerForm
    back = reverse_lazy("customers:list")
    crumbs = HOME

    def perform(self, form: CustomerForm) -> Customer:
        customer = form.save(commit=False)
        history.save(customer, by=self.request.user)
        return customer

    def done(self, result: Customer) -> str:
        return reverse("customers:detail", args=[result.pk])


class CustomerNew(CustomerWrite):
    title = "New customer"


class CustomerEdit(CustomerWrite):
    title = "Edit customer"

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return [*HOME, (str(self.object), self.get_back())]

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.object.pk])


class CustomerAction(ActionPage):
    permission = CHANGE
    queryset = Customer.objects.all()

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return [*HOME, (str(self.object), self.get_back())]

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.object.pk])


class CustomerArchive(CustomerAction):
    title = "Archive customer"
    question = (
        "Nobody can choose this customer for new work or invoices any more. What exists stays, and "
        "you can restore the customer at any time."
    )
    button = "Archive"
    danger = True

    def perform(self, form: Any) -> str:
        directory.archive(self.object, by=self.request.user, now=timezone.now())
        return f"{self.object} is archived."


class CustomerRestore(CustomerAction):
    title = "Restore customer"
    question = "The customer is offered again."
    button = "Restore"

    def perform(self, form: Any) -> str:
        directory.restore(self.object, by=self.request.user)
        return f"{self.object} is back."


class ContactPage(FormPage):
    """A contact of a customer."""

    permission = CHANGE
    template_name = "customers/contact.html"
    queryset = Contact.objects.select_related("customer")
    form_class = ContactForm

    @property
    def customer_pk(self) -> int:
        return self.kwargs.get("customer") or self.object.customer_id

    def get_title(self) -> str:
        return "Edit contact" if self.object else "New contact"

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.customer_pk])

    def get_crumbs(self) -> list[tuple[str, str]]:
        customer = self.object.customer if self.object else self.customer
        return [*HOME, (customer.name, self.get_back())]

    @property
    def customer(self) -> Customer:
        return get_object_or_404(Customer, pk=self.customer_pk)

    def form_kwargs(self) -> dict[str, Any]:
        return super().form_kwargs() | {"instance": self.object or Contact(customer=self.customer)}

    def perform(self, form: ContactForm) -> Contact:
        contact = form.save(commit=False)
        history.save(contact, by=self.request.user)
        return contact


class ContactArchive(ActionPage):
    permission = CHANGE
    queryset = Contact.objects.all()
    title = "Archive contact"
    question = "The contact gets no more invoices. Tickets keep the name."
    button = "Archive"
    danger = True

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.object.customer_id])

    def perform(self, form: Any) -> str:
        directory.archive(self.object, by=self.request.user, now=timezone.now())
        return f"{self.object} is archived."


class ContactRestore(ContactArchive):
    title = "Restore contact"
    question = "The contact can get invoices again."
    button = "Restore"
    danger = False

    def perform(self, form: Any) -> str:
        directory.restore(self.object, by=self.request.user)
        return f"{self.object} is back."
