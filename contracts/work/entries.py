"""Time on tickets: log, change, delete."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts import locks
from contracts.models import Contract, ContractRate, Ticket, TimeEntry

RATED = (Contract.Type.HOURLY, Contract.Type.PROJECT_HOURLY, Contract.Type.BLOCK_MONEY)
HOURLY_ROLES = (ContractRate.Role.PRIMARY, ContractRate.Role.ADDITIONAL)


@transaction.atomic
def log_time(entry: TimeEntry, *, by: User) -> TimeEntry:
    """Store new time, also on a resolved ticket as long as nothing of it is billed."""
    _refuse_foreign(entry, by)
    ticket = locks.lock_tickets([entry.ticket_id])[entry.ticket_id]
    locks.refuse_billed_ticket(ticket)
    _refuse_rate(entry, ticket)
    history.save(entry, by=by)
    return entry


@transaction.atomic
def change_time(entry: TimeEntry, *, by: User) -> TimeEntry:
    """Store changed time that is not billed; it may move to another ticket."""
    stored, tickets = _lock(entry)
    for version in (stored, entry):
        _refuse_foreign(version, by)
    if entry.ticket_id != stored.ticket_id:
        locks.refuse_billed_ticket(tickets[entry.ticket_id])
    _refuse_rate(entry, tickets[entry.ticket_id])
    history.save(entry, by=by)
    return entry


@transaction.atomic
def delete_time(entry: TimeEntry, *, by: User) -> None:
    """Delete time that was never billed; its history stays."""
    stored, _ = _lock(entry)
    _refuse_foreign(stored, by)
    locks.refuse_ever_billed(stored)
    history.delete(stored, by=by)


def time_rates(contract: Contract | None) -> QuerySet[ContractRate]:
    """The rates that time on this contract's tickets can have: none where time has no price."""
    rates = ContractRate.objects.select_related("item")
    if contract is None or contract.type not in RATED:
        return rates.none()
    return rates.filter(contract=contract, role__in=HOURLY_ROLES)


def move_to_contract(ticket: Ticket, *, by: User | None, agreed: bool) -> None:
    """Let time that names a rate of another contract follow the primary rate of the new one."""
    foreign = list(ticket.entries.exclude(rate=None).exclude(rate__contract=ticket.contract_id))
    if foreign and not agreed:
        raise Refused(
            "rates_change",
            f"{len(foreign)} time entries have a rate of the old contract. "
            "They will go to the primary rate of the new one. Confirm to move the ticket.",
            entries=len(foreign),
        )
    follow_primary(foreign, by=by)


def follow_primary(entries: list[TimeEntry], *, by: User | None) -> None:
    """Take the named rate off entries, so that the contract's primary rate applies."""
    for entry in entries:
        entry.rate = None
    history.update(entries, ["rate"], by=by)


def _lock(entry: TimeEntry) -> tuple[TimeEntry, dict[int, Ticket]]:
    """The entry as it is stored and not billed, with its old and its new ticket, all locked."""
    stored = TimeEntry.objects.filter(pk=entry.pk).first()
    if stored is None:
        raise Refused("gone", "This time entry was deleted in the meantime.")
    tickets = locks.lock_tickets({stored.ticket_id, entry.ticket_id})
    stored.refresh_from_db()
    if stored.ticket_id not in tickets:
        raise Refused("changed_meanwhile", "This time was moved in the meantime. Load it again.")
    locks.refuse_billed_entry(stored)
    return stored, tickets


def _refuse_foreign(entry: TimeEntry, by: User) -> None:
    """Technicians keep their own time only."""
    if entry.technician_id != by.pk and not by.has_perm("contracts.change_any_time"):
        raise Refused("not_yours", "You can only log, change and delete your own time.")


def _refuse_rate(entry: TimeEntry, ticket: Ticket) -> None:
    if entry.rate_id is None:
        return
    if not time_rates(ticket.contract).filter(pk=entry.rate_id).exists():
        raise Refused(
            "foreign_rate",
            f"This is not an hourly rate of the contract of ticket {ticket.number}.",
            field="rate",
        )
