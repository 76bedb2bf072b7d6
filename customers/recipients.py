"""Which contact gets an invoice, and why: decided anew each time, and explained.

Contacts count in ascending id, archived ones not at all. An address that a mail server would refuse
counts as missing, because an accounting system would reject the whole invoice for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from atera_invoicing.models import RecipientRule

from .models import Contact, Customer


class Recipient(NamedTuple):
    """Who gets the invoice. `reason` completes "to ..., the"; `warning` is a sentence or empty."""

    email: str
    reason: str
    contact_id: int | None = None
    warning: str = ""


def is_usable(address: str) -> bool:
    """Whether mail could be sent to this address, blanks around it aside."""
    try:
        validate_email(address.strip())
    except ValidationError:
        return False
    return True


def resolve(contacts: Sequence[Contact], rule: str, *, override: str = "") -> Recipient:
    """The recipient among a customer's contacts, which come in ascending id, by a `RecipientRule`.

    An address written on the invoice wins over every rule.
    """
    if override.strip():
        return Recipient(override.strip(), "address written on this invoice")
    if rule == RecipientRule.NONE:
        return Recipient("", "nobody: invoices are not addressed")
    if rule == RecipientRule.ACCOUNTING_SYSTEM:
        return Recipient("", "address kept in the accounting system")
    return _first(_preferences(contacts, rule))


def for_customer(customer: Customer, rule: str, override: str = "") -> Recipient:
    """The recipient of one customer's invoice."""
    return resolve(_contacts([customer.pk])[customer.pk], rule, override=override)


def for_customers(customer_ids: Collection[int], rule: str) -> dict[int, Recipient]:
    """The recipient of each of these customers, in one query."""
    contacts = _contacts(customer_ids)
    return {id: resolve(contacts[id], rule) for id in customer_ids}


def _contacts(customer_ids: Collection[int]) -> defaultdict[int, list[Contact]]:
    found: defaultdict[int, list[Contact]] = defaultdict(list)
    for contact in Contact.objects.active().filter(customer__in=customer_ids).order_by("id"):
        found[contact.customer_id].append(contact)
    return found


def _preferences(contacts: Sequence[Contact], rule: str) -> list[tuple[str, Contact]]:
    """Contacts with the role they are looked at in, in order; "" is any contact."""
    known = [contact for contact in contacts if contact.archived_at is None]
    order = [("main contact", contact) for contact in known if contact.is_main]
    if rule == RecipientRule.BILLING_CONTACT:
        order = [("billing contact", contact) for contact in known if contact.is_billing] + order
    return order + [("", contact) for contact in known]


def _first(preferences: Sequence[tuple[str, Contact]]) -> Recipient:
    """The first contact with a usable address, and a warning if a main or billing one lacks it."""
    if not preferences:
        return Recipient("", "nobody", warning="This customer has no contact, so no address.")
    usable = [(role, contact) for role, contact in preferences if is_usable(contact.email)]
    if not usable:
        return Recipient("", "nobody", warning="No contact of this customer has a usable e-mail.")
    role, contact = usable[0]
    reason = f"{role} {contact}" if role else f"{contact}, the first contact with an address"
    warning = _warning(*preferences[0], instead=contact)
    return Recipient(contact.email.strip(), reason, contact.pk, warning)


def _warning(role: str, preferred: Contact, *, instead: Contact) -> str:
    if not role or preferred == instead:
        return ""
    address = preferred.email.strip()
    fault = f"has an unusable e-mail ({address})" if address else "has no e-mail"
    return f"{role.capitalize()} {preferred} {fault}; using {instead}."
