"""Products and expenses used on tickets: add, change, delete."""

from __future__ import annotations

from django.db import transaction

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts import locks
from contracts.models import Ticket, TicketItem

PRICING = ("unit_price", "discount_percent", "tax_rate")


@transaction.atomic
def add_item(ticket_item: TicketItem, *, by: User) -> TicketItem:
    """Store a product or expense; without a price it has the catalogue's.

    Who may not see prices can't set them either: then the catalogue's price applies, undiscounted.
    """
    ticket = locks.lock_tickets([ticket_item.ticket_id])[ticket_item.ticket_id]
    locks.refuse_billed_ticket(ticket)
    _refuse_archived(ticket_item)
    if not by.has_perm("contracts.view_prices"):
        _take_pricing(ticket_item, TicketItem(unit_price=ticket_item.item.unit_price))
    _default_price(ticket_item)
    history.save(ticket_item, by=by)
    return ticket_item


@transaction.atomic
def change_item(ticket_item: TicketItem, *, by: User) -> TicketItem:
    """Store a changed product or expense that is not billed; without a price it has its item's."""
    stored, tickets = _lock(ticket_item)
    if ticket_item.ticket_id != stored.ticket_id:
        locks.refuse_billed_ticket(tickets[ticket_item.ticket_id])
    if ticket_item.item_id != stored.item_id:
        _refuse_archived(ticket_item)
    if not by.has_perm("contracts.view_prices"):
        same = ticket_item.item_id == stored.item_id
        _take_pricing(
            ticket_item, stored if same else TicketItem(unit_price=ticket_item.item.unit_price)
        )
    _default_price(ticket_item)
    history.save(ticket_item, by=by)
    return ticket_item


@transaction.atomic
def delete_item(ticket_item: TicketItem, *, by: User) -> None:
    """Delete a product or expense that was never billed; its history stays."""
    stored, _ = _lock(ticket_item)
    locks.refuse_ever_billed(stored)
    history.delete(stored, by=by)


def _lock(ticket_item: TicketItem) -> tuple[TicketItem, dict[int, Ticket]]:
    """The item as it is stored and not billed, with its old and its new ticket, all locked."""
    stored = TicketItem.objects.filter(pk=ticket_item.pk).first()
    if stored is None:
        raise Refused("gone", "This product or expense was deleted in the meantime.")
    tickets = locks.lock_tickets({stored.ticket_id, ticket_item.ticket_id})
    stored.refresh_from_db()
    if stored.ticket_id not in tickets:
        raise Refused("changed_meanwhile", "This item was moved in the meantime. Load it again.")
    locks.refuse_billed_item(stored)
    return stored, tickets


def _refuse_archived(ticket_item: TicketItem) -> None:
    if ticket_item.item.archived_at:
        message = f"{ticket_item.item} is archived. Choose another item, or restore it."
        raise Refused("item_archived", message, field="item")


def _take_pricing(ticket_item: TicketItem, source: TicketItem) -> None:
    for name in PRICING:
        setattr(ticket_item, name, getattr(source, name))


def _default_price(ticket_item: TicketItem) -> None:
    if ticket_item.unit_price is None:  # a form may leave it empty, though the column can't be
        ticket_item.unit_price = ticket_item.item.unit_price  # type: ignore[unreachable]
