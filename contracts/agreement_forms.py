"""What people type about contracts, their rates, counts and blocks, and about the catalogue."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from atera_invoicing import history
from atera_invoicing.models import User
from customers.models import Customer

from . import agreements
from .models import BlockMovement, CatalogItem, Category, Contract, ContractRate, TaxRate
from .rates import CLASSES, ROLES

Type = Contract.Type
SENTENCES = {
    Type.RETAINER: "The same fee each period; time on its tickets is covered.",
    Type.HOURLY: "Time is charged by the hour, at one or several rates.",
    Type.BLOCK_HOURS: "Hours bought per period; more of them cost the overage rate.",
    Type.BLOCK_MONEY: "An amount per period that time uses up at its rates.",
    Type.MONITORING: "A price per device, counted each period.",
    Type.BACKUP: "A price per gigabyte, counted each period.",
    Type.PROJECT_FIXED: "One fee for the whole project, invoiced once.",
    Type.PROJECT_HOURLY: "The project's hours, invoiced once.",
}
COMMON = ["customer", "name", "start_date", "end_date", "tax_rate", "level"]
PERIODS = ["period", "anchor", "timing", "prorate"]
ROUNDING = ["rounding_increment", "rounding_minimum", "rounding_scope"]
LAST = ["is_default", "is_active", "notes"]
OWN: dict[str, list[str]] = {
    Type.RETAINER: ["quantity", *PERIODS],
    Type.HOURLY: ["period", "anchor", *ROUNDING],
    Type.BLOCK_HOURS: ["included", "rollover", *PERIODS, *ROUNDING],
    Type.BLOCK_MONEY: ["quantity", "rollover", *PERIODS, *ROUNDING],
    Type.MONITORING: PERIODS,
    Type.BACKUP: PERIODS,
    Type.PROJECT_FIXED: ["quantity"],
    Type.PROJECT_HOURLY: ROUNDING,
}


class ContractForm(forms.ModelForm):
    """Only the fields of the contract's type, which is set on the instance."""

    repoint_rates = forms.BooleanField(
        required=False, label="Move unbilled time at rates that I remove to the primary rate"
    )

    class Meta:
        model = Contract
        fields: ClassVar = [
            *COMMON, "quantity", "included", "rollover", *PERIODS, *ROUNDING, *LAST,
        ]  # fmt: skip
        widgets: ClassVar = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = {*COMMON, *OWN[self.instance.type], *LAST}
        if self.instance.pk:
            kept |= {"repoint_rates"}
            self.fields["customer"].disabled = True
        for name in set(self.fields) - kept:
            del self.fields[name]
        self.fields["customer"].queryset = Customer.objects.active()  # type: ignore[attr-defined]
        taxes = TaxRate.objects.filter(archived_at=None)
        self.fields["tax_rate"].queryset = taxes  # type: ignore[attr-defined]
        if "period" in self.fields:
            self.fields["period"].choices = self._periods()  # type: ignore[attr-defined]
        if not self.instance.pk:
            today = timezone.localdate().replace(day=1)
            self.initial.setdefault("start_date", today)
            self.initial.setdefault("end_date", agreements.default_end(today))

    def _periods(self) -> list[tuple[str, str]]:
        out = {Contract.Period.ONCE}
        if self.instance.type != Type.HOURLY:
            out.add(Contract.Period.ON_DEMAND)
        return [(value, label) for value, label in Contract.Period.choices if value not in out]


class RateForm(forms.Form):
    """A rate: picked from the catalogue, or made there with a name and a price."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Use")
    counted = forms.ChoiceField(required=False, label="Counts")
    item = forms.ModelChoiceField(
        CatalogItem.objects.none(), required=False, empty_label="new item"
    )
    name = forms.CharField(max_length=100, required=False, label="or a new item's name")
    price = forms.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, required=False, label="Price"
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [ContractRate.Role(role) for role in ROLES[kind]]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        classes = [c for role in roles for c in ContractRate.Counted if c in CLASSES.get(role, ())]
        if classes:
            self.fields["counted"].choices = [(c.value, c.label) for c in classes]  # type: ignore[attr-defined]
        else:
            del self.fields["counted"]
        offered = CatalogItem.objects.active().exclude(kind=CatalogItem.Kind.EXPENSE)
        self.fields["item"].queryset = offered  # type: ignore[attr-defined]
        self.fields["price"].help_text = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("item"):
            if not data.get("name"):
                self.add_error("item", "Pick an item, or name a new one.")
            elif data.get("price") is None:
                self.add_error("price", "Give the new item a price.")
        return data

    def rate(self, by: User) -> ContractRate:
        """The rate for the verb; a new catalogue item is stored."""
        data = self.cleaned_data
        item, price = data["item"], data["price"]
        if item is None:
            units = {"device": "device", "storage": "GB", "fee": "period"}
            item = CatalogItem(
                kind=CatalogItem.Kind.SERVICE, name=data["name"], unit_price=price,
                unit=units.get(data["role"], "hour"),
            )  # fmt: skip
            item.full_clean()
            history.save(item, by=by)
            price = None
        own = None if price == item.unit_price else price
        return ContractRate(
            pk=data.get("id"), role=data["role"], item=item, unit_price=own,
            counted=data.get("counted", "")
        )  # fmt: skip


class BaseRates(forms.BaseFormSet):
    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, form_kwargs={"kind": kind}, **kwargs)

    def rates(self, by: User) -> list[ContractRate]:
        kept = [f for f in self.forms if not f.cleaned_data.get("DELETE")]
        return [f.rate(by) for f in kept if f.cleaned_data.get("id") or f.has_changed()]


RateFormSet = forms.formset_factory(RateForm, BaseRates, extra=2, can_delete=True, max_num=50)


class EndForm(forms.Form):
    on = forms.DateField(label="Last day")


class MovementForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[
            (k.value, k.label) for k in (BlockMovement.Kind.TOP_UP, BlockMovement.Kind.ADJUSTMENT)
        ]
    )
    quantity = forms.DecimalField(max_digits=14, decimal_places=4)
    on = forms.DateField(label="Day")
    note = forms.CharField(max_length=200, required=False)


class UsageForm(forms.Form):
    counted = forms.ChoiceField(label="What")
    counted_on = forms.DateField(label="Day")
    quantity = forms.DecimalField(max_digits=14, decimal_places=4, min_value=0)

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rates = contract.rates.exclude(counted="")
        self.fields["counted"].choices = [(r.counted, r.get_counted_display()) for r in rates]  # type: ignore[attr-defined]


class ItemForm(forms.ModelForm):
    class Meta:
        model = CatalogItem
        fields: ClassVar = [
            "kind", "name", "unit_price", "unit", "category", "sku", "tax_rate", "description",
        ]  # fmt: skip
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3})}


class TaxForm(forms.ModelForm):
    class Meta:
        model = TaxRate
        fields: ClassVar = ["name", "percent", "is_default"]

    def _get_validation_exclusions(self) -> set[str]:
        """The verb moves the default from one tax to another, so that is no error here."""
        return {*super()._get_validation_exclusions(), "is_default"}


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields: ClassVar = ["name", "tax_rate"]
