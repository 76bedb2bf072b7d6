"""The worked examples: an hourly month, a block with overage, a retainer beside an hourly
contract.
"""

from __future__ import annotations

from contracts.models import BlockMovement, Contract, ContractRate
from tests import make


def acme() -> Contract:
    """Hourly, two rates, a non-billable entry, a product with discount and its own tax."""
    sales = make.tax("Sales", "8")
    contract = make.contract(
        "hourly", name="Acme Hourly", customer=make.customer("Acme"), tax_rate=sales
    )
    make.rate(contract, "primary", "100", name="Standard")
    after = make.rate(contract, "additional", "150", name="After-hours")
    vpn = make.ticket(contract, number="T-1001", title="VPN down", resolved="2026-10-20")
    make.entry(vpn, 90, started="2026-10-12", description="Reset gateway")
    make.entry(vpn, 45, started="2026-10-13", description="Firmware upgrade", rate=after)
    make.entry(vpn, 30, started="2026-10-14", description="Apology call", billable=False)
    laptop = make.ticket(contract, number="T-1002", title="New laptop", resolved="2026-10-22")
    make.entry(laptop, 75, started="2026-10-15", description="Image laptop")
    make.entry(laptop, 45, started="2026-10-16", description="Restore profile")
    dock = make.item(
        "Dock", "180", "product", category="Hardware", tax_rate=make.tax("Hardware tax", "5")
    )
    make.used(laptop, "180", item=dock, discount_percent="10")
    return contract


def beta(*, rollover: bool = True) -> Contract:
    """Block of 10 hours, 14 used; with rollover 2 hours are carried in."""
    contract = make.block_hours(
        "10", "95", "130", name="Beta Block 10", customer=make.customer("Beta"),
        start_date="2026-10-01", rollover=rollover,
    )  # fmt: skip
    ContractRate.objects.get(contract=contract, role="block").item.save()
    if rollover:
        make.movement(contract, "2", BlockMovement.Kind.ADJUSTMENT, "2026-09-30")
    for number, times in {"T-2001": (240, 120), "T-2002": (300,), "T-2003": (90, 90)}.items():
        ticket = make.ticket(contract, number=number, title="Server work", resolved="2026-10-28")
        start = {"T-2001": 5, "T-2002": 7, "T-2003": 9}[number]
        for i, minutes in enumerate(times):
            make.entry(
                ticket, minutes, started=f"2026-10-{start + i:02d}", description=f"Part {i + 1}"
            )
    return contract


def gamma() -> tuple[Contract, Contract]:
    """A retainer that covers time, and an hourly contract for what lies outside."""
    gst = make.tax("GST", "10")
    customer = make.customer("Gamma")
    care = make.retainer(
        "800",
        name="Gamma Care",
        customer=customer,
        tax_rate=gst,
        is_default=True,
        start_date="2026-10-01",
    )
    extra = make.contract(
        "hourly", name="Gamma Extra", customer=customer, tax_rate=gst, start_date="2026-10-01"
    )
    make.rate(extra, "primary", "120", name="Standard extra")
    after = make.rate(extra, "additional", "180", name="After-hours extra")
    covered = make.ticket(care, number="T-3001", title="Printer", resolved="2026-10-20")
    make.entry(covered, 120, started="2026-10-05", description="Replace fuser")
    make.entry(covered, 60, started="2026-10-06", description="Test")
    outside = make.ticket(extra, number="T-3002", title="New office", resolved="2026-10-20")
    make.entry(outside, 90, started="2026-10-07", description="Plan")
    make.entry(outside, 60, started="2026-10-08", description="Build")
    night = make.ticket(extra, number="T-3003", title="Outage", resolved="2026-10-20")
    make.entry(night, 60, started="2026-10-09", clock="22:00", description="Restart", rate=after)
    none = make.tax("No tax", "0")
    travel = make.item("Travel", "45", "expense", category="Travel", tax_rate=none)
    make.used(night, "45", item=travel)
    return care, extra
