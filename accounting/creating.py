"""Customers and items that the first delivery creates there.

A key, and the record that is sent under it, are on the link's row before the first try and stay
until an answer is known. So a try whose answer was lost creates nothing twice: the same is sent
again, whatever became of ours meanwhile, and a name that is taken by then is our own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction

from atera_invoicing import bulk
from atera_invoicing.leases import Clock
from customers import recipients
from customers.models import Customer

from . import calling, currencies, references
from .models import Connection, Link, RemoteRecord
from .providers import registry
from .providers.port import Kind, NewRecord, ProviderError, Reason, Record, Rejected, Unknown

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
    maker = _Maker(connection, urgent, Clock(now), made, failed)
    rows = Link.objects.filter(pk__in=link_ids).select_related("customer", "item", "connection")
    fresh = []
    for link in rows.order_by("id"):
        if link.remote_id:
            made[link.pk] = link.remote_id
        elif link.key:
            maker.again(link)
        elif link.customer or link.item:
            fresh.append(link)
        else:
            failed[link.pk] = Rejected("Only customers and items can be created there.")
    maker.create(fresh)
    for gone in set(link_ids) - set(made) - set(failed):
        failed[gone] = Rejected("A record that this invoice needs is no longer linked.")
    return made, failed


@dataclass
class _Maker:
    """Creates records there, and keeps what became of them."""

    connection: Connection
    urgent: bool
    clock: Clock
    made: Made
    failed: Failed

    def create(self, links: Sequence[Link]) -> None:
        """What was never tried: as many in one call as it takes."""
        size = registry.get(self.connection.provider).limits.batch
        for _, alike in groupby(sorted(links, key=_kind), key=_kind):
            for some in bulk.chunks(list(alike), size):
                self._some(some)

    def _some(self, links: Sequence[Link]) -> None:
        """Records of one kind."""
        now = self.clock.now()
        for link in links:
            link.key, link.changed_at = uuid.uuid4(), now
            link.sent_as = _dump(_new(self.connection, link))
        Link.objects.bulk_update(links, ["key", "sent_as", "changed_at"])
        if len(links) == 1:
            self._one(links[0], unsure=False)
        else:
            self._many(links)

    def again(self, link: Link) -> None:
        """What was tried before, and the answer lost."""
        self._one(link, unsure=True)

    def _one(self, link: Link, *, unsure: bool) -> None:
        record = self._under_key(link)
        try:
            try:
                found = self._ask("create", record, key=str(link.key))
            except Rejected as error:
                if not (unsure and error.reason == Reason.NAME_TAKEN):
                    raise
                found = Record(Kind(link.kind), self._our_own(link, error), record.name)
        except ProviderError as error:
            self._failed(link, error, unsure=unsure)
        else:
            self._made(link, found)

    def _many(self, links: Sequence[Link]) -> None:
        """In one call of its own key. When its answer is lost, each is tried by its own key next,
        and finds its name taken if the call had an effect.
        """
        new = [self._under_key(link) for link in links]
        try:
            answers = self._ask("create_many", new, key=str(uuid.uuid4()))
        except ProviderError as error:
            for link in links:
                self._failed(link, error, unsure=False)
            return
        for link, answer in zip(links, answers, strict=True):
            if isinstance(answer, ProviderError):
                self._failed(link, answer, unsure=False)
            else:
                self._made(link, answer)

    def _under_key(self, link: Link) -> NewRecord:
        """What goes under the link's key; a key of before this was kept has none."""
        return _load(link.sent_as) if link.sent_as else _new(self.connection, link)

    def _our_own(self, link: Link, error: Rejected) -> str:
        """The id of what has our name since a try that was not answered: most likely that try made
        it. A search may not find it yet; only when it never does the name is somebody else's.
        """
        if error.found_id:
            return error.found_id
        settle = registry.get(self.connection.provider).limits.settle
        if self.clock.now() - link.changed_at < 2 * settle:
            raise Unknown(NOT_FOUND_YET, code=error.code, reference=error.reference) from None
        raise error

    def _ask(self, name: str, *args: Any, key: str) -> Any:
        now = self.clock.now()
        return calling.ask(self.connection, name, *args, key=key, urgent=self.urgent, now=now)

    def _made(self, link: Link, record: Record) -> None:
        _keep(self.connection, link, record, self.clock.now())
        self.made[link.pk] = record.id

    def _failed(self, link: Link, error: ProviderError, *, unsure: bool) -> None:
        """The key stays while it is not known what it did. A refusal is an answer; that the
        provider can't be asked now says nothing of an earlier try.
        """
        if not isinstance(error, Unknown) and (isinstance(error, Rejected) or not unsure):
            Link.objects.filter(pk=link.pk).update(key=None, sent_as=None)
        self.failed[link.pk] = error


def _kind(link: Link) -> str:
    return link.kind


def _keep(connection: Connection, link: Link, made: Record, now: dt.datetime) -> None:
    with transaction.atomic():
        Link.objects.filter(pk=link.pk).update(
            action=Link.Action.LINK,
            origin=Link.Origin.CREATED,
            remote_id=made.id,
            remote_name=made.name,
            confirmed=True,
            sent_as=None,
            changed_at=now,
        )
        RemoteRecord.objects.update_or_create(
            connection=connection,
            kind=link.kind,
            remote_id=made.id,
            defaults={
                "name": made.name,
                "version": made.version,
                "active": True,
                "facts": references.facts(made),
            },
        )


def _dump(record: NewRecord) -> dict[str, Any]:
    """As JSON keeps it."""
    price = None if record.price is None else str(record.price)
    return {**dataclasses.asdict(record), "kind": record.kind.value, "price": price}


def _load(data: dict[str, Any]) -> NewRecord:
    price = None if data["price"] is None else Decimal(data["price"])
    known = {"kind": Kind(data["kind"]), "price": price, "address": tuple(data["address"])}
    return NewRecord(**{**data, **known})


def _new(connection: Connection, link: Link) -> NewRecord:
    if link.customer:
        return _new_customer(link.customer, _currency(connection, link.customer))
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


def _currency(connection: Connection, customer: Customer) -> str:
    """The one that a new customer gets for good; "" where it gets none."""
    if not registry.get(connection.provider).one_currency:
        return ""
    first = currencies.of_first_invoices(connection, [customer.pk])
    return first.get(customer.pk, connection.currency)


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
