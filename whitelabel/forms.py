"""What people set about the look of documents."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from . import logos
from .models import Branding, Logo

PICTURES = "image/png,image/jpeg,image/webp"


class BrandingForm(forms.ModelForm):
    upload = forms.FileField(
        label="New logo",
        required=False,
        widget=forms.FileInput(attrs={"accept": PICTURES}),
        help_text="PNG, JPEG or WebP, at most 2 MB. It is fitted into 300 × 100.",
    )
    remove_logo = forms.BooleanField(required=False, label="Show the company name instead")

    class Meta:
        model = Branding
        fields: ClassVar = [
            "color", "paper", "company_name", "company_address", "company_email", "company_phone",
            "company_website", "tax_number", "title", "date_format", "number_prefix",
            "number_width",
            "payment_instructions", "terms", "footer",
        ]  # fmt: skip
        widgets: ClassVar = {
            "color": forms.TextInput(attrs={"type": "color"}),
            "company_address": forms.Textarea(attrs={"rows": 4}),
            "payment_instructions": forms.Textarea(attrs={"rows": 4}),
            "terms": forms.Textarea(attrs={"rows": 4}),
        }
        labels: ClassVar = {
            "company_name": "Name",
            "company_address": "Address",
            "company_email": "E-mail",
            "company_phone": "Phone",
            "company_website": "Website",
        }
        help_texts: ClassVar = {
            "payment_instructions": "Bank, account and what to quote; beside the total.",
            "terms": "Below the total, in small print.",
            "footer": "At the foot of every page.",
        }

    def look(self) -> dict[str, Any]:
        """The fields of the new version. An upload is read, not stored; it may be `Refused`."""
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return fields | {"logo": self.logo()}

    def logo(self) -> Logo | None:
        if self.cleaned_data.get("upload"):
            return logos.read(self.cleaned_data["upload"])
        return None if self.cleaned_data.get("remove_logo") else Branding.current().logo

    def sketch(self) -> Branding:
        """The unsaved look as far as it is valid; the rest, and the logo, as they are in force."""
        current = Branding.current()
        return Branding(
            created_at=current.created_at,
            logo=current.logo,
            **{
                name: self.cleaned_data.get(name, getattr(current, name))
                for name in self.Meta.fields
            },
        )
