"""Changes of what is there already: an update with the whole document, or a voiding."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import exporting
from invoices.models import Invoice

from . import connected, documents, readiness
from .models import Connection, Export, RemoteInvoice
from .providers.port import Document


@transaction.atomic
def queue_change(
    connection: Connection,
    remote: RemoteInvoice,
    *,
    operation: str,
    by: User | None,
    now: dt.datetime,
) -> Export:
    """Queue an update or the voiding of an invoice that is there. An update is refused when it was
    paid there, or changed since we last looked.
    """
    connected.refuse_unless_active(connection)
    invoice = Invoice.objects.select_for_update().get(pk=remote.invoice_id)
    if operation == Export.Operation.UPDATE:
        refuse_update(remote)
        exporting.begin([invoice.pk], where=connected.where(connection), by=by, now=now)
    else:
        exporting.refuse_under_way(invoice)
    written = document(connection, remote, invoice, operation)
    data = documents.dump(written)
    try:
        with transaction.atomic():
            return Export.objects.create(
                connection=connection,
                invoice=invoice,
                operation=operation,
                priority=Export.Priority.URGENT,
                document=data,
                digest=documents.digest(data),
                marker=written.marker,
                remote_id=remote.remote_id,
                run_at=now,
                queued_at=now,
                queued_by=by,
            )
    except IntegrityError:
        raise Refused(
            "already_queued", f"{invoice} is already on its way. Wait until it is there."
        ) from None


def settled_there(remote: RemoteInvoice) -> str:
    """Why an invoice can't be changed that is no longer open there."""
    name = remote.number or str(remote.invoice)
    status = remote.get_status_display().removesuffix(" there").lower()
    return f"{name} is {status} there and can't be changed from here."


def document(
    connection: Connection, remote: RemoteInvoice, invoice: Invoice, operation: str
) -> Document:
    """An update carries the whole document, a voiding only says which one."""
    there: dict[str, Any] = {
        "remote_id": remote.remote_id,
        "remote_version": remote.version,
        "number": remote.number,
        "marker": _marker(remote, invoice),
    }
    if operation == Export.Operation.VOID:
        return dataclasses.replace(documents.name_only(invoice, connection), **there)
    (ready,) = readiness.check(connection, [invoice.pk])
    return dataclasses.replace(ready.certain(), **there)


def _marker(remote: RemoteInvoice, invoice: Invoice) -> str:
    """The one that stands there, if we sent it."""
    sent = invoice.exports.filter(
        operation=Export.Operation.CREATE, remote_id=remote.remote_id
    ).values_list("marker", flat=True)
    return sent.first() or documents.marker(invoice)


def refuse_update(remote: RemoteInvoice) -> None:
    if remote.status != RemoteInvoice.Status.OPEN:
        raise Refused("settled_there", settled_there(remote))
