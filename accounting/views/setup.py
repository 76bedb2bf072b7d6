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
    StreamingHttpResponse,
)
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from accounting import changes, connecting, obstacles, past, references, staging, wizard
from accounting.forms import SettingsForm
from accounting.models import Connection, Link, RemoteInvoice
from accounting.providers import registry
from accounting.providers.port import Kind, ProviderError
from accounting.sides import SIDES
from atera_invoicing import csvfiles
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, FormPage, Page, say
from contracts.models import CatalogItem, TaxRate
from customers.models import Customer

VIEW, CHANGE = "accounting.view_connection", "accounting.change_connection"
HOME = reverse_lazy("accounting:home")
SHOWN = 200
LABELS = {
    "welcome": "Welcome",
    "connect": "Connect",
    "customers": "Customers",
    "items": "Products",
    "taxes": "Taxes",
    "history": "History",
    "review": "Review",
}


def home() -> str:
    return reverse("accounting:home")


def step_url(step: str, connection: Connection) -> str:
    """The address of a step of this draft."""
    if step == "welcome":
        return reverse("accounting:welcome", args=[connection.provider])
    if step in ("customers", "items"):
        return reverse("accounting:setup-links", args=[step])
    known = step if step in LABELS else "connect"
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
        steps.append(Step(name, LABELS[name], url, state, counts[name]))
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
            "configured": registry.is_configured(self.provider),
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
        before = self.connection.company_id
        chosen = request.POST.get("company", "")

        def choose() -> None:
            staging.hold_for(self.connection, by=request.user)
            connecting.choose(self.connection, chosen, now=timezone.now())
            self.connection.refresh_from_db()
            if before and before != self.connection.company_id:
                wizard.forget_company(self.connection, now=timezone.now())

        say(request, choose)
        return HttpResponseRedirect(request.get_full_path())


class TaxesPage(SetupMixin, FormPage):
    """Tax, accounts, numbers, automatic export; and which tax of ours is which there."""

    permission = CHANGE
    drafting = True
    step = "taxes"
    template_name = "accounting/settings.html"
    form_class = SettingsForm
    button = "Save and go on"

    def get_title(self) -> str:
        return "Taxes and accounts"

    @cached_property
    def object(self) -> None:
        return None

    def form_kwargs(self) -> dict[str, Any]:
        return {"connection": self.connection}

    def context(self) -> dict[str, Any]:
        links = staging.loaded(self.connection.links.filter(kind=Kind.TAX).order_by("id"))
        links = [link for link in links if link.tax_rate]
        records = {row.remote_id: row for row in self.connection.records.filter(kind=Kind.TAX)}
        for link in links:
            row = records.get(link.remote_id)
            link.percent_there = references.percent_of(row) if row else None
        return super().context() | {
            "taxes": links,
            "only_there": len(staging.only_there(self.connection, Kind.TAX)),
            "by_codes": self.connection.tax_mode == Connection.TaxMode.CODES,
            "rule": Installation.current().get_recipient_rule_display(),
            "back": step_url("items", self.connection),
        }

    def perform(self, form: SettingsForm) -> Connection:
        before = self.connection.tax_mode
        wizard.choose(self.connection, form.values(), by=self.request.user, now=timezone.now())
        self.connection.refresh_from_db()
        self.stays = before != self.connection.tax_mode == Connection.TaxMode.CODES
        return self.connection

    def success(self, result: Connection) -> str:
        return "Saved. Now say which tax is which." if self.stays else "Saved."

    def done(self, result: Connection) -> str:
        return step_url("taxes" if self.stays else "history", result)


