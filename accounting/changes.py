"""What the links of a connection change in our own configuration: planned, shown, then done.

The review lists exactly these edits and imports, and the commit does exactly them. Names of ours
stay as they are; a price is theirs only where a person chose so.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import ForeignKey, Model

from atera_invoicing import history
from atera_invoicing.models import Installation, User
from contracts import locks
from contracts.models import CatalogItem, Contract, TaxRate

from . import arrivals, references
from .arrivals import Arrival, Names
from .matching import name_key
from .models import Connection, Link, RemoteRecord
from .providers import registry

Action = Link.Action
FEW = 500
LABELS = {
    "archived_at": "offered",
    "named_elsewhere": "follows the name there",
    "priced_elsewhere": "follows the price there",
    "connected_to": "catalogue kept in",
    "taxes_elsewhere": "taxes kept there",
    "tax_method": "tax is rounded",
}


@dataclass(frozen=True)
class Edit:
    """New values for some fields of a row of ours."""

    row: Model
    values: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A field of ours before and after, for people; `what` says what kind of record it is of."""

    what: str
    row: Model
    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        values = f"{self.shown_before} -> {self.shown_after}"
        return f"{self.what} {self.row}, {self.label}: {values}"

    @property
    def label(self) -> str:
        """What people call the field."""
        column = self.row._meta.get_field(self.field)
        return LABELS.get(self.field) or str(getattr(column, "verbose_name", self.field))

    @property
    def shown_before(self) -> str:
        return _worded(self.row, self.field, self.before)

    @property
    def shown_after(self) -> str:
        return _worded(self.row, self.field, self.after)


@dataclass
class Plan:
    """Everything that happens to our configuration."""

    edits: list[Edit] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)

    def changes(self) -> Iterator[Change]:
        """Every field that changes, one by one."""
        for edit in self.edits:
            for name, after in edit.values.items():
                what = str(edit.row._meta.verbose_name)
                yield Change(what, edit.row, name, getattr(edit.row, name), after)


def plan(connection: Connection, links: Sequence[Link], *, now: dt.datetime) -> Plan:
    """What these links mean for our rows. Items that are left out are archived."""
    there = {(row.kind, row.remote_id): row for row in _records(connection, links)}
    result = Plan()
    for link in links:
        record = there.get((link.kind, link.remote_id))
        values = _values(connection, link, record, now) if link.local else {}
        if values:
            result.edits.append(Edit(link.local, values))  # type: ignore[arg-type]
    names = Names(registry.name(connection.provider), leaving=_leaving(result))
    result.edits += _renamed(links, there, names)
    result.arrivals = arrivals.plan(links, there, names)
    return result


def _records(connection: Connection, links: Sequence[Link]) -> Iterable[RemoteRecord]:
    """What the links name: all records, unless it is a few links only."""
    few = len(links) <= FEW
    rows = connection.records.all()
    return rows.filter(remote_id__in={link.remote_id for link in links}) if few else rows


def plan_options(connection: Connection) -> Plan:
    """From the commit on, the catalogue is kept there, and taxes if each line bears a code; tax is
    rounded as there, so that both sides come to the same cent.
    """
    options = Installation.current()
    provider = registry.get(connection.provider)
    wanted = {
        "connected_to": provider.name,
        "tax_method": provider.tax_method,
        "taxes_elsewhere": connection.tax_mode == Connection.TaxMode.CODES,
    }
    values = {name: v for name, v in wanted.items() if getattr(options, name) != v}
    return Plan([Edit(options, values)] if values else [])


def apply(plan: Plan, *, by: User | None, now: dt.datetime) -> None:
    """Do what was planned, inside the caller's transaction.

    Contracts that use a changed item are locked first, as for every change of what they owe.
    """
    items = [edit.row.pk for edit in plan.edits if isinstance(edit.row, CatalogItem)]
    using = Contract.objects.filter(rates__item__in=items)
    locks.lock(using.values_list("pk", flat=True))
    _edit(plan.edits, by)
    arrivals.store(plan.arrivals, by, now)


def _worded(row: Model, name: str, value: Any) -> str:
    """A value as people read it."""
    column = row._meta.get_field(name)
    if name == "archived_at":
        return "no" if value else "yes"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, ""):
        return "–"
    if isinstance(column, ForeignKey):
        return str(column.related_model._default_manager.filter(pk=value).first() or "–")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(dict(column.flatchoices).get(value, value))  # type: ignore[union-attr]


# Edits --------------------------------------------------------------------------------------------


def _values(
    connection: Connection, link: Link, record: RemoteRecord | None, now: dt.datetime
) -> dict[str, Any]:
    """The fields of the link's own record that are to change."""
    if link.item:
        wanted = _item_values(link, record, now)
    elif link.tax_rate and connection.tax_mode == Connection.TaxMode.CODES:
        wanted = _tax_values(link, record, now)
    else:
        wanted = {}
    return {name: value for name, value in wanted.items() if getattr(link.local, name) != value}


def _item_values(link: Link, record: RemoteRecord | None, now: dt.datetime) -> dict[str, Any]:
    item: CatalogItem = link.item  # type: ignore[assignment]
    if link.action == Action.SKIP:
        gone = {"named_elsewhere": False, "priced_elsewhere": False}
        return {"archived_at": item.archived_at or now, **gone}
    linked = record if link.action == Action.LINK else None
    price = references.price_of(linked) if linked else None
    theirs = link.their_price and price is not None
    same = linked is not None and name_key(item.name) in map(
        name_key, (linked.name, link.remote_name)
    )
    return {"named_elsewhere": same, "priced_elsewhere": theirs} | (
        {"unit_price": price} if theirs else {}
    )


def _renamed(
    links: Iterable[Link], there: dict[tuple[str, str], RemoteRecord], names: Names
) -> Iterator[Edit]:
    """Items that had the name of their record follow it when it is renamed there."""
    for link in links:
        record = there.get((link.kind, link.remote_id))
        item = link.item if link.action == Action.LINK else None
        if item is None or record is None or name_key(record.name) == name_key(link.remote_name):
            continue
        if name_key(item.name) == name_key(link.remote_name):
            yield Edit(item, {"name": names.free("item", record.name, 100)})


def _leaving(plan: Plan) -> list[int]:
    """Items whose names become free."""
    return [
        edit.row.pk
        for edit in plan.edits
        if isinstance(edit.row, CatalogItem) and edit.values.get("archived_at")
    ]


def _tax_values(link: Link, record: RemoteRecord | None, now: dt.datetime) -> dict[str, Any]:
    """A tax bears the percent that it has there, or invoices would differ there from here."""
    tax: TaxRate = link.tax_rate  # type: ignore[assignment]
    if link.action == Action.SKIP:
        return {"archived_at": tax.archived_at or now, "is_default": False}
    percent = references.percent_of(record) if record else None
    return {} if percent is None else {"percent": percent}


def _edit(edits: Iterable[Edit], by: User | None) -> None:
    """Write edits, grouped by model and fields so that many rows take few queries."""
    groups: dict[tuple[type[Model], tuple[str, ...]], list[Model]] = defaultdict(list)
    for edit in edits:
        for name, value in edit.values.items():
            setattr(edit.row, name, value)
        groups[type(edit.row), tuple(edit.values)].append(edit.row)
    for (model, fields), rows in groups.items():
        if model is Installation:
            rows[0].save(update_fields=fields)
        else:
            history.update(rows, fields, by=by)
