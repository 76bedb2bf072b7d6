"""A small month to bill, and what must be true of it afterwards."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from contracts import blocks
from contracts.models import Contract, TicketItem, TimeEntry
from invoices.models import Claim, Invoice
from tests import make

TODAY = make.day("2026-11-05")
KINDS = (make.hourly, make.retainer, make.block_hours, make.block_money)


def build(count: int = 12) -> list[Contract]:
    """Contracts of four types with time and products in October."""
    technician = make.user("technician")
    product = make.item("Cable", "12.50", "product")
    contracts = [KINDS[i % 4](start_date="2026-10-01") for i in range(count)]
    for contract in contracts:
        for day in (12, 13):
            ticket = make.ticket(contract)
            for hour in ("08:00", "11:00"):
                make.entry(ticket, 210, started=f"2026-10-{day}", clock=hour, technician=technician)
            make.used(ticket, "12.50", item=product)
    return contracts


def assert_billed_once(contracts: list[Contract]) -> None:
    """All work is on exactly one invoice, totals are sums, ledgers balance."""
    entries = Counter(
        Claim.objects.filter(time_entry__isnull=False, part=0, released_at=None).values_list(
            "time_entry_id", flat=True
        )
    )
    assert set(entries) == set(TimeEntry.objects.values_list("pk", flat=True))
    assert set(entries.values()) == {1}
    items = Claim.objects.filter(ticket_item__isnull=False, released_at=None).values_list(
        "ticket_item_id", flat=True
    )
    assert sorted(items) == sorted(TicketItem.objects.values_list("pk", flat=True))
    for invoice in Invoice.objects.prefetch_related("lines"):
        assert invoice.total == sum((line.total for line in invoice.lines.all()), Decimal(0))
    assert all(blocks.balance(contract) == 0 for contract in contracts if contract.is_block)


def picture() -> list[tuple]:
    """The invoices as figures, without ids: the same month must always give the same picture."""
    return sorted(
        (
            invoice.contract.name,
            str(invoice.period_start),
            str(invoice.total),
            tuple(
                (line.kind, str(line.quantity), str(line.net), line.claims.count())
                for line in invoice.lines.all()
            ),
        )
        for invoice in Invoice.objects.select_related("contract").prefetch_related("lines")
    )
