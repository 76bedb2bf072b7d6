"""Disconnecting: first as a list, then done by the same code.

The configuration becomes what it was before the commit. Customers, work, invoices, links and
exports stay, and connecting the same company again goes on with them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, Model, Value
from django.db.models.functions import Cast, Concat

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, User
from contracts.models import CatalogItem, Category, ContractRate, TaxRate
from contracts.work.entries import follow_primary

from . import connecting, leftover, outbox, restoration, snapshots
from .models import Connection, Export, Link, RemoteInvoice
from .restoration import Restoration, only

UNDER_WAY = (Export.State.SENDING, Export.State.UNKNOWN)
# Whose unique indexes rows could meet in: the fields of those indexes, and what is set meanwhile.
PARKED: dict[type[Model], tuple[frozenset[str], frozenset[str]]] = {
    CatalogItem: (
        frozenset({"name", "sku", "kind", "archived_at"}),
        frozenset({"archived_at"}),
    ),
    ContractRate: (
        frozenset({"role", "counted", "item_id", "contract_id"}),
        frozenset({"role", "counted"}),
    ),
}
OPEN = tuple(state for state in Export.OPEN if state not in UNDER_WAY)


@dataclass(frozen=True)
class Plan:
    """What disconnecting will do. `digest` stays the same as long as that is the same."""

    connection: Connection
    restoration: Restoration
    cancelled: int  # exports that were not sent and will not be
    under_way: int  # exports whose answer is out; while there are any, it is refused
    left: int  # exports that may be there: nobody waits for their answers any more
    invoices: int  # invoices there, which both sides keep
    digest: str


def plan(connection: Connection, *, now: dt.datetime) -> Plan:
    """The list that a person agrees to."""
    found = restoration.of(connection)
    exports = Export.objects.filter(connection=connection)
    left = list(leftover.of(connection, now=now).values_list("pk", flat=True))
    kept = exports.exclude(pk__in=left)
    cancelled = kept.filter(state__in=OPEN).count()
    return Plan(
        connection=connection,
        restoration=found,
        cancelled=cancelled,
        under_way=kept.filter(state__in=UNDER_WAY).count(),
        left=len(left),
        invoices=RemoteInvoice.objects.filter(connection=connection).count(),
        digest=f"{found.digest}-{cancelled}-{len(left)}",
    )


def disconnect(
    connection: Connection, *, by: User, now: dt.datetime, digest: str | None = None
) -> bool:
    """Do what the plan lists; safe to repeat. With a `digest` only if the plan still has it.

    False when our access could not be given back at the provider; everything else is done then.
    """
    with transaction.atomic():
        stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if not stored.is_active:
            return True
        snapshots.hold()
        listed = plan(stored, now=now)
        if digest is not None and digest != listed.digest:
            raise Refused(
                "changed_meanwhile",
                "Something changed since you looked at this list. Look at it once more.",
            )
        leftover.leave(stored, by=by, now=now)
        outbox.cancel_all(stored, by=by, now=now)
        apply(listed.restoration, by=by)
        _put_options(stored)
        tokens = connecting.detach(stored)
        _close(stored, by, now)
    return connecting.revoke(stored, tokens)


def apply(result: Restoration, *, by: User | None) -> None:
    """Do it, inside the caller's transaction, which holds the configuration."""
    for model in (TaxRate, Category, CatalogItem):
        history.insert(only(result.revived, model), by=by)
    _park(result)
    _move_time(result, by)
    for row in only(result.removed, ContractRate):
        history.delete(row, by=by)
    _write(result, by)
    _remove(result, by)


def _move_time(result: Restoration, by: User | None) -> None:
    """Time at a rate that goes follows the primary rate, or the one that takes its place."""
    follow_primary([entry for entry, rate in result.moved if rate is None], by=by)
    moved = [(entry, rate) for entry, rate in result.moved if rate is not None]
    for entry, rate in moved:
        entry.rate = rate
    history.update([entry for entry, _ in moved], ["rate"], by=by)


def _put_options(connection: Connection) -> None:
    """The options that the commit changed, as they were."""
    options = Installation.current()
    for name, value in (connection.snapshot or {}).get("options", {}).items():
        setattr(options, name, value)
    options.save(update_fields=snapshots.OPTIONS)


def _park(result: Restoration) -> None:
    """Make room: rows that change places must not meet in a unique index on the way."""

    def edited(model: type[Model], *names: str) -> list[int]:
        return [pk for (m, pk), (_, v) in result.edits.items() if m is model and {*names} & {*v}]

    aside = Concat(Value("~"), Cast("pk", CharField()))
    for model in (TaxRate, Category):
        model._default_manager.filter(pk__in=edited(model, "name")).update(name=aside)
    default = [*edited(TaxRate, "is_default"), *(row.pk for row in only(result.removed, TaxRate))]
    TaxRate.objects.filter(pk__in=default).update(is_default=False)
    rates = ContractRate.objects.filter(pk__in=edited(ContractRate, *PARKED[ContractRate][0]))
    rates.update(role="~", counted="")
    for rate in only(result.revived, ContractRate):
        result.edit(rate, {"role": rate.role, "counted": rate.counted})
        rate.role, rate.counted = "~", ""
    ContractRate.objects.bulk_create(only(result.revived, ContractRate), batch_size=500)
    items = CatalogItem.objects.filter(
        pk__in=edited(CatalogItem, *PARKED[CatalogItem][0]), archived_at=None
    )
    items.update(archived_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))


def _write(result: Restoration, by: User | None) -> None:
    """Write edits, grouped so that many rows take few queries, and what parking changed."""
    groups: dict[tuple[type[Model], frozenset[str]], list[Model]] = {}
    for row, values in result.edits.values():
        touching, parked = PARKED.get(type(row), (frozenset(), frozenset()))
        fields = values.keys() | (parked if values.keys() & touching else set())
        for name, value in values.items():
            setattr(row, name, value)
        groups.setdefault((type(row), frozenset(fields)), []).append(row)
    for (_, names), rows in groups.items():
        history.update(rows, sorted(names), by=by)


def _remove(result: Restoration, by: User | None) -> None:
    """Delete what goes; its links stay, as records that exist only there."""
    for model, fk in ((CatalogItem, "item"), (TaxRate, "tax_rate")):
        rows = only(result.removed, model)
        links = Link.objects.filter(**{f"{fk}__in": rows})
        links.exclude(remote_id="").update(**{fk: None, "action": Link.Action.IMPORT})
        Link.objects.filter(**{f"{fk}__in": rows}).delete()
        for row in rows:
            history.delete(row, by=by)


def _close(stored: Connection, by: User, now: dt.datetime) -> None:
    Connection.objects.filter(pk=stored.pk).update(
        state=Connection.State.CLOSED, closed_at=now, closed_by=by, poll_at=None, held_until=None,
        held_reason="", lost_at=None, lost_reason="",
    )  # fmt: skip
    stored.refresh_from_db()
