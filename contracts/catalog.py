"""What things cost: catalogue items and taxes. Existing invoices keep the prices of their day.

While an accounting system is connected, it says which items there are, and the names and prices of
those that follow it. Where lines bear its tax codes it also says which taxes there are, and their
percents. Everything else (our own names and prices, units, categories, which tax an item bears) is
still decided here.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, User

from . import locks
from .models import CatalogItem, Contract, TaxRate


@transaction.atomic
def save(item: CatalogItem, *, by: User | None) -> CatalogItem:
    """Store a new or changed item; invalid fields are a `ValidationError`, as in a form.

    A new price counts from the next bill that uses it.
    """
    _refuse_kept_elsewhere(item)
    if item.pk is not None:
        contracts = _using(item)
        locks.lock(contracts.values_list("pk", flat=True))
        _refuse_kind(item, contracts.filter(is_active=True).first())
    item.full_clean()
    history.save(item, by=by)
    return item


@transaction.atomic
def archive(item: CatalogItem, *, by: User | None, now: dt.datetime) -> CatalogItem:
    """Stop offering an item. It stays on the tickets and invoices where it was used."""
    stored = CatalogItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    contract = _using(item).filter(is_active=True).first()
    if contract:
        raise Refused(
            "in_use",
            f"{item} is a rate of the active contract {contract} ({contract.customer}). "
            "Choose another rate there, or make that contract inactive.",
            contract=contract.pk,
        )
    stored.archived_at = item.archived_at = stored.archived_at or now
    history.save(stored, by=by)
    return item


@transaction.atomic
def restore(item: CatalogItem, *, by: User | None) -> CatalogItem:
    """Offer an archived item again."""
    options = _options()
    if options.connected_to:
        raise _elsewhere(options, f"To offer {item} again, link it on the Accounting page")
    stored = CatalogItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    stored.archived_at = item.archived_at = None
    stored.full_clean()  # a new item may have taken its name or SKU
    history.save(stored, by=by)
    return item


@transaction.atomic
def save_tax(tax: TaxRate, *, by: User | None) -> TaxRate:
    """Store a new or changed tax; if it is the default, the other one no longer is."""
    _refuse_tax_kept_elsewhere(tax)
    _lock_taxes()
    if tax.is_default and tax.archived_at:
        message = f"{tax} is archived and can't be the default. Restore it first."
        raise Refused("tax_archived", message, field="is_default")
    if tax.is_default:
        _clear_default(tax, by)
    history.save(tax, by=by)
    return tax


@transaction.atomic
def make_default_tax(tax: TaxRate, *, by: User | None) -> TaxRate:
    """Suggest this tax for lines that are typed in, instead of the one before."""
    _lock_taxes()
    stored = TaxRate.objects.get(pk=tax.pk)
    stored.is_default = tax.is_default = True
    return save_tax(stored, by=by)


@transaction.atomic
def archive_tax(tax: TaxRate, *, by: User | None, now: dt.datetime) -> TaxRate:
    """Stop offering a tax. While something would still put it on new bills, that is refused."""
    _lock_taxes()
    stored = TaxRate.objects.get(pk=tax.pk)
    user = (
        stored.contracts.active().first()
        or stored.items.active().first()
        or stored.categories.first()
    )
    if user:
        what = user._meta.verbose_name
        message = f"{tax.name} is the tax of the {what} {user}. Choose another tax there first."
        raise Refused("in_use", message)
    for row in (stored, tax):
        row.archived_at, row.is_default = stored.archived_at or now, False
    history.save(stored, by=by)
    return tax


@transaction.atomic
def restore_tax(tax: TaxRate, *, by: User | None) -> TaxRate:
    """Offer an archived tax again."""
    options = _options()
    if options.taxes_elsewhere:
        raise _elsewhere(options, f"To offer {tax.name} again, link it under Taxes")
    stored = TaxRate.objects.select_for_update(no_key=True).get(pk=tax.pk)
    stored.archived_at = tax.archived_at = None
    history.save(stored, by=by)
    return tax


def _options() -> Installation:
    """The installation's options, held: connecting and disconnecting wait for what we do, and we
    for them.
    """
    Installation.current()
    return Installation.objects.select_for_update(no_key=True).get()


def _refuse_kept_elsewhere(item: CatalogItem) -> None:
    """Refuse what the connected accounting system says about items."""
    options = _options()
    if not options.connected_to:
        return
    if item.pk is None:
        raise _elsewhere(options, f"Create {item.name or 'the item'} there, then refresh the lists")
    stored = CatalogItem.objects.get(pk=item.pk)
    kept = {"name": stored.named_elsewhere, "unit_price": stored.priced_elsewhere}
    for name, label in (("name", "name"), ("unit_price", "price")):
        if kept[name] and getattr(stored, name) != getattr(item, name):
            act = f"Change the {label} of {stored} there, then refresh the lists"
            raise _elsewhere(options, act, field=name)


def _refuse_tax_kept_elsewhere(tax: TaxRate) -> None:
    """The same for taxes, where lines bear its codes. What we call them is ours to say."""
    options = _options()
    if not options.taxes_elsewhere:
        return
    if tax.pk is None:
        raise _elsewhere(options, f"Create {tax.name or 'the tax'} there, then refresh the lists")
    stored = TaxRate.objects.get(pk=tax.pk)
    if stored.percent != tax.percent:
        act = f"Change the percent of {stored.name} there, then refresh the lists"
        raise _elsewhere(options, act, field="percent")


def _elsewhere(options: Installation, act: str, *, field: str = "") -> Refused:
    return Refused(
        "kept_elsewhere",
        f"{options.connected_to} keeps the catalogue. {act} on the Accounting page.",
        field=field,
    )


def _using(item: CatalogItem) -> QuerySet[Contract]:
    return Contract.objects.filter(rates__item=item).select_related("customer").distinct()


def _refuse_kind(item: CatalogItem, contract: Contract | None) -> None:
    """An item that is a rate stays what it is."""
    kind = CatalogItem.objects.values_list("kind", flat=True).get(pk=item.pk)
    if contract and kind != item.kind:
        message = f"{item} is a rate of the active contract {contract} and stays what it is."
        raise Refused("in_use", message, field="kind", contract=contract.pk)


def _lock_taxes() -> None:
    """Hold all taxes (they are few), so that two can't become the default at once."""
    list(TaxRate.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _clear_default(tax: TaxRate, by: User | None) -> None:
    for other in TaxRate.objects.filter(is_default=True).exclude(pk=tax.pk):
        other.is_default = False
        history.save(other, by=by)
