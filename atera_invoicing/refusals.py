"""How a page says no: what happened, who can help, and the button that leads there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django_htmx.http import reswap, retarget

from .errors import Refused
from .models import User
from .roles import TABLE, Role

# A fact of a refusal -> the page of what stands in the way, who may change it there, its button.
WAYS_OUT = {
    "invoice_id": ("invoices:detail", "invoices.void_invoice", "Open the invoice"),
    "contract": ("contracts:detail", "contracts.change_contract", "Open the contract"),
    "finding": ("accounting:finding", "accounting.answer_finding", "See what differs"),
}
SHOWN = 3


@dataclass(frozen=True)
class Answer:
    """A refusal for a certain person: the sentence, and a button if they can do something about
    it.
    """

    text: str
    url: str = ""
    label: str = ""

    @property
    def sentence(self) -> str:
        """Text and link in one, for a message."""
        if not self.url:
            return self.text
        return format_html('{} <a href="{}">{}</a>', self.text, self.url, self.label)


def answer(refused: Refused, person: Any) -> Answer:
    """The refusal's message with its way out, or with the roles that can take it."""
    for fact, (view, permission, label) in WAYS_OUT.items():
        if fact not in refused.facts:
            continue
        if person.has_perm(permission):
            return Answer(refused.message, reverse(view, args=[refused.facts[fact]]), label)
        return Answer(f"{refused.message} The role {roles_with(permission)} can do that.")
    return Answer(refused.message)


def roles_with(permission: str) -> str:
    """ "Owner or Billing": the roles that have a permission, as a person reads them."""
    *first, last = [role.label for role in Role if role in TABLE[permission]]
    return f"{', '.join(first)} or {last}" if first else last


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The 403 page: names the roles that may, and people who have them.

    A page raises `PermissionDenied(permission)`; a refusal without one is an owner's business.
    """
    permission = str(exception)
    roles = TABLE.get(permission) or frozenset({Role.OWNER})
    facts = {
        "roles": roles_with(permission) if permission in TABLE else Role.OWNER.label,
        "helpers": _helpers(roles) if request.user.is_authenticated else [],
    }
    return _page(
        request, 403, facts, f"Your role does not include this: it takes {facts['roles']}."
    )


def _helpers(roles: frozenset[Role]) -> list[User]:
    """Some people with one of these roles, those who may most first."""
    people = User.objects.filter(is_active=True, role__in=roles).order_by("first_name", "email")
    return sorted(people, key=lambda person: list(Role).index(Role(person.role)))[:SHOWN]


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The 404 page."""
    return _page(request, 404, {}, "This is no longer there. Load the page again.")


def broken(request: HttpRequest) -> HttpResponse:
    """The 500 page. Nothing in it asks the database or looks at the request."""
    text = "Something broke on our side, and nothing was saved. Try again."
    if getattr(request, "htmx", False):
        return toast(text, status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


def toast(text: str, *, status: int) -> HttpResponse:
    """What htmx gets instead of a page: a message in the corner; the page stays as it is."""
    facts = {"tone": "bad", "text": text}
    shown = HttpResponse(render_to_string("ui/toast.html", facts), status=status)
    return reswap(retarget(shown, "#messages"), "beforeend")


def _page(request: HttpRequest, status: int, facts: dict[str, Any], text: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        return toast(text, status=status)
    return HttpResponse(render_to_string(f"{status}.html", facts, request), status=status)
