"""What people type about contracts: terms, rates, counts, and movements of a block."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from atera_invoicing import choices
from atera_invoicing.models import Installation, User
from atera_invoicing.templatetags.ui import price
from customers.models import Customer

from . import agreements, catalog
from .catalog_forms import offered_taxes
from .models import BlockMovement, CatalogItem, Contract, ContractRate
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
QUANTITIES: dict[str, str] = {
    Type.RETAINER: "How many times the fee is charged, for example 25 for 25 mailboxes.",
    Type.BLOCK_MONEY: "How many times the amount is charged and added per period.",
    Type.PROJECT_FIXED: "How many times the fee is charged.",
}
UNITS: dict[str, str] = {"device": "device", "storage": "GB", "fee": "period"}
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
        labels: ClassVar = {
            "included": "Hours included per period",
            "rollover": "Unused balance rolls over to the next period",
        }
        help_texts: ClassVar = {"included": "", "tax_rate": "", "level": ""}
        widgets: ClassVar = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keep_own_fields()
        known = Q(archived_at=None) | Q(pk=self.instance.customer_id)
        self.fields["customer"].queryset = Customer.objects.filter(known)  # type: ignore[attr-defined]
        self.fields["tax_rate"].queryset = offered_taxes(self.instance.tax_rate_id)  # type: ignore[attr-defined]
        level = Installation.current().get_level_display()
        choices.name_empty(
            self,
            customer="Choose a customer", tax_rate="Not taxable", level=f"As in Options: {level}",
        )  # fmt: skip
        if not self.instance.pk:
            today = timezone.localdate().replace(day=1)
            self.initial.update(start_date=today, end_date=agreements.default_end(today))

    def _keep_own_fields(self) -> None:
        kept = {*COMMON, *OWN[self.instance.type], *LAST}
        if self.instance.pk:
            kept |= {"repoint_rates"}
            self.fields["customer"].disabled = True
        for name in set(self.fields) - kept:
            del self.fields[name]
        if "included" in self.fields:
            self.fields["included"].required = True
        if "quantity" in self.fields:
            self.fields["quantity"].help_text = QUANTITIES[self.instance.type]
        if "period" in self.fields:
            self.fields["period"].choices = self._periods()  # type: ignore[attr-defined]

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
        CatalogItem.objects.none(), required=False, label="From the catalogue"
    )
    name = forms.CharField(max_length=100, required=False, label="or a new item's name")
    price = forms.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, required=False, label="Price"
    )

    def __init__(self, *args: Any, kind: str, items: list[CatalogItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        roles = [ContractRate.Role(role) for role in ROLES[kind]]
        fields["role"].choices = [(role.value, role.label) for role in roles]
        fields["role"].initial = roles[-1].value
        classes = [c for role in roles for c in ContractRate.Counted if c in CLASSES.get(role, ())]
        if classes:
            fields["counted"].choices = [(c.value, c.label) for c in classes]
        else:
            del fields["counted"]
        fields["item"].queryset = CatalogItem.objects.filter(pk__in=[item.pk for item in items])
        named = [(item.pk, f"{item.name} ({price(item.unit_price)})") for item in items]
        fields["item"].widget.choices = [("", "a new item"), *named]

    def has_changed(self) -> bool:
        """A further row that names nothing is empty, whatever its lists begin with."""
        return bool(self.initial) or bool({"item", "name", "price"} & set(self.changed_data))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("item") or self.errors:
            return data
        if not data.get("name"):
            self.add_error("item", "Pick an item, or name a new one.")
        elif data.get("price") is None:
            self.add_error("price", "Give the new item a price.")
        else:
            self._check_new()
        return data

    def _check_new(self) -> None:
        try:
            self._new_item().full_clean()
        except ValidationError as error:
            self.add_error("name", error.messages)

    def _new_item(self) -> CatalogItem:
        data = self.cleaned_data
        return CatalogItem(
            kind=CatalogItem.Kind.SERVICE, name=data["name"], unit_price=data["price"],
            unit=UNITS.get(data["role"], CatalogItem.Unit.HOUR),
        )  # fmt: skip

    def rate(self, by: User) -> ContractRate:
        """The rate for the verb; a new catalogue item is stored."""
        data = self.cleaned_data
        item, own = data["item"], data["price"]
        if item is None:
            item = self._new_item()
            catalog.save(item, by=by)
        return ContractRate(
            pk=data.get("id"), role=data["role"], item=item, counted=data.get("counted", ""),
            unit_price=None if own == item.unit_price else own,
        )  # fmt: skip


class BaseRates(forms.BaseFormSet):
    """The rates of one contract. A new one begins with a row for each role that its type needs."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        roles = ROLES[kind]
        kwargs.setdefault(
            "initial", [{"role": r} for r, allowed in roles.items() if allowed.required]
        )
        self.extra = int(any(a.several or not a.required for a in roles.values()))
        known = [row["item"] for row in kwargs["initial"] if "item" in row]
        offered = Q(archived_at=None) & ~Q(kind=CatalogItem.Kind.EXPENSE) | Q(pk__in=known)
        items = list(CatalogItem.objects.filter(offered))
        super().__init__(*args, form_kwargs={"kind": kind, "items": items}, **kwargs)

    def clean(self) -> None:
        """Each known rate stands in one row."""
        ids = [id for form in self.forms if (id := form.cleaned_data.get("id"))]
        if len(ids) != len(set(ids)):
            raise ValidationError("A rate is there twice. Load the page again.")

    def rates(self, by: User) -> list[ContractRate]:
        """What the verb gets: every row that isn't empty or removed."""
        kept = [
            form for form in self.forms if form.has_changed() and not self._should_delete_form(form)
        ]
        return [form.rate(by) for form in kept]


RateFormSet = forms.formset_factory(
    RateForm, BaseRates, can_delete=True, max_num=50, absolute_max=50
)


class EndForm(forms.Form):
    on = forms.DateField(label="Last day", initial=timezone.localdate)


class MovementForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[
            (k.value, k.label) for k in (BlockMovement.Kind.TOP_UP, BlockMovement.Kind.ADJUSTMENT)
        ]
    )
    quantity = forms.DecimalField(
        max_digits=14, decimal_places=4, help_text="A correction may be negative."
    )
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
