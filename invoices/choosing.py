"""From what somebody chose to the bills that will be written. Page, preview and background writer
share it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atera_invoicing.models import Installation
from contracts.models import Contract

from . import billing, bills
from .bills import B, Bill, Panel, Row
from .models import BatchPart
from .wording import day


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
        tuple(dt.date.fromisoformat(start) for start in part.periods),
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
    to_write: bool = False,
) -> list[Chosen]:
    """What these choices come to now, in their order. `to_write` lets go of the work behind the
    lines, which nobody but a person looks at.
    """
    rows = {}
    for ids, left_out in _groups(choices):
        for row in billing.rows(
            Contract.objects.filter(pk__in=ids),
            through=through,
            today=today,
            options=options,
            level=level,
            left_out=left_out,
        ):
            rows[row.facts.contract_id] = row
            if to_write:
                row.let_go()
    return [
        Chosen(row, *pick(row.bills, choice, is_block=row.facts.is_block, options=options))
        for choice in choices
        for row in [rows[choice.contract_id]]
    ]


def panel(chosen: Iterable[Chosen], options: Installation) -> Panel:
    """The sums of what will be written."""
    written = [bill for one in chosen for bill in one.bills]
    return bills.panel(written, zero_invoices=options.zero_invoices)


def pick(
    offered: Sequence[B], choice: Choice, *, is_block: bool, options: Installation
) -> tuple[tuple[B, ...], str]:
    """Which of a contract's bills a choice writes, and why not all that were asked for."""
    early = bool(choice.early_reason.strip())
    wanted = bills.selected(offered, choice.periods, early=early)
    if gap := _gap(offered, wanted) if is_block else None:
        return (), f"A block is billed in order. Bill the period from {day(gap)} first."
    said = _not_offered(offered, choice, {bill.period.start for bill in wanted})
    for bill in wanted:
        said += [issue.message for issue in bill.issues if issue.blocking]
    written = [b for b in wanted if bills.writable(b, zero_invoices=options.zero_invoices)]
    if not written and not said:
        said.append("The total is 0.00." if wanted else "Nothing to bill.")
    return tuple(written), " ".join(said)


def _groups(choices: Sequence[Choice]) -> list[tuple[list[int], tuple[str, ...]]]:
    """Contracts with something left out are read apart from those without."""
    plain = [choice.contract_id for choice in choices if not choice.left_out]
    picky = [choice for choice in choices if choice.left_out]
    groups: list[tuple[list[int], tuple[str, ...]]] = [(plain, ())] if plain else []
    if picky:
        sources = tuple(source for choice in picky for source in choice.left_out)
        groups.append(([choice.contract_id for choice in picky], sources))
    return groups


def _not_offered(offered: Iterable[B], choice: Choice, wanted: set[dt.date]) -> list[str]:
    """A sentence for each period that was asked for and can't be had: still open, or gone."""
    still_open = {bill.period.start for bill in offered}
    return [
        f"The period from {day(start)} is still open. Say why it is billed early."
        if start in still_open
        else f"The period from {day(start)} is already billed or not yet due."
        for start in sorted(set(choice.periods) - wanted)
    ]


def _gap(offered: Sequence[B], wanted: Sequence[B]) -> dt.date | None:
    """First day of an unbilled period of a block that was passed over."""
    starts = {bill.period.start for bill in wanted}
    last = max(starts, default=dt.date.min)
    passed = (bill.period.start for bill in offered if bill.period.start not in starts)
    return next((start for start in passed if start < last), None)
