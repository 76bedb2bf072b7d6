"""Invoices that were in the accounting system before us: linked by number and total, never sent.

Links wait in the draft like everything else. Looking asks the provider, a few hundred numbers at a
time; whoever looks on says after which invoice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices.models import Event, Invoice

from . import calling, remotes, staging, suggestions
from .models import Connection, Finding, Link, RemoteInvoice
from .providers import registry
from .providers.port import Kind, Status

CHUNK = 200


@dataclass
class Look:
    """What one look found. `after` is the invoice to go on from; None when all were looked at."""

    looked_at: int = 0
    linked: int = 0
    differing: list[tuple[Invoice, str]] = field(default_factory=list)
    after: int | None = None


def candidates(connection: Connection) -> QuerySet[Invoice]:
    """Issued invoices that are not linked on this connection or an earlier one of the company."""
    known = RemoteInvoice.objects.filter(
        connection__in=[connection, *suggestions.earlier_connections(connection)]
    )
    rows = Invoice.objects.filter(issued_at__isnull=False, voided_at__isnull=True)
    return rows.exclude(pk__in=known.values("invoice")).order_by("id")


def known_before(connection: Connection) -> int:
    """How many invoices an earlier connection of the same company knows; they are carried over."""
    return RemoteInvoice.objects.filter(
        connection__in=suggestions.earlier_connections(connection)
    ).count()


def look(connection: Connection, *, after: int, by: User, now: dt.datetime) -> Look:
    """Look for the next few hundred invoices, and link those that are there just so."""
    invoices = list(candidates(connection).filter(pk__gt=after)[:CHUNK])
    result = Look(looked_at=len(invoices))
    if not invoices:
        return result
    numbers = [invoice.number for invoice in invoices]
    found = calling.ask(connection, "numbered", numbers, urgent=True, now=now)
    with transaction.atomic():
        staging.hold(connection, by=by)
        _link(connection, invoices, found, result, now)
        staging.touch(connection, now=now)
    result.after = invoices[-1].pk if len(invoices) == CHUNK else None
    return result


@transaction.atomic
def unlink(connection: Connection, ids: Iterable[int], *, by: User, now: dt.datetime) -> int:
    """Take staged links back. What is committed stays, or it would be sent a second time."""
    if not staging.hold(connection, by=by).is_draft:
        raise Refused("committed", "The set-up is committed; what is linked stays linked.")
    rows = RemoteInvoice.objects.filter(connection=connection, linked=True, invoice__in=ids)
    count, _ = rows.delete()
    staging.touch(connection, now=now)
    return count


def carry_over(connection: Connection) -> None:
    """What is known of our invoices at the same company moves to the new connection, so that none
    is sent twice and none is lost sight of; with it what differs there, and what was decided.
    """
    earlier = suggestions.earlier_connections(connection)
    before = RemoteInvoice.objects.filter(connection__in=earlier)
    mine = RemoteInvoice.objects.filter(connection=connection)
    mine.filter(invoice__in=before.values("invoice")).delete()
    mine.filter(remote_id__in=before.values("remote_id")).delete()
    seen: set[int] = set()
    for row in before.order_by("-connection_id", "-id"):
        if row.invoice_id not in seen:
            seen.add(row.invoice_id)
            RemoteInvoice.objects.filter(pk=row.pk).update(connection=connection)
    _carry_findings(earlier, connection)


def _carry_findings(earlier: Collection[Connection], connection: Connection) -> None:
    """Of two that are open for the same thing the later one counts."""
    rows = Finding.objects.filter(connection__in=earlier)
    seen: set[tuple[int, str]] = set()
    for row in rows.filter(answered_at=None).order_by("-connection_id", "-id"):
        if (row.invoice_id, row.kind) in seen:
            row.answer, row.answered_at = Finding.Answer.GONE, connection.committed_at
            row.save(update_fields=["answer", "answered_at"])
        seen.add((row.invoice_id, row.kind))
    rows.update(connection=connection)


def mark_exported(connection: Connection, *, by: User, now: dt.datetime) -> None:
    """Invoices that were linked count as exported, and their diary says why."""
    linked = RemoteInvoice.objects.filter(connection=connection, linked=True)
    rows = Invoice.objects.filter(pk__in=linked.values("invoice"), exported_at__isnull=True)
    ids = list(rows.values_list("pk", flat=True))
    rows.update(exported_at=now)
    name = registry.name(connection.provider)
    text = f"Linked with the invoice of this number that was already in {name}."
    Event.objects.bulk_create(
        [Event(invoice_id=pk, code="linked", text=text, at=now, by=by) for pk in ids],
        batch_size=500,
    )


def _link(
    connection: Connection,
    invoices: list[Invoice],
    found: Iterable[Status],
    result: Look,
    now: dt.datetime,
) -> None:
    theirs: dict[str, list[Status]] = {}
    for status in found:
        theirs.setdefault(status.number.strip().upper(), []).append(status)
    customers = _customers(connection, {invoice.customer_id for invoice in invoices})
    rows = []
    for invoice in invoices:
        same = theirs.get(invoice.number_key, [])
        why = _difference(invoice, same, customers) if same else ""
        if why:
            result.differing.append((invoice, why))
        elif same:
            rows.append(_row(connection, invoice, same[0], now))
    RemoteInvoice.objects.bulk_create(rows, batch_size=500)
    result.linked = len(rows)


def _customers(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    links = connection.links.filter(kind=Kind.CUSTOMER, action=Link.Action.LINK, confirmed=True)
    return {
        id: remote
        for id, remote in links.filter(customer__in=ids).values_list("customer_id", "remote_id")
        if id is not None
    }


def _difference(invoice: Invoice, same: list[Status], customers: dict[int, str]) -> str:
    """Why an invoice with the same number is not the same invoice; "" if it is."""
    if len(same) > 1:
        return f"There are {len(same)} invoices with this number there."
    there = same[0]
    if there.total != invoice.total:
        return f"The total there is {there.total}."
    customer = (there.content or {}).get("customer_id", "")
    if customer and customers.get(invoice.customer_id, customer) != customer:
        return "It is another customer's there."
    return ""


def _row(
    connection: Connection, invoice: Invoice, there: Status, now: dt.datetime
) -> RemoteInvoice:
    values = remotes.values_of(there)
    return RemoteInvoice(
        connection=connection,
        invoice=invoice,
        remote_id=there.id,
        status=there.state.value,
        url=there.url,
        baseline=values["content"],
        linked=True,
        seen_at=now,
        **values,
    )
