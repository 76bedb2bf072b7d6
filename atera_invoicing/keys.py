"""Pages of the keys that programs use in a person's name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone

from . import api_keys
from .choices import explained
from .errors import Refused
from .models import ApiKey
from .pages import ActionPage, FormPage, ListPage


class KeyForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="Where the key is used.")
    scope = forms.ChoiceField(
        choices=[
            ("read", explained("Read only", "The program sees what you may see.")),
            ("write", explained("Read and write", "It may also change what you may change.")),
        ],
        initial="read",
        widget=forms.RadioSelect,
    )
    days = forms.TypedChoiceField(
        label="Expires after",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "1 year"), (730, "2 years")],
        initial=90,
    )


class KeysPage(ListPage):
    """A person's own keys."""

    permission = "atera_invoicing.use_api_key"
    template_name = "keys/list.html"
    title = "API keys"

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(user=self.request.user)

    def context(self) -> dict[str, Any]:
        return super().context() | {"now": timezone.now()}


class NewKeyPage(FormPage):
    """Makes a key and shows its text in the answer: the only time it can be read."""

    fresh = True
    permission = "atera_invoicing.use_api_key"
    template_name = "keys/new.html"
    title = "New API key"
    form_class = KeyForm
    button = "Create the key"
    back = reverse_lazy("keys")
    crumbs = (("API keys", reverse_lazy("keys")),)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form
        if not form.is_valid():
            return self.render(status=422)
        try:
            key, text = api_keys.create(self.request.user, **form.cleaned_data, now=timezone.now())
        except Refused as refused:
            form.add_error(refused.field or None, refused.message)
            return self.render(status=422)
        return self.render(key=key, text=text)


class RevokePage(ActionPage):
    permission = "atera_invoicing.use_api_key"
    title = "Revoke key"
    question = "Programs that use it are refused from now on. This can't be undone."
    button = "Revoke key"
    danger = True
    back = reverse_lazy("keys")
    crumbs = (("API keys", reverse_lazy("keys")),)

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(user=self.request.user)

    def perform(self, form: Any) -> str:
        api_keys.revoke(self.object, now=timezone.now())
        return f"The key “{self.object.name}” is revoked."
