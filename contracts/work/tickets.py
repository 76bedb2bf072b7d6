"""Tickets: open, change, resolve, close, reopen, delete."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts import locks
from contracts.models import Contract, Ticket, TicketItem, TimeEntry

from .entries import move_to_contract

FIRST_NUMBER = 1001
GENERATED = r"^T-[0-9]{1,12}$"


@transaction.atomic
def open_ticket(ticket: Ticket, *, by: User | None) -> Ticket:
    """Store a new ticket.

    Without a contract it gets the customer's default one, if that is in force; without a number the
    next free "T-<n>".
    """
    if ticket.customer.archived_at:
        message = f"{ticket.customer} is archived. Restore the customer first."
        raise Refused("customer_archived", message, field="customer")
    if ticket.contract is None:
        ticket.contract = _default_contract(ticket)
    _refuse_contract(ticket)
    _refuse_contact(ticket)
    locks.lock([ticket.contract_id])
    return _insert(ticket, by)


@transaction.atomic
def change_ticket(ticket: Ticket, *, by: User | None, repoint_rates: bool = False) -> Ticket:
    """Store a changed ticket.

    Time that names a rate of the old contract goes to the primary rate of the new one; the person
    has to know, so without `repoint_rates` that is `Refused` "rates_change".
    """
    stored = locks.lock_tickets([ticket.pk], contract_ids=[ticket.contract_id])[ticket.pk]
    moved = (ticket.customer_id, ticket.contract_id) != (stored.customer_id, stored.contract_id)
    redated = ticket.resolved_at != stored.resolved_at  # reopening empties it
    if moved or redated:
        locks.refuse_billed_ticket(stored)
    if moved:
        _refuse_contract(ticket)
        move_to_contract(ticket, by=by, agreed=repoint_rates)
    _refuse_contact(ticket)
    if ticket.number != stored.number and Ticket.objects.filter(number=ticket.number).exists():
        raise _number_taken(ticket)
    history.save(ticket, by=by)
    return ticket


@transaction.atomic
def delete_ticket(ticket: Ticket, *, by: User | None) -> None:
    """Delete a ticket with its time, products and expenses, none of it ever billed.

    The history of all of them stays.
    """
    stored = locks.lock_tickets([ticket.pk])[ticket.pk]
    locks.refuse_billed_ticket(stored)
    work: list[TimeEntry | TicketItem] = [*stored.entries.all(), *stored.items.all()]
    for row in work:
        locks.refuse_ever_billed(row)
        history.delete(row, by=by)
    history.delete(stored, by=by)


@transaction.atomic
def resolve(ticket: Ticket, *, by: User | None, now: dt.datetime) -> Ticket:
    """The work is done: from now on it can be billed, in the period of this day."""
    return _finish(ticket, Ticket.Status.RESOLVED, by, now)


@transaction.atomic
def close(ticket: Ticket, *, by: User | None, now: dt.datetime) -> Ticket:
    """Close a ticket. One that was resolved keeps its day; another is resolved by this."""
    return _finish(ticket, Ticket.Status.CLOSED, by, now)


@transaction.atomic
def reopen(ticket: Ticket, *, by: User | None) -> Ticket:
    """Back to work: its unbilled time can't be billed until it is resolved again."""
    stored = locks.lock_tickets([ticket.pk])[ticket.pk]
    if stored.status not in Ticket.DONE:
        raise Refused("not_done", f"Ticket {stored.number} is not resolved.")
    locks.refuse_billed_ticket(stored)
    return _save_status(ticket, stored, Ticket.Status.OPEN, resolved_at=None, by=by)


def _finish(ticket: Ticket, status: str, by: User | None, now: dt.datetime) -> Ticket:
    stored = locks.lock_tickets([ticket.pk])[ticket.pk]
    if stored.status in (status, Ticket.Status.CLOSED):
        message = f"Ticket {stored.number} is {stored.get_status_display().lower()} already."
        raise Refused("already_done", message)
    return _save_status(ticket, stored, status, resolved_at=stored.resolved_at or now, by=by)


def _save_status(
    ticket: Ticket, stored: Ticket, status: str, *, resolved_at: dt.datetime | None, by: User | None
) -> Ticket:
    """Save only the status; the caller's copy of the ticket learns it too."""
    for row in (stored, ticket):
        row.status, row.resolved_at = status, resolved_at
    history.save(stored, by=by)
    return ticket


def _default_contract(ticket: Ticket) -> Contract | None:
    default = ticket.customer.contracts.active().filter(is_default=True).first()
    return default if default and not _expired(default, ticket) else None


def _expired(contract: Contract, ticket: Ticket) -> bool:
    opened_on = timezone.localdate(ticket.opened_at)
    return contract.end_date is not None and contract.end_date < opened_on


def _refuse_contract(ticket: Ticket) -> None:
    """Only a contract of the ticket's own customer that is in force can take a ticket."""
    contract = ticket.contract
    if contract is None:
        return
    if contract.customer_id != ticket.customer_id:
        message = f"{contract} is not a contract of {ticket.customer}."
        raise Refused("foreign_contract", message, field="contract")
    if not contract.is_active or _expired(contract, ticket):
        why = f"ended on {contract.end_date:%Y-%m-%d}" if contract.is_active else "is not active"
        message = f"{contract} {why}. Choose another contract, or none."
        raise Refused("contract_inactive", message, field="contract")


def _refuse_contact(ticket: Ticket) -> None:
    if ticket.contact and ticket.contact.customer_id != ticket.customer_id:
        message = f"{ticket.contact} is not a contact of {ticket.customer}."
        raise Refused("foreign_contact", message, field="contact")


def _insert(ticket: Ticket, by: User | None) -> Ticket:
    """Store the ticket; when somebody else takes a generated number first, take the next one."""
    given = ticket.number
    ticket.number = given or _free_number()
    while not _try_insert(ticket, by):
        if given:
            raise _number_taken(ticket)
        ticket.number = _free_number()
    return ticket


def _try_insert(ticket: Ticket, by: User | None) -> bool:
    """Store the ticket; False when its number is taken."""
    try:
        with transaction.atomic():
            history.save(ticket, by=by, force_insert=True)
    except IntegrityError:
        ticket.pk = None
        if not Ticket.objects.filter(number=ticket.number).exists():
            raise
        return False
    return True


def _free_number() -> str:
    """One more than the newest generated number, or the next that is free."""
    newest = Ticket.objects.filter(number__regex=GENERATED).order_by("-id").first()
    first = int(newest.number.removeprefix("T-")) + 1 if newest else FIRST_NUMBER
    while True:
        numbers = [f"T-{n}" for n in range(first, first + 100)]
        taken = set(Ticket.objects.filter(number__in=numbers).values_list("number", flat=True))
        free = [number for number in numbers if number not in taken]
        if free:
            return free[0]
        first += 100


def _number_taken(ticket: Ticket) -> Refused:
    return Refused(
        "number_taken", f"Another ticket has the number {ticket.number}.", field="number"
    )
