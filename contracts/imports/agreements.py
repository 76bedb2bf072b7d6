"""A file of contracts with their rates. The verbs judge all rows; a dry run undoes them."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atera_invoicing import cells
from atera_invoicing.imports import (
    Action,
    BadRow,
    Change,
    Column,
    Import,
    Problem,
    Record,
    Step,
    assign,
    tried,
)
from atera_invoicing.models import Level, User
from contracts import agreements, locks
from contracts.models import Contract, ContractRate, TaxRate
from customers.imports import CustomerIndex, refuse_archived

from .pricing import RATE_COLUMNS, Items, agreed_rates, worded

_yes_no = cells.default(cells.boolean, False)


@dataclass(eq=False)
class Agreement:
    """A contract with its rates. `rates` is None when the file leaves them alone."""

    contract: Contract
    rates: list[ContractRate] | None

    @property
    def pk(self) -> int | None:
        return self.contract.pk

    def copy(self) -> Agreement:
        """The same, to be stored on trial."""
        rates = self.rates
        copied = None if rates is None else [copy.copy(rate) for rate in rates]
        return Agreement(copy.copy(self.contract), copied)


class Known:
    """The contracts, rates, taxes and items that rows name."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.customers = CustomerIndex()
        self.items = Items()
        self.taxes = {
            tax.name.lower(): tax for tax in TaxRate.objects.filter(archived_at__isnull=True)
        }
        ids = self.customers.ids(record.values["customer"] for record in records)
        contracts = Contract.objects.filter(customer_id__in=ids)
        self.agreements: dict[tuple[int, str], Agreement] = {}
        for contract in contracts.select_related("tax_rate").prefetch_related("rates__item"):
            self.add(Agreement(contract, None))

    def add(self, agreement: Agreement) -> None:
        contract = agreement.contract
        self.agreements[contract.customer_id, contract.name.lower()] = agreement

    def tax(self, name: str) -> TaxRate | None:
        if name and name.lower() not in self.taxes:
            raise BadRow(("tax", f"There is no tax called “{name}”."))
        return self.taxes.get(name.lower())


class Contracts(Import):
    kind = "contracts"
    title = "Contracts"
    noun = "contract"
    about = (
        "A row is recognised by its customer and name. Rates are catalogue items by name, with a "
        "price of their own after @ if they have one; several are separated by semicolons."
    )
    columns = (
        Column("customer", "The customer's name or reference.", required=True, example="Acme Ltd"),
        Column("name", "The contract's name.", required=True, example="Acme Hourly"),
        Column(
            "type",
            f"One of: {', '.join(Contract.Type.values)}. It never changes.",
            cells.choice(Contract.Type),
            required=True,
            example="hourly",
        ),
        Column("start_date", "First day.", cells.date, required=True, example="2026-01-01"),
        Column("end_date", "Last day; empty: open-ended.", cells.optional(cells.date)),
        Column("is_active", "yes or no.", cells.default(cells.boolean, True), aliases=("active",)),
        Column("is_default", "yes: takes new tickets.", _yes_no, aliases=("default",)),
        Column("tax", "A tax by name; empty: not taxable.", aliases=("tax rate",)),
        Column(
            "period",
            f"One of: {', '.join(Contract.Period.values)}.",
            cells.optional(cells.choice(Contract.Period)),
            example="monthly",
            aliases=("billing period",),
        ),
        Column(
            "anchor",
            "What periods follow: start or calendar.",
            cells.default(cells.choice(Contract.Anchor), Contract.Anchor.START),
        ),
        Column(
            "timing",
            "When it is billed: arrears or advance.",
            cells.default(cells.choice(Contract.Timing), Contract.Timing.ARREARS),
        ),
        Column("prorate", "yes: incomplete periods by the day.", _yes_no),
        Column(
            "level",
            "contract, ticket or entry; empty: as for everybody.",
            cells.default(cells.choice(Level), ""),
            aliases=("invoice level",),
        ),
        Column("rounding_increment", "Minutes.", cells.default(cells.integer, 1), example="15"),
        Column("rounding_minimum", "Minutes.", cells.default(cells.integer, 0)),
        Column(
            "rounding_scope",
            "entry, ticket or ticket_day.",
            cells.default(cells.choice(Contract.RoundingScope), Contract.RoundingScope.ENTRY),
        ),
        Column("quantity", "How often the fee counts.", cells.default(cells.decimal, 1)),
        Column("included", "Hours in a block.", cells.optional(cells.decimal)),
        Column("rollover", "yes: unused balance stays.", _yes_no),
        Column("notes", "Internal notes, never printed."),
        *RATE_COLUMNS,
    )

    def look_up(self, records: Sequence[Record]) -> Known:
        return Known(records)

    def lock(self, records: Sequence[Record]) -> None:
        ids = CustomerIndex().ids(record.values["customer"] for record in records)
        locks.lock(Contract.objects.filter(customer_id__in=ids).values_list("pk", flat=True))

    def plan(self, record: Record, known: Known) -> Step:
        customer = known.customers.find(record.values["customer"])
        refuse_archived(customer, "customer")
        key = (customer.pk, record.values["name"].lower())
        agreement = known.agreements.get(key) or Agreement(Contract(), None)
        before = worded(agreement.contract.rates.all()) if agreement.pk else ""
        values = _fields(record, known) | {"customer": customer}
        step = assign(record, agreement.contract, values)
        agreement.rates = agreed_rates(agreement.contract, record.values, known.items)
        after = before if agreement.rates is None else worded(agreement.rates)
        known.add(agreement)
        changes = step.changes + ((Change("rates", before, after),) if before != after else ())
        action = Action.UPDATE if changes and agreement.pk else step.action
        return step._replace(action=action, changes=changes, instance=agreement)

    def judge(self, steps: Sequence[Step]) -> list[Problem]:
        return tried(
            steps,
            together=lambda steps: _store_many([s.instance.copy() for s in steps], by=None),
            alone=lambda step: _store(step.instance.copy(), by=None),
        )

    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        _store_many([step.instance for step in steps], by=by)


def _fields(record: Record, known: Known) -> dict[str, Any]:
    """The values of the contract's own fields."""
    rates = {column.name for column in RATE_COLUMNS}
    values = {name: value for name, value in record.values.items() if name not in rates}
    if "tax" in values:
        values["tax_rate"] = known.tax(values.pop("tax"))
    if "period" not in values or values["period"] is None:
        values.pop("period", None)
        if values["type"].startswith("project"):
            values["period"] = Contract.Period.ONCE
    return values


def _store(agreement: Agreement, *, by: User | None) -> None:
    if agreement.pk is None:
        agreements.create(agreement.contract, agreement.rates or [], by=by)
    else:
        agreements.change(agreement.contract, agreement.rates, by=by)


def _store_many(rows: Sequence[Agreement], *, by: User | None) -> None:
    """As `_store` of one after the other, in a few statements."""
    last_default = {row.contract.customer_id: row for row in rows if row.contract.is_default}
    for row in rows:
        if row is not last_default.get(row.contract.customer_id):
            row.contract.is_default = False
    changed = [(row.contract, row.rates) for row in rows if row.pk is not None]
    new = [(row.contract, row.rates or []) for row in rows if row.pk is None]
    agreements.change_many(changed, by=by)
    agreements.create_many(new, by=by)
