"""Any figure of an invoice down to the work behind it: entries, rounding, rate, tax."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from contracts.models import Contract, Ticket

from .models import Claim, Invoice, InvoiceLine


class Source(NamedTuple):
    """A piece of work. `worked` is in minutes; `counted` in hours, or pieces without `worked`."""

    when: dt.datetime | dt.date | None
    who: str
    ticket: Ticket | None
    text: str
    worked: int | None
    counted: Decimal


class Story(NamedTuple):
    """How a line came about. `worked` minutes were counted as `counted` hours; `why` says how."""

    line: InvoiceLine
    sources: list[Source]
    worked: int
    counted: Decimal
    price: str
    why: str


def of(invoice: Invoice) -> tuple[list[Story], list[Source]]:
    """The story of each line, and the work that stays billed though its line was removed."""
    claims = list(
        invoice.claims.select_related(
            "time_entry__technician", "time_entry__ticket", "ticket_item__item",
            "ticket_item__ticket",
        ).order_by("time_entry__started_at", "id")
    )  # fmt: skip
    shares = Counter(claim.time_entry_id for claim in claims)
    by_line: dict[int | None, list[Claim]] = {}
    for claim in claims:
        by_line.setdefault(claim.line_id, []).append(claim)
    lines = invoice.lines.select_related("item", "ticket")
    policy = rounding(_as_it_was(invoice.contract, invoice.created_at)) if invoice.contract else ""
    stories = [_story(line, by_line.get(line.pk, []), invoice, shares, policy) for line in lines]
    return stories, [_source(claim, invoice) for claim in by_line.get(None, [])]


def _as_it_was(contract: Contract, at: dt.datetime) -> Contract:
    """The contract when it was billed: what it says today may be another policy."""
    known = contract.history.filter(history_date__lte=at)
    version = known.order_by("-history_date", "-history_id").first()
    return version.instance if version else contract


def _story(
    line: InvoiceLine,
    claims: list[Claim],
    invoice: Invoice,
    shares: Counter[int | None],
    policy: str,
) -> Story:
    timed = [claim for claim in claims if claim.time_entry]
    worked = sum(claim.time_entry.minutes for claim in timed if claim.time_entry)
    counted = sum((claim.quantity for claim in timed), Decimal(0))
    split = any(shares[claim.time_entry_id] > 1 for claim in timed)
    why = ""
    if line.unit == "hour" and timed and line.quantity != counted:
        why = "The quantity was changed by hand."
    elif split:
        why = "An entry is split where the block was used up; the rest is on another line."
    elif Decimal(worked) != counted * 60:
        why = policy
    sources = [_source(claim, invoice) for claim in claims]
    return Story(line, sources, worked, counted, _price(line, claims), why)


def _source(claim: Claim, invoice: Invoice) -> Source:
    if entry := claim.time_entry:
        who = str(entry.technician)
        return Source(
            entry.started_at, who, entry.ticket, entry.description, entry.minutes, claim.quantity
        )
    if used := claim.ticket_item:
        text = used.description or used.item.name
        return Source(used.used_on, "", used.ticket, text, None, claim.quantity)
    return Source(
        invoice.period_start, "", None, "The contract's period", None, claim.quantity
    )  # fmt: skip


def _price(line: InvoiceLine, claims: Iterable[Claim]) -> str:
    """Where the unit price comes from."""
    kinds = {"time" if c.time_entry_id else "item" if c.ticket_item_id else "fee" for c in claims}
    if line.kind == InvoiceLine.Kind.COVERED:
        return "covered by the contract"
    if "fee" in kinds:
        return "fee of the contract"
    if "time" in kinds:
        return f"rate {line.item}" if line.item else "rate of the contract"
    if "item" in kinds:
        return "price on the ticket"
    return "from the catalogue" if line.item else "typed in"


def rounding(contract: Contract) -> str:
    """How the contract makes hours of minutes."""
    if contract.rounding_increment == 1 and not contract.rounding_minimum:
        return "Each entry counts in hundredths of an hour."
    step = f"up to {contract.get_rounding_increment_display()}"
    words = ["The contract rounds time", step, contract.get_rounding_scope_display()]
    least = f", at least {contract.rounding_minimum} min" if contract.rounding_minimum else ""
    return f"{' '.join(words)}{least}."
