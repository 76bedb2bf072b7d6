"""Undo an invoice at both ends, or write it there anew."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import lifecycle
from invoices.models import Invoice

from . import amendments, outbox
from .models import Connection, Export, Finding, RemoteInvoice


def live(invoice_id: int) -> RemoteInvoice | None:
    """The invoice as it stands in the connected system; none when it is not there or not open."""
    rows = RemoteInvoice.objects.filter(
        invoice=invoice_id, connection__state=Connection.State.ACTIVE
    )
    rows = rows.exclude(status__in=RemoteInvoice.GONE)
    return rows.select_related("invoice", "connection").first()


@transaction.atomic
def void(remote: RemoteInvoice, *, reason: str, by: User | None, now: dt.datetime) -> Export:
    """Void it here, which frees its work, and queue that it is voided there."""
    lifecycle.void(remote.invoice, reason=reason, by=by, now=now)
    return void_there(remote, by=by, now=now)


@transaction.atomic
def void_there(remote: RemoteInvoice, *, by: User | None, now: dt.datetime) -> Export:
    """Queue that what is voided here is voided there; refused when it is gone or paid there."""
    if not Invoice.objects.filter(pk=remote.invoice_id, voided_at__isnull=False).exists():
        raise Refused("not_voided", "This invoice is not voided here. Void it at both ends.")
    if remote.status in RemoteInvoice.GONE:
        raise Refused("gone_there", f"{remote.number} is voided or deleted there already.")
    if counts_as_paid(remote):
        raise Refused(
            "nothing_due",
            f"{remote.number} comes to nothing and counts as paid there, so it can't be voided"
            " there. Void it only here: it changes nothing in the books there.",
        )
    if remote.balance != remote.total:
        raise Refused(
            "paid_there",
            f"A payment is recorded on {remote.number} there. Remove it there first; it disappears"
            " here by itself.",
        )
    return amendments.queue_change(
        remote.connection, remote, operation=Export.Operation.VOID, by=by, now=now
    )


def counts_as_paid(remote: RemoteInvoice) -> bool:
    """Whether it is for nothing and paid by that: then nobody can void it there."""
    return remote.status == RemoteInvoice.Status.PAID and not remote.total


def accepted(remote: RemoteInvoice) -> Finding | None:
    """What somebody accepted as it is there since ours was last written; writing it anew undoes
    that.
    """
    kinds = (Finding.Kind.DRIFT, Finding.Kind.TOTAL)
    rows = Finding.objects.filter(
        connection=remote.connection, invoice=remote.invoice, kind__in=kinds,
        answer=Finding.Answer.ACCEPTED,
    )  # fmt: skip
    if written := amendments.written_at(remote):
        rows = rows.filter(answered_at__gt=written)
    return rows.select_related("answered_by").order_by("kind", "-id").first()


def send(
    remote: RemoteInvoice, *, by: User | None, now: dt.datetime, plan_hash: str = ""
) -> Export:
    """Queue that it is written there anew, as it is here now: a changed e-mail address, say. What
    was deleted there goes as a new document. With the hash of a plan, refused when that plan no
    longer holds.
    """
    if remote.status == RemoteInvoice.Status.DELETED:
        return outbox.queue_anew(remote.connection, remote, by=by, now=now, plan_hash=plan_hash)
    return update(remote, by=by, now=now, plan_hash=plan_hash)


def update(
    remote: RemoteInvoice, *, by: User | None, now: dt.datetime, plan_hash: str = ""
) -> Export:
    """Queue that what is there is written over; refused while somebody's change there waits for a
    decision.
    """
    if remote.invoice.voided_at:
        raise Refused("voided", "This invoice is voided. Void it there instead.")
    amendments.refuse_undecided(remote, shown=bool(plan_hash))
    return amendments.queue_change(
        remote.connection,
        remote,
        operation=Export.Operation.UPDATE,
        by=by,
        now=now,
        plan_hash=plan_hash,
    )
