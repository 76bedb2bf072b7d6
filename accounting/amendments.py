"""Changes of what is there already: an update with the whole document, or a voiding."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import exporting
from invoices.models import Invoice

from . import comparing, connected, documents, noticing, planning, readiness
from .models import Connection, Export, Finding, RemoteInvoice
from .providers.port import Document


@transaction.atomic
def queue_change(
    connection: Connection,
    remote: RemoteInvoice,
    *,
    operation: str,
    by: User | None,
    now: dt.datetime,
    plan_hash: str = "",
) -> Export:
    """Queue an update or the voiding of an invoice that is there. An update is refused when it was
    paid there; with the hash of a plan, when that plan no longer holds. It writes over whatever was
    changed there: whoever did not decide that calls `refuse_undecided` first.
    """
    connected.refuse_unless_active(connection)
    invoice = Invoice.objects.select_for_update().get(pk=remote.invoice_id)
    remote = RemoteInvoice.objects.get(pk=remote.pk)  # as it is by now
    if operation == Export.Operation.UPDATE:
        refuse_update(remote)
        if plan_hash:
            planning.refuse_unless(planning.resend(connection, remote), plan_hash)
        exporting.begin([invoice.pk], where=connected.where(connection), by=by, now=now)
    else:
        exporting.refuse_under_way(invoice)
    export = documents.outgoing(
        connection, document(connection, remote, invoice, operation),
        operation=operation, by=by, now=now, invoice=invoice, priority=Export.Priority.URGENT,
    )  # fmt: skip
    try:
        with transaction.atomic():
            export.save()
    except IntegrityError:
        raise Refused(
            "already_queued", f"{invoice} is already on its way. Wait until it is there."
        ) from None
    return export


def settled_there(remote: RemoteInvoice) -> str:
    """Why an invoice can't be changed that is no longer open there."""
    name = remote.number or str(remote.invoice)
    status = remote.get_status_display().removesuffix(" there").lower()
    return f"{name} is {status} there and can't be changed from here."


def document(
    connection: Connection, remote: RemoteInvoice, invoice: Invoice, operation: str
) -> Document:
    """An update carries the whole document, a voiding only says which one."""
    if operation == Export.Operation.VOID:
        return documents.changing(documents.name_only(invoice, connection), remote)
    (ready,) = readiness.check(connection, [invoice.pk])
    return documents.changing(ready.certain(), remote)


def refuse_update(remote: RemoteInvoice) -> None:
    if remote.status != RemoteInvoice.Status.OPEN:
        raise Refused("settled_there", settled_there(remote))


def refuse_undecided(remote: RemoteInvoice, *, shown: bool = False) -> None:
    """Refused when somebody changed it there since we last wrote it, unless it was decided that
    exactly this is to be written over. What was left as it is there by decision is written over
    only by somebody who was `shown`, field by field, what that changes.
    """
    drift = comparing.differences(remote.baseline, remote.content)
    last = noticing.last(remote, Finding.Kind.DRIFT)
    where = connected.where(remote.connection)
    if last and _left_as_it_is(remote, last, drift):
        if shown:
            return
        raise Refused(
            "left_as_it_is",
            f"{remote.invoice} was changed in {where}, and it was decided to leave it so. Look at"
            " what sending it again would change there, and send it with that plan.",
        )
    decided = last and last.answer == Finding.Answer.PUSHED and last.differences == drift
    if drift and not decided:
        facts: dict[str, Any] = {"finding": last.pk} if last and not last.answered_at else {}
        raise Refused(
            "changed_there",
            f"Somebody changed {remote.invoice} in {where}, and sending it would write over that."
            " Decide under Accounting, Differences, whose version counts.",
            **facts,
        )


def written_at(remote: RemoteInvoice) -> dt.datetime | None:
    """When ours was last written there over this connection."""
    sent = Export.objects.filter(
        connection=remote.connection_id, invoice=remote.invoice_id, state=Export.State.SENT
    )
    latest: dt.datetime | None = sent.aggregate(at=Max("settled_at"))["at"]
    return latest


def _left_as_it_is(remote: RemoteInvoice, last: Finding, drift: list[dict[str, str]]) -> bool:
    """Whether what stands there is theirs by decision, and ours was not written since."""
    if last.answer == Finding.Answer.IGNORED:
        return last.differences == drift
    if last.answer != Finding.Answer.ACCEPTED or last.answered_at is None or drift:
        return False
    written = written_at(remote)
    return written is None or written <= last.answered_at
