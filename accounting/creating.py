"""Customers and items that the first delivery creates there.

A key is on the link's row before the first try and stays until an answer is known. So a try whose
answer was lost creates nothing twice: the same key is used again, and a name that is taken by then
is our own.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction

from customers import recipients
from customers.models import Customer

from . import calling
from .models import Connection, Link, RemoteRecord
from .providers import registry
from .providers.port import (
    Kind,
    NewRecord,
    ProviderError,
    Reason,
    Record,
    Rejected,
    Unavailable,
    Unknown,
)

Made = dict[int, str]
Failed = dict[int, ProviderError]
NOT_FOUND_YET = (
    "The answer to its creation was lost, and now the name is taken there: most likely by our own"
    " record, which the search does not find yet. We look again in a moment."
)


def ensure(
    connection: Connection, link_ids: Collection[int], *, urgent: bool, now: dt.datetime
) -> tuple[Made, Failed]:
    """Ids there by link, creating what is not there yet; and why some could not be created."""
    made: Made = {}
    failed: Failed = {}
    if not link_ids:
        return made, failed
    rows = Link.objects.filter(pk__in=link_ids).select_related("customer", "item", "connection")
    for link in rows.order_by("id"):
        try:
            made[link.pk] = link.remote_id or _create(connection, link, urgent=urgent, now=now)
        except ProviderError as error:
            failed[link.pk] = error
    for gone in set(link_ids) - set(made) - set(failed):
        failed[gone] = Rejected("A record that this invoice needs is no longer linked.")
    return made, failed


def _create(connection: Connection, link: Link, *, urgent: bool, now: dt.datetime) -> str:
    unsure = link.key is not None  # an earlier try was not answered
    key = link.key or uuid.uuid4()
    if not unsure:
        Link.objects.filter(pk=link.pk).update(key=key, changed_at=now)
    record = _new(connection, link)
    try:
        made = calling.ask(connection, "create", record, key=str(key), urgent=urgent, now=now)
    except Rejected as error:
        if not (unsure and error.reason == Reason.NAME_TAKEN):
            _forget_key(link)
            raise
        made = Record(Kind(link.kind), _our_own(link, error, now), record.name)
    except Unavailable:
        if not unsure:
            _forget_key(link)
        raise
    _keep(connection, link, made, now)
    return made.id


def _our_own(link: Link, error: Rejected, now: dt.datetime) -> str:
    """The id of what has our name since a try that was not answered: most likely that try made it.
    A search may not find it yet; only when it never does the name is somebody else's.
    """
    if error.found_id:
        return error.found_id
    if now - link.changed_at < 2 * registry.get(link.connection.provider).limits.settle:
        raise Unknown(NOT_FOUND_YET, code=error.code, reference=error.reference) from None
    _forget_key(link)
    raise error


def _forget_key(link: Link) -> None:
    Link.objects.filter(pk=link.pk).update(key=None)


def _keep(connection: Connection, link: Link, made: Record, now: dt.datetime) -> None:
    with transaction.atomic():
        Link.objects.filter(pk=link.pk).update(
            action=Link.Action.LINK,
            origin=Link.Origin.CREATED,
            remote_id=made.id,
            remote_name=made.name,
            confirmed=True,
            changed_at=now,
        )
        RemoteRecord.objects.update_or_create(
            connection=connection,
            kind=link.kind,
            remote_id=made.id,
            defaults={"name": made.name, "version": made.version, "active": True},
        )


def _new(connection: Connection, link: Link) -> NewRecord:
    if link.customer:
        return _new_customer(link.customer, connection.currency)
    item = link.item
    if item is None:
        raise Rejected("Only customers and items can be created there.")
    return NewRecord(
        Kind.ITEM,
        item.name,
        sku=item.sku,
        description=item.description,
        price=item.unit_price,
        service=item.kind == item.Kind.SERVICE,
        account_id=connection.income_account_id,
    )


def _new_customer(customer: Customer, currency: str) -> NewRecord:
    """With the address of the contact who gets its invoices."""
    email = recipients.for_customer(customer, "main_contact").email
    return NewRecord(
        Kind.CUSTOMER,
        customer.name,
        email=email,
        phone=customer.phone,
        address=(
            customer.street,
            customer.street2,
            customer.city,
            customer.region,
            customer.postal_code,
            customer.country,
        ),
        currency=currency,
    )
