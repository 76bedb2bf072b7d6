"""What has to happen so that the configuration is again what it was before the commit.

What was there returns exactly. What came from the accounting system and is used by nothing goes;
what is used stays as a copy of ours. Nothing is written here: `restoring` shows it, then does it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.db.models.deletion import DO_NOTHING

from contracts import locks
from contracts.models import (
    CatalogItem,
    Category,
    Contract,
    ContractRate,
    TaxRate,
    TimeEntry,
)

from . import snapshots
from .changes import Change
from .matching import name_key
from .models import Connection, Link

ROLE = ContractRate.Role
LONGEST: dict[type[Model], int] = {CatalogItem: 100}


@dataclass
class Restoration:
    """What returns, what comes back, what goes, and what stays as a copy."""

    edits: dict[tuple[type[Model], int], tuple[Model, dict[str, Any]]] = field(default_factory=dict)
    revived: list[Model] = field(default_factory=list)
    removed: list[Model] = field(default_factory=list)
    copies: list[Model] = field(default_factory=list)
    moved: list[tuple[TimeEntry, ContractRate | None]] = field(default_factory=list)

    def edit(self, row: Model, values: dict[str, Any]) -> None:
        """These fields get these values; several calls for a row add up."""
        if values:
            self.edits.setdefault((type(row), row.pk), (row, {}))[1].update(values)

    def changes(self) -> Iterator[Change]:
        """Every field that changes, one by one."""
        for row, values in self.edits.values():
            what = str(row._meta.verbose_name)
            for name, after in values.items():
                yield Change(what, row, name, getattr(row, name), after)

    def final(self, row: Model, name: str) -> Any:
        """The value that a field will have."""
        _, values = self.edits.get((type(row), row.pk), (row, {}))
        return values.get(name, getattr(row, name))

    @property
    def digest(self) -> str:
        """A hash: the same as long as the same would be done."""
        parts = [
            *(f"{c.what} {c.row.pk} {c.field} {c.before} {c.after}" for c in self.changes()),
            *(f"back {type(row).__name__} {row.pk}" for row in self.revived),
            *(f"gone {type(row).__name__} {row.pk}" for row in self.removed),
            *(f"copy {type(row).__name__} {row.pk}" for row in self.copies),
            *(f"time {entry.pk} {rate and rate.pk}" for entry, rate in self.moved),
        ]
        return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def of(connection: Connection) -> Restoration:
    """What has to happen so that the configuration is as it was before the commit."""
    snapshot = connection.snapshot or {}
    result = Restoration()
    extra = {name: _compare(result, snapshot, name) for name in snapshots.PARTS}
    _contracts(result, snapshot.get("contracts", {}))
    _rates(result, extra["rates"], snapshot)
    brought = snapshot.get("brought", {})
    _items(result, extra["items"], brought.get("items", ()))
    _taxes(result, extra["taxes"], brought.get("taxes", ()))
    for model, rows in ((CatalogItem, extra["items"]), (TaxRate, extra["taxes"])):
        _free_names(result, model, rows)
    _free_names(result, Category, extra["categories"])
    return result


def _compare(result: Restoration, snapshot: dict[str, Any], name: str) -> list[Model]:
    """Note what differs in one table; the rows that were not there before."""
    model, before = snapshots.PARTS[name], snapshot.get(name, {})
    now = {str(row.pk): row for row in model._default_manager.order_by("pk")}
    for pk, values in before.items():
        if pk in now:
            result.edit(now[pk], snapshots.differing(now[pk], values))
        else:
            result.revived.append(snapshots.build(model, values))
    return [row for pk, row in now.items() if pk not in before]


def _contracts(result: Restoration, before: dict[str, int | None]) -> None:
    """The tax that each contract pointed to."""
    for contract in Contract.objects.filter(pk__in=before).select_related("customer"):
        tax = before[str(contract.pk)]
        result.edit(contract, {"tax_rate_id": tax} if contract.tax_rate_id != tax else {})


def _rates(result: Restoration, extra: Iterable[Model], snapshot: dict[str, Any]) -> None:
    """Rates that an old contract got while connected go; time that names them moves.

    Billed time keeps its rate: then the rate stays, as an additional one.
    """
    for rate in extra:
        if not isinstance(rate, ContractRate) or str(rate.contract_id) not in snapshot["contracts"]:
            continue
        entries = list(TimeEntry.objects.filter(rate=rate))
        billed = TimeEntry.objects.filter(locks.LIVE, rate=rate).exists()
        same = _additional_with(result, rate) if billed else None
        if billed and same is None:
            result.edit(rate, {"role": ROLE.ADDITIONAL} if rate.role != ROLE.ADDITIONAL else {})
            result.copies.append(rate)
            continue
        result.moved += [(entry, same) for entry in entries]
        result.removed.append(rate)


def _additional_with(result: Restoration, rate: ContractRate) -> ContractRate | None:
    """The contract's own additional rate with the same item, where it has one or had one."""
    stored = ContractRate.objects.filter(contract=rate.contract_id).exclude(pk=rate.pk)
    for other in (*stored, *only(result.revived, ContractRate)):
        if other.contract_id != rate.contract_id or other in result.removed:
            continue
        same = result.final(other, "item_id") == rate.item_id
        if same and result.final(other, "role") == ROLE.ADDITIONAL:
            return other
    return None


