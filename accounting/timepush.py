"""Billable time that goes to the accounting system without an invoice.

Each entry goes once: the export that takes it also claims it, with the same unique index that keeps
an invoice from billing it twice. Only time that an hourly contract prices can go: what a block or a
retainer covers has no price of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from atera_invoicing import money
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts import facts, locks
from contracts.models import Contract, ContractRate, Ticket, TimeEntry
from invoices.models import Claim

from . import connected, documents, links, readiness
from .links import Tables
from .models import Connection, Export
from .providers.port import TimeDocument

PRICED = (Contract.Type.HOURLY, Contract.Type.PROJECT_HOURLY)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A time entry as it would go out, or why it can't."""

    entry: TimeEntry
    document: TimeDocument | None
    why: str = ""


def candidates(connection: Connection, ids: Collection[int]) -> list[Candidate]:
    """These entries in order of their ids, each with its document or the reason it stays."""
    free = facts.unbilled(TimeEntry.objects.filter(pk__in=ids)).values_list("pk", flat=True)
    return _candidates(connection, ids, set(free))


def rewritten(export: Export) -> TimeDocument:
    """The document of time that is claimed already, with what is linked now; refused with the
    reason when it can't go any more.
    """
    entry_id = export.time_entry_id or 0
    (one,) = _candidates(export.connection, [entry_id], {entry_id})
    if one.document is None:
        raise Refused("time_not_ready", one.why)
    Claim.objects.filter(pushed=export.uid).update(quantity=_hours(one.document.minutes))
    return dataclasses.replace(one.document, marker=export.marker)


def _candidates(
    connection: Connection, ids: Collection[int], free: Collection[int]
) -> list[Candidate]:
    rows = (
        TimeEntry.objects.filter(pk__in=ids)
        .select_related("ticket__contract", "ticket__customer", "technician", "rate__item")
        .order_by("id")
    )
    tables = links.of(connection)
    times = dict(
        Export.objects.filter(time_entry__in=ids, operation=Export.Operation.CREATE)
        .order_by()
        .values_list("time_entry")
        .annotate(Count("pk"))
    )
    primary = {
        rate.contract_id: rate
        for rate in ContractRate.objects.filter(
            role=ContractRate.Role.PRIMARY, contract__tickets__entries__in=ids
        ).select_related("item")
    }
    found = [
        _candidate(entry, entry.pk in free, tables, primary, times.get(entry.pk, 0))
        for entry in rows
    ]
    return [_checked(connection, one) for one in found]


@transaction.atomic
def push(
    connection: Connection, ids: Collection[int], *, by: User | None, now: dt.datetime
) -> list[Export]:
    """Queue the entries that can go, and claim them; refused when none can."""
    connected.refuse_unless_active(connection)
    tickets = TimeEntry.objects.filter(pk__in=ids).values_list("ticket_id", flat=True)
    locks.lock_tickets(set(tickets))
    ready = [one for one in candidates(connection, ids) if one.document]
    if not connection.takes_time:
        raise Refused("takes_no_time", f"{connection} takes no time without an invoice.")
    if not ready:
        raise Refused("nothing_to_push", "None of this time can go. The list says why.")
    exports = [_export(connection, one, by=by, now=now) for one in ready]
    try:
        with transaction.atomic():
            Export.objects.bulk_create(exports)
            Claim.objects.bulk_create([_claim(export) for export in exports])
    except IntegrityError:
        raise Refused(
            "taken_meanwhile", "Part of this time was billed or pushed a moment ago. Look again."
        ) from None
    return exports


def _checked(connection: Connection, one: Candidate) -> Candidate:
    """It stays when the provider would refuse it."""
    refusals = readiness.refusals(connection, one.document) if one.document else []
    return Candidate(one.entry, None, refusals[0].message) if refusals else one


def _candidate(
    entry: TimeEntry, free: bool, tables: Tables, primary: dict[int, ContractRate], before: int
) -> Candidate:
    ticket, contract = entry.ticket, entry.ticket.contract
    rate = entry.rate or (primary.get(contract.pk) if contract else None)
    why = _why_not(entry, ticket, contract, free)
    customer_id = documents.name_there(tables.customers.get(ticket.customer_id))
    person = tables.persons.get(entry.technician_id)
    item_id = documents.name_there(tables.items.get(rate.item_id)) if rate else ""
    if not why and rate is None:
        why = "It has no rate."
    if not why and not customer_id:
        why = f"{ticket.customer} is not linked with a customer there."
    if not why and (person is None or not person.remote_id):
        why = f"{entry.technician} is not linked with an employee or vendor there."
    if not why and not item_id:
        why = f"{rate.item if rate else 'The rate'} is not linked with a service there."
    if why or rate is None or person is None:
        return Candidate(entry, None, why)
    return Candidate(
        entry,
        TimeDocument(
            uid=str(entry.pk),
            person_id=person.remote_id,
            customer_id=customer_id,
            item_id=item_id,
            date=timezone.localdate(entry.started_at),
            minutes=_counted(entry, contract),
            hourly_rate=rate.price,
            description="\n".join(part for part in (str(ticket), entry.description) if part),
            marker=_marker(entry, before),
        ),
    )


def _marker(entry: TimeEntry, before: int) -> str:
    """By this it is recognised there, and told from what was sent of it before."""
    return f"{documents.MARKER}time {entry.pk}{f'-{before + 1}' if before else ''}"


def _counted(entry: TimeEntry, contract: Contract | None) -> int:
    """Minutes after the contract's rounding, which here can only apply to each entry."""
    if contract is None:
        return entry.minutes
    minutes = max(entry.minutes, contract.rounding_minimum)
    return minutes + -minutes % contract.rounding_increment


def _why_not(entry: TimeEntry, ticket: Ticket, contract: Contract | None, free: bool) -> str:
    if not entry.billable:
        return "It is not billable."
    if not free:
        return "It is billed, or pushed already."
    if ticket.status not in Ticket.DONE:
        return "Its ticket is not resolved."
    if contract is None:
        return "Its ticket has no contract."
    if contract.type not in PRICED:
        return f"A contract of the type “{contract.get_type_display()}” has no price per hour."
    return ""


def _export(connection: Connection, one: Candidate, *, by: User | None, now: dt.datetime) -> Export:
    if one.document is None:
        raise Refused("nothing_to_push", one.why)
    return documents.outgoing(
        connection, one.document, operation=Export.Operation.CREATE, by=by, now=now,
        time_entry=one.entry, priority=Export.Priority.NORMAL,
    )  # fmt: skip


def _claim(export: Export) -> Claim:
    hours = _hours(export.document["minutes"])
    return Claim(time_entry_id=export.time_entry_id, pushed=export.uid, quantity=hours)


def _hours(minutes: int) -> Decimal:
    return money.cents(Decimal(minutes) / 60)
