"""The worked examples at each level, and which work goes on which bill."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from atera_invoicing.models import Installation
from contracts.models import Contract
from invoices import billing
from invoices.bills import panel as panel_of
from tests import make

from . import examples

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-11-05")


def bills(*contracts, level="", today=TODAY, through=None, left_out=(), **options):
    installation = Installation(**options)
    return list(
        billing.rows(
            Contract.objects.filter(pk__in=[c.pk for c in contracts]).order_by("id"),
            through=through or today,
            today=today,
            options=installation,
            level=level,
            left_out=left_out,
        )
    )


def october(contract, level, **kwargs):
    (row,) = bills(contract, level=level, **kwargs)
    return next(bill.invoice for bill in row.bills if bill.period.start == make.day("2026-10-01"))


def figures(invoice):
    return [
        (
            line.description.split("\n")[-1],
            line.quantity,
            line.unit_price,
            line.net,
            line.tax_amount,
        )
        for line in invoice.lines
    ]


ACME = {
    "contract": [
        ("Labor – Standard", D("3.50"), D(100), D("350.00"), D("28.00")),
        ("Labor – After-hours", D("0.75"), D(150), D("112.50"), D("9.00")),
        ("Dock (−10 %)", D(1), D(180), D("162.00"), D("8.10")),
    ],
    "ticket": [
        ("#T-1001 VPN down (Standard)", D("1.50"), D(100), D("150.00"), D("12.00")),
        ("#T-1001 VPN down (After-hours)", D("0.75"), D(150), D("112.50"), D("9.00")),
        ("#T-1002 New laptop (Standard)", D("2.00"), D(100), D("200.00"), D("16.00")),
        ("Dock (−10 %)", D(1), D(180), D("162.00"), D("8.10")),
    ],
    "entry": [
        ("Reset gateway", D("1.50"), D(100), D("150.00"), D("12.00")),
        ("Firmware upgrade (After-hours)", D("0.75"), D(150), D("112.50"), D("9.00")),
        ("Image laptop", D("1.25"), D(100), D("125.00"), D("10.00")),
        ("Restore profile", D("0.75"), D(100), D("75.00"), D("6.00")),
        ("Dock (−10 %)", D(1), D(180), D("162.00"), D("8.10")),
    ],
}


@pytest.mark.parametrize("level", ["contract", "ticket", "entry"])
def test_hourly_month(level):
    invoice = october(examples.acme(), level)
    assert figures(invoice) == ACME[level]
    assert (invoice.subtotal, invoice.tax, invoice.total) == (D("624.50"), D("45.10"), D("669.60"))


def test_lines_show_their_level_and_every_level_above():
    invoice = october(examples.acme(), "entry")
    assert (
        invoice.lines[1].description
        == "Acme Hourly\n#T-1001 VPN down\nFirmware upgrade (After-hours)"
    )
    assert invoice.lines[4].description == "Acme Hourly\n#T-1002 New laptop\nDock (−10 %)"


BETA = {
    "contract": [(D(10), D("950.00")), (D("2.00"), D("260.00"))],
    "ticket": [(D(10), D("950.00")), (D("6.00"), D(0)), (D("5.00"), D(0)), (D("1.00"), D(0)),
    (D("2.00"), D("260.00"))],
    "entry": [
        (D(10), D("950.00")), (D("4.00"), D(0)), (D("2.00"), D(0)), (D("5.00"), D(0)), (D("1.00"),
        D(0)),
        (D("0.50"), D("65.00")), (D("1.50"), D("195.00")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("level", ["contract", "ticket", "entry"])
def test_block_with_overage_and_rollover(level):
    invoice = october(examples.beta(), level)
    assert [(line.quantity, line.net) for line in invoice.lines] == BETA[level]
    assert invoice.total == D("1210.00")


@pytest.mark.parametrize("level", ["contract", "ticket", "entry"])
def test_block_without_rollover(level):
    assert october(examples.beta(rollover=False), level).total == D("1470.00")


GAMMA_CARE = {
    "contract": [D("800.00")],
    "ticket": [D("800.00"), D(0)],
    "entry": [D("800.00"), D(0), D(0)],
}
GAMMA_EXTRA = {
    "contract": [D("300.00"), D("180.00"), D("45.00")],
    "ticket": [D("300.00"), D("180.00"), D("45.00")],
    "entry": [D("180.00"), D("120.00"), D("180.00"), D("45.00")],
}


@pytest.mark.parametrize("level", ["contract", "ticket", "entry"])
def test_retainer_beside_hourly(level):
    care, extra = examples.gamma()
    first, second = october(care, level), october(extra, level)
    assert [line.net for line in first.lines] == GAMMA_CARE[level]
    assert (first.subtotal, first.tax, first.total) == (D("800.00"), D("80.00"), D("880.00"))
    assert [line.net for line in second.lines] == GAMMA_EXTRA[level]
    assert (second.subtotal, second.tax, second.total) == (D("525.00"), D("48.00"), D("573.00"))


def test_the_panel_adds_up_what_is_chosen():
    care, extra = examples.gamma()
    rows = bills(care, extra, level="ticket")
    panel = panel_of([b for row in rows for b in row.chosen()], zero_invoices=False)
    assert (panel.invoices, panel.tickets, panel.hours) == (2, 3, D("6.50"))
    assert (panel.billable, panel.tax, panel.total) == (D("1325.00"), D("128.00"), D("1453.00"))


def test_leaving_an_entry_out_takes_off_exactly_its_amount():
    contract = examples.acme()
    entry = contract.tickets.get(number="T-1002").entries.last()
    assert october(contract, "ticket").subtotal - october(
        contract, "ticket", left_out=[f"entry:{entry.pk}"]
    ).subtotal == D("75.00")


def test_an_open_period_is_shown_and_not_due():
    contract = make.retainer(start_date="2026-10-01")
    (row,) = bills(contract)
    assert [(b.period.start, b.due) for b in row.bills] == [
        (make.day("2026-10-01"), True),
        (make.day("2026-11-01"), False),
    ]


def test_advance_billing_is_due_on_the_first_day():
    contract = make.retainer(start_date="2026-11-01", timing="advance")
    (row,) = bills(contract, today=make.day("2026-11-01"))
    assert [b.due for b in row.bills] == [True]


def test_a_block_in_advance_settles_the_work_of_the_period_before():
    contract = make.block_hours("10", "95", "130", start_date="2026-10-01", timing="advance")
    make.movement(contract, "10", "included", "2026-10-01")
    ticket = make.ticket(contract, resolved="2026-10-20")
    make.entry(ticket, 720)
    (row,) = bills(contract, level="contract")
    november = row.bills[-1]
    assert november.period.start == make.day("2026-11-01")
    assert [line.net for line in november.invoice.lines] == [D("950.00"), D("260.00")]


def test_work_before_todays_midnight_belongs_to_the_period_it_was_resolved_in():
    contract = make.hourly(start_date="2026-09-01")
    late = make.ticket(contract, resolved="2026-10-02")
    make.entry(late, 60, started="2026-09-29")
    (row,) = bills(contract)
    assert [b.period.start for b in row.bills] == [make.day("2026-10-01")]
    (row,) = bills(contract, ticket_period="work_date")
    assert [b.period.start for b in row.bills] == [make.day("2026-09-01")]
