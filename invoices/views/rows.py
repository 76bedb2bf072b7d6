"""What the page of a new batch shows of a contract: its periods with their boxes and their work."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atera_invoicing import money
from contracts.terms.base import Issue, Period, TicketFacts
from invoices import bills
from invoices.bills import Billable
from invoices.breakdown import Piece
from invoices.sheet import Account, Picked


@dataclass(frozen=True)
class Box:
    """A piece of a bill with its box; `tick` is empty for what can't be left out."""

    piece: Piece
    tick: str
    ticked: bool


@dataclass(frozen=True)
class Line:
    """A period of a contract with its box, and its pieces by ticket where they are shown."""

    bill: Billable
    tick: str
    ticked: bool
    written: Billable | None
    groups: list[tuple[TicketFacts | None, list[Box]]]

    @property
    def period(self) -> Period:
        return self.bill.period

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What there is to know: leaving work out may have mended it."""
        return (self.written or self.bill).issues

    @property
    def blocked(self) -> bool:
        return self.written is None and bills.is_blocked(self.bill)

    @property
    def selected(self) -> Decimal:
        return self.written.subtotal if self.written else money.ZERO


@dataclass(frozen=True)
class Shown:
    """A contract on the page. `out` is its work left out."""

    account: Account
    type: str
    due: list[Line]
    open: list[Line]
    picked: Picked
    reason: str
    out: frozenset[str]
    expanded: bool

    @property
    def issues(self) -> list[Issue]:
        """What there is to know about its due bills, each once."""
        return list(dict.fromkeys(issue for line in self.due for issue in line.issues))

    @property
    def lines(self) -> list[Line]:
        """The periods with a row of their own: several due ones, and open ones when asked for."""
        due = self.due if len(self.due) > 1 else []
        return [*due, *(line for line in self.open if self.expanded or line.ticked)]

    @property
    def shown(self) -> str:
        """The boxes of periods that are on the screen for it."""
        return " ".join(dict.fromkeys(line.tick for line in [*self.due, *self.lines]))

    @property
    def asks_reason(self) -> str:
        """The tick of the first open period with a row: beside it stands the reason."""
        return next((line.tick for line in self.lines if not line.bill.due), "")

    @property
    def single(self) -> Line | None:
        """The only due period: its box is that of the contract."""
        return self.due[0] if len(self.due) == 1 else None
