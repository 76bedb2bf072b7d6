"""Everything that can be billed, contract by contract, without lines: the page of a new batch.

Working it out reads every contract with its unbilled work. So it is kept for as long as somebody
ticks: choosing, filtering and turning pages then only add up. Whoever wants today's figures asks
for a new sheet, and the background writer computes anew in any case.
"""

from __future__ import annotations

import datetime as dt
import pickle
import re
import uuid
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.core.cache import cache

from atera_invoicing import bulk, money
from atera_invoicing.models import Installation, User
from contracts.models import Contract

from . import billing, bills, choosing, wording
from .bills import Billable, Brief, Row
from .choosing import Choice

KEPT_SECONDS = 30 * 60
ID = re.compile(r"[0-9a-f]{32}")


class Account(NamedTuple):
    """What one contract can be billed for. `left` is work without a period to go on, and why."""

    contract_id: int
    contract: str
    type: str
    customer_id: int
    customer: str
    taxable: bool
    is_block: bool
    level: str
    bills: tuple[Brief, ...]
    left: tuple[tuple[int, str], ...]

    @property
    def due(self) -> list[Brief]:
        return [bill for bill in self.bills if bill.due]

    @property
    def open(self) -> list[Brief]:
        return [bill for bill in self.bills if not bill.due]

    @property
    def balance(self) -> Decimal:
        """Everything that is due now, without tax."""
        return bills.balance(self.bills)

    @property
    def blocked(self) -> bool:
        return any(bills.is_blocked(bill) for bill in self.bills if bill.due)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The contracts with something to bill, or waiting for it, by customer and name."""

    id: str
    made_at: dt.datetime
    through: dt.date
    today: dt.date
    level: str
    accounts: dict[int, Account]

    def answers(self, *, through: dt.date, today: dt.date, level: str, **_: object) -> bool:
        """Whether it was worked out for this question."""
        return (self.through, self.today, self.level) == (through, today, level)


def work_out(
    *, through: dt.date, today: dt.date, options: Installation, level: str, now: dt.datetime
) -> Sheet:
    """Read and compute everything that has begun and is unbilled."""
    contracts = Contract.objects.order_by("customer__name", "name", "id")
    with bulk.without_collector():
        rows = billing.rows(
            contracts, through=through, today=today, options=options, level=level,
            say=wording.nothing,
        )  # fmt: skip
        accounts = [account(row) for row in rows]
    offered = {one.contract_id: one for one in accounts if one.bills or one.left}
    return Sheet(uuid.uuid4().hex, now, through, today, level, offered)


class Picked(NamedTuple):
    """What a choice of one contract comes to: bills that will be written, and why not others."""

    bills: tuple[Billable, ...]
    message: str

    @property
    def subtotal(self) -> Decimal:
        return money.total(bill.subtotal for bill in self.bills)


def pick(
    sheet: Sheet,
    choices: Collection[Choice],
    *,
    through: dt.date,
    today: dt.date,
    options: Installation,
    level: str,
) -> dict[int, Picked]:
    """What these choices come to, by contract. Only contracts with work left out are read again."""
    picky = [one for one in choices if one.left_out and one.contract_id in sheet.accounts]
    afresh = choosing.choose(picky, through=through, today=today, options=options, level=level)
    result = {one.row.facts.contract_id: Picked(one.bills, one.message) for one in afresh}
    for choice in choices:
        known = sheet.accounts.get(choice.contract_id)
        if known and choice.contract_id not in result:
            found = choosing.pick(known.bills, choice, is_block=known.is_block, options=options)
            result[choice.contract_id] = Picked(*found)
    return result


def account(row: Row) -> Account:
    """A row without its lines, and without periods in which nothing billable was done."""
    facts = row.facts
    return Account(
        facts.contract_id, facts.terms.name, facts.terms.type, facts.customer_id,
        facts.customer_name, facts.terms.tax is not None, facts.is_block, row.level,
        tuple(bill.brief() for bill in row.bills if bill.has_invoice or bill.issues),
        tuple(row.left),
    )  # fmt: skip


def keep(person: User, sheet: Sheet) -> Sheet:
    """Keep a sheet for whoever looks at it."""
    cache.set(_key(person, sheet.id), zlib.compress(pickle.dumps(sheet), 1), KEPT_SECONDS)
    return sheet


def load(person: User, id: str) -> Sheet | None:
    """A kept sheet of this person; None when it is gone, or never was."""
    packed = cache.get(_key(person, id)) if ID.fullmatch(id) else None
    return pickle.loads(zlib.decompress(packed)) if packed else None  # noqa: S301 - our own


def _key(person: User, id: str) -> str:
    return f"sheet:{person.pk}:{id}"
