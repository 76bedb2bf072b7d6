"""Records of theirs that become ours: customers with their contact, items, taxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Model

from atera_invoicing import history
from atera_invoicing.models import User
from contracts.models import CatalogItem, TaxRate
from customers import recipients
from customers.models import Contact, Customer

from . import references
from .links import write
from .matching import name_key
from .models import Link, RemoteRecord
from .providers.port import Kind

Action = Link.Action


@dataclass(frozen=True)
class Arrival:
    """A record of theirs that becomes one of ours. `contacts` are a customer's."""

    link: Link
    row: Model
    contacts: tuple[Contact, ...] = ()


def plan(
    links: Iterable[Link], there: dict[tuple[str, str], RemoteRecord], names: Names
) -> list[Arrival]:
    """What the links to import mean."""
    found = []
    for link in links:
        row = there.get((link.kind, link.remote_id))
        if link.action != Action.IMPORT or link.local or row is None:
            continue
        make = {Kind.CUSTOMER: _customer, Kind.ITEM: _item, Kind.TAX: _tax}[Kind(link.kind)]
        found.append(make(link, row, names))
    return found


class Names:
    """Names that nobody here has: a taken one gets the provider's name behind it. Those of items
    that are `leaving` are free.
    """

    def __init__(self, provider: str, *, leaving: Iterable[int]) -> None:
        self.provider = provider
        self.leaving = list(leaving)

    @cached_property
    def taken(self) -> dict[str, set[str]]:
        """By kind; read on first use, which most plans never come to."""
        items = CatalogItem.objects.active().exclude(pk__in=self.leaving)
        rows = {
            "customer": Customer.objects.values_list("name", flat=True),
            "item": items.values_list("name", flat=True),
            "tax": TaxRate.objects.values_list("name", flat=True),
            "sku": items.exclude(sku="").values_list("sku", flat=True),
        }
        return {kind: set(map(name_key, names)) for kind, names in rows.items()}

    def free(self, kind: str, name: str, most: int) -> str:
        taken, number = self.taken[kind], 1
        wanted = name.strip()[:most].strip() or "?"
        free = wanted
        while name_key(free) in taken:
            suffix = f" ({self.provider}{f' {number}' if number > 1 else ''})"
            free, number = wanted[: most - len(suffix)].strip() + suffix, number + 1
        taken.add(name_key(free))
        return free

    def sku(self, text: str) -> str:
        """The SKU, or none when another item here has it."""
        text = text.strip()[:40]
        if not text or name_key(text) in self.taken["sku"]:
            return ""
        self.taken["sku"].add(name_key(text))
        return text


def _customer(link: Link, row: RemoteRecord, names: Names) -> Arrival:
    """A customer with its one contact, which therefore is the main one."""
    record = references.thaw(row)
    street, street2, city, region, postal_code, country = (*record.address, *[""] * 6)[:6]
    customer = Customer(
        name=names.free("customer", record.name, 100),
        street=street[:200],
        street2=street2[:200],
        city=city[:80],
        region=region[:80],
        postal_code=postal_code[:20],
        country=country[:80],
        phone=record.phone[:40],
    )
    email = record.email.strip() if recipients.is_usable(record.email) else ""
    if not (email or record.contact.strip()):
        return Arrival(link, customer)
    first, _, last = (record.contact.strip() or record.name.strip()).partition(" ")
    if not record.contact.strip():
        first, last = record.name.strip(), ""
    contact = Contact(
        first_name=first[:80], last_name=last[:80], email=email[:254], phone=record.phone[:40],
        is_main=True,
    )  # fmt: skip
    return Arrival(link, customer, (contact,))


def _item(link: Link, row: RemoteRecord, names: Names) -> Arrival:
    kinds, price = CatalogItem.Kind, references.price_of(row)
    service = row.facts.get("type", "service").lower() == "service"
    item = CatalogItem(
        kind=kinds.SERVICE if service else kinds.PRODUCT,
        name=names.free("item", row.name, 100),
        sku=names.sku(row.facts.get("sku", "")),
        unit=CatalogItem.Unit.EACH,
        unit_price=price or 0,
        priced_elsewhere=link.their_price and price is not None,
        named_elsewhere=True,
    )
    return Arrival(link, item)


def _tax(link: Link, row: RemoteRecord, names: Names) -> Arrival:
    percent = references.percent_of(row) or 0
    return Arrival(link, TaxRate(name=names.free("tax", row.name, 60), percent=percent))


def store(arrivals: Sequence[Arrival], by: User | None, now: dt.datetime) -> None:
    """Store what arrives; its link is then one like any other."""
    for model, fk in ((Customer, "customer"), (CatalogItem, "item"), (TaxRate, "tax_rate")):
        some = [arrival for arrival in arrivals if isinstance(arrival.row, model)]
        history.insert([arrival.row for arrival in some], by=by)
        for arrival in some:
            setattr(arrival.link, fk, arrival.row)
            arrival.link.action, arrival.link.changed_at = Action.LINK, now
            for contact in arrival.contacts:
                contact.customer = arrival.row  # type: ignore[assignment]
    history.insert([contact for a in arrivals for contact in a.contacts], by=by)
    links = [arrival.link for arrival in arrivals]
    for fk in ("customer", "item", "tax_rate"):
        linked = [link for link in links if getattr(link, f"{fk}_id")]
        Link.objects.bulk_update(linked, [fk], batch_size=500)
    write(links, action=Action.LINK, changed_at=now)
