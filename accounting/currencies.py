"""The currency in which a customer is kept at a provider that keeps one for each, for good."""

from __future__ import annotations

from collections.abc import Collection

from invoices.models import Invoice

from .models import Connection, Export, Link
from .providers.port import Kind


def of(connection: Connection, links: Collection[Link]) -> dict[int, str]:
    """By customer, where it is known: what the record there says, or what the first invoice on its
    way says for one that is created with it. In two queries.
    """
    ours = [(link.customer_id, link.remote_id) for link in links if link.customer_id]
    rows = connection.records.filter(kind=Kind.CUSTOMER, remote_id__in=[id for _, id in ours if id])
    there = dict(rows.values_list("remote_id", "facts__currency"))
    known = {pk: there[id] for pk, id in ours if there.get(id)}
    return known | of_first_invoices(connection, [pk for pk, id in ours if not id])


def of_first_invoices(connection: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    """By customer: the currency of the invoice that is sent first of those on their way."""
    if not customer_ids:
        return {}
    rows = Invoice.objects.filter(
        customer__in=customer_ids,
        exports__connection=connection,
        exports__state__in=Export.OPEN,
    ).order_by("-exports__priority", "-exports__id")
    return dict(rows.values_list("customer_id", "currency"))
