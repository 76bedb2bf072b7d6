"""Work that cannot be billed yet, and why: nothing that was done goes unmentioned."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from contracts.facts import unbilled
from contracts.models import Ticket, TicketItem, TimeEntry


@dataclass(frozen=True, slots=True)
class Unready:
    """A ticket with unbilled work that no bill can take now."""

    ticket_id: int
    ticket: str
    customer: str
    reason: str


def tickets(*, limit: int = 200) -> list[Unready]:
    """The tickets that must be resolved or given a contract before their work can be billed."""
    has_work = Exists(
        unbilled(TimeEntry.objects.filter(ticket=OuterRef("pk"), billable=True))
    ) | Exists(unbilled(TicketItem.objects.filter(ticket=OuterRef("pk"), billable=True)))
    rows = Ticket.objects.filter(_not_ready()).filter(has_work).select_related("customer")
    return [
        Unready(ticket.pk, str(ticket), ticket.customer.name, _reason(ticket))
        for ticket in rows.order_by("customer__name", "id")[:limit]
    ]


def counts() -> dict[str, int]:
    """How many tickets are not ready, by reason: {"no_contract": 3, "not_resolved": 12}."""
    return Ticket.objects.filter(_not_ready()).aggregate(
        no_contract=Count("pk", filter=Q(contract__isnull=True)),
        not_resolved=Count("pk", filter=Q(contract__isnull=False)),
    )


def _not_ready() -> Q:
    return Q(contract__isnull=True) | ~Q(status__in=Ticket.DONE)


def _reason(ticket: Ticket) -> str:
    if ticket.contract_id is None:
        return "It has no contract. Choose one on the ticket."
    return f"It is {ticket.get_status_display().lower()}. Resolve it first."
