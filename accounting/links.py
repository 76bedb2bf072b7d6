"""Which record of ours is which record there: looked up for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from atera_invoicing import bulk

from .models import Connection, Link

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Tables:
    """The links of a connection by our ids, one query each."""

    customers: dict[int, Link] = field(default_factory=dict)
    items: dict[int, Link] = field(default_factory=dict)
    taxes: dict[int, Link] = field(default_factory=dict)
    persons: dict[int, Link] = field(default_factory=dict)


def write(links: Iterable[Link], **values: object) -> None:
    """The same values for many stored links, in an update for each thousand."""
    for some in bulk.chunks([link.pk for link in links], CHUNK):
        Link.objects.filter(pk__in=some).update(**values)


def of(connection: Connection, *, customer_ids: Collection[int] | None = None) -> Tables:
    """All links of a connection; of its customers only these, where they are named."""
    rows = connection.links.all()
    customers = rows.filter(customer__isnull=False)
    if customer_ids is not None:
        customers = customers.filter(customer__in=customer_ids)
    return Tables(
        customers={link.customer_id: link for link in customers if link.customer_id},
        items={link.item_id: link for link in rows.filter(item__isnull=False) if link.item_id},
        taxes={
            link.tax_rate_id: link
            for link in rows.filter(tax_rate__isnull=False)
            if link.tax_rate_id
        },
        persons={
            link.person_id: link for link in rows.filter(person__isnull=False) if link.person_id
        },
    )
