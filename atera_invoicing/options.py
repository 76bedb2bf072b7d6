"""The page of the installation's options."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, RegexValidator
from django.urls import reverse

from .models import Installation
from .pages import FormPage


class OptionsForm(forms.ModelForm):
    class Meta:
        model = Installation
        fields = [
            "currency",
            "payment_days",
            "level",
            "tax_method",
            "ticket_period",
            "recipient_rule",
            "zero_invoices",
            "show_no_charge",
            "show_dates",
            "show_technician",
        ]
        help_texts = {
            "payment_days": "From the invoice date to the due date; a customer can have their own.",
            "level": "How finely an invoice describes labour: a line for each contract and rate, "
            "each ticket, or each time entry. The total is the same but for cents of rounding.",
            "recipient_rule": "Found anew for each invoice. An address written on one always wins.",
            "tax_method": "The two can differ by cents. An invoice keeps the method of its day.",
            "ticket_period": "A finished ticket whose period is billed already comes with the next "
            "bill.",
            "zero_invoices": "For periods that cost nothing.",
            "show_no_charge": "Time that is not billable gets a line of 0.00.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = RegexValidator(r"^[A-Z]{3}\Z", "Write the ISO code in three capitals: USD, EUR.")
        self.fields["currency"].validators.append(code)
        self.fields["payment_days"].validators.append(MaxValueValidator(365))
        if self.instance.connected_to:
            self.fields["tax_method"].disabled = True
            self.fields["tax_method"].help_text = f"As {self.instance.connected_to} rounds."


class OptionsPage(FormPage):
    permission = "atera_invoicing.change_installation"
    template_name = "options.html"
    title = "Options"
    form_class = OptionsForm

    @cached_property
    def object(self) -> Installation:
        return Installation.current()

    def perform(self, form: Any) -> Installation:
        return form.save()

    def success(self, result: Installation) -> str:
        return "The options are saved. They hold for invoices made from now on."

    def done(self, result: Installation) -> str:
        return reverse("options")
