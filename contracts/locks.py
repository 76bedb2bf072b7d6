"""The two answers to "may this be changed now?": the row lock of a contract, and "it is billed".

A contract's row is the lock of its money. Whoever changes what it owes, and whoever bills it, takes
it first, so neither sees the other half done. Order everywhere: contracts by id, tickets by id,
anything else. Billed means that a live claim of an invoice points at the row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Q

from atera_invoicing.errors import Refused

from .models import Contract, Ticket, TicketItem, TimeEntry

Row = TypeVar("Row", bound=models.Model)
LIVE = Q(claims__isnull=False, claims__released_at__isnull=True)


def lock(contract_ids: Iterable[int | None]) -> None:
    """Hold these contracts until the transaction ends; None, "no contract", is passed over."""
    list(_locked(Contract.objects.all(), contract_ids).values_list("pk", flat=True))


def lock_tickets(
    ticket_ids: Iterable[int], *, contract_ids: Iterable[int | None] = ()
) -> dict[int, Ticket]:
    """Hold tickets, their contracts and these further contracts; the tickets as they are now."""
    ids = set(ticket_ids)
    rows = Ticket.objects.filter(id__in=ids)
    held = {*rows.values_list("contract_id", flat=True), *contract_ids}
    lock(held)
    tickets = {ticket.id: ticket for ticket in _locked(Ticket.objects.all(), ids)}
    if len(tickets) < len(ids):
        raise Refused("gone", "This ticket was deleted in the meantime.")
    if any(ticket.contract_id not in held for ticket in tickets.values()):
        raise Refused(
            "changed_meanwhile",
            "This ticket was moved to another contract in the meantime. Load it again.",
        )
    return tickets


def _locked(rows: models.QuerySet[Row], ids: Iterable[int | None]) -> models.QuerySet[Row]:
    """Rows that are locked in the order of their ids when they are read.

    SQLite has no such lock and needs none: every transaction of ours holds the one write lock.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A lock is held for a transaction; open one.")
    wanted = {id for id in ids if id is not None}
    return rows.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)


def refuse_billed_entry(entry: TimeEntry) -> None:
    """Refuse if any part of the time entry is on a live invoice."""
    _refuse(TimeEntry.objects.filter(pk=entry.pk), "This time entry")


def refuse_billed_item(item: TicketItem) -> None:
    """Refuse if the product or expense is on a live invoice."""
    _refuse(TicketItem.objects.filter(pk=item.pk), "This product or expense")


def refuse_ever_billed(work: TimeEntry | TicketItem) -> None:
    """Refuse if an invoice, also a voided one, was made from this work, or if it was sent without
    one: its trail must stay.
    """
    last = work.claims.order_by("-pk").values_list("invoice_id").first()
    if last is None:
        return
    (invoice_id,) = last
    what = (
        "A voided invoice was made from this work"
        if invoice_id
        else "This work was sent to the accounting system as time"
    )
    raise Refused("was_billed", f"{what}, so it can't be deleted. Mark it as not billable instead.")


def refuse_billed_ticket(ticket: Ticket) -> None:
    """Refuse if any time entry, product or expense of the ticket is on a live invoice."""
    for work in (TimeEntry.objects, TicketItem.objects):
        _refuse(work.filter(ticket_id=ticket.pk), "Work on this ticket")


def refuse_billed_period(contract: Contract, starts: Iterable[dt.date]) -> None:
    """Refuse if a period of the contract that begins on one of these days is on a live invoice."""
    _refuse(
        Contract.objects.filter(pk=contract.pk),
        "A period that this would change",
        Q(claims__period_start__in=list(starts)),
    )


def billed_periods(contract_ids: Iterable[int]) -> dict[int, list[dt.date]]:
    """The first days of the billed periods of each of these contracts, in order."""
    found: dict[int, list[dt.date]] = {id: [] for id in contract_ids}
    billed = Contract.objects.filter(LIVE, pk__in=found).order_by("claims__period_start")
    for id, start in billed.values_list("pk", "claims__period_start"):
        found[id].append(start)  # type: ignore[arg-type] # the claim of a contract has a start
    return found


def first_bill(contract: Contract) -> str | None:
    """The invoice that first billed a period or work of the contract, in words; None if none."""
    sources: tuple[models.QuerySet, ...] = (
        Contract.objects.filter(pk=contract.pk),
        TimeEntry.objects.filter(ticket__contract_id=contract.pk),
        TicketItem.objects.filter(ticket__contract_id=contract.pk),
    )
    bills = (_bill(source, Q()) for source in sources)
    return next((_words(number) for _, number in filter(None, bills)), None)


def _bill(rows: models.QuerySet, among: Q) -> tuple[int | None, str] | None:
    """Id and number of the first live invoice that bills a row; a draft's number is empty, and time
    that went out without an invoice has none.
    """
    bills = rows.filter(LIVE & among).order_by("claims__id")
    return bills.values_list("claims__invoice_id", "claims__invoice__number").first()


def _words(number: str) -> str:
    return f"invoice {number}" if number else "a draft invoice"


def _refuse(rows: models.QuerySet, what: str, among: Q = Q()) -> None:  # noqa: B008 - never changed
    bill = _bill(rows, among)
    if bill is None:
        return
    invoice_id, number = bill
    if invoice_id is None:
        raise Refused(
            "sent_as_time",
            f"{what} is in the accounting system as time without an invoice, so it can't change."
            " Take it back first, under Accounting, Time without an invoice.",
        )
    way_out = (
        "Void that invoice first."
        if number
        else "Delete that draft, or take this out of it, first."
    )
    raise Refused(
        "billed",
        f"{what} is billed on {_words(number)}. {way_out}",
        invoice_id=invoice_id,
        invoice=number,
    )
