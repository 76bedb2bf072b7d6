"""The contracts of Northwind IT: all eight types, with the cases that bill awkwardly."""
# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.models import CatalogItem, Contract, ContractRate, TaxRate
from customers.models import Customer

from .dates import Month
from .prices import BELLEVUE, EXEMPT, SEATTLE, TACOMA


class Rate(NamedTuple):
    """A rate of a contract; `price` is its own one, if it has one."""

    role: str
    item: str
    price: str | None = None
    counted: str = ""


Given = tuple[str, str] | tuple[str, str, str] | tuple[str, str, str | None, str]


@dataclass(frozen=True)
class Deal:
    """A contract. `since` counts months from the one that is shown, `day` is its first day there.

    Each of `rates` has the parts of a `Rate`.
    """

    customer: str
    name: str
    type: str
    rates: tuple[Given, ...]
    since: int = -6
    day: int = 1
    lasts: int | None = None  # months
    tax: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


STANDARD = ("primary", "Labor – Standard")
EVENING = ("additional", "Labor – After hours")
WEEKEND = ("additional", "Labor – Weekend")
DEVICES = (
    ("device", "PC under watch", None, "pcs"),
    ("device", "Server under watch", None, "servers"),
)
DEFAULT = {"is_default": True}
QUARTERS = {"rounding_increment": 15, "rounding_scope": "ticket"}


def hourly(customer: str, *rates: Given, name: str = "Support by the hour", **more: Any) -> Deal:
    """Support on call, the customer's default contract."""
    fields = {**DEFAULT, **more.pop("fields", {})}
    return Deal(customer, name, "hourly", (STANDARD, *rates), fields=fields, **more)


def watch(customer: str, *rates: Given, **more: Any) -> Deal:
    return Deal(customer, "Monitoring", "monitoring", rates or DEVICES, **more)


def seats(customer: str, count: int, **more: Any) -> Deal:
    fields = {"quantity": Decimal(count), **more.pop("fields", {})}
    fee = ("fee", "Microsoft 365 Business Premium")
    return Deal(customer, "Microsoft 365", "retainer", (fee,), fields=fields, **more)


