"""A person's own name and colours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from .models import User
from .navigation import THEMES
from .pages import FormPage, is_ours


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name"]


class ProfilePage(FormPage):
    """Own name; address and role are an owner's to change."""

    title = "Your profile"
    template_name = "profile.html"
    form_class = ProfileForm

    @property
    def object(self) -> Any:
        return self.request.user

    def perform(self, form: Any) -> User:
        return form.save()

    def success(self, result: User) -> str:
        return "Your profile is saved."

    def done(self, result: User) -> str:
        return reverse("profile")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system says: kept in a cookie, so that the first paint is right."""
    wanted = request.POST.get("next", "")
    answer = HttpResponseRedirect(wanted if is_ours(request, wanted) else "/")
    choice = request.POST.get("theme", "")
    if choice in {value for value, _, _ in THEMES}:
        answer.set_cookie(
            "theme", choice, max_age=31_536_000, samesite="Lax", secure=request.is_secure()
        )
    return answer
