"""The rates of a contract: which ones its type has, and how a set of them replaces another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from django.db import IntegrityError, transaction

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import locks
from .models import CatalogItem, Contract, ContractRate, TimeEntry
from .work.entries import follow_primary

Type, Role, Counted = Contract.Type, ContractRate.Role, ContractRate.Counted


class Allowed(NamedTuple):
    """How often a role may occur."""

    required: bool
    several: bool


ONE, MAYBE = Allowed(required=True, several=False), Allowed(required=False, several=False)
SOME, ANY = Allowed(required=True, several=True), Allowed(required=False, several=True)

ROLES: dict[str, dict[str, Allowed]] = {
    Type.RETAINER: {Role.FEE: ONE},
    Type.HOURLY: {Role.PRIMARY: ONE, Role.ADDITIONAL: ANY},
    Type.BLOCK_HOURS: {Role.BLOCK: ONE, Role.OVERAGE: MAYBE},
    Type.BLOCK_MONEY: {Role.FEE: ONE, Role.PRIMARY: ONE, Role.ADDITIONAL: ANY, Role.OVERAGE: MAYBE},
    Type.MONITORING: {Role.DEVICE: SOME},
    Type.BACKUP: {Role.STORAGE: SOME},
    Type.PROJECT_FIXED: {Role.FEE: ONE},
    Type.PROJECT_HOURLY: {Role.PRIMARY: ONE, Role.ADDITIONAL: ANY},
}
CLASSES: dict[str, frozenset[str]] = {
    Role.DEVICE: frozenset(
        {Counted.PCS, Counted.SERVERS, Counted.MACS, Counted.OTHER, Counted.AGENTS, Counted.ALL}
    ),
    Role.STORAGE: frozenset({Counted.PCS_GB, Counted.SERVERS_GB, Counted.TOTAL_GB}),
}
KINDS: dict[str, frozenset[str]] = {
    Role.FEE: frozenset({CatalogItem.Kind.SERVICE, CatalogItem.Kind.PRODUCT})
}
ONLY_SERVICES = frozenset({CatalogItem.Kind.SERVICE})


def store(
    contract: Contract, rates: Sequence[ContractRate], *, by: User | None, repoint: bool = False
) -> None:
    """Make these the rates of a stored and locked contract; those not among them are removed.

    A rate that billed time names can't go. Unbilled time moves to the primary rate if `repoint`.
    """
    store_many([(contract, rates)], by=by, repoint=repoint)


def store_many(
    agreed: Sequence[tuple[Contract, Sequence[ContractRate]]],
    *,
    by: User | None,
    repoint: bool = False,
) -> None:
    """As `store`, for many contracts in as many queries."""
    ids = [contract.pk for contract, _ in agreed]
    stored = ContractRate.objects.select_related("item").filter(contract_id__in=ids).in_bulk()
    for contract, rates in agreed:
        for rate in rates:
            rate.contract = contract
            known = stored.get(rate.pk)
            if rate.pk is not None and (known is None or known.contract_id != contract.pk):
                raise _refused("foreign_rate", "This rate belongs to another contract.")
        _refuse_roles(contract, rates)
    all_rates = [rate for _, rates in agreed for rate in rates]
    _refuse_items(all_rates, stored)
    kept = {rate.pk for rate in all_rates}
    _remove([rate for pk, rate in stored.items() if pk not in kept], by=by, repoint=repoint)
    _save(all_rates, stored, by)


def _refuse_roles(contract: Contract, rates: Sequence[ContractRate]) -> None:
    """Every role fits the type, occurs as often as it may, and counts what it can count."""
    roles = ROLES[contract.type]
    given = Counter(rate.role for rate in rates)
    for role in given.keys() - roles.keys():
        label = dict(Role.choices).get(role, role).lower()
        message = f"A contract of the type “{contract.get_type_display()}” has no {label}."
        raise _refused("role_unknown", message)
    for role, allowed in roles.items():
        label = Role(role).label.lower()
        if allowed.required and not given[role]:
            raise _refused("role_missing", f"Add the {label}.")
        if given[role] > 1 and not allowed.several:
            raise _refused("role_twice", f"A contract has one {label} only.")
    for rate in rates:
        if rate.counted not in CLASSES.get(rate.role, {""}):
            raise _refused("class_unknown", f"Say what the {Role(rate.role).label.lower()} counts.")
    _refuse_twice(rates)


def _refuse_twice(rates: Sequence[ContractRate]) -> None:
    classes = Counter(rate.get_counted_display() for rate in rates if rate.counted)
    items = Counter(rate.item.name for rate in rates if rate.role == Role.ADDITIONAL)
    for name, count in (classes + items).items():
        if count > 1:
            raise _refused("rate_twice", f"{name} is there twice.")


def _refuse_items(rates: Sequence[ContractRate], stored: dict[int, ContractRate]) -> None:
    """Items are services (a fee may be a product) and, when newly chosen, not archived.

    Their rows are held, so that none is archived at the same moment.
    """
    ids = {rate.item_id for rate in rates}
    rows = CatalogItem.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    items = {item.pk: item for item in rows}
    for rate in rates:
        item = items[rate.item_id]
        if item.kind not in KINDS.get(rate.role, ONLY_SERVICES):
            role = Role(rate.role).label.lower()
            message = (
                f"{item} is of the kind {item.get_kind_display().lower()}: not possible as {role}."
            )
            raise _refused("item_kind", message)
        known = stored.get(rate.pk)
        if item.archived_at and (known is None or known.item_id != rate.item_id):
            message = f"{item} is archived. Choose another rate, or restore it in the catalogue."
            raise _refused("item_archived", message)
        if rate.unit_price is not None and rate.unit_price < 0:
            raise _refused("price_negative", "The price can't be negative.")


def _remove(rates: Sequence[ContractRate], *, by: User | None, repoint: bool) -> None:
    if not rates:
        return
    using = TimeEntry.objects.filter(rate__in=[rate.pk for rate in rates])
    if billed := using.filter(locks.LIVE).select_related("rate__item").first():
        message = f"{billed.rate} can't be removed: billed time has this rate."
        raise _refused("rate_billed", message)
    entries = list(using.select_related("rate__item"))
    if entries and not repoint:
        named = entries[0].rate
        count = sum(entry.rate_id == entries[0].rate_id for entry in entries)
        raise Refused(
            "rate_in_use",
            f"{count} unbilled time entries have the rate {named}. They will go to the "
            "primary rate. Confirm to remove it.",
            entries=count,
        )
    follow_primary(entries, by=by)
    for rate in rates:
        history.delete(rate, by=by)


def _save(rates: Sequence[ContractRate], stored: dict[int, ContractRate], by: User | None) -> None:
    """Additional rates first: a rate that gives up a role makes room for the one that takes it."""
    known = [rate for rate in rates if rate.pk is not None]
    additional = [rate for rate in known if rate.role == Role.ADDITIONAL]
    others = [rate for rate in known if rate.role != Role.ADDITIONAL]
    try:
        with transaction.atomic():
            history.update_changed(additional, stored, by=by)
            history.update_changed(others, stored, by=by)
            history.insert([rate for rate in rates if rate.pk is None], by=by)
    except IntegrityError as error:
        message = "Two of these rates change places. Remove one of them and add it again."
        raise _refused("rates_change_places", message) from error


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, field="rates")
