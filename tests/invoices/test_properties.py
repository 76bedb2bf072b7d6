"""What stays true whatever people do: generated months, generated sequences of acts."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atera_invoicing import money
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from contracts import blocks
from contracts.models import Contract, TimeEntry
from invoices import billing, lifecycle
from invoices.drafting import LineInput
from invoices.models import Claim, Invoice
from tests import make

from .test_batches import TODAY, bill
from .test_lifecycle import NOW

QUIET = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MINUTES = st.lists(st.integers(1, 600), min_size=1, max_size=8)
PRICE = st.decimals("0.01", "500", places=2)
BUILDERS = {
    "hourly": make.hourly,
    "retainer": make.retainer,
    "block_hours": make.block_hours,
    "block_money": make.block_money,
    "project_fixed": make.project_fixed,
    "project_hourly": make.project_hourly,
    "monitoring": make.monitoring,
}


class Rewind(Exception):
    """Ends an example; its transaction is rolled back."""


def example(act) -> None:
    """Run one generated example and leave no trace of it."""
    try:
        with transaction.atomic():
            act()
            raise Rewind
    except Rewind:
        pass


def month(kind: str, tickets: list[list[int]], **fields) -> Contract:
    contract = BUILDERS[kind](start_date="2026-09-01", **fields)
    for i, minutes in enumerate(tickets):
        ticket = make.ticket(contract, resolved=f"2026-{9 + i % 2:02d}-20")
        for j, amount in enumerate(minutes):
            make.entry(ticket, amount, started=f"2026-{9 + i % 2:02d}-{j + 1:02d}")
    return contract


@pytest.mark.django_db
@QUIET
@given(
    kind=st.sampled_from(sorted(BUILDERS)),
    tickets=st.lists(MINUTES, min_size=1, max_size=4),
    percent=PRICE.map(lambda p: min(p, D(100))),
)
def test_totals_are_the_sums_of_their_lines_at_every_level(kind, tickets, percent):
    def act():
        contract = month(kind, tickets, tax_rate=make.tax(percent=str(percent)))
        for method in ("per_line", "per_rate"):
            options = Installation(tax_method=method)
            for level in ("contract", "ticket", "entry"):
                (row,) = billing.rows(
                    Contract.objects.filter(pk=contract.pk),
                    through=TODAY,
                    today=TODAY,
                    options=options,
                    level=level,
                )
                for invoice in (b.invoice for b in row.bills if b.invoice):
                    assert invoice.subtotal == sum(line.net for line in invoice.lines)
                    assert invoice.tax == sum(line.tax_amount for line in invoice.lines)
                    assert all(
                        line.net
                        == money.line_net(line.quantity, line.unit_price, line.discount_percent)
                        for line in invoice.lines
                    )

    example(act)


@pytest.mark.django_db
@QUIET
@given(tickets=st.lists(MINUTES, min_size=1, max_size=4), price=PRICE)
def test_levels_differ_by_no_more_than_the_rounding_of_their_lines(tickets, price):
    """Quantities are rounded per entry, so only `quantity x price` can round differently: half a
    cent a line.
    """

    def act():
        contract = month("hourly", tickets, price=str(price))
        subtotals, lines, hours = {}, 0, set()
        for level in ("contract", "ticket", "entry"):
            (row,) = billing.rows(
                Contract.objects.filter(pk=contract.pk),
                through=TODAY,
                today=TODAY,
                options=Installation(),
                level=level,
            )
            invoices = [b.invoice for b in row.bills if b.invoice]
            subtotals[level] = sum(invoice.subtotal for invoice in invoices)
            lines = max(lines, sum(len(invoice.lines) for invoice in invoices))
            hours.add(sum(invoice.hours for invoice in invoices))
        assert len(hours) == 1
        assert max(subtotals.values()) - min(subtotals.values()) <= D("0.01") * lines

    example(act)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "edit", "delete", "issue", "void", "log"]), st.integers(0, 9)
    ),
    max_size=14,
)


def perform(act: str, pick: int, contracts: list[Contract]) -> None:
    """One act of a person; what is refused changes nothing."""
    drafts, issued = (
        list(Invoice.objects.drafts()),
        list(Invoice.objects.filter(issued_at__isnull=False, voided_at=None)),
    )
    contract = contracts[pick % len(contracts)]
    if act == "bill":
        bill(contract)
    elif act == "log":
        make.entry(make.ticket(contract, resolved="2026-10-25"), 30 + 17 * pick)
    elif act in ("edit", "delete", "issue") and drafts:
        invoice = drafts[pick % len(drafts)]
        if act == "issue":
            lifecycle.issue(invoice, by=None, now=NOW)
        elif act == "delete":
            lifecycle.delete_draft(invoice, by=None, now=NOW)
        else:
            drop_a_line(invoice, free=bool(pick % 2))
    elif act == "void" and issued:
        lifecycle.void(issued[pick % len(issued)], reason="Test", by=None, now=NOW)


def drop_a_line(invoice: Invoice, *, free: bool) -> None:
    if not invoice.lines.exists():
        return
    first, *rest = invoice.lines.all()
    kept = [
        LineInput(x.description, x.quantity, x.unit_price, x.discount_percent, x.item, id=x.pk)
        for x in rest
    ]
    release = [first.pk] if free else []
    lifecycle.edit(invoice, version=invoice.version, lines=kept, release=release, by=None, now=NOW)


@pytest.mark.django_db
@QUIET
@given(acts=ACTS)
def test_after_any_acts_each_billable_minute_is_on_one_live_invoice_or_unbilled_and_ledgers_balance(
    acts,
):
    def act():
        contracts = [
            month("hourly", [[60, 45]]),
            month("block_hours", [[300, 400]], rollover=True),
            month("block_money", [[240], [500]], rollover=True),
            month("retainer", [[90]]),
            month("project_fixed", [[120]]),
            month("project_hourly", [[75, 30]]),
            month("monitoring", [[45]]),
        ]
        make.usage(contracts[-1], "pcs", "12")
        for name, pick in acts:
            try:
                with transaction.atomic():
                    perform(name, pick, contracts)
            except Refused:
                continue
        for entry in TimeEntry.objects.prefetch_related("claims"):
            live = [claim for claim in entry.claims.all() if claim.released_at is None]
            assert len({claim.invoice_id for claim in live}) <= 1
            assert not live or sum(claim.quantity for claim in live) == money.cents(
                D(entry.minutes) / 60
            )
        for invoice in Invoice.objects.filter(voided_at=None).prefetch_related("lines"):
            assert invoice.total == sum(line.total for line in invoice.lines.all())
        voided = Claim.objects.filter(invoice__voided_at__isnull=False, released_at=None)
        assert not voided.exists()
        periods = Claim.objects.filter(contract__isnull=False, released_at=None)
        claimed = list(periods.values_list("contract_id", "period_start"))
        assert len(claimed) == len(set(claimed))
        assert_ledger_balances(contracts[1], price=D(1))
        assert_ledger_balances(contracts[2], price=D(100))

    example(act)


def assert_ledger_balances(contract: Contract, *, price: D) -> None:
    """A block holds what its live bills included less the covered hours that they claim, each at
    `price` of what the block counts.
    """
    held = D(0)
    for invoice in Invoice.objects.filter(contract=contract, voided_at=None):
        claims = Claim.objects.filter(invoice=invoice, time_entry__isnull=False).exclude(
            line__kind="overage"
        )
        covered = sum((claim.quantity for claim in claims if claim.line_id), D(0))
        if not any(claim.line_id is None for claim in claims):
            assert (
                sum(
                    m.quantity
                    for m in contract.movements.filter(invoice_uid=invoice.uid, kind="used")
                )
                == -covered * price
            )
        held += sum(m.quantity for m in contract.movements.filter(invoice_uid=invoice.uid))
    assert blocks.balance(contract) == held >= 0