class HistoryPage(SetupMixin, Page):
    """Invoices that are there already: found by number and total, and linked instead of sent."""

    permission = CHANGE
    drafting = True
    step = "history"
    template_name = "accounting/history.html"
    title = "Invoices that are there already"

    def context(self) -> dict[str, Any]:
        linked = RemoteInvoice.objects.filter(connection=self.connection, linked=True)
        return super().context() | {
            "candidates": past.candidates(self.connection).count(),
            "linked": linked.select_related("invoice__customer")[:SHOWN],
            "linked_count": linked.count(),
            "earlier": past.known_before(self.connection),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look on from an invoice; htmx asks again by itself until all are looked at."""
        by, now = request.user, timezone.now()
        unlink = request.POST.get("unlink", "")
        if unlink.isdecimal():
            say(request, lambda: past.unlink(self.connection, [int(unlink)], by=by, now=now) and "")
            return HttpResponseRedirect(request.get_full_path())
        after = request.POST.get("after", "0")
        extra: dict[str, Any] = {"looked": True, "error": ""}
        try:
            extra["look"] = past.look(
                self.connection, after=int(after) if after.isdecimal() else 0, by=by, now=now
            )
        except (ProviderError, Refused) as error:
            extra["error"], extra["after"] = error.message, after
        self.template_name = "accounting/_look.html" if request.htmx else self.template_name
        return self.render(**extra)


class ReviewPage(SetupMixin, Page):
    """Everything that the commit changes, before and after; then the commit."""

    permission = CHANGE
    drafting = True
    step = "review"
    template_name = "accounting/review.html"
    title = "Review"

    def context(self) -> dict[str, Any]:
        shown = super().context()
        connection = self.connection
        plan = wizard.review(connection, now=timezone.now())
        return shown | review_of(connection, plan) | {"warnings": obstacles.warnings(connection)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        version = request.POST.get("version", "")
        connection = wizard.draft() or wizard.active()
        if connection is None:
            return HttpResponseRedirect(home())
        done = say(
            request,
            lambda: (
                wizard.commit(
                    connection,
                    version=int(version) if version.isdecimal() else 0,
                    by=request.user,
                    now=timezone.now(),
                )
                and None
            ),
        )
        return HttpResponseRedirect(
            reverse("accounting:done") if done else reverse("accounting:setup-review")
        )


class ReviewFile(SetupMixin, Page):
    """The whole review as CSV."""

    permission = CHANGE
    drafting = True
    step = "review"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        plan = wizard.review(self.connection, now=timezone.now())
        lines = [
            csvfiles.line([c.what, str(c.row), c.label, c.shown_before, c.shown_after])
            for c in plan.changes()
        ]
        lines += [
            csvfiles.line([SIDES[Kind(a.link.kind)].one, str(a.row), "imported", "", "new"])
            for a in plan.arrivals
        ]
        answer = StreamingHttpResponse(
            csvfiles.stream(["What", "Record", "Field", "Now", "From then on"], lines),
            content_type="text/csv; charset=utf-8",
        )
        answer.headers["Content-Disposition"] = 'attachment; filename="review.csv"'
        return answer


class DonePage(SetupMixin, Page):
    """It is connected: what comes next."""

    permission = CHANGE
    template_name = "accounting/done.html"

    def get_title(self) -> str:
        return f"{self.provider_name} is connected"


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


def review_of(connection: Connection, plan: changes.Plan) -> dict[str, Any]:
    """The plan as tables, each with its first rows and how many there are."""
    links = connection.links.filter(confirmed=True)
    creates = staging.loaded(links.filter(action=Link.Action.CREATE)[:SHOWN])
    listed = list(plan.changes())
    prices = [change for change in listed if change.field == "unit_price"]
    archived = [change for change in listed if change.field == "archived_at"]
    percents = [change for change in listed if change.field == "percent"]
    other = [
        change
        for change in listed
        if change.field in ("named_elsewhere", "priced_elsewhere") and change.after
    ]
    arrivals = [(SIDES[Kind(arrival.link.kind)], arrival) for arrival in plan.arrivals]
    return {
        "prices": prices,
        "archived": archived,
        "percents": percents,
        "following_count": len({change.row.pk for change in other}),
        "arrivals": arrivals,
        "creates": creates,
        "create_count": links.filter(action=Link.Action.CREATE).count(),
        "linked": {
            side.many: links.filter(kind=side.kind, action=Link.Action.LINK).count()
            for side in SIDES.values()
        },
        "left_out": links.filter(kind=Kind.CUSTOMER, action=Link.Action.SKIP).count(),
        "old_invoices": RemoteInvoice.objects.filter(connection=connection).count(),
        "rule": Installation.current().get_recipient_rule_display(),
        "shown": SHOWN,
        "fallback": _named(connection, Kind.ITEM, connection.fallback_item_id),
        "account": _named(connection, Kind.ACCOUNT, connection.income_account_id),
    }


def _named(connection: Connection, kind: Kind, remote_id: str) -> str:
    row = connection.records.filter(kind=kind, remote_id=remote_id).first()
    return row.name if row and remote_id else ""
