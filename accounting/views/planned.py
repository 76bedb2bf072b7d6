"""Plans on pages: what is shown is what is ordered, by the hash that the form carries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms

from accounting import connected, planning, wording
from accounting.models import RemoteInvoice
from accounting.planning import Plan, Row
from atera_invoicing.pages import ActionPage

DATES = ("date", "due_date")


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of a plan as a table shows it: the head's values by field, and its lines."""

    row: Row
    values: dict[str, str | dt.date]
    lines: list[dict[str, str]]


def shown(row: Row) -> Shown:
    """What will be there."""
    values: dict[str, str | dt.date] = {}
    lines: dict[str, dict[str, str]] = {}
    for change in row.changes:
        if change.field.startswith("lines."):
            _, place, name = change.field.split(".")
            lines.setdefault(place, {})[name] = change.new
        elif change.field in DATES:
            values[change.field] = dt.date.fromisoformat(change.new)
        else:
            values[change.field] = change.new
    return Shown(row, values, list(lines.values()))


class PlanForm(forms.Form):
    plan = forms.CharField(required=False, widget=forms.HiddenInput)


class SendPage(ActionPage):
    """A question that shows field by field what will be different there."""

    template_name = "accounting/send.html"
    form_class = PlanForm

    def get_remote(self) -> RemoteInvoice:
        raise NotImplementedError

    @cached_property
    def remote(self) -> RemoteInvoice:
        return self.get_remote()

    @cached_property
    def plan(self) -> Plan:
        return planning.resend(self.remote.connection, self.remote)

    @cached_property
    def form(self) -> PlanForm:
        if self.request.method == "POST":
            return PlanForm(self.request.POST)
        return PlanForm(initial={"plan": self.plan.hash})

    def context(self) -> dict[str, Any]:
        (row,) = [row for row in self.plan.rows if row.kind == "invoice"]
        words = connected.words(self.remote.connection)
        return super().context() | {
            "row": row,
            "words": words,
            "records": [row for row in self.plan.rows if row.kind != "invoice"],
            "changes": [
                {"label": wording.label(change.field, words), "old": change.old, "new": change.new}
                for change in row.changes
            ],
            "anew": self.remote.status == RemoteInvoice.Status.DELETED,
        }
