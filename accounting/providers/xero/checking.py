"""What Xero would refuse, said without asking it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accounting.providers.port import Document, Reason, Rejected, TimeDocument

from . import mapping
from .mapping import LONGEST_NUMBER, plain


def problems(document: Document | TimeDocument, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    """Everything that is known to be refused, each with what to change."""
    if isinstance(document, TimeDocument):
        yield Rejected(
            "Xero takes no billable time without an invoice. Bill it instead.",
            reason=Reason.NOT_ALLOWED,
        )
        return
    closed = str(facts.get("closed_through") or "")
    if document.date.isoformat() <= closed:
        yield Rejected(
            f"The books in Xero are locked through {closed}. Use a later date, or have your "
            "accountant move the lock date.",
            reason=Reason.PERIOD_CLOSED,
            field="date",
        )
    yield from _head(document, facts)
    yield from _lines(document)


def _head(document: Document, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    if len(document.number) > LONGEST_NUMBER:
        yield Rejected(
            f"The number has more than {LONGEST_NUMBER} characters. Shorten it.",
            reason=Reason.TOO_LONG,
            field="number",
        )
    known = facts.get("currencies") or []
    if known and document.currency not in known:
        yield Rejected(
            f"The Xero organisation does not take {document.currency}. Add the currency there, or "
            f"bill in {', '.join(known)}.",
            reason=Reason.CURRENCY,
            field="currency",
        )
    if document.total < 0:
        yield Rejected(
            f"The total is {plain(document.total)}. Xero takes no invoice below zero; it would "
            "have to be a credit note there.",
            reason=Reason.AMOUNT,
            field="total",
        )
    if mapping.status(facts) == mapping.APPROVED and facts.get("may_approve") is False:
        yield Rejected(
            "The Xero plan or the user who connected may not approve invoices. Let them arrive as "
            "drafts: the Accounting page has the choice.",
            reason=Reason.NOT_ALLOWED,
        )


def _lines(document: Document) -> Iterator[Rejected]:
    if not document.lines:
        yield Rejected("The invoice has no lines.", field="lines")
    if any(line.net and not line.item_id for line in document.lines):
        yield Rejected(
            "A line was typed in and has no item or account in Xero. Choose one for such lines on "
            "the Accounting page.",
            reason=Reason.REFERENCE,
            field="lines",
        )
