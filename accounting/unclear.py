"""What a person says of a document of which nobody can tell whether it arrived.

Somebody who looked there knows: it is there, and is linked; or it is not, and goes again. Until
then nothing is sent, for it could be the second one.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import answers, calling, connected, outbox
from .models import Connection, Export, RemoteInvoice
from .providers import registry
from .providers.port import ProviderError, Receipt, State, Status

log = logging.getLogger(__name__)


def there(export: Export, *, number: str = "", by: User | None, now: dt.datetime) -> Export:
    """It is there. A new invoice bears this number there, which is asked for and linked."""
    _refuse_clear(export)
    if export.operation != Export.Operation.CREATE:
        return _done(export, by=by, now=now)
    receipt = _known(export) if export.invoice is None else _asked(export, number.strip(), now)
    with transaction.atomic():
        held = outbox.held(export, Export.State.REJECTED)
        _refuse_clear(held)
        _refuse_linked(held.connection, receipt, held)
        answers.adopt(held, receipt, now=now)
    export.refresh_from_db()
    return export


@transaction.atomic
def absent(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    """It is not there: it goes again, as it can be written now."""
    export = outbox.held(export, Export.State.REJECTED)
    _refuse_clear(export)
    if export.remote_id and export.operation == Export.Operation.CREATE:
        where = connected.where(export.connection)
        raise Refused("is_there", f"{where} has it, under the id {export.remote_id}.")
    return outbox.send_again(export, by=by, now=now)


@transaction.atomic
def _done(export: Export, *, by: User | None, now: dt.datetime) -> Export:
    export = outbox.held(export, Export.State.REJECTED)
    answers.fulfilled(export, now=now)
    return export


def _asked(export: Export, number: str, now: dt.datetime) -> Receipt:
    """The one document there that has this number. It is linked by its id alone when it is surely
    ours and can't be read.
    """
    if not number:
        raise Refused("number_missing", "Which number does it have there?", field="number")
    where = connected.where(export.connection)
    try:
        found = calling.ask(export.connection, "numbered", [number], urgent=True, now=now)
    except ProviderError as error:
        raise Refused("provider", error.message) from None
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        log.exception("number %s can't be read", number)
        return _known(export)
    same = [one for one in found if _is(one, number)]
    if len(same) != 1:
        many = f"{len(same)} invoices have" if same else "No invoice has"
        raise Refused("not_found", f"{many} the number {number} in {where}.", field="number")
    return _known(export) if same[0].state is State.UNREADABLE else _receipt(same[0])


def _is(status: Status, number: str) -> bool:
    return status.number.casefold() == number.casefold() and not status.is_gone


def _receipt(status: Status) -> Receipt:
    return Receipt(
        id=status.id, number=status.number, version=status.version, subtotal=status.subtotal,
        tax=status.tax, total=status.total, balance=status.balance, url=status.url,
        content=status.content or {},
    )  # fmt: skip


def _known(export: Export) -> Receipt:
    """What is surely ours there, with our own figures: its own can't be read."""
    if not export.remote_id:
        raise Refused(
            "unreadable",
            "What is said of it there can't be read, so it can't be linked. The log has details"
            " for whoever runs this program.",
        )
    invoice = export.invoice
    sums: dict[str, Any] = {
        name: getattr(invoice, name, 0) for name in ("subtotal", "tax", "total")
    }
    return Receipt(
        id=export.remote_id, number=export.document.get("number", ""), version="",
        **sums, balance=sums["total"],
        url=_url(export) if invoice else "",
        content={},
    )  # fmt: skip


def _url(export: Export) -> str:
    connection = export.connection
    provider = registry.get(connection.provider)
    return provider.url_of(connection.company_id, export.remote_id, facts=connection.known)


def _refuse_clear(export: Export) -> None:
    if not export.is_unclear:
        raise Refused("export_moved_on", "What became of this export is known by now. Look again.")


def _refuse_linked(connection: Connection, receipt: Receipt, export: Export) -> None:
    rows = RemoteInvoice.objects.filter(connection=connection, remote_id=receipt.id)
    other = rows.exclude(invoice=export.invoice_id).select_related("invoice").first()
    if other:
        raise Refused("linked_already", f"{receipt.number} is {other.invoice} of ours already.")
