"""What an invoice line says. Pure text in, pure text out.

A line shows the description of its level and of every level above, outermost first, one per row:
contract > ticket > time entry. Blank descriptions leave no empty row; internal notes never get
here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from contracts.terms.base import Charge, TicketFacts

MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
BLANKS = re.compile(r"[ \t\r\f\v]+")
CONTRACT, TICKET, ENTRY = "contract", "ticket", "entry"


@dataclass(frozen=True, slots=True)
class Style:
    """What the installation wants on time-entry lines."""

    dates: bool = False
    technician: bool = False


@lru_cache(maxsize=2000)  # a contract's and a ticket's words come with each of their entries
def plain(text: str) -> str:
    """Text as typed, without HTML tags, NULs, and blanks at the ends of rows."""
    rows = MARKUP.sub(" ", text.replace("\0", "")).split("\n")
    return "\n".join(row for row in (BLANKS.sub(" ", row).strip() for row in rows) if row)


def describe(
    charge: Charge,
    *,
    level: str,
    contract: str,
    ticket: TicketFacts | None,
    primary: str,
    style: Style,
) -> str:
    """The text of the line that a charge opens. `primary` is the label that goes without saying."""
    rows = [plain(contract)]
    remark = "" if charge.label == primary and level == ENTRY else _remark(charge)
    if charge.entry is None:
        rows += [_ticket(ticket)] if ticket and level != CONTRACT else []
        rows += [_discounted(charge), plain(charge.description)]
    elif level == CONTRACT or ticket is None:
        rows.append(charge.label)
    else:
        details = _entry(charge, style) if level == ENTRY else ""
        title = [_ticket(ticket), plain(ticket.description)]
        rows += _remarked([*title[:1], *title[1:], details], remark, level)
    return "\n".join(row for row in rows if row)


def nothing(charge: Charge, **_: object) -> str:
    """No words: for sums, which need none."""
    return ""


def _ticket(ticket: TicketFacts | None) -> str:
    return f"#{plain(ticket.number)} {plain(ticket.title)}".strip() if ticket else ""


def _remark(charge: Charge) -> str:
    """What sets a line apart: of "Labor – After-hours" it is "After-hours"."""
    return charge.label.partition(" – ")[2] or charge.label


def _remarked(rows: list[str], remark: str, level: str) -> list[str]:
    """Put the remark in brackets behind the row it belongs to: the ticket's, or the last one at
    entry level.
    """
    if remark:
        place = max(i for i, row in enumerate(rows) if row) if level == ENTRY else 0
        first, newline, rest = rows[place].partition("\n")
        rows[place] = f"{first} ({remark}){newline}{rest}"
    return rows


def _entry(charge: Charge, style: Style) -> str:
    entry = charge.entry
    if entry is None:
        return ""
    facts = [day(entry.work_date)] if style.dates else []
    facts += [plain(entry.technician)] if style.technician and entry.technician else []
    text = plain(entry.description)
    return " · ".join([*facts, text] if text else facts)


def day(date: dt.date) -> str:
    """ "5 Nov 2026"."""
    return f"{date.day} {date:%b %Y}"


def counted(count: int, noun: str) -> str:
    """ "1 draft", "3 drafts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _discounted(charge: Charge) -> str:
    if not charge.discount_percent:
        return plain(charge.label)
    return f"{plain(charge.label)} (−{charge.discount_percent.normalize():f} %)"
