"""Pages of customers and contacts."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
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
        theirs = rows.filter(pk=OuterRef("pk"), contracts__is_active=True).order_by()
        active = theirs.values("pk").annotate(n=Count("contracts")).values("n")
        return rows.annotate(active_contracts=Subquery(active))


class CustomerPage(DetailPage):
    """A customer with contacts, contracts and work, and who gets the invoices."""

    permission = VIEW
    template_name = "customers/detail.html"
    queryset = Customer.objects.all()
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        may = self.request.user.has_perm
        rule = Installation.current().recipient_rule
        show_archived = "archived" in self.request.GET
        contacts = self.object.contacts.all() if show_archived else self.object.contacts.active()
        return super().context() | {
            "contacts": contacts,
            "recipient": recipients.for_customer(self.object, rule),
            "contracts": self.object.contracts.select_related("tax_rate").order_by(
                "-is_active", "name"
            )
            if may("contracts.view_contract")
            else None,
            "tickets": self.object.tickets.select_related("contract")
            .filter(status__in=["open", "pending"])
            .order_by("-opened_at")[:10]
            if may("contracts.view_ticket")
            else None,
        }


class CustomerWrite(FormPage):
    """What adding and editing a customer share."""

    permission = CHANGE
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

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.object.pk])


class CustomerAction(ActionPage):
    permission = CHANGE
    queryset = Customer.objects.all()

    def get_back(self) -> str:
        return reverse("customers:detail", args=[self.object.pk])


class CustomerArchive(CustomerAction):
    title = "Archive customer"
    question = "It is no longer offered anywhere. Invoices stay, and you can restore it."
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
