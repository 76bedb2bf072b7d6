"""Freestyle invoices and the editing of drafts."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from atera_invoicing.pages import FormPage
from invoices import lifecycle
from invoices.drafting import KEEP
from invoices.forms import HeaderForm, LineFormSet
from invoices.models import Invoice, InvoiceLine

from .invoice import HOME


class InvoiceWrite(FormPage):
    permission = "invoices.change_invoice"
    template_name = "invoices/edit.html"
    queryset = Invoice.objects.drafts().select_related("customer")
    form_class = HeaderForm
    formset_class = LineFormSet
    crumbs = HOME

    def done(self, result: Invoice) -> str:
        return reverse("invoices:detail", args=[result.pk])


class InvoiceNew(InvoiceWrite):
    title = "New invoice"
    button = "Save draft"

    def get_back(self) -> str:
        return reverse("invoices:list")

    def get_initial(self) -> dict[str, Any]:
        customer = self.request.GET.get("customer", "")
        return {"customer": customer} if customer.isdecimal() else {}

    def success(self, result: Invoice) -> str:
        return "The draft is saved."

    def perform(self, form: HeaderForm) -> Invoice:
        data = form.cleaned_data
        header = form.header()
        return lifecycle.create(
            data["customer"], lines=self.formset.lines(), invoice_date=header.pop("invoice_date"),
            email=data["email"], by=self.request.user, now=timezone.now(), **header,
        )  # fmt: skip


class InvoiceEdit(InvoiceWrite):
    """A draft. Work on lines that are dropped stays billed unless the person lets it go."""

    def get_title(self) -> str:
        return f"Edit {self.object}"

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.pk])

    @cached_property
    def stored(self) -> dict[int, InvoiceLine]:
        lines = self.object.lines.select_related("item")
        return {line.pk: line for line in lines}

    def formset_kwargs(self) -> dict[str, Any]:
        return {"initial": [_typed(line) for line in self.stored.values()]}

    @property
    def seen(self) -> str:
        """Versions are compared by the verb, which knows about lines as well."""
        return ""

    def success(self, result: Invoice) -> str:
        return "The draft is saved."

    def perform(self, form: HeaderForm) -> Invoice:
        lines = self.formset.lines()
        dropped = set(self.stored) - {line.id for line in lines}
        release = dropped if self.request.POST.get("release") else set()
        return lifecycle.edit(
            self.object, version=form.cleaned_data["version"] or 0, header=form.header(),
            lines=lines,
            release=release, by=self.request.user, now=timezone.now(),
        )  # fmt: skip


def _typed(line: InvoiceLine) -> dict[str, Any]:
    """A stored line as its row of the form shows it."""
    return {
        "id": line.pk,
        "item": line.item_id,
        "description": line.description,
        "quantity": _short(line.quantity),
        "unit_price": _short(line.unit_price),
        "discount_percent": _short(line.discount_percent),
        "tax": KEEP,
    }


def _short(value: Decimal) -> Decimal:
    """4.0000 as 4: what a person would type."""
    return Decimal(f"{value.normalize():f}")
