"""What the pages of invoices show of the accounting system, in one query for a whole page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import Q

from accounting import outbox, readiness
from accounting.models import Connection, Export, Finding, RemoteInvoice
from accounting.providers import registry
from invoices.models import Invoice

register = template.Library()


@dataclass(frozen=True, slots=True)
class Badge:
    """What became of an invoice in the accounting system. `state` names the tone of its pill."""

    state: str
    label: str
    url: str = ""


@register.simple_tag
def export_badges(invoices: Sequence[Invoice]) -> dict[int, Badge]:
    """The badges of the invoices on a page, by their ids."""
    ids = [invoice.pk for invoice in invoices]
    found: dict[int, Badge] = {}
    rows = RemoteInvoice.objects.filter(invoice__in=ids).select_related("connection")
    for remote in rows.order_by("id"):
        name = registry.name(remote.connection.provider)
        found[remote.invoice_id] = Badge("exported", name, remote.url)
    for invoice_id in Finding.objects.filter(invoice__in=ids, answered_at=None).values_list(
        "invoice_id", flat=True
    ):
        if invoice_id in found:
            found[invoice_id] = Badge("warning", "Differs there", found[invoice_id].url)
    moving = Export.objects.filter(Q(invoice__in=ids), state__in=Export.OPEN)
    for invoice_id, state in moving.values_list("invoice_id", "state"):
        found[invoice_id] = Badge(
            "error" if state == Export.State.REJECTED else "running", Export.State(state).label
        )
    return found


@register.filter
def badge_of(badges: dict[int, Badge], invoice: Invoice) -> Badge | None:
    return badges.get(invoice.pk)


@register.inclusion_tag("accounting/_invoice.html", takes_context=True)
def invoice_accounting(context: Any, invoice: Invoice) -> dict[str, Any]:
    """The panel of the invoice page: where it is there, what differs, what would be refused."""
    connection = Connection.objects.filter(state=Connection.State.ACTIVE).first()
    remote = invoice.remotes.select_related("connection").first()
    ready = (
        readiness.check(connection, [invoice.pk])
        if connection and not remote and not invoice.voided_at
        else []
    )
    return {
        "request": context["request"],
        "invoice": invoice,
        "connection": connection,
        "where": outbox.where(connection) if connection else "",
        "remote": remote,
        "remote_where": registry.name(remote.connection.provider) if remote else "",
        "export": invoice.exports.first(),
        "findings": invoice.findings.filter(answered_at=None),
        "missing": ready[0].missing if ready else (),
        "warnings": ready[0].warnings if ready else (),
    }
