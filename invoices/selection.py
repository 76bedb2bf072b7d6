"""What is ticked on the page of a new batch, as its form says it.

A tick is a text: "12/2026-10-01" is a period of contract 12, "12/entry:7" and "12/item:9" are work
of it. The form carries everything, so nothing is kept on the server. `on` names the chosen periods
and `out` the work left out, of all that is not on the screen; what is on the screen is named by
`shown` and decided by its boxes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.http import QueryDict

from . import bills
from .choosing import Choice
from .sheet import Account

WORK = re.compile(r"\d{1,18}/(?:entry|item):\d{1,18}", re.ASCII)
PERIOD = re.compile(r"\d{1,18}/\d{4}-\d\d-\d\d", re.ASCII)
BOXES = ("take", "early", "piece")  # periods that are due, open ones, single pieces of work
REASON = "reason-"


@dataclass(frozen=True)
class Selection:
    """Chosen periods, work left out, and by contract why open periods are billed early."""

    on: frozenset[str] = frozenset()
    out: frozenset[str] = frozenset()
    reasons: dict[int, str] = field(default_factory=dict)

    def choices(self) -> dict[int, Choice]:
        """What it chooses, by contract."""
        starts, left_out = _by_contract(self.on), _by_contract(self.out)
        return {
            pk: Choice(
                pk,
                tuple(sorted(dt.date.fromisoformat(day) for day in days)),
                tuple(sorted(left_out.get(pk, ()))),
                self.reasons.get(pk, ""),
            )
            for pk, days in starts.items()
        }

    def with_all(self, accounts: Iterable[Account], *, zero_invoices: bool) -> Selection:
        """With every due bill of these contracts that makes an invoice."""
        return replace(self, on=self.on | _writable(accounts, zero_invoices=zero_invoices))

    def without(self, accounts: Iterable[Account]) -> Selection:
        """With no bill of these contracts."""
        ids = {one.contract_id for one in accounts}
        return replace(self, on=frozenset(t for t in self.on if contract(t) not in ids))

    def moved_on(
        self,
        before: Iterable[Account],
        after: Iterable[Account],
        *,
        among: Iterable[Account],
        zero_invoices: bool,
    ) -> Selection:
        """The same when other bills are offered than before: without those that are gone, and with
        those of `among` that can be written only now.
        """
        offered = {tick(one.contract_id, b.period.start) for one in after for b in one.bills}
        known = _writable(before, zero_invoices=zero_invoices)
        fresh = _writable(among, zero_invoices=zero_invoices) - known
        return replace(self, on=self.on & offered | fresh)


def tick(contract_id: int, what: object) -> str:
    """The name of a contract's period, by its first day, or of work of it ("entry:7")."""
    return f"{contract_id}/{what}"


def contract(tick: str) -> int:
    """The contract that a tick belongs to."""
    return int(tick.partition("/")[0])


def read(post: QueryDict) -> Selection:
    """The selection that a form says. What makes no sense in it is passed over."""
    shown = set(_texts(post, "shown"))
    take = {text for name in BOXES for text in _texts(post, name)}
    on = {text for text in _texts(post, "on") if text not in shown} | take
    out = {text for text in _texts(post, "out") if text not in shown} | (shown - take)
    return Selection(
        frozenset(text for text in on if _is_period(text)),
        frozenset(text for text in out if WORK.fullmatch(text)),
        _reasons(post),
    )


def contracts_shown(post: QueryDict) -> list[int]:
    """The contracts that have a box on the screen."""
    return list(_by_contract(text for text in _texts(post, "shown") if PERIOD.fullmatch(text)))


def is_id(text: str) -> bool:
    """Whether a text can be a primary key."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def _writable(accounts: Iterable[Account], *, zero_invoices: bool) -> frozenset[str]:
    return frozenset(
        tick(one.contract_id, bill.period.start)
        for one in accounts
        for bill in one.due
        if bills.writable(bill, zero_invoices=zero_invoices)
    )


def _texts(post: QueryDict, name: str) -> Iterable[str]:
    """Each field may hold many texts, with blanks between."""
    return (text for value in post.getlist(name) for text in value.split())


def _is_period(text: str) -> bool:
    if not PERIOD.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text.partition("/")[2])
    except ValueError:
        return False
    return True


def _by_contract(ticks: Iterable[str]) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for text in ticks:
        found[contract(text)].append(text.partition("/")[2])
    return found


def _reasons(post: QueryDict) -> dict[int, str]:
    given = {
        int(pk): " ".join(str(post[name]).replace("\0", "").split())[:200]
        for name in post
        if is_id(pk := name.removeprefix(REASON)) and pk != name
    }
    return {pk: reason for pk, reason in given.items() if reason}
