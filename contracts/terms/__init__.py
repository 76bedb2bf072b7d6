"""What a contract owes for a period, given the work of that period: one module per contract type.

Everything here takes values and returns values (`base`); there is no database and no clock. A new
type is one module with an `owed` of its own and one line in `BY_TYPE`.
"""

from __future__ import annotations

from collections.abc import Callable

from . import (
    backup,
    block_hours,
    block_money,
    hourly,
    monitoring,
    project_fixed,
    project_hourly,
    retainer,
)
from .base import Owed, Period, Terms, Work

BY_TYPE: dict[str, Callable[[Terms, Period, Work], Owed]] = {
    "retainer": retainer.owed,
    "hourly": hourly.owed,
    "block_hours": block_hours.owed,
    "block_money": block_money.owed,
    "monitoring": monitoring.owed,
    "backup": backup.owed,
    "project_fixed": project_fixed.owed,
    "project_hourly": project_hourly.owed,
}


def owed(terms: Terms, period: Period, work: Work) -> Owed:
    """Charges, ledger movements and issues of one period, whatever the order of the work given.

    Each billable entry and item is the source of exactly one charge (two if a block's limit cuts
    the entry), unless a blocking issue says why it has none. Non-billable work leaves no trace.
    Every type but hourly claims its period, as one more source of one charge.
    """
    return BY_TYPE[terms.type](terms, period, work)
