"""Pages of the catalogue: items, taxes, categories."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils import timezone

from atera_invoicing.pages import ActionPage, FormPage, ListPage, Page
from contracts import catalog
from contracts.catalog_forms import CategoryForm, ItemForm, TaxForm
from contracts.filters import CatalogItemFilter
from contracts.models import CatalogItem, Category, TaxRate

VIEW, CHANGE = "contracts.view_catalog", "contracts.change_catalog"
BACK = reverse_lazy("contracts:catalog")
TAXES = reverse_lazy("contracts:taxes")
SHOWN = 8


class ItemList(ListPage):
    permission = VIEW
    template_name = "contracts/catalog.html"
    title = "Catalogue"
    filter_class = CatalogItemFilter
    search_fields = ("name", "sku")
    search_hint = "Search name and SKU"
    sortable = {"name": "name", "kind": "kind", "sku": "sku", "price": "unit_price"}
    sort = "name"

    def get_queryset(self) -> QuerySet[CatalogItem]:
        rows = CatalogItem.objects.select_related("category__tax_rate", "tax_rate")
        return rows if "archived" in self.request.GET else rows.active()

    def context(self) -> dict[str, Any]:
        return super().context() | {"kinds": [("", "All"), *CatalogItem.Kind.choices]}


class ItemWrite(FormPage):
    """An item; one that contracts use says which, because a new price reaches them."""

    permission = CHANGE
    template_name = "contracts/catalog_item.html"
    queryset = CatalogItem.objects.all()
    form_class = ItemForm
    back = BACK
    crumbs = (("Catalogue", BACK),)

    def get_title(self) -> str:
        return str(self.object) if self.object else "New item"

    def context(self) -> dict[str, Any]:
        if self.object is None:
            return super().context()
        rates = self.object.contract_rates.filter(contract__is_active=True)
        followers = rates.filter(unit_price=None).select_related("contract__customer")
        return super().context() | {
            "followers": followers.order_by("contract__customer__name", "pk")[:SHOWN],
            "following": followers.count(),
            "apart": rates.exclude(unit_price=None).count(),
            "more": max(followers.count() - SHOWN, 0),
        }

    def perform(self, form: ItemForm) -> CatalogItem:
        return catalog.save(form.save(commit=False), by=self.request.user)


class ItemArchive(ActionPage):
    permission = CHANGE
    crumbs = (("Catalogue", BACK),)
    queryset = CatalogItem.objects.all()
    title = "Archive item"
    question = "It is no longer offered. Invoices that hold it stay as they are."
    button = "Archive"
    back = BACK

    def perform(self, form: Any) -> str:
        catalog.archive(self.object, by=self.request.user, now=timezone.now())
        return f"{self.object} is archived."


class ItemRestore(ItemArchive):
    title = "Restore item"
    question = "It is offered again."
    button = "Restore"

    def perform(self, form: Any) -> str:
        catalog.restore(self.object, by=self.request.user)
        return f"{self.object} is back."


class TaxList(Page):
    """Taxes and categories, few of each."""

    permission = VIEW
    template_name = "contracts/taxes.html"
    title = "Taxes and categories"
    crumbs = (("Catalogue", BACK),)

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "taxes": TaxRate.objects.order_by("archived_at", "name"),
            "categories": Category.objects.select_related("tax_rate"),
        }


class TaxWrite(FormPage):
    permission = CHANGE
    queryset = TaxRate.objects.all()
    form_class = TaxForm
    template_name = "contracts/tax_edit.html"
    back = TAXES
    crumbs = (("Catalogue", BACK), ("Taxes", TAXES))

    def get_title(self) -> str:
        return "Edit tax" if self.object else "New tax"

    def perform(self, form: TaxForm) -> TaxRate:
        return catalog.save_tax(form.save(commit=False), by=self.request.user)


class TaxArchive(ActionPage):
    permission = CHANGE
    crumbs = (("Catalogue", BACK), ("Taxes", TAXES))
    queryset = TaxRate.objects.all()
    title = "Archive tax"
    question = "It is no longer offered. Invoices that hold it stay as they are."
    button = "Archive"
    back = TAXES

    def perform(self, form: Any) -> str:
        catalog.archive_tax(self.object, by=self.request.user, now=timezone.now())
        return f"{self.object} is archived."


class TaxRestore(TaxArchive):
    title = "Restore tax"
    question = "It is offered again."
    button = "Restore"

    def perform(self, form: Any) -> str:
        catalog.restore_tax(self.object, by=self.request.user)
        return f"{self.object} is back."


class CategoryWrite(FormPage):
    permission = CHANGE
    queryset = Category.objects.all()
    form_class = CategoryForm
    back = TAXES
    crumbs = (("Catalogue", BACK), ("Categories", TAXES))

    def get_title(self) -> str:
        return "Edit category" if self.object else "New category"

    def perform(self, form: CategoryForm) -> Category:
        return form.save()
