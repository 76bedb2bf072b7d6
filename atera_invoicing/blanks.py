"""What the empty choice of a list is called; Django would show dashes."""

from __future__ import annotations

from typing import Any

from django import forms


def name(form: forms.BaseForm, **words: str) -> None:
    """Say what it means to choose nothing: `blanks.name(form, tax_rate="Not taxable")`.

    Fields that the form does not have are passed over.
    """
    for field_name, text in words.items():
        field: Any = form.fields.get(field_name)
        if isinstance(field, forms.ModelChoiceField):
            field.empty_label = text
        elif field is not None:
            field.choices = [(v, text if v == "" else label) for v, label in field.choices]
