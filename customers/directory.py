"""Putting customers and contacts aside, and taking them back.

What anything refers to is archived, not deleted, so that tickets and invoices keep their names.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db import transaction
from django.db.models import ProtectedError

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from .models import Contact, Customer

Entry = TypeVar("Entry", Customer, Contact)


@transaction.atomic
def archive(entry: Entry, *, by: User | None, now: dt.datetime) -> Entry:
    """Stop offering a customer or a contact; an archived contact gets no invoices.

    A customer with work to do or a contract to bill is refused.
    """
    stored = _held(entry)
    if isinstance(stored, Customer):
        _refuse_active(stored)
    return _set_archived(entry, stored, stored.archived_at or now, by)


@transaction.atomic
def restore(entry: Entry, *, by: User | None) -> Entry:
    """Offer an archived customer or contact again."""
    return _set_archived(entry, _held(entry), None, by)


@transaction.atomic
def delete(entry: Entry, *, by: User | None) -> None:
    """Delete a customer, with its contacts, or a contact that nothing refers to."""
    stored = _held(entry)
    if isinstance(stored, Contact) and stored.tickets.exists():
        raise Refused("in_use", f"Tickets name {stored}. Archive the contact instead.")
    try:
        history.delete(stored, by=by)
    except ProtectedError:
        message = f"{stored} has contracts, tickets or invoices. Archive the customer instead."
        raise Refused("in_use", message) from None


def _held(entry: Entry) -> Entry:
    """The entry as it is now, locked."""
    return type(entry).objects.select_for_update(no_key=True).get(pk=entry.pk)


def _set_archived(entry: Entry, stored: Entry, at: dt.datetime | None, by: User | None) -> Entry:
    """Save only that; the caller's copy learns it too."""
    stored.archived_at = entry.archived_at = at
    history.save(stored, by=by)
    return entry


def _refuse_active(customer: Customer) -> None:
    tickets = customer.tickets.filter(resolved_at__isnull=True).count()
    contracts = customer.contracts.filter(is_active=True).count()
    reasons = [
        f"{count} {name}{'' if count == 1 else 's'}"
        for count, name in ((tickets, "open ticket"), (contracts, "active contract"))
        if count
    ]
    if reasons:
        raise Refused(
            "customer_active",
            f"{customer} has {' and '.join(reasons)}. Resolve its tickets and make its contracts "
            "inactive first.",
            open_tickets=tickets,
            active_contracts=contracts,
        )
