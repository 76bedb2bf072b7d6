"""Catalogue items and taxes: offered, archived, the default tax."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from atera_invoicing.errors import Refused
from contracts import catalog
from contracts.models import CatalogItem, TaxRate

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-20")


def test_an_item_is_stored_and_the_history_knows_by_whom(owner):
    item = catalog.save(
        CatalogItem(name="Dock", kind="product", unit_price=Decimal("180.00")), by=owner
    )

    assert item.history.latest().history_user == owner


def test_a_new_price_reaches_the_contracts_that_have_none_of_their_own(owner):
    contract = make.hourly("100")
    item = contract.rates.get().item
    item.unit_price = Decimal(120)

    catalog.save(item, by=owner)

    assert contract.rates.get().price == 120


def test_an_item_in_a_contract_stays_of_its_kind(owner):
    item = make.hourly().rates.get().item
    item.kind = "product"

    with pytest.raises(Refused, match="stays what it is") as refused:
        catalog.save(item, by=owner)

    assert refused.value.field == "kind"


def test_an_item_of_an_active_contract_can_not_be_archived(owner):
    contract = make.hourly(name="Acme Care")
    item = contract.rates.get().item

    with pytest.raises(Refused, match="active contract Acme Care") as refused:
        catalog.archive(item, by=owner, now=NOW)

    assert refused.value.code == "in_use"
    assert refused.value.facts == {"contract": contract.pk}
    item.refresh_from_db()
    assert item.archived_at is None


def test_an_item_of_an_inactive_contract_can_be_archived_and_restored(owner):
    item = make.hourly(is_active=False).rates.get().item

    catalog.archive(item, by=owner, now=NOW)
    assert not CatalogItem.objects.active().exists()

    catalog.restore(item, by=owner)
    assert CatalogItem.objects.active().get() == item


def test_an_archived_item_stays_on_its_tickets(owner):
    used = make.used(make.ticket())

    catalog.archive(used.item, by=owner, now=NOW)

    used.refresh_from_db()
    assert used.item.archived_at == NOW


def test_an_item_whose_name_was_taken_meanwhile_can_not_be_restored(owner):
    old = make.item("Dock", kind="product")
    catalog.archive(old, by=owner, now=NOW)
    make.item("dock", kind="product")

    with pytest.raises(ValidationError, match="already exists"):
        catalog.restore(old, by=owner)

    assert CatalogItem.objects.active().count() == 1


def default_tax() -> TaxRate:
    return TaxRate.objects.get(is_default=True)


def test_at_most_one_tax_is_the_default(owner):
    first = make.tax("Sales", is_default=True)
    second = make.tax("GST")

    catalog.make_default_tax(second, by=owner)

    assert default_tax() == second
    assert second.is_default
    assert first.history.latest().history_user == owner


def test_a_saved_tax_can_take_over_as_the_default(owner):
    make.tax("Sales", is_default=True)

    new = TaxRate(name="GST", percent=Decimal(10), is_default=True)
    new.full_clean()  # a form may ask for it
    catalog.save_tax(new, by=owner)

    assert default_tax() == new


def test_saving_the_default_tax_keeps_it_the_default(owner):
    tax = make.tax("Sales", is_default=True)
    tax.percent = Decimal(9)

    catalog.save_tax(tax, by=owner)

    assert default_tax().percent == 9


def test_an_archived_tax_can_not_be_the_default(owner):
    tax = make.tax("Sales", archived_at=NOW)

    with pytest.raises(Refused, match="Restore it first"):
        catalog.make_default_tax(tax, by=owner)

    assert not TaxRate.objects.filter(is_default=True).exists()


def test_archiving_the_default_tax_leaves_none(owner):
    tax = catalog.archive_tax(make.tax(is_default=True), by=owner, now=NOW)

    tax.refresh_from_db()
    assert (tax.archived_at, tax.is_default) == (NOW, False)
    assert catalog.restore_tax(tax, by=owner).archived_at is None


def taxed_category(tax: TaxRate) -> None:
    category = make.item(category="Hardware").category
    category.tax_rate = tax
    category.save()


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (lambda tax: make.hourly(name="Acme Care", tax_rate=tax), "contract Acme Care"),
        (lambda tax: make.item("Dock", tax_rate=tax), "catalog item Dock"),
        (taxed_category, "category Hardware"),
    ],
    ids=["contract", "item", "category"],
)
def test_a_tax_that_new_bills_would_get_can_not_be_archived(owner, use, named):
    tax = make.tax()
    use(tax)

    with pytest.raises(Refused, match=named):
        catalog.archive_tax(tax, by=owner, now=NOW)


def test_a_tax_that_only_the_past_uses_can_be_archived(owner):
    tax = make.tax()
    make.hourly(tax_rate=tax, is_active=False)
    make.item(tax_rate=tax, archived_at=NOW)

    assert catalog.archive_tax(tax, by=owner, now=NOW).archived_at == NOW
