"""What people type about the catalogue: items, taxes, categories."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet

from atera_invoicing import choices

from .models import CatalogItem, Category, TaxRate


def offered_taxes(chosen: int | None = None) -> QuerySet[TaxRate]:
    """Taxes to choose from: not archived, but the one that is chosen already."""
    return TaxRate.objects.filter(Q(archived_at=None) | Q(pk=chosen))


class TaxedForm(forms.ModelForm):
    """A form with a tax among its fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tax_rate"].queryset = offered_taxes(self.instance.tax_rate_id)  # type: ignore[attr-defined]


class ItemForm(TaxedForm):
    class Meta:
        model = CatalogItem
        fields: ClassVar = [
            "kind", "name", "unit_price", "unit", "category", "sku", "tax_rate", "description",
        ]  # fmt: skip
        labels: ClassVar = {"tax_rate": "Tax"}
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices.name_empty(
            self,
            kind="Choose a kind", category="No category",
            tax_rate="The category's, else the contract's",
        )  # fmt: skip


class TaxForm(forms.ModelForm):
    class Meta:
        model = TaxRate
        fields: ClassVar = ["name", "percent", "is_default"]

    def _get_validation_exclusions(self) -> set[str]:
        """The verb moves the default from one tax to another, so that is no error here."""
        return {*super()._get_validation_exclusions(), "is_default"}


class CategoryForm(TaxedForm):
    class Meta:
        model = Category
        fields: ClassVar = ["name", "tax_rate"]
        labels: ClassVar = {"tax_rate": "Tax"}
        help_texts: ClassVar = {"tax_rate": "For its items that name no tax of their own."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices.name_empty(self, tax_rate="None: the contract's applies")
