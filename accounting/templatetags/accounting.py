"""What the pages of invoices show of the accounting system, in one query for a whole page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from accounting import connected, progress, readiness, remotes, voiding, wording
from accounting.models import Connection, Export, Finding, RemoteInvoice
from accounting.providers import registry
from accounting.providers.port import Kind, Words
from invoices.models import Invoice

register = template.Library()


@dataclass(frozen=True, slots=True)
class Badge:
    """What became of an invoice in the accounting system. `state` names the tone of its pill, and
    `note` says why it does not move.
    """

    state: str
    label: str
    url: str = ""
    note: str = ""


@register.inclusion_tag("accounting/_badge.html", takes_context=True)
def export_badge(context: Any, invoice: Invoice) -> dict[str, Any]:
    """What became of one of the invoices on a list page; the first one asks for all `rows`."""
    known: dict[int, Badge] | None = context.render_context.get("export_badges")
    if known is None:
        known = context.render_context["export_badges"] = badges(context["rows"].items)
    return {"badge": known.get(invoice.pk)}


def badges(invoices: Sequence[Invoice]) -> dict[int, Badge]:
    """The badges of these invoices by their ids. Those that never went out cost no query."""
    ids = [one.pk for one in invoices if one.exported_at or one.export_queued_at]
    if not ids:
        return {}
    found: dict[int, Badge] = {}
    rows = RemoteInvoice.objects.filter(invoice__in=ids).select_related("connection")
    for remote in rows.order_by("id"):
        name = registry.name(remote.connection.provider)
        label = f"{name}: draft" if remote.draft else name
        found[remote.invoice_id] = Badge("exported", label, remote.url)
    differing = Finding.objects.waiting().filter(invoice__in=ids)
    for pk, invoice_id in differing.values_list("pk", "invoice_id"):
        if invoice_id in found:
            url = reverse("accounting:finding", args=[pk])
            found[invoice_id] = Badge("warn", "Differs there", url)
    found |= _moving(ids)
    return found


def _moving(ids: Sequence[int]) -> dict[int, Badge]:
    """Of those that are on their way or need a person."""
    exports = Export.objects.filter(invoice__in=ids, state__in=Export.OPEN)
    rows = list(exports.values_list("pk", "invoice_id", "state", "priority"))
    notes = _notes({priority for _, _, state, priority in rows if state in Export.READY})
    return {
        id: Badge(
            state, Export.State(state).label, reverse("accounting:export", args=[pk]),
            notes.get(priority, "") if state in Export.READY else "",
        )
        for pk, id, state, priority in rows
    }  # fmt: skip


def _notes(priorities: set[int]) -> dict[int, str]:
    """Why exports of these priorities don't move."""
    connection = Connection.objects.active().first() if priorities else None
    if connection is None:
        return {}
    now = timezone.now()
    return {
        each: progress.standstill(connection, urgent=each == Export.Priority.URGENT, now=now).why
        for each in priorities
    }


@register.simple_tag
def live_there(invoice: Invoice) -> RemoteInvoice | None:
    """The invoice as it stands in the connected system, while it can be voided there."""
    return voiding.live(invoice.pk) if invoice.exported_at else None


@register.simple_tag
def differing(finding: Finding) -> str:
    """What differs, in a line."""
    return wording.summary(finding.differences, connected.words(finding.connection))


@register.filter
def called(kind: str, words: Words) -> str:
    """What people there call a record of this kind."""
    return words.one(Kind(kind))


@register.filter
def provider(key: str) -> str:
    """What people call it."""
    return registry.name(key)


@register.inclusion_tag("accounting/_invoice.html", takes_context=True)
def invoice_accounting(context: Any, invoice: Invoice) -> dict[str, Any]:
    """The panel of the invoice page: where it is there, what differs, what would be refused."""
    connection = Connection.objects.active().first()
    remote = invoice.remotes.select_related("connection", "invoice").first()
    export = invoice.exports.first()
    ready = (
        readiness.check(connection, [invoice.pk])
        if connection and not remote and not invoice.voided_at
        else []
    )
    return {
        "request": context["request"],
        "invoice": invoice,
        "connection": connection,
        "where": connected.where(connection) if connection else "",
        "remote": remote,
        "remote_where": registry.name(remote.connection.provider) if remote else "",
        "export": export,
        "stands": progress.standstill_of(export, now=timezone.now()) if export else None,
        "moving": export is not None and export.state in Export.OPEN,
        "findings": invoice.findings.waiting(),
        "live": voiding.live(invoice.pk) if remote else None,
        "counts_as_paid": remote is not None and voiding.counts_as_paid(remote),
        "gone": remote is not None
        and remote.connection == connection
        and remote.status == RemoteInvoice.Status.DELETED,
        "why_not_anew": remotes.why_not_anew(remote) if remote else "",
        "missing": ready[0].missing if ready else (),
        "warnings": ready[0].warnings if ready else (),
    }
