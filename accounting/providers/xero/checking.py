"""What Xero would refuse, said without asking it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accounting.providers.port import Document, Reason, Rejected, TimeDocument

from . import mapping
from .mapping import ITEM, LONGEST_NUMBER, REVENUE, plain


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
    yield from _accounts(document, facts)


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


def _accounts(document: Document, facts: Mapping[str, Any]) -> Iterator[Rejected]:
    """Each item needs an account, and a tax that can be used with its class."""
    classes = facts.get("tax_classes") or {}
    sold = dict.fromkeys(
        (line.item_id, mapping.tax_of(line, facts)) for line in document.lines if line.item_id
    )
    for id in dict.fromkeys(id for id, _ in sold):
        if not (mapping.class_of(id, facts) or facts.get("income_account_id")):
            yield Rejected(
                f"The item {id.removeprefix(ITEM)} has no sales account in Xero that is open. Give "
                "it one there, or choose in the settings of the Accounting page to which account "
                "such items go. Then read the lists again.",
                reason=Reason.REFERENCE,
                field="lines",
            )
    for id, tax in sold:
        kind = mapping.class_of(id, facts) or REVENUE
        if kind not in classes.get(tax, [kind]):
            yield Rejected(
                f"Sales of the item {id.removeprefix(ITEM)} go to an account of the class "
                f"{kind.lower()} in Xero, with which its tax rate {tax} can't be used. Give it "
                "another sales account there, or link another tax rate on the Accounting page.",
                reason=Reason.TAX,
                field="lines",
            )
