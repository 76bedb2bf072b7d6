"""What people type about customers and contacts."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from .models import Contact, Customer
from .recipients import is_usable


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields: ClassVar = [
            "name", "reference", "tax_number", "payment_days", "phone", "street", "street2",
            "postal_code", "city",
            "region", "country", "notes",
        ]  # fmt: skip
        help_texts: ClassVar = {"payment_days": "Empty: as in Options."}
        widgets: ClassVar = {"notes": forms.Textarea(attrs={"rows": 3})}


class ContactForm(forms.ModelForm):
    class Meta:
        model = Contact
        fields: ClassVar = [
            "first_name", "last_name", "email", "phone", "job_title", "is_main",
            "is_billing",
        ]  # fmt: skip
        help_texts: ClassVar = {
            "is_main": "Gets the invoices, unless Options say otherwise. Of several, the one that "
            "was added first.",
            "is_billing": "Gets the invoices when Options prefer billing contacts.",
        }

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        if email and not is_usable(email):
            raise forms.ValidationError("Write one e-mail address, for example ana@example.com.")
        return email