def _items(result: Restoration, extra: Iterable[Model], brought: Collection[int]) -> None:
    """Items that the commit brought and nothing uses go; the others are ours from now on."""
    rates = ContractRate.objects.exclude(pk__in=[r.pk for r in only(result.removed, ContractRate)])
    used = {result.final(rate, "item_id") for rate in rates}
    rows = list(extra)
    used |= _referenced(CatalogItem, [row.pk for row in rows], (ContractRate, Link))
    for item in rows:
        if item.pk in brought and item.pk not in used:
            result.removed.append(item)
        else:
            result.copies.append(item)
            result.edit(item, _unlike(item, {"named_elsewhere": False, "priced_elsewhere": False}))


def _taxes(result: Restoration, extra: Iterable[Model], brought: Collection[int]) -> None:
    """The same for taxes."""
    gone = {row.pk for row in only(result.removed, CatalogItem)}
    used = {
        result.final(row, "tax_rate_id")
        for model in (Contract, Category, CatalogItem)
        for row in model._default_manager.exclude(tax_rate=None)
        if not (model is CatalogItem and row.pk in gone)
    }
    rows = list(extra)
    skipped = (Contract, Category, CatalogItem, Link)
    used |= _referenced(TaxRate, [row.pk for row in rows], skipped)
    default = any(
        result.final(tax, "is_default")
        for tax in TaxRate.objects.exclude(pk__in=[r.pk for r in rows])
    )
    for tax in rows:
        if tax.pk in brought and tax.pk not in used:
            result.removed.append(tax)
        else:
            result.copies.append(tax)
            result.edit(tax, _unlike(tax, {"is_default": False}) if default else {})


def _unlike(row: Model, values: dict[str, Any]) -> dict[str, Any]:
    """Only the values that the row hasn't yet."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def _referenced(
    model: type[Model], ids: Collection[int], skipped: Collection[type[Model]]
) -> set[int]:
    """Which of these rows any other table points at; histories don't count."""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and relation.is_relation and not relation.concrete):
            continue
        if relation.on_delete is DO_NOTHING or relation.related_model in skipped:  # type: ignore[union-attr]
            continue
        name = relation.field.name  # type: ignore[union-attr]
        rows = relation.related_model._default_manager  # type: ignore[union-attr]
        found.update(rows.filter(**{f"{name}__in": ids}).values_list(name, flat=True))
    return found


def _free_names(result: Restoration, model: type[Model], extra: Collection[Model]) -> None:
    """A row that stays but has the name of one that returns gets another name."""
    new = {row.pk for row in extra}
    stored = list(model._default_manager.all())
    returning = [*only(result.revived, model), *(row for row in stored if row.pk not in new)]
    names, codes = set(), set()
    for row in returning:
        if result.final(row, "archived_at") if model is CatalogItem else False:
            continue
        names.add(name_key(result.final(row, "name")))
        if model is CatalogItem:
            codes.add(name_key(result.final(row, "sku")))
    for row in (row for row in extra if row not in result.removed):
        name = str(getattr(row, "name"))  # noqa: B009 - three models, one field
        most, number = LONGEST.get(model, 60), 2
        free = name
        while name_key(free) in names:
            suffix = f" ({number})"
            free, number = name[: most - len(suffix)] + suffix, number + 1
        names.add(name_key(free))
        result.edit(row, {"name": free} if free != name else {})
        if model is CatalogItem and getattr(row, "sku") and name_key(row.sku) in codes:  # type: ignore[attr-defined]  # noqa: B009
            result.edit(row, {"sku": ""})


def only(rows: Iterable[Model], model: type[Model]) -> list[Any]:
    """Those of one model."""
    return [row for row in rows if type(row) is model]
