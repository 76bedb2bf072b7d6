"""The steps of the wizard, each at its own address, so that back, reload and tomorrow just work."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from accounting import company, connected, connecting, obstacles, wizard
from accounting.models import Connection
from accounting.providers import registry
from atera_invoicing.pages import ActionPage, Page, say
from contracts.models import CatalogItem, TaxRate
from customers.models import Customer

VIEW, CHANGE = "accounting.view_connection", "accounting.change_connection"
HOME = reverse_lazy("accounting:home")


def home() -> str:
    return reverse("accounting:home")


def callback_url(request: HttpRequest, provider: str) -> str:
    """Where a consent leads back to; the app at the provider must allow it."""
    return request.build_absolute_uri(reverse("accounting:callback", args=[provider]))


def step_url(step: str, connection: Connection) -> str:
    """The address of a step of this draft."""
    if step == "welcome":
        return reverse("accounting:welcome", args=[connection.provider])
    if step in ("customers", "items"):
        return reverse("accounting:setup-links", args=[step])
    known = step if step in wizard.STEPS else "connect"
    return reverse(f"accounting:setup-{known}")


def mend_url(problem: obstacles.Problem, connection: Connection) -> str:
    """Where a problem is mended."""
    return step_url(problem.step, connection) + (
        f"?show={problem.filter}" if problem.filter else ""
    )


class Elsewhere(Exception):
    """This page makes no sense now; go there."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass(frozen=True)
class Step:
    """One step of the rail: `state` is done, current, todo or later."""

    name: str
    label: str
    url: str
    state: str
    count: int = 0


class SetupMixin:
    """A page about a connection: the draft that one sets up, or (`drafting` off) the active one."""

    request: Any
    kwargs: dict[str, Any]
    permission = VIEW
    drafting = False
    step = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except Elsewhere as elsewhere:
            return HttpResponseRedirect(elsewhere.url)

    @cached_property
    def connection(self) -> Connection:
        connection = wizard.draft() if self.drafting else wizard.active()
        if connection is None:
            if self.drafting:
                messages.info(self.request, "No connection is being set up. Begin here.")
            raise Elsewhere(home())
        if self.drafting and connection.held_by_id != self.request.user.pk:
            words = f"{connection.held_by} is setting this up. You can take it over here."
            messages.warning(self.request, words)
            raise Elsewhere(home())
        return connection

    @property
    def provider_name(self) -> str:
        return registry.name(self.connection.provider)

    def step_name(self) -> str:
        return self.step or self.kwargs.get("kind", "")

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return [("Accounting", HOME)]

    def list_url(self, kind: str) -> str:
        name = "accounting:setup-links" if self.drafting else "accounting:links"
        return reverse(name, args=[kind])

    def context(self) -> dict[str, Any]:
        shown: dict[str, Any] = super().context()  # type: ignore[misc]
        shown |= {
            "connection": self.connection,
            "provider_name": self.provider_name,
            "words": connected.words(self.connection),
            "holds": registry.get(self.connection.provider).holds,
            "setup": self.drafting,
        }
        if self.drafting:
            wizard.visit(
                self.connection, self.step_name(), by=self.request.user, now=timezone.now()
            )
            shown |= rail(self.connection, self.step_name())
        return shown


def rail(connection: Connection, current: str) -> dict[str, Any]:
    """The progress rail, and what the step itself has open."""
    found = obstacles.problems(connection)
    counts: Counter[str] = Counter()
    for problem in found:
        counts[problem.step] += problem.count
    blocked = any(problem.step == "connect" for problem in found)
    words = connected.words(connection)
    lists = {"customers": words.customers, "items": words.items, "taxes": words.taxes}
    steps = []
    for name in wizard.STEPS:
        state = "done"
        if name == current:
            state = "current"
        elif name == "review" or (blocked and name not in ("welcome", "connect")):
            state = "later"
        elif counts[name]:
            state = "todo"
        url = "" if state == "later" and blocked else step_url(name, connection)
        label = lists.get(name, name).capitalize()
        steps.append(Step(name, label, url, state, counts[name]))
    place = wizard.STEPS.index(current) if current in wizard.STEPS else 0
    return {
        "steps": steps,
        "problems": [(problem, mend_url(problem, connection)) for problem in found],
        "step_problems": [problem for problem in found if problem.step == current],
        "previous": steps[place - 1] if place > 1 else None,
        "following": steps[place + 1] if place + 1 < len(steps) else None,
    }


