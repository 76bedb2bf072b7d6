"""A file of tickets, recognised by their number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from atera_invoicing import cells
from atera_invoicing.imports import BadRow, Column, Import, Record, Step, assign, save
from atera_invoicing.models import User
from contracts import locks
from contracts.models import Contract, Ticket, TicketItem, TimeEntry
from customers.imports import ContactIndex
from customers.models import Contact, Customer

Status = Ticket.Status


class Known:
    """Customers, contacts, contracts and tickets that rows name, and which work is billed."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.people = ContactIndex(record.values["customer"] for record in records)
        ids = self.people.customers.ids(record.values["customer"] for record in records)
        self.contracts = {
            (contract.customer_id, contract.name.lower()): contract
            for contract in Contract.objects.filter(customer_id__in=ids)
        }
        self.defaults = {c.customer_id: c for c in self.contracts.values() if c.is_default}
        self.tickets = {ticket.number: ticket for ticket in _stored(records)}
        pks = [ticket.pk for ticket in self.tickets.values()]
        self.billed = billed_tickets(pks)
        rated = TimeEntry.objects.filter(ticket_id__in=pks, rate__isnull=False)
        self.rated = set(rated.values_list("ticket_id", flat=True))


class Tickets(Import):
    kind = "tickets"
    title = "Tickets"
    noun = "ticket"
    about = "A row is recognised by the ticket's number."
    columns = (
        Column("number", "The ticket's number.", required=True, example="T-5001"),
        Column("title", "What it is about.", required=True, example="VPN down"),
        Column("description", "Printed on invoices at ticket level."),
        Column("internal_notes", "Never printed."),
        Column("customer", "The customer's name or reference.", required=True, example="Acme Ltd"),
        Column("contact", "E-mail address of the person.", aliases=("contact email",)),
        Column("contract", "By name; empty on a new ticket: the customer's default."),
        Column(
            "status",
            f"One of: {', '.join(Status.values)}. Empty: resolved if it has a day, else open.",
            cells.optional(cells.choice(Status)),
            example="resolved",
        ),
        Column(
            "priority",
            f"One of: {', '.join(Ticket.Priority.values)}.",
            cells.default(cells.choice(Ticket.Priority), Ticket.Priority.MEDIUM),
        ),
        Column(
            "opened_at", "Date and time.", cells.moment, required=True, example="2026-10-12 09:00"
        ),
        Column(
            "resolved_at",
            "Date and time; for resolved and closed tickets.",
            cells.optional(cells.moment),
            example="2026-10-12 11:30",
        ),
    )

    def look_up(self, records: Sequence[Record]) -> Known:
        return Known(records)

    def lock(self, records: Sequence[Record]) -> None:
        known = Known(records)
        locks.lock_tickets(
            [ticket.pk for ticket in known.tickets.values()],
            contract_ids=[contract.pk for contract in known.contracts.values()],
        )

    def plan(self, record: Record, known: Known) -> Step:
        number = record.values["number"]
        ticket = known.tickets.get(number) or Ticket()
        before = (ticket.customer_id, ticket.contract_id, ticket.resolved_at)
        values = _fields(record, ticket, known)
        step = assign(record, ticket, values)
        if ticket.pk:
            _refuse_moved(ticket, before, known)
        if (ticket.customer_id, ticket.contract_id) != before[:2]:
            _refuse_not_in_force(ticket)
        known.tickets[number] = ticket
        return step

    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        save(Ticket, steps, by=by)


def billed_tickets(ticket_ids: Sequence[int]) -> set[int]:
    """Which of these tickets have work on a live invoice."""
    billed: set[int] = set()
    for model in (TimeEntry, TicketItem):
        work = model.objects.filter(locks.LIVE, ticket_id__in=ticket_ids)
        billed.update(work.values_list("ticket_id", flat=True))
    return billed


def _stored(records: Sequence[Record]) -> Sequence[Ticket]:
    numbers = {record.values["number"] for record in records}
    return list(
        Ticket.objects.filter(number__in=numbers).select_related("customer", "contract", "contact")
    )


def _fields(record: Record, ticket: Ticket, known: Known) -> dict[str, Any]:
    values = dict(record.values)
    customer = values["customer"] = known.people.customers.find(values["customer"])
    name = values.pop("contract", "")
    if name or not ticket.pk:
        values["contract"] = _contract(customer, name, values["opened_at"], known)
    if "contact" in values:
        values["contact"] = _contact(customer, values["contact"], known)
    elif ticket.pk and ticket.contact and ticket.customer_id != customer.pk:
        values["contact"] = None
    return values | _state(values, ticket)


def _contract(
    customer: Customer, name: str, opened_at: dt.datetime, known: Known
) -> Contract | None:
    """The contract that a row names, or the default that a new ticket gets."""
    if name:
        contract = known.contracts.get((customer.pk, name.lower()))
        if contract is None:
            raise BadRow(("contract", f"“{customer}” has no contract called “{name}”."))
        return contract
    default = known.defaults.get(customer.pk)
    return default if default and not _why_not(default, opened_at) else None


def _contact(customer: Customer, email: str, known: Known) -> Contact | None:
    contact = known.people.find(customer, email) if email else None
    if email and contact is None:
        raise BadRow(("contact", f"“{customer}” has no contact with the address “{email}”."))
    return contact


def _state(values: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    """Status and day of resolution, which belong together."""
    if "status" not in values and "resolved_at" not in values and ticket.pk:
        return {}
    resolved_at = values.get("resolved_at", ticket.resolved_at if ticket.pk else None)
    status = values.get("status") or (Status.RESOLVED if resolved_at else Status.OPEN)
    if status in Ticket.DONE and not resolved_at:
        raise BadRow(("resolved_at", f"A {status} ticket needs the time it was resolved."))
    if status not in Ticket.DONE and resolved_at:
        raise BadRow(("status", f"The ticket is {status}, yet it has a time it was resolved."))
    if resolved_at and resolved_at < values["opened_at"]:
        raise BadRow(("resolved_at", "The ticket was resolved before it was opened."))
    return {"status": status, "resolved_at": resolved_at}


def _refuse_moved(ticket: Ticket, before: tuple[Any, ...], known: Known) -> None:
    """Billed work stays where and when it was billed, and time keeps the rates it names."""
    after = (ticket.customer_id, ticket.contract_id, ticket.resolved_at)
    if after != before and ticket.pk in known.billed:
        raise BadRow(
            ("", "Work on this ticket is billed. Its customer, contract and resolution stay.")
        )
    if after[1] != before[1] and ticket.pk in known.rated:
        raise BadRow(
            ("contract", "Time on this ticket has rates of its contract. Move it by hand.")
        )
    if after[0] != before[0] and ticket.contract and ticket.contract.customer_id != after[0]:
        raise BadRow(("contract", f"“{ticket.contract}” is not a contract of this customer."))


def _refuse_not_in_force(ticket: Ticket) -> None:
    why = _why_not(ticket.contract, ticket.opened_at) if ticket.contract else ""
    if why:
        raise BadRow(("contract", f"“{ticket.contract}” {why}. Choose another contract, or none."))


def _why_not(contract: Contract, opened_at: dt.datetime) -> str:
    """Why a contract can't take a ticket; empty when it can."""
    if not contract.is_active:
        return "is not active"
    if contract.end_date and contract.end_date < timezone.localdate(opened_at):
        return f"ended on {contract.end_date}"
    return ""
