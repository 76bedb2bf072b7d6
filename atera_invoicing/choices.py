"""What the choices of a form are called."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString


def name_empty(form: forms.BaseForm, **words: str) -> None:
    """Say what it means to choose nothing, where Django would show dashes.

    `name_empty(form, tax_rate="Not taxable")`; fields that the form lacks are passed over.
    """
    for field_name, text in words.items():
        field: Any = form.fields.get(field_name)
        if isinstance(field, forms.ModelChoiceField):
            field.empty_label = text
        elif field is not None:
            field.choices = [(v, text if v == "" else label) for v, label in field.choices]


def explained(label: str, sentence: str) -> SafeString:
    """The label of a radio button that says what it means; the page draws it as a card."""
    return format_html("<b>{}</b><small>{}</small>", label, sentence)
