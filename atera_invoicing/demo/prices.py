"""What Northwind IT sells: taxes, categories, services, products and expenses."""
# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

from decimal import Decimal

from contracts.models import CatalogItem, Category, TaxRate

SEATTLE, BELLEVUE, TACOMA, EXEMPT = (
    "Seattle sales tax",
    "Bellevue sales tax",
    "Tacoma sales tax",
    "Exempt",
)
TAXES = {SEATTLE: "10.35", BELLEVUE: "10.2", TACOMA: "10.3", EXEMPT: "0"}
CATEGORIES = {
    "Labor": None,
    "Managed services": None,
    "Cloud and licenses": EXEMPT,
    "Hardware": SEATTLE,
    "Travel": EXEMPT,
}
SERVICE, PRODUCT, EXPENSE = (
    CatalogItem.Kind.SERVICE,
    CatalogItem.Kind.PRODUCT,
    CatalogItem.Kind.EXPENSE,
)

# kind, name, unit, price, category, SKU, text below the name
ITEMS = (
    (SERVICE, "Labor – Standard", "hour", "125", "Labor", "", "Weekdays, 8 am to 6 pm."),
    (SERVICE, "Labor – After hours", "hour", "187.50", "Labor", "", "Weekdays after 6 pm."),
    (SERVICE, "Labor – Weekend", "hour", "220", "Labor", "", ""),
    (SERVICE, "Labor – Project", "hour", "140", "Labor", "", ""),
    (SERVICE, "Labor – Training", "hour", "95", "Labor", "", ""),
    (SERVICE, "Labor – Goodwill", "hour", "0", "Labor", "", "On the house."),
    (SERVICE, "Block hour", "hour", "110", "Labor", "", ""),
    (SERVICE, "Overage hour", "hour", "145", "Labor", "", ""),
    (SERVICE, "Managed workplace", "period", "950", "Managed services", "", "Helpdesk, patching and antivirus."),
    (SERVICE, "Virtual CIO", "period", "1400", "Managed services", "", "A day of planning a month."),
    (SERVICE, "Prepaid support", "period", "3000", "Managed services", "", ""),
    (SERVICE, "Firewall as a service", "period", "129", "Managed services", "", ""),
    (SERVICE, "Microsoft 365 Business Premium", "period", "22", "Cloud and licenses", "", "Per mailbox."),
    (SERVICE, "E-mail security", "period", "4.75", "Cloud and licenses", "", "Per mailbox."),
    (SERVICE, "Annual domain and DNS care", "period", "240", "Cloud and licenses", "", ""),
    (SERVICE, "Office move", "period", "6800", "Managed services", "", "Planning, cabling and two days on site."),
    (SERVICE, "Server replacement", "period", "8600", "Managed services", "", ""),
    (SERVICE, "PC under watch", "device", "9", "Managed services", "", ""),
    (SERVICE, "Server under watch", "device", "40", "Managed services", "", ""),
    (SERVICE, "Mac under watch", "device", "9", "Managed services", "", ""),
    (SERVICE, "Network device under watch", "device", "5", "Managed services", "", ""),
    (SERVICE, "Backup storage", "GB", "0.35", "Cloud and licenses", "", ""),
    (SERVICE, "Server backup storage", "GB", "0.28", "Cloud and licenses", "", ""),
    (PRODUCT, "Docking station", "each", "189", "Hardware", "HW-DOCK-1", "USB-C, 100 W."),
    (PRODUCT, "Laptop 14″", "each", "1349", "Hardware", "HW-LT14", "16 GB, 512 GB, 3 years on site."),
    (PRODUCT, "Monitor 27″", "each", "279", "Hardware", "HW-MON27", ""),
    (PRODUCT, "Solid-state drive 1 TB", "each", "119", "Hardware", "HW-SSD1T", ""),
    (PRODUCT, "Uninterruptible power supply", "each", "329", "Hardware", "HW-UPS", "1,500 VA."),
    (PRODUCT, "Wireless access point", "each", "159", "Hardware", "HW-AP6", ""),
    (PRODUCT, "Firewall", "each", "749", "Hardware", "HW-FW40", ""),
    (PRODUCT, "Network cable, 3 m", "each", "12.50", "Hardware", "HW-CAT6-3", ""),
    (PRODUCT, "Headset", "each", "89", "Hardware", "HW-HS", ""),
    (EXPENSE, "Mileage", "each", "0.67", "Travel", "", "Per mile."),
    (EXPENSE, "Parking", "each", "18", "Travel", "", ""),
    (EXPENSE, "Courier", "each", "35", "Travel", "", ""),
)  # fmt: skip


def write() -> tuple[dict[str, CatalogItem], dict[str, TaxRate]]:
    """Items and taxes by name."""
    taxes = {
        name: TaxRate.objects.create(
            name=name, percent=Decimal(percent), is_default=name == SEATTLE
        )
        for name, percent in TAXES.items()
    }
    categories = {
        name: Category.objects.create(name=name, tax_rate=taxes[tax] if tax else None)
        for name, tax in CATEGORIES.items()
    }
    items = {
        name: CatalogItem.objects.create(
            kind=kind, name=name, unit=unit, unit_price=Decimal(price),
            category=categories[category], sku=sku, description=text,
        )
        for kind, name, unit, price, category, sku, text in ITEMS
    }  # fmt: skip
    return items, taxes
