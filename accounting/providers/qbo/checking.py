"""What QuickBooks would refuse, said without asking it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from accounting.providers.port import (
    Document,
    Reason,
    Rejected,
    TaxMode,
    TimeDocument,
)

from .mapping import LONGEST_NUMBER, plain, sells, tax_codes

LONGEST_EMAIL = 100
MOST_LINES = 10_000
MOST_TAXABLE = 750


def problems(document: Document | TimeDocument, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    """Everything that is known to be refused, each with what to change."""
    yield from _date(document.date, facts)
    if isinstance(document, TimeDocument):
        yield from _time(document, facts)
        return
    yield from _head(document, facts)
    yield from _lines(document, facts)
    yield from _tax(document, facts)


def _date(date: dt.date, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    closed = facts.get("closed_through")
    if closed and date.isoformat() <= closed:
        yield Rejected(
            f"The books in QuickBooks are closed through {closed}. Use a later date, or have your "
            "accountant open the period.",
            reason=Reason.PERIOD_CLOSED,
            field="date",
        )


def _time(document: TimeDocument, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    if not facts.get("time"):
        yield Rejected(
            "Time tracking is off in this QuickBooks company. Turn on time for services and "
            "billing of customers there.",
            reason=Reason.NOT_ALLOWED,
        )
    if not 0 < document.minutes < 8761 * 60:
        yield Rejected("QuickBooks takes time from one minute on.", field="minutes")


def _head(document: Document, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    if len(document.number) > LONGEST_NUMBER:
        yield Rejected(
            f"The number has more than {LONGEST_NUMBER} characters. Shorten it.",
            reason=Reason.TOO_LONG,
            field="number",
        )
    if len(document.email) > LONGEST_EMAIL:
        yield Rejected(
            f"The e-mail address has more than {LONGEST_EMAIL} characters. Use another one.",
            reason=Reason.TOO_LONG,
            field="email",
        )
    home = str(facts.get("currency", ""))
    if home and document.currency != home and not facts.get("multicurrency"):
        yield Rejected(
            f"The QuickBooks company keeps its books in {home} only. Turn on several currencies "
            f"there, or bill in {home}.",
            reason=Reason.CURRENCY,
            field="currency",
        )
    if document.total < 0:
        yield Rejected(
            f"The total is {plain(document.total)}. QuickBooks takes no invoice below zero; it "
            "would have to be a credit memo there.",
            reason=Reason.AMOUNT,
            field="total",
        )


def _lines(document: Document, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    if not document.lines:
        yield Rejected("The invoice has no lines.", field="lines")
    if any(line.net and not line.item_id for line in document.lines):
        yield Rejected(
            "A line was typed in and has no item in QuickBooks. Choose the item for such lines on "
            "the Accounting page.",
            reason=Reason.REFERENCE,
            field="lines",
        )
    taxable = sum(bool(line.taxable or line.tax_id) for line in document.lines if sells(line))
    if len(document.lines) > MOST_LINES or taxable > MOST_TAXABLE:
        yield Rejected(
            f"QuickBooks takes at most {MOST_TAXABLE} taxed lines and {MOST_LINES} lines in all. "
            "Bill this at the level of tickets or of the contract.",
            reason=Reason.TOO_LONG,
            field="lines",
        )


def _tax(document: Document, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    if document.tax_mode is TaxMode.PROVIDER:
        return
    codes, us = tax_codes(document), bool(facts.get("us"))
    if us and len(codes) > 1:
        yield Rejected(
            "This QuickBooks company taxes an invoice with one tax code, and the lines have "
            "several. Split the invoice.",
            reason=Reason.TAX,
            field="lines",
        )
    without = any(sells(line) and not line.tax_id for line in document.lines)
    if not us and codes and without and not facts.get("untaxed_id"):
        yield Rejected(
            "This QuickBooks company wants a tax code on every line, and has none for what is not "
            "taxed. Make one there, then read the lists again on the Accounting page.",
            reason=Reason.TAX,
            field="lines",
        )
