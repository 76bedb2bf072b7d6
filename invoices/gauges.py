"""How full the blocks are: what the present period of a block has, and how much of it is used."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from atera_invoicing.models import Installation
from contracts.models import Contract

from . import billing

WARN, ALARM = Decimal(80), Decimal(95)


@dataclass(frozen=True, slots=True)
class Gauge:
    """Hours or money of one block: opening balance and new block together, and what work took."""

    contract_id: int
    contract: str
    customer: str
    unit: str
    available: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        return self.available - self.used

    @property
    def percent(self) -> Decimal:
        """Used, of what was available; a block without anything in it is used up."""
        return 100 * self.used / self.available if self.available else Decimal(100)

    @property
    def tone(self) -> str:
        """ "warn" from 80 %, "bad" from 95 %."""
        return "bad" if self.percent >= ALARM else "warn" if self.percent >= WARN else ""


def read(contracts: QuerySet[Contract], *, today: dt.date, options: Installation) -> list[Gauge]:
    """A gauge for each block among these contracts whose latest begun period is not billed yet."""
    blocks = contracts.filter(type__in=[Contract.Type.BLOCK_HOURS, Contract.Type.BLOCK_MONEY])
    rows = billing.rows(blocks, through=today, today=today, options=options)
    return [_gauge(row) for row in rows if row.bills]


def _gauge(row: billing.Row) -> Gauge:
    *before, present = row.bills
    facts = row.facts
    carried = sum((m.quantity for bill in before for m in bill.owed.movements), Decimal(0))
    moved = {movement.kind: movement.quantity for movement in present.owed.movements}
    opening = facts.balance(present.period.end) + carried
    added = Decimal(0) if facts.advance else moved.get("included", Decimal(0))
    return Gauge(
        contract_id=facts.contract_id,
        contract=facts.terms.name,
        customer=facts.customer_name,
        unit="h" if facts.terms.type == Contract.Type.BLOCK_HOURS else "",
        available=max(opening + added, Decimal(0)),
        used=-moved.get("used", Decimal(0)),
    )
