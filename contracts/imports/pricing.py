"""The rates of a contract as cells: "Standard; Weekend @ 150" or "servers = Server care"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from atera_invoicing import cells
from atera_invoicing.imports import BadRow, Column
from contracts.models import CatalogItem, Contract, ContractRate

Role = ContractRate.Role
SINGLE = {
    "fee": Role.FEE,
    "primary_rate": Role.PRIMARY,
    "block_rate": Role.BLOCK,
    "overage_rate": Role.OVERAGE,
}
COUNTED = {"device_rates": Role.DEVICE, "storage_rates": Role.STORAGE}
RATE_COLUMNS = (
    Column("fee", "Retainer, block money, one-time project: the item that is the fee."),
    Column("primary_rate", "The rate of an hour.", example="Standard hour"),
    Column("additional_rates", "Further rates of an hour.", example="After hours @ 150"),
    Column("block_rate", "Block hours: the price of an hour."),
    Column("overage_rate", "The price of an hour beyond the block."),
    Column("device_rates", "Per class, for example: servers = Server care; pcs = PC care."),
    Column("storage_rates", "Per class, for example: total_gb = Backup."),
)


class Items:
    """The catalogue's items, found by name; services first, which most rates are."""

    def __init__(self) -> None:
        self._by_name: dict[str, CatalogItem] = {}
        for item in sorted(
            CatalogItem.objects.active(), key=lambda item: item.kind == CatalogItem.Kind.SERVICE
        ):
            self._by_name[item.name.lower()] = item

    def priced(self, text: str, column: str) -> tuple[CatalogItem, Decimal | None]:
        """The item and its own price, from "Name" or "Name @ 95.00"."""
        if item := self._by_name.get(text.lower()):
            return item, None
        name, mark, price = (part.strip() for part in text.rpartition("@"))
        item = self._by_name.get(name.lower())
        if not mark or item is None:
            raise BadRow((column, f"The catalogue has no item called “{name or text}”."))
        try:
            return item, cells.decimal(price)
        except ValueError as error:
            raise BadRow((column, str(error))) from error


def agreed_rates(
    contract: Contract, values: dict[str, Any], items: Items
) -> list[ContractRate] | None:
    """All rates of the contract from now on, known ones with their id; None without rate columns.

    Roles whose column the file has not stay as they are.
    """
    roles = {role for column, role in _roles().items() if column in values}
    if not roles:
        return None
    stored = list(contract.rates.all()) if contract.pk else []
    known = {_place(rate): rate for rate in stored}
    given = [rate for column in _roles() for rate in _given(column, values.get(column, ""), items)]
    kept = [rate for rate in stored if rate.role not in roles]
    return kept + [_merged(known.get(_place(rate)), rate) for rate in given]


def worded(rates: Iterable[ContractRate]) -> str:
    """Rates in words, in an order that does not depend on how they came."""
    words = (
        f"{rate.get_counted_display() or rate.get_role_display()}: {rate.item}"
        + ("" if rate.unit_price is None else f" @ {rate.unit_price.normalize():f}")
        for rate in rates
    )
    return "; ".join(sorted(words))


def _roles() -> dict[str, Role]:
    return {**SINGLE, "additional_rates": Role.ADDITIONAL, **COUNTED}


def _given(column: str, cell: str, items: Items) -> Iterator[ContractRate]:
    for part in (part.strip() for part in cell.split(";")):
        if not part:
            continue
        counted = ""
        if column in COUNTED:
            counted, part = _counted(column, part)  # noqa: PLW2901 - the rest of the same part
        item, price = items.priced(part, column)
        yield ContractRate(role=_roles()[column], item=item, unit_price=price, counted=counted)


def _counted(column: str, part: str) -> tuple[str, str]:
    """ "servers = Server care" as its class and its item."""
    name, mark, item = (piece.strip() for piece in part.partition("="))
    if not mark:
        raise BadRow((column, f"“{part}” does not say what it counts. Write: servers = {part}."))
    try:
        return cells.choice(ContractRate.Counted)(name), item
    except ValueError as error:
        raise BadRow((column, str(error))) from error


def _place(rate: ContractRate) -> tuple[str, str, int]:
    """What a rate is recognised by: its role, with its class or, if there are several, its item."""
    return rate.role, rate.counted, rate.item_id if rate.role == Role.ADDITIONAL else 0


def _merged(known: ContractRate | None, given: ContractRate) -> ContractRate:
    if known is None:
        return given
    known.item, known.unit_price = given.item, given.unit_price
    return known
