"""Time that went without an invoice is taken back: deleted there, and then free here.

It goes through the outbox like everything else, so it happens once. What stands there is looked at
right before it is deleted: somebody may have edited it, billed it, or deleted it already.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import answers, calling, claimed, connected, documents, suggestions
from .models import Connection, Export
from .providers.port import Document, ProviderError, Reason, Receipt, TimeDocument, Unknown

Loaded = Sequence[tuple[Export, Document | TimeDocument]]


@transaction.atomic
def queue(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """Queue that the time which this export sent is deleted there."""
    connection = connected.active()
    connected.refuse_unless_active(connection)
    export = Export.objects.select_for_update().get(pk=export.pk)
    if not possible(export, connection):
        raise Refused(
            "not_there", f"This time is not in {connection} by us, so it can't be taken back."
        )
    document = dataclasses.replace(
        documents.load(export.document),
        marker=export.marker, remote_id=export.remote_id, remote_version="",
    )  # fmt: skip
    deletion = documents.outgoing(
        connection, document, operation=Export.Operation.VOID, by=by, now=now,
        time_entry=export.time_entry, priority=Export.Priority.URGENT,
    )  # fmt: skip
    try:
        with transaction.atomic():
            deletion.save()
    except IntegrityError:
        raise Refused("already_queued", "It is being taken back already.") from None
    return deletion


def possible(export: Export, connection: Connection) -> bool:
    """Whether it sent time that is still there, in this very company."""
    company = {connection.pk, *(one.pk for one in suggestions.earlier_connections(connection))}
    mine = Export.objects.filter(pk=export.pk, connection__in=company)
    return claimed.there(mine).exists()


def ready(
    connection: Connection, loaded: Loaded, *, urgent: bool, now: dt.datetime
) -> list[tuple[Export, Document | TimeDocument]]:
    """What can be deleted, with the version that stands there now. The rest has a state after."""
    wanted = [document for _, document in loaded]
    try:
        found = calling.ask(connection, "find", wanted, urgent=urgent, now=now)
    except ProviderError as error:
        for export, _ in loaded:
            answers.not_sent(export, error, now=now)
        return []
    left = []
    for (export, document), receipt in zip(loaded, found, strict=True):
        if receipt is None:
            answers.fulfilled(export, now=now)
        elif isinstance(receipt, Unknown):
            answers.refuse(export, code="unreadable", message=receipt.message)
        elif _is_billed(receipt):
            answers.refuse(export, code=Reason.SETTLED, message=_billed(connection))
        else:
            left.append((export, dataclasses.replace(document, remote_version=receipt.version)))
    return left


def _is_billed(receipt: Receipt) -> bool:
    return bool(receipt.total) and not receipt.balance


def _billed(connection: Connection) -> str:
    where = connected.where(connection)
    return (
        f"This time is on an invoice in {where} by now, so it can't be taken back. Take it off that"
        " invoice there, then try again; or take this back and leave it as it is."
    )
