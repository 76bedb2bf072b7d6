"""What people type about invoices, payments and batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from atera_invoicing.models import Level
from atera_invoicing.pages import ReasonForm
from contracts.models import Contract
from customers.models import Customer

from .changes import text
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
            "bill_to_tax_number", "bill_to_address", "email", "message",
        ]  # fmt: skip
        widgets: ClassVar = {
            "bill_to_address": forms.Textarea(attrs={"rows": 3}),
            "message": forms.Textarea(attrs={"rows": 2}),
        }
        labels: ClassVar = {
            "bill_to_name": "Name", "bill_to_address": "Address",
            "bill_to_tax_number": "Tax number",
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = "Empty: found by the rule when it is needed."
        if self.instance.pk:
            del self.fields["customer"]
            self.fields["version"].initial = self.instance.version
            return
        self.fields["customer"] = forms.ModelChoiceField(
            Customer.objects.active(), empty_label="Choose a customer"
        )
        self.fields["invoice_date"].initial = timezone.localdate()
        for name in ("payment_days", "bill_to_name"):
            self.fields[name].required = False
        self.fields["payment_days"].initial = None

    def header(self) -> dict[str, Any]:
        """What was typed; for a new invoice without what was left empty."""
        given = {name: self.cleaned_data[name] for name in EDITABLE if name in self.cleaned_data}
        for name in ("message", "bill_to_address"):
            given[name] = text(given[name])
        if self.instance.pk:
            return given | {"email": self.cleaned_data["email"]}
        return {name: value for name, value in given.items() if value not in (None, "")}

    def _post_clean(self) -> None:
        """The verb writes and checks the row."""


class PaymentForm(forms.ModelForm):
    method = forms.ChoiceField(choices=[(one, one.label) for one in Payment.TAKEN_HERE])
    field_order = ("kind", "amount", "received_on", "method", "reference")

    class Meta:
        model = Payment
        fields: ClassVar = ["kind", "amount", "received_on", "method", "reference"]
        widgets: ClassVar = {"kind": forms.HiddenInput}
        labels: ClassVar = {"received_on": "Day"}

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
