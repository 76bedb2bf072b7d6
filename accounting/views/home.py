"""The Accounting page, and what can be done to an active connection."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounting import (
    connected,
    hearing,
    obstacles,
    options,
    progress,
    restoring,
    staging,
    wizard,
)
from accounting.models import Connection, Export, Finding, Link
from accounting.providers import registry
from accounting.providers.port import Kind
from accounting.sides import SIDES
from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, Page

from .setup import CHANGE, VIEW, SetupMixin, home
from .steps import SHOWN, TaxesPage


class AccountingPage(Page):
    """Not connected: what it does, and how to begin. Connected: how it stands."""

    permission = VIEW
    title = "Accounting"
    template_name = "accounting/home.html"

    def context(self) -> dict[str, Any]:
        draft, active = wizard.draft(), wizard.active()
        return super().context() | {
            "draft": draft,
            "draft_name": registry.name(draft.provider) if draft else "",
            "mine": bool(draft and draft.held_by_id == self.request.user.pk),
            "connection": active,
            "offers": [
                (key, registry.name(key), registry.is_configured(key)) for key in registry.KNOWN
            ],
            "past": Connection.objects.filter(state=Connection.State.CLOSED).select_related(
                "committed_by", "closed_by"
            )[:10],
            **(standing(active) if active else {}),
        }


def standing(connection: Connection) -> dict[str, Any]:
    """Counts and facts of the active connection, in a fixed number of queries."""
    words = connected.words(connection)
    linked = Count("pk", filter=Q(action=Link.Action.LINK, confirmed=True))
    later = Count("pk", filter=Q(action=Link.Action.CREATE, confirmed=True))
    waiting = Count("pk", filter=Q(confirmed=False))
    rows = connection.links.values_list("kind").order_by("kind")
    rows = rows.annotate(done=linked, waiting=waiting, later=later)
    counts = {kind: numbers for kind, *numbers in rows}
    stale = dict(
        obstacles.stale(connection)
        .filter(confirmed=True)
        .values_list("kind")
        .order_by("kind")
        .annotate(n=Count("pk"))
    )
    kinds = [
        {
            "title": words.many(side.kind).capitalize(),
            "url": reverse("accounting:links", args=[side.many]),
            "linked": counts.get(side.kind, (0, 0, 0))[0],
            "open": counts.get(side.kind, (0, 0, 0))[1],
            "later": counts.get(side.kind, (0, 0, 0))[2],
            "needed": side.kind != Kind.PERSON,
            "only_there": staging.only_there(connection, side.kind).count(),
            "stale": stale.get(side.kind, 0),
        }
        for side in SIDES.values()
        if _matters(connection, side.kind)
    ]
    exports = Export.objects.filter(connection=connection)
    return {
        "provider_name": registry.name(connection.provider),
        "words": words,
        "holds": registry.get(connection.provider).holds,
        "own": options.shown(connection),
        "kinds": kinds,
        "to_decide": sum(kind["open"] + kind["stale"] for kind in kinds if kind["needed"]),
        "rejected": exports.filter(state=Export.State.REJECTED).count(),
        "waiting": exports.filter(state__in=Export.OPEN)
        .exclude(state=Export.State.REJECTED)
        .count(),
        "findings": Finding.objects.filter(connection=connection, answered_at=None).count(),
        "rule": Installation.current().get_recipient_rule_display(),
        "on_hold": progress.on_hold(connection, now=timezone.now()).why,
        "silence": hearing.silence(connection, now=timezone.now()),
    }


def _matters(connection: Connection, kind: str) -> bool:
    if kind == Kind.TAX:
        return connection.tax_mode == Connection.TaxMode.CODES
    return kind != Kind.PERSON or connection.takes_time


class SettingsPage(TaxesPage):
    """The settings of the active connection; they hold for exports from now on."""

    drafting = False
    button = "Save"

    def get_title(self) -> str:
        return "Settings"

    def context(self) -> dict[str, Any]:
        return super().context() | {"back": home()}

    def success(self, result: Connection) -> str:
        return "The settings are saved. They hold for exports from now on."

    def done(self, result: Connection) -> str:
        return home()


class DisconnectPage(SetupMixin, ActionPage):
    """Everything that disconnecting will do; then the same code does it."""

    permission = CHANGE
    fresh = True
    template_name = "accounting/disconnect.html"
    danger = True

    @cached_property
    def object(self) -> Connection:
        return self.connection

    def get_title(self) -> str:
        return f"Disconnect {self.provider_name}"

    @property
    def button(self) -> str:  # type: ignore[override]
        return f"Disconnect {self.provider_name}"

    def get_back(self) -> str:
        return home()

    def context(self) -> dict[str, Any]:
        plan = restoring.plan(self.connection, now=timezone.now())
        listed = list(plan.restoration.changes())
        return super().context() | {
            "plan": plan,
            "listed": listed,
            "removed": plan.restoration.removed,
            "copies": plan.restoration.copies,
            "revived": plan.restoration.revived,
            "shown": SHOWN,
            "shell_template": "base.html",
        }

    def perform(self, form: forms.Form) -> str:
        name = self.provider_name
        told = restoring.disconnect(
            self.connection,
            by=self.request.user,
            now=timezone.now(),
            digest=self.request.POST.get("digest", ""),
        )
        words = f"{name} is disconnected. Catalogue, taxes and rates are as they were before."
        return words if told else f"{words} {name} could not be told: remove the app there, too."
