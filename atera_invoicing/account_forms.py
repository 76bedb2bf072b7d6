"""Allauth's forms in our words: no placeholder that repeats the label, no list of obvious rules."""

from __future__ import annotations

from typing import Any

from allauth.account import forms

LABELS = {
    "oldpassword": "Present password",
    "password1": "New password",
    "password2": "New password again",
}


class _Plain:
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
        if "password1" in self.fields:
            self.fields["password1"].help_text = "At least 12 characters. A sentence is good."


class LoginForm(_Plain, forms.LoginForm):
    pass


class ChangePasswordForm(_Plain, forms.ChangePasswordForm):
    pass


class SetPasswordForm(_Plain, forms.SetPasswordForm):
    pass


class ResetPasswordKeyForm(_Plain, forms.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(_Plain, forms.ReauthenticateForm):
    pass
