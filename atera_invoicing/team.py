"""Pages of the team: who may log in, and as what. For owners."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy

from . import people
from .choices import explained
from .models import User
from .pages import ActionPage, FormPage, ListPage
from .roles import Role

DUTIES = {
    Role.OWNER: "Everything, people and options included.",
    Role.BILLING: "Customers, contracts, prices, work and invoices. No people, no options.",
    Role.TECHNICIAN: "Tickets, products and their own time. Never sees a price or an invoice.",
    Role.BOOKKEEPER: "Sees customers, prices and invoices; records payments. No tickets.",
    Role.READ_ONLY: "Sees customers, contracts, work and invoices; changes nothing.",
}


class PersonForm(forms.ModelForm):
    role = forms.ChoiceField(
        choices=[(role, explained(role.label, duty)) for role, duty in DUTIES.items()],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "role"]


class TeamPage(ListPage):
    permission = "atera_invoicing.change_user"
    template_name = "team/list.html"
    title = "Team"
    search_fields = ("email", "first_name", "last_name")
    search_hint = "Search people"
    sortable = {"name": "first_name", "email": "email", "role": "role", "seen": "last_login"}
    sort = "email"

    def get_queryset(self) -> QuerySet[User]:
        second = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        return User.objects.annotate(two_steps=Exists(second))


class PersonPage(FormPage):
    """One person: add, or change name, address and role."""

    fresh = True
    permission = "atera_invoicing.change_user"
    template_name = "team/person.html"
    queryset = User.objects.all()
    form_class = PersonForm
    back = reverse_lazy("team")
    crumbs = (("Team", reverse_lazy("team")),)

    def get_title(self) -> str:
        return str(self.object) if self.object else "New person"

    def perform(self, form: Any) -> User:
        return people.change(form.instance) if form.instance.pk else people.add(form.instance)

    def success(self, result: User) -> str:
        return "Saved." if self.object else ""

    def done(self, result: User) -> str:
        return reverse("team") if self.object else reverse("invite", args=[result.pk])


class _PersonAction(ActionPage):
    permission = "atera_invoicing.change_user"
    queryset = User.objects.all()
    crumbs = (("Team", reverse_lazy("team")),)
    back = reverse_lazy("team")


class InvitePage(_PersonAction):
    """Makes a log-in link and shows it, once, to hand over."""

    fresh = True
    template_name = "team/invite.html"
    title = "Log-in link"

    def context(self) -> dict[str, Any]:
        return super().context() | {"link": ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        path = people.reset(self.object, by=request.user)  # type: ignore[arg-type]
        return self.render(link=request.build_absolute_uri(path))


class DeactivatePage(_PersonAction):
    title = "Take access away"
    question = "They are logged out everywhere and their keys stop working. Their work stays."
    button = "Take access away"
    danger = True

    def perform(self, form: Any) -> str:
        people.deactivate(self.object, by=self.request.user)
        return f"{self.object} has no access any more."


class ActivatePage(_PersonAction):
    title = "Give access back"
    question = "They can log in again, with the role they had."
    button = "Give access back"

    def perform(self, form: Any) -> str:
        people.activate(self.object)
        return f"{self.object} can log in again."
