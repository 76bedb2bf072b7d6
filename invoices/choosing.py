"""From what somebody chose to the bills that will be written. Preview and background writer share
it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atera_invoicing.models import Installation
from contracts.models import Contract

from . import billing
from .billing import Bill, Panel, Row
from .models import BatchPart


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose of one contract. No periods: all that are due. A reason bills open
    periods too.
    """

    contract_id: int
    periods: tuple[dt.date, ...] = ()
    left_out: tuple[str, ...] = ()
    early_reason: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a choice comes to: the bills that will be written, and why not others."""

    row: Row
    bills: tuple[Bill, ...]
    message: str


def of_part(part: BatchPart) -> Choice:
    """The choice that a batch part keeps."""
    return Choice(
        part.contract_id,
        tuple(dt.date.fromisoformat(day) for day in part.periods),
        tuple(part.left_out),
        part.early_reason,
    )


def choose(
    choices: Sequence[Choice],
    *,
    through: dt.date,
    today: dt.date,
    options: Installation,
    level: str = "",
) -> list[Chosen]:
    """What these choices come to now, in their order."""
    rows = {
        row.facts.contract_id: row
        for ids, left_out in _groups(choices)
        for row in billing.rows(
            Contract.objects.filter(pk__in=ids),
            through=through,
            today=today,
            options=options,
            level=level,
            left_out=left_out,
        )
    }
    return [_chosen(choice, rows[choice.contract_id], options) for choice in choices]


def panel(chosen: Iterable[Chosen], options: Installation) -> Panel:
    """The sums of what will be written."""
    bills = [bill for one in chosen for bill in one.bills]
    return billing.panel(bills, zero_invoices=options.zero_invoices)


def _groups(choices: Sequence[Choice]) -> list[tuple[list[int], tuple[str, ...]]]:
    """Contracts with something left out are read apart from those without."""
    plain = [choice.contract_id for choice in choices if not choice.left_out]
    picky = [choice for choice in choices if choice.left_out]
    groups: list[tuple[list[int], tuple[str, ...]]] = [(plain, ())] if plain else []
    if picky:
        sources = tuple(source for choice in picky for source in choice.left_out)
        groups.append(([choice.contract_id for choice in picky], sources))
    return groups


def _chosen(choice: Choice, row: Row, options: Installation) -> Chosen:
    wanted = row.chosen(choice.periods, early=bool(choice.early_reason.strip()))
    missing = set(choice.periods) - {bill.period.start for bill in wanted}
    said = [f"The period from {day} is already billed or not yet due." for day in sorted(missing)]
    if gap := _gap(row, wanted):
        return Chosen(row, (), f"A block is billed in order. Bill the period from {gap} first.")
    written = [b for b in wanted if billing.writable(b, zero_invoices=options.zero_invoices)]
    for bill in wanted:
        said += [issue.message for issue in bill.owed.issues if issue.blocking]
    if not written and not said:
        said.append("The total is 0.00." if wanted else "Nothing to bill.")
    return Chosen(row, tuple(written), " ".join(said))


def _gap(row: Row, wanted: list[Bill]) -> dt.date | None:
    """First day of an unbilled period of a block that was passed over."""
    if not row.facts.is_block or not wanted:
        return None
    last = wanted[-1].period.start
    passed = [bill for bill in row.bills if bill.period.start < last and bill not in wanted]
    return passed[0].period.start if passed else None
