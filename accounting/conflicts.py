"""What becomes of an update or a voiding that was refused because somebody there was faster.

The invoice is looked at again. If nothing of it that we wrote was changed there, ours goes once
more, on top of the new version. If something was, it is given up, and the finding that says what
was changed leaves the decision to a person: theirs is never written over unseen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from . import amendments, answers, calling, comparing, noticing, sync
from .models import Connection, Export, Finding, RemoteInvoice
from .providers.port import Reason, State

REASONS = (Reason.STALE, Reason.GONE)
Operation = Export.Operation


def settle(connection: Connection, exports: Sequence[Export], *, now: dt.datetime) -> None:
    """Look at the invoices of these exports; each export leaves in another state. Errors of the
    port go to the caller, and then nothing has changed.
    """
    ids = [export.remote_id for export in exports]
    found = calling.ask(connection, "get", ids, now=now)
    for export in exports:
        status = found[export.remote_id]
        with transaction.atomic():
            sync.apply(connection, status, asked_at=now)
            remote = RemoteInvoice.objects.get(connection=connection, invoice=export.invoice_id)
            if status.state == State.MISSING:
                answers.refuse(export, code="missing", message=sync.missing(connection))
            else:
                _decide(export, remote, now)


def _decide(export: Export, remote: RemoteInvoice, now: dt.datetime) -> None:
    voiding = export.operation == Operation.VOID
    if remote.status in RemoteInvoice.GONE:
        if voiding:  # somebody did there what we were about to do
            answers.fulfilled(export, now=now)
        else:
            answers.give_up(export, now=now)
    elif not voiding and comparing.shows(export.document, remote.content):
        answers.fulfilled(export, now=now)
        _keep(remote, now)
    elif remote.status != RemoteInvoice.Status.OPEN:
        answers.refuse(export, code=Reason.SETTLED, message=amendments.settled_there(remote))
    elif _is_news(remote):
        if voiding:  # it can be voided all the same, once somebody has seen what was changed
            answers.refuse(export)
        else:
            answers.give_up(export, now=now)
    elif remote.version == export.document["remote_version"]:  # then nobody was faster
        answers.refuse(export)
    else:
        answers.rebase(export, remote.version, now=now)


def _keep(remote: RemoteInvoice, now: dt.datetime) -> None:
    """What is there is ours: with it later changes are compared."""
    remote.baseline = remote.content
    remote.save(update_fields=["baseline"])
    noticing.gone(remote, Finding.Kind.DRIFT, now=now)


def _is_news(remote: RemoteInvoice) -> bool:
    """Whether something that we wrote was changed there and nobody here has seen it yet."""
    drift = comparing.differences(remote.baseline, remote.content)
    return bool(drift) and not noticing.is_known(remote, drift)