class SetupStart(SetupMixin, Page):
    """Where the wizard was left."""

    permission = CHANGE
    drafting = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        step = self.connection.step or "connect"
        return HttpResponseRedirect(step_url(step, self.connection))


class WelcomePage(Page):
    """What connecting will change, before anything is begun."""

    permission = CHANGE
    fresh = True
    template_name = "accounting/welcome.html"
    crumbs = (("Accounting", HOME),)

    @property
    def provider(self) -> str:
        key = self.kwargs["provider"]
        if key not in registry.KNOWN:
            raise Http404
        return str(key)

    def get_title(self) -> str:
        return f"Connect {registry.name(self.provider)}"

    def context(self) -> dict[str, Any]:
        draft = wizard.draft()
        mine = draft if draft and draft.held_by_id == self.request.user.pk else None
        shown = super().context() | {
            "provider_name": registry.name(self.provider),
            "words": registry.get(self.provider).words,
            "configured": registry.is_configured(self.provider),
            "addresses": [
                ("Redirect address", callback_url(self.request, self.provider)),
                (
                    "Address for webhooks",
                    self.request.build_absolute_uri(
                        reverse("accounting:webhook", args=[self.provider])
                    ),
                ),
            ],
            "begun": mine,
            "active": wizard.active(),
            "counts": {
                "customers": Customer.objects.active().count(),
                "items": CatalogItem.objects.active().count(),
                "taxes": TaxRate.objects.filter(archived_at__isnull=True).count(),
            },
        }
        return shown | (rail(mine, "welcome") if mine else {})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not registry.is_configured(self.provider):
            messages.error(request, "This installation has no credentials for it yet.")
            return HttpResponseRedirect(request.get_full_path())
        begun = say(
            request,
            lambda: wizard.start(self.provider, by=request.user, now=timezone.now()) and None,
        )
        return HttpResponseRedirect(reverse("accounting:setup-connect") if begun else home())


class ConnectPage(SetupMixin, Page):
    """To the provider's consent and back, the choice of a company, and the first reading."""

    permission = CHANGE
    drafting = True
    step = "connect"
    template_name = "accounting/connect.html"

    def get_title(self) -> str:
        return f"Connect {self.provider_name}"

    def context(self) -> dict[str, Any]:
        return super().context() | {"choices": connecting.choices(self.connection)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Choose one of several companies."""
        chosen = request.POST.get("company", "")

        def choose() -> None:
            company.choose(self.connection, chosen, by=request.user, now=timezone.now())

        say(request, choose)
        return HttpResponseRedirect(request.get_full_path())


class CancelPage(ActionPage):
    """Give the set-up up."""

    permission = CHANGE
    title = "Cancel the set-up"
    button = "Cancel the set-up"
    danger = True
    back = HOME
    question = (
        "What you matched and chose is thrown away, and our access there is given back. Nothing in "
        "your catalogue, customers or contracts was changed."
    )

    @cached_property
    def object(self) -> Connection | None:
        return wizard.draft()

    def get_back(self) -> str:
        return home()

    def perform(self, form: forms.Form) -> str:
        if self.object is None:
            return "There was nothing to cancel."
        wizard.abandon(self.object, by=self.request.user, now=timezone.now())
        return "The set-up is cancelled. Nothing was changed."


class TakeOverPage(CancelPage):
    """Set up from now on what a colleague began."""

    title = "Take the set-up over"
    button = "Take over"
    danger = False
    question = "You go on where it was left; the other person can’t change it any more."

    def perform(self, form: forms.Form) -> str:
        if self.object is None:
            return "There is nothing to take over."
        wizard.take_over(self.object, by=self.request.user, now=timezone.now())
        return "You are setting this up now."

    def done(self) -> str:
        return reverse("accounting:setup")