DEALS = (
    hourly("Alder & Finch Architects", EVENING, WEEKEND, tax=SEATTLE, fields=QUARTERS),
    seats("Alder & Finch Architects", 18),
    watch("Alder & Finch Architects", tax=SEATTLE),
    hourly("Ballard Boatworks", EVENING, tax=SEATTLE),
    hourly("Björk & Sønner Coffee Roasters", ("additional", "Labor – Goodwill"), tax=SEATTLE),
    Deal("Cascade Dental Group", "Block of 10 hours", "block_hours",
         (("block", "Block hour"), ("overage", "Overage hour")), tax=BELLEVUE,
         fields={**DEFAULT, "included": Decimal(10)}),
    watch("Cascade Dental Group", tax=BELLEVUE),
    Deal("Cascade Dental Group", "Backup", "backup", (("storage", "Backup storage", None, "total_gb"),)),
    Deal("Cedar Hollow Veterinary Clinic", "Block of 6 hours, rolls over", "block_hours",
         (("block", "Block hour", "115"), ("overage", "Overage hour")), tax=SEATTLE,
         fields={**DEFAULT, "included": Decimal(6), "rollover": True}),
    Deal("Emerald City Title & Escrow", "Managed workplace", "retainer", (("fee", "Managed workplace", "2450"),),
         tax=SEATTLE, fields=DEFAULT),
    hourly("Emerald City Title & Escrow", EVENING, name="Out of scope", tax=SEATTLE,
           fields={"is_default": False}),
    hourly("Fremont Family Law", EVENING, tax=SEATTLE, fields={"level": "entry", "rounding_increment": 6}),
    Deal("Fremont Family Law", "E-mail security", "retainer", (("fee", "E-mail security"),),
         fields={"quantity": Decimal(11), "period": "yearly"}),
    hourly("Gasworks Brewing", tax=SEATTLE, fields={"period": "on_demand"}),
    Deal("Harborview Logistics", "Prepaid support", "block_money",
         (("fee", "Prepaid support"), ("primary", "Labor – Standard", "118"), EVENING,
          ("overage", "Overage hour")), tax=SEATTLE, fields={**DEFAULT, "rollover": True}),
    watch("Harborview Logistics", *DEVICES, ("device", "Network device under watch", None, "other"),
          tax=SEATTLE),
    Deal("Harborview Logistics", "Server replacement", "project_fixed", (("fee", "Server replacement"),),
         since=-1, day=8, tax=SEATTLE, fields={"period": "once"}),
    Deal("Hinode Trading 日の出", "Managed workplace", "retainer", (("fee", "Managed workplace"),),
         tax=SEATTLE, fields={**DEFAULT, "timing": "advance"}),
    Deal("Juniper Wealth Partners", "Managed workplace", "retainer", (("fee", "Managed workplace", "1850"),),
         tax=BELLEVUE, fields={**DEFAULT, "period": "quarterly", "anchor": "calendar", "prorate": True}),
    Deal("Juniper Wealth Partners", "Virtual CIO", "retainer", (("fee", "Virtual CIO"),), tax=BELLEVUE),
    Deal("Juniper Wealth Partners", "Backup", "backup",
         (("storage", "Server backup storage", None, "servers_gb"),
          ("storage", "Backup storage", None, "pcs_gb"))),
    hourly("Kirkland Montessori School", tax=EXEMPT),
    seats("Kirkland Montessori School", 34, fields={"quantity": Decimal(34)}),
    Deal("Lakeshore Property Management", "Managed workplace", "retainer",
         (("fee", "Managed workplace", "1290"),), since=0, day=12, tax=SEATTLE,
         fields={**DEFAULT, "anchor": "calendar", "prorate": True}),
    watch("Lakeshore Property Management", ("device", "PC under watch", None, "agents"), since=0, tax=SEATTLE),
    Deal("Madrona Pediatrics", "Block of 20 hours", "block_hours",
         (("block", "Block hour", "105"), ("overage", "Overage hour")), tax=SEATTLE,
         fields={**DEFAULT, "included": Decimal(20), "period": "quarterly"}, since=-5),
    hourly("Nisqually Timber Co.", since=-4, day=15, tax=EXEMPT),
    hourly("Núñez & Peña Tax Advisors", EVENING, tax=SEATTLE, fields=QUARTERS),
    seats("Núñez & Peña Tax Advisors", 9, fields={"timing": "advance"}),
    hourly("Olympic Outdoor Gear", EVENING, WEEKEND, tax=SEATTLE),
    Deal("Olympic Outdoor Gear", "Web shop rebuild", "project_hourly",
         (("primary", "Labor – Project"), ("additional", "Labor – Training")), since=-2, day=1, lasts=3,
         tax=SEATTLE, fields={"period": "once"}),
    Deal("Pioneer Square Dance Company", "Block of 5 hours", "block_hours", (("block", "Block hour", "85"),),
         tax=EXEMPT, fields={**DEFAULT, "included": Decimal(5)}),
    hourly("Queen Anne Bakehouse", tax=SEATTLE, fields={"rounding_increment": 30, "rounding_minimum": 60}),
    Deal("Rainier Precision Machining", "Prepaid support", "block_money",
         (("fee", "Prepaid support", "1500"), ("primary", "Labor – Standard"),), tax=SEATTLE,
         fields={**DEFAULT, "timing": "advance"}),
    watch("Rainier Precision Machining", ("device", "PC under watch", "8.50", "pcs"),
          ("device", "Server under watch", None, "servers"), ("device", "Mac under watch", None, "macs"),
          tax=SEATTLE),
    Deal("Snoqualmie Valley Credit Union", "Managed workplace", "retainer", (("fee", "Managed workplace", "4900"),),
         tax=SEATTLE, fields=DEFAULT),
    Deal("Snoqualmie Valley Credit Union", "Core banking office move", "project_fixed", (("fee", "Office move"),),
         since=0, day=3, lasts=2, tax=SEATTLE, fields={"period": "once"}),
    hourly("Tacoma Harbor Supply", EVENING, tax=TACOMA),
    Deal("Tacoma Harbor Supply", "Firewall as a service", "retainer", (("fee", "Firewall as a service"),),
         tax=TACOMA, fields={"quantity": Decimal(2), "period": "half_yearly"}),
    hourly("Union Street Physiotherapy", tax=SEATTLE, fields={"level": "contract"}),
    Deal("Vashon Island Ferry Café", "Domain care", "retainer", (("fee", "Annual domain and DNS care"),),
         fields={"period": "yearly", "timing": "advance"}),
    hourly("Wallingford Animation Studio", EVENING, WEEKEND, tax=SEATTLE, fields={"period": "biweekly"}),
    watch("Wallingford Animation Studio", ("device", "Mac under watch", None, "macs"),
          ("device", "Server under watch", "45", "servers"), tax=SEATTLE),
)  # fmt: skip


def write(
    month: Month,
    customers: dict[str, Customer],
    items: dict[str, CatalogItem],
    taxes: dict[str, TaxRate],
) -> list[Contract]:
    """All contracts, in the order above, with their rates."""
    return [_write(deal, month, customers, items, taxes) for deal in DEALS]


def _write(deal: Deal, month: Month, customers: Any, items: Any, taxes: Any) -> Contract:
    start = month.plus(deal.since).first.replace(day=deal.day)
    end = Month(start.replace(day=1)).plus(deal.lasts).last if deal.lasts else None
    contract = Contract(
        customer=customers[deal.customer], name=deal.name, type=deal.type, start_date=start, end_date=end,
        tax_rate=taxes[deal.tax] if deal.tax else None, **deal.fields,
    )  # fmt: skip
    contract.full_clean()
    contract.save()
    for given in deal.rates:
        rate = Rate(*given)
        own = None if rate.price is None else Decimal(rate.price)
        ContractRate.objects.create(
            contract=contract,
            role=rate.role,
            item=items[rate.item],
            unit_price=own,
            counted=rate.counted,
        )
    return contract


def is_running(contract: Contract, day: dt.date) -> bool:
    """Whether work on that day can go on this contract."""
    return contract.start_date <= day and (contract.end_date is None or day <= contract.end_date)
