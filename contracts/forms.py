"""What people type about work: tickets, time, products and expenses on tickets."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone

from atera_invoicing import choices
from atera_invoicing.models import User
from customers.models import Contact, Customer

from .catalog_forms import offered_taxes
from .models import CatalogItem, Contract, ContractRate, Ticket, TicketItem, TimeEntry
from .work.entries import time_rates


class TicketForm(forms.ModelForm):
    """A ticket. The contract must be one of the customer's; empty takes the default one."""

    repoint_rates = forms.BooleanField(
        required=False,
        label="Move time at rates of the old contract to the new one's primary rate",
    )

    class Meta:
        model = Ticket
        fields: ClassVar = [
            "customer", "contract", "contact", "number", "title", "priority", "description",
            "internal_notes",
        ]  # fmt: skip
        widgets: ClassVar = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "internal_notes": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.customer_id if self.instance.pk else self.initial.get("customer")
        customers = Customer.objects.filter(Q(archived_at=None) | Q(pk=self.instance.customer_id))
        contracts = Contract.objects.select_related("customer")
        offered = Q(is_active=True) | Q(pk=self.instance.contract_id)
        contacts = Contact.objects.active().select_related("customer")
        if known:
            contracts, contacts = contracts.filter(customer=known), contacts.filter(customer=known)
        self.fields["customer"].queryset = customers
        self.fields["contract"].queryset = contracts.filter(offered)
        self.fields["contract"].label_from_instance = (
            str if known else lambda contract: f"{contract.customer}: {contract}"
        )
        self.fields["contact"].queryset = contacts
        self.fields["number"].required = False
        self.fields["number"].help_text = "Empty: the next free one."
        without = "None: its work can't be billed"
        if not self.instance.pk:
            del self.fields["repoint_rates"]
            without = "The customer's default contract"
        choices.name_empty(
            self, customer="Choose a customer", contract=without, contact="Nobody in particular"
        )


class EntryForm(forms.ModelForm):
    """Time on a ticket. Technicians log their own; others may choose the technician."""

    class Meta:
        model = TimeEntry
        fields: ClassVar = [
            "technician", "started_at", "minutes", "rate", "billable", "on_site", "description",
            "internal_notes",
        ]  # fmt: skip
        help_texts: ClassVar = {
            "minutes": "90 for an hour and a half. Rounding is the contract's business.",
            "billable": "Time that is not billable is never charged and uses up no block.",
            "rate": "",
        }
        widgets: ClassVar = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "internal_notes": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rates = time_rates(self.instance.ticket.contract)
        self.fields["rate"].queryset = rates
        primary = rates.filter(role=ContractRate.Role.PRIMARY).first()
        if primary:
            choices.name_empty(self, rate=f"{primary} (primary)", technician="Choose a person")
        else:
            del self.fields["rate"]
        if person.has_perm("contracts.change_any_time"):
            self.fields["technician"].queryset = User.objects.filter(is_active=True)
        else:
            del self.fields["technician"]
        if not self.instance.pk:
            now = timezone.localtime().replace(second=0, microsecond=0)
            self.initial.update(started_at=now, technician=person.pk)


class TicketItemForm(forms.ModelForm):
    """A product or expense on a ticket. Who may not see prices gets the catalogue's."""

    PRICING = ("unit_price", "discount_percent", "tax_rate")

    class Meta:
        model = TicketItem
        fields: ClassVar = [
            "item", "used_on", "quantity", "unit_price", "discount_percent", "tax_rate", "billable",
            "description",
        ]  # fmt: skip
        help_texts: ClassVar = {"tax_rate": ""}

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        goods = Q(archived_at=None, kind__in=["product", "expense"]) | Q(pk=self.instance.item_id)
        self.fields["item"].queryset = CatalogItem.objects.filter(goods)
        choices.name_empty(self, item="Choose an item", tax_rate="By item, category or contract")
        if not self.instance.pk:
            self.initial["used_on"] = timezone.localdate()
        if not person.has_perm("contracts.view_prices"):
            for name in self.PRICING:
                del self.fields[name]
            return
        self.fields["tax_rate"].queryset = offered_taxes(self.instance.tax_rate_id)
        self.fields["unit_price"].required = False
        self.fields["unit_price"].help_text = "Empty: the catalogue's price."
        self.fields["discount_percent"].required = False

    def clean_discount_percent(self) -> Any:
        return self.cleaned_data["discount_percent"] or 0
