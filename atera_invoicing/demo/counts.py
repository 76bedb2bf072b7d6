"""Devices and gigabytes, counted at the end of each month, and hours bought on top of a block."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from atera_invoicing.models import User
from contracts import blocks
from contracts.models import Contract, UsageCount

from .dates import Month

# Where counting begins, per class; a little is added every month.
FIRST = {
    "pcs": 14,
    "servers": 2,
    "macs": 9,
    "other": 7,
    "pcs_gb": 420,
    "servers_gb": 1180,
    "total_gb": 640,
}
NOT_COUNTED = (
    "Lakeshore Property Management"  # its monitoring can't be billed until somebody counts
)
TOPPED_UP = "Block of 6 hours, rolls over"


def write(contracts: Sequence[Contract], months: Sequence[Month]) -> None:
    """A count per contract, class and month end."""
    UsageCount.objects.bulk_create(
        UsageCount(
            contract=contract, counted=rate.counted, counted_on=month.last,
            quantity=_count(FIRST[rate.counted] + place % 4, step),
        )
        for place, contract in enumerate(contracts)
        if contract.customer.name != NOT_COUNTED
        for rate in contract.rates.all()
        if rate.counted
        for step, month in enumerate(months)
        if month.last >= contract.start_date
    )  # fmt: skip


def _count(first: int, months: int) -> Decimal:
    """One more a month, of gigabytes some more."""
    return Decimal(first + months * (1 + first // 60))


def top_up(contracts: Sequence[Contract], *, on: dt.date, by: User, now: dt.datetime) -> None:
    """Four hours that the clinic bought on top."""
    contract = next(contract for contract in contracts if contract.name == TOPPED_UP)
    blocks.top_up(contract, Decimal(4), "Bought by phone, Dr. Holloway", on=on, by=by, now=now)
