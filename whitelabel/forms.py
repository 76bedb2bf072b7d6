"""What people set about the look of documents."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from . import logos
from .models import Branding, Logo


class BrandingForm(forms.ModelForm):
    upload = forms.FileField(
        label="Logo",
        required=False,
        help_text="PNG, JPEG or WebP, at most 2 MB; shown in a box of 300 x 100.",
    )
    remove_logo = forms.BooleanField(required=False, label="No logo")

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

    field_order = ("upload", "remove_logo")

    def look(self) -> dict[str, Any]:
        """The fields of the new version. An upload is stored; it may be `Refused`."""
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return fields | {"logo": self._logo()}

    def _logo(self) -> Logo | None:
        if self.cleaned_data.get("upload"):
            return logos.accept(self.cleaned_data["upload"])
        return None if self.cleaned_data["remove_logo"] else Branding.current().logo
