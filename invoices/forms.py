"""What people type about invoices, payments and batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from atera_invoicing.models import Level
from atera_invoicing.pages import ReasonForm
from contracts.models import CatalogItem, Contract, TaxRate
from customers.models import Customer

from .drafting import KEEP, LineInput
from .lifecycle import EDITABLE
from .models import Invoice, Payment
from .sheet import Account


class HeaderForm(forms.ModelForm):
    """The head of a freestyle invoice or a draft."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Invoice
        fields: ClassVar = [
            "customer", "invoice_date", "payment_days", "po_number", "bill_to_name",
            "bill_to_address", "bill_to_tax_number", "email", "message",
        ]  # fmt: skip
        widgets: ClassVar = {
            "bill_to_address": forms.Textarea(attrs={"rows": 3}),
            "message": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["customer"]
            self.fields["version"].initial = self.instance.version
            return
        self.fields["customer"] = forms.ModelChoiceField(Customer.objects.active())
        self.fields["invoice_date"].initial = timezone.localdate()
        for name in ("payment_days", "bill_to_name"):
            self.fields[name].required = False
        self.fields["bill_to_name"].help_text = "Empty: as the customer's page says."
        self.fields["payment_days"].initial = None

    def header(self) -> dict[str, Any]:
        """What was typed; for a new invoice without what was left empty."""
        given = {name: self.cleaned_data[name] for name in EDITABLE if name in self.cleaned_data}
        if self.instance.pk:
            return given | {"email": self.cleaned_data["email"]}
        return {name: value for name, value in given.items() if value not in (None, "")}

    def _post_clean(self) -> None:
        """The verb writes and checks the row."""


class LineForm(forms.Form):
    """A line. Picked from the catalogue, it takes what is left empty from there."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    item = forms.ModelChoiceField(CatalogItem.objects.all(), required=False, empty_label="typed in")
    description = forms.CharField(
        max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    quantity = forms.DecimalField(max_digits=14, decimal_places=4, initial=1)
    unit_price = forms.DecimalField(label="Price", max_digits=14, decimal_places=4, required=False)
    discount_percent = forms.DecimalField(
        label="Discount %", max_digits=7, decimal_places=4, min_value=0, max_value=100,
        required=False
    )  # fmt: skip
    tax = forms.ChoiceField(required=False)

    def __init__(
        self, *args: Any, taxes: list[tuple[str, str]], items: list[CatalogItem], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tax"].choices = [(KEEP, "as the item"), ("", "no tax"), *taxes]
        self.fields["tax"].initial = KEEP
        self.fields["item"].choices = self._items(items)

    def _items(self, items: list[CatalogItem]) -> list[tuple[Any, str]]:
        """The catalogue, and the item of this line even if it has been archived since."""
        choices: list[tuple[Any, str]] = [("", "typed in"), *((i.pk, str(i)) for i in items)]
        own = self.initial.get("item")
        if own and own not in {pk for pk, _ in choices}:
            choices.append((own, "archived item"))
        return choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("item") and not (data.get("description") or "").strip():
            self.add_error("description", "Pick an item or describe the line.")
        return data

    def line(self) -> LineInput:
        """The line as the verb takes it."""
        data = self.cleaned_data
        tax = data["tax"]
        return LineInput(
            id=data.get("id"),
            item=data["item"],
            description=data["description"],
            quantity=data["quantity"],
            unit_price=data["unit_price"],
            discount_percent=data["discount_percent"] or Decimal(0),
            tax_rate=KEEP if tax == KEEP else TaxRate.objects.get(pk=tax) if tax else None,
        )


class BaseLines(forms.BaseFormSet):
    """The lines in the order of their numbers; ticked ones are dropped."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        taxes = [(str(tax.pk), str(tax)) for tax in TaxRate.objects.filter(archived_at=None)]
        items = list(CatalogItem.objects.active())
        super().__init__(*args, form_kwargs={"taxes": taxes, "items": items}, **kwargs)

    def lines(self) -> list[LineInput]:
        """The lines that stay, without empty rows."""
        kept = [form for form in self.ordered_forms if not form.cleaned_data.get("DELETE")]
        return [form.line() for form in kept if form.cleaned_data.get("id") or form.has_changed()]

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = "No."


LineFormSet = forms.formset_factory(
    LineForm, BaseLines, extra=1, can_delete=True, can_order=True, max_num=1000
)


class PaymentForm(forms.ModelForm):
    class Meta:
        model = Payment
        fields: ClassVar = ["kind", "amount", "received_on", "method", "reference"]

    def _post_clean(self) -> None:
        """The verb writes and checks the row."""


class NumberForm(ReasonForm):
    number = forms.CharField(max_length=40, strip=True)
    field_order = ("number", "reason")


class EmailForm(forms.Form):
    email = forms.CharField(
        max_length=254, required=False, label="E-mail",
        help_text="Empty: found by the rule when it is needed.",
    )  # fmt: skip


class BatchForm(forms.Form):
    """What holds for a whole batch."""

    name = forms.CharField(max_length=80)
    level = forms.ChoiceField(
        required=False,
        label="Level of detail",
        choices=[("", "Each contract's own"), *Level.choices],
        widget=forms.RadioSelect,
    )
    through = forms.DateField(
        label="Work and periods up to", help_text="What is later waits for the next batch."
    )
    invoice_date = forms.DateField()
    uid = forms.UUIDField(widget=forms.HiddenInput)

    @staticmethod
    def defaults(today: dt.date) -> dict[str, Any]:
        """What a new page begins with: the month that is over, up to today."""
        month = today.replace(day=1) - dt.timedelta(days=1)
        return {"name": f"{month:%B %Y}", "level": "", "through": today, "invoice_date": today}

    def clean_through(self) -> dt.date:
        day: dt.date = self.cleaned_data["through"]
        if day > timezone.localdate() + dt.timedelta(days=366):
            raise forms.ValidationError("At most a year ahead.")
        return day


class NarrowForm(forms.Form):
    """Which contracts to look at. It narrows the page, not what is chosen."""

    q = forms.CharField(required=False, max_length=200)
    customer = forms.IntegerField(required=False)
    type = forms.ChoiceField(required=False, choices=[("", "All types"), *Contract.Type.choices])
    taxable = forms.ChoiceField(
        required=False,
        choices=[("", "Taxable or not"), ("yes", "Taxable"), ("no", "Not taxable")],
    )
    state = forms.ChoiceField(
        required=False,
        label="Show",
        choices=[
            ("", "All"),
            ("due", "Can be billed"),
            ("open", "Still open"),
            ("problem", "Needs a look"),
            ("skipped", "Not chosen"),
        ],
        widget=forms.RadioSelect,
    )

    def leave(self, accounts: Iterable[Account]) -> list[Account]:
        """The contracts that fit, whatever is chosen of them."""
        given = self.cleaned_data
        words = given.get("q", "").casefold().split()
        taxable = {"yes": True, "no": False}.get(given.get("taxable", ""))
        return [
            one
            for one in accounts
            if all(word in f"{one.customer} {one.contract}".casefold() for word in words)
            and given.get("customer") in (None, one.customer_id)
            and given.get("type", "") in ("", one.type)
            and taxable in (None, one.taxable)
            and (given.get("state") != "due" or one.due)
            and (given.get("state") != "open" or one.open)
        ]
