"""What can't be billed yet, and why: nothing that was done goes unmentioned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet

from contracts.facts import has_unbilled_work, midnight_after
from contracts.filters import NOT_READY
from contracts.models import Ticket

from . import bills
from .billing import zone_in_force
from .bills import Brief
from .sheet import Account
from .wording import day

NAMED = 5
BLOCKS = {  # code of a blocking issue: what it is called, and what a person does about it
    "count_missing": ("A count is missing", "Record it on the contract."),
    "rate_missing": (
        "Time has no rate",
        "Choose one of the contract's rates for it, or leave it out of this batch.",
    ),
    "fee_missing": ("A contract lacks a rate", "Add the rate to the contract."),
    "earlier_blocked": ("An earlier period of the block comes first", "Mend that one."),
}


class Unready(NamedTuple):
    """A ticket with unbilled work that no bill can take now."""

    ticket_id: int
    ticket: str
    customer: str
    reason: str


class Case(NamedTuple):
    """One thing that waits. It is mended on the ticket, else on the contract."""

    text: str
    note: str
    contract_id: int | None = None
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why things wait, how many they are, and the first few. `code` names the reason."""

    code: str
    title: str
    way_out: str
    count: int
    cases: tuple[Case, ...]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.cases)


def tickets(*, limit: int = 200) -> list[Unready]:
    """The tickets that must be resolved or given a contract before their work can be billed."""
    rows = Ticket.objects.filter(
        NOT_READY["no_contract"] | NOT_READY["not_resolved"], has_unbilled_work()
    )
    return [
        Unready(ticket.pk, str(ticket), ticket.customer.name, _reason(ticket))
        for ticket in rows.select_related("customer").order_by("customer__name", "id")[:limit]
    ]


def reasons(accounts: Collection[Account], *, through: dt.date) -> list[Reason]:
    """Everything that no bill takes now, by reason; those that a person can mend come first."""
    found = [*_blocked(accounts), *_left(accounts), *_not_ready(), *_waiting(accounts, through)]
    return [reason for reason in found if reason.count]


def _blocked(accounts: Collection[Account]) -> Iterator[Reason]:
    due = [(one, bill) for one in accounts for bill in one.due]
    for code, (title, way_out) in BLOCKS.items():
        cases = [
            Case(_name(one), issue.message, one.contract_id, issue.ticket_id)
            for one, bill in due
            for issue in bill.issues
            if issue.code == code and issue.blocking
        ]
        yield _named(code, title, way_out, cases)


def _left(accounts: Iterable[Account]) -> Iterator[Reason]:
    """Work that has a contract, but no period of it to go on."""
    by_why: dict[str, list[int]] = {}
    for one in accounts:
        for ticket_id, why in one.left:
            by_why.setdefault(why, []).append(ticket_id)
    for why, ids in by_why.items():
        title, _, way_out = why.partition(". ")
        rows = Ticket.objects.filter(pk__in=ids[: NAMED * 20])
        yield Reason("left", title, way_out, len(set(ids)), _ticket_cases(rows))


def _not_ready() -> Iterator[Reason]:
    worked_on = Ticket.objects.filter(has_unbilled_work())
    for code, title, way_out in (
        ("no_contract", "The ticket has no contract", "Choose one on the ticket."),
        ("not_resolved", "The ticket is not resolved", "Resolve it first."),
    ):
        rows = worked_on.filter(NOT_READY[code])
        yield Reason(code, title, way_out, rows.count(), _ticket_cases(rows))


def _waiting(accounts: Collection[Account], through: dt.date) -> Iterator[Reason]:
    """What time alone mends."""
    cases = [
        Case(_name(one), f"until {day(bill.period.end)}", one.contract_id)
        for one in accounts
        for bill in one.open
    ]
    yield _named("open", "The period is still open", "It can be billed once it is over.", cases)
    zero = [
        Case(_name(one), _period(bill), one.contract_id)
        for one in accounts
        for bill in one.due
        if bill.has_invoice and not bill.subtotal + bill.tax and not bills.is_blocked(bill)
    ]
    yield _named("zero", "It comes to 0.00", "No invoice is written for nothing.", zero)
    later = Ticket.objects.filter(
        has_unbilled_work(),
        resolved_at__gte=midnight_after(through, zone_in_force()),
        contract__isnull=False,
    )
    yield Reason(
        "later", f"Resolved after {day(through)}", "It comes with the next batch.",
        later.count(), _ticket_cases(later),
    )  # fmt: skip


def _named(code: str, title: str, way_out: str, cases: list[Case]) -> Reason:
    return Reason(code, title, way_out, len(cases), tuple(cases[:NAMED]))


def _ticket_cases(rows: QuerySet[Ticket]) -> tuple[Case, ...]:
    first = rows.select_related("customer").order_by("customer__name", "id")[:NAMED]
    return tuple(Case(str(row), row.customer.name, row.contract_id, row.pk) for row in first)


def _name(account: Account) -> str:
    return f"{account.customer}, {account.contract}"


def _period(bill: Brief) -> str:
    return f"{day(bill.period.start)} – {day(bill.period.end)}"


def _reason(ticket: Ticket) -> str:
    if ticket.contract_id is None:
        return "It has no contract. Choose one on the ticket."
    return f"It is {ticket.get_status_display().lower()}. Resolve it first."
