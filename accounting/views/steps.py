"""The later steps of the wizard: taxes and accounts, history, review, and what comes next."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from accounting import (
    changes,
    connected,
    obstacles,
    options,
    past,
    references,
    staging,
    tasks,
    wizard,
)
from accounting.forms import SettingsForm
from accounting.models import Connection, Link, RemoteInvoice
from accounting.providers.port import Kind, ProviderError
from accounting.sides import SIDES
from atera_invoicing import csvfiles
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.pages import FormPage, Page, say

from .setup import CHANGE, SetupMixin, home, step_url

SHOWN = 200


class TaxesPage(SetupMixin, FormPage):
    """Tax, accounts, numbers, automatic export; and which tax of ours is which there."""

    permission = CHANGE
    drafting = True
    step = "taxes"
    template_name = "accounting/settings.html"
    form_class = SettingsForm
    button = "Save and go on"

    def get_title(self) -> str:
        return f"{connected.words(self.connection).taxes.capitalize()} and accounts"

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
            "only_there": staging.only_there(self.connection, Kind.TAX).count(),
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
        connection = wizard.current()
        if connection is None:
            return HttpResponseRedirect(home())
        number = int(version) if version.isdecimal() else 0

        def commit() -> None:
            by, now = request.user, timezone.now()
            tasks.ring_look(wizard.commit(connection, version=number, by=by, now=now))

        done = say(request, commit)
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
        "rounding": next((c for c in listed if c.field == "tax_method"), None),
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
        "own": options.shown(connection),
        "shown": SHOWN,
        "fallback": _named(connection, Kind.ITEM, connection.fallback_item_id),
        "account": _named(connection, Kind.ACCOUNT, connection.income_account_id),
    }


def _named(connection: Connection, kind: Kind, remote_id: str) -> str:
    row = connection.records.filter(kind=kind, remote_id=remote_id).first()
    return row.name if row and remote_id else ""
