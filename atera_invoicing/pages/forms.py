"""Pages that change something: through a form, or after a question."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from .. import refusals
from ..errors import Refused
from .base import Address, ObjectPage, say

STALE = (
    "Somebody else changed this while you were editing. What you typed is still here: compare it, "
    "then save again to keep it."
)


class FormPage(ObjectPage):
    """Create or edit a row through a form and a verb.

    Write `perform(form)`: call the verb with the form's instance and return the saved row; then
    `success(result)` is said and `done(result)` is the next address. A page without `pk` in its
    address creates. With `formset_class`, `perform` reads `self.formset`.
    """

    template_name = "_form.html"
    form_class: type[forms.BaseForm]
    formset_class: type[forms.BaseFormSet] | None = None
    button: str = "Save"
    back: Address = "/"

    @cached_property
    def object(self) -> Any:
        if self.lookup not in self.kwargs:
            return None
        return get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs[self.lookup]})

    def perform(self, form: Any) -> Any:
        raise NotImplementedError

    def success(self, result: Any) -> str:
        return f"Saved {result}."

    def done(self, result: Any) -> str:
        url = getattr(result, "get_absolute_url", None)
        return url() if url else str(self.get_back())

    def get_back(self) -> Address:
        """Where "Cancel" leads."""
        return self.back

    def form_kwargs(self) -> dict[str, Any]:
        """Extend it for forms that want more than data and an instance."""
        if issubclass(self.form_class, forms.BaseModelForm):
            return {"instance": self.object, "initial": self.get_initial()}
        return {"initial": self.get_initial()}

    def get_initial(self) -> dict[str, Any]:
        return {}

    def formset_kwargs(self) -> dict[str, Any]:
        if self.formset_class and issubclass(self.formset_class, forms.BaseInlineFormSet):
            return {"instance": self.object}
        return {}

    @cached_property
    def form(self) -> Any:
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.form_class(*data, **self.form_kwargs())

    @cached_property
    def formset(self) -> Any:
        if self.formset_class is None:
            return None
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.formset_class(*data, **self.formset_kwargs())

    @cached_property
    def seen(self) -> str:
        """A fingerprint of the values that the person started from."""
        if not isinstance(self.object, Model):
            return ""
        names = {"version", *self.form_class.base_fields}  # type: ignore[attr-defined]
        values = [
            (field.attname, str(getattr(self.object, field.attname)))
            for field in self.object._meta.fields
            if field.name in names
        ]
        return hashlib.sha256(repr(values).encode()).hexdigest()[:24]

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "form": self.form,
            "formset": self.formset,
            "seen": self.seen,
            "back": self.get_back(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen, form = self.seen, self.form  # before validation writes into the instance
        if request.POST.get("seen", seen) != seen:
            form.add_error(None, STALE)
            return self.render(status=409)
        valid = form.is_valid()
        if not (valid and (self.formset is None or self.formset.is_valid())):
            return self.render(status=422)
        try:
            result = self.perform(form)
        except Refused as refused:
            said = refusals.answer(refused, request.user)
            form.add_error(refused.field if refused.field in form.fields else None, said.text)
            return self.render(status=422 if refused.field else 409, way_out=said)
        except ValidationError as error:
            add_errors(form, error)
            return self.render(status=422)
        if words := self.success(result):
            messages.success(request, words)
        return HttpResponseRedirect(self.next_or(self.done(result)))


def add_errors(form: Any, error: ValidationError) -> None:
    """What a verb's validation found: beside the field where the form has it, else above."""
    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, texts in found.items():
        form.add_error(name if name in form.fields else None, texts)


class ReasonForm(forms.Form):
    """For acts that go into the history with a reason."""

    reason = forms.CharField(max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ActionPage(ObjectPage):
    """A verb with a question: GET asks (a page, or a dialog for htmx), POST does it.

    Write `perform(form)`, which may return a sentence. A `Refused` becomes a message on the page
    that the person came from.
    """

    template_name = "_question.html"
    form_class: type[forms.Form] = forms.Form
    question: str = ""
    button: str = "Yes, do it"
    danger: bool = False
    back: Address = "/"

    def perform(self, form: Any) -> str | None:
        raise NotImplementedError

    def get_back(self) -> Address:
        """The page to return to."""
        url = getattr(self.object, "get_absolute_url", None)
        return url() if url else self.back

    def get_crumbs(self) -> Sequence[tuple[str, Address]]:
        """The row in question, unless the page names a way of its own."""
        return self.crumbs or [(str(self.object), self.get_back())]

    def done(self) -> str:
        """Where to go when it worked; the place we came from unless the row is gone."""
        return str(self.get_back())

    def get_question(self) -> str:
        return self.question

    @cached_property
    def form(self) -> Any:
        return self.form_class(self.request.POST if self.request.method == "POST" else None)

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "shell_template": "_dialog.html" if self.request.htmx else "base.html",
            "form": self.form,
            "question": self.get_question(),
            "back": self.get_back(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.form.is_valid():
            return self.render(status=422)
        back = str(self.get_back())
        worked = say(request, lambda: self.perform(self.form))
        return HttpResponseRedirect(self.next_or(self.done() if worked else back))
