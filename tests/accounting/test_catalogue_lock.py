"""While connected the accounting system keeps what it keeps, and everything else stays ours."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import restoring, staging, wizard
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from contracts import catalog
from contracts.models import CatalogItem, TaxRate
from tests import make
from tests.accounting import build
from tests.accounting.build import NOW, account, item, tax

pytestmark = pytest.mark.django_db
WAY_OUT = "then refresh the lists on the Accounting page"


@pytest.fixture
def office(owner):
    """Connected: one item follows name and price there, one only bears the same name, one neither.

    Lines bear tax codes.
    """
    for name, price in (("Dock", "200"), ("Headset", "80"), ("Our hour", "100")):
        make.item(name, price)
    make.tax("VAT", "19")
    draft = build.read(build.draft(owner, tax_modes=["codes"]), *lists())
    build.decide_all(draft, owner)
    for ours, theirs in (("Our hour", "i-Headset"),):
        link = build.link_of(draft, CatalogItem.objects.get(name=ours))
        staging.choose(link, theirs, by=owner, now=NOW)
    dock = build.link_of(draft, CatalogItem.objects.get(name="Dock"))
    staging.keep_price(draft, [dock.pk], theirs=True, by=owner, now=NOW)
    wizard.choose(draft, {"tax_mode": "codes"}, by=owner, now=NOW)
    return build.commit(draft, owner)


def lists(dock="Dock", price="240", percent="20"):
    return [
        item(dock, price, "i-Dock"), item("Headset", "85"), tax("VAT", percent), account(),
    ]  # fmt: skip


def refused(act, *args, **named) -> str:
    with pytest.raises(Refused) as caught:
        act(*args, **named)
    assert caught.value.code == "kept_elsewhere"
    assert caught.value.message.startswith("QuickBooks Online keeps the catalogue.")
    return caught.value.message


def changed(called: str, /, **fields) -> CatalogItem:
    row = CatalogItem.objects.get(name=called)
    for field, value in fields.items():
        setattr(row, field, value)
    return row


def test_new_items_and_taxes_are_created_there(office, owner):
    new = CatalogItem(kind="product", name="Cable", unit_price=1)
    assert WAY_OUT in refused(catalog.save, new, by=owner)
    assert "Create GST there" in refused(catalog.save_tax, TaxRate(name="GST", percent=5), by=owner)


def test_a_name_or_price_that_follows_theirs_is_changed_there(office, owner):
    assert "Change the name of Dock there" in refused(
        catalog.save, changed("Dock", name="Docking"), by=owner
    )
    assert "Change the price of Dock there" in refused(
        catalog.save, changed("Dock", unit_price=Decimal(9)), by=owner
    )
    refused(catalog.save, changed("Headset", name="Phones"), by=owner)


def test_our_own_names_prices_units_and_descriptions_stay_ours(office, owner):
    catalog.save(changed("Headset", unit_price=Decimal(82)), by=owner)
    catalog.save(changed("Our hour", name="Engineer hour", unit="hour"), by=owner)
    catalog.save(changed("Dock", description="With cable", unit="period", sku="D"), by=owner)
    assert CatalogItem.objects.get(name="Headset").unit_price == Decimal(82)


def test_percents_of_taxes_are_theirs_and_their_names_and_default_ours(office, owner):
    vat = TaxRate.objects.get()
    assert vat.percent == Decimal(20)
    vat.percent = Decimal(7)
    assert "Change the percent of VAT there" in refused(catalog.save_tax, vat, by=owner)
    vat.refresh_from_db()
    vat.name = "Value added tax"
    catalog.save_tax(vat, by=owner)
    catalog.make_default_tax(vat, by=owner)


def test_what_was_archived_is_brought_back_by_linking_it(office, owner):
    dock = CatalogItem.objects.get(name="Dock")
    catalog.archive(dock, by=owner, now=NOW)
    assert "link it on the Accounting page" in refused(catalog.restore, dock, by=owner)
    vat = TaxRate.objects.get()
    catalog.archive_tax(vat, by=owner, now=NOW)
    assert "link it under Taxes" in refused(catalog.restore_tax, vat, by=owner)
    staging.choose(build.link_of(office, dock), "i-Dock", by=owner, now=NOW)
    dock.refresh_from_db()
    assert dock.archived_at is None


def test_where_the_system_computes_tax_our_taxes_stay_ours(owner):
    build.connected(by=owner)
    vat = catalog.save_tax(TaxRate(name="Estimate", percent=Decimal(8)), by=owner)
    vat.percent = Decimal(9)
    catalog.save_tax(vat, by=owner)


def test_after_disconnecting_everything_is_ours_again(office, owner):
    restoring.disconnect(office, by=owner, now=NOW)
    catalog.save(CatalogItem(kind="product", name="Cable", unit_price=1), by=owner)
    catalog.save(changed("Dock", name="Docking", unit_price=Decimal(9)), by=owner)
    catalog.save_tax(TaxRate(name="GST", percent=Decimal(5)), by=owner)


# Refreshing ---------------------------------------------------------------------------------------


def test_refreshed_lists_bring_names_prices_and_percents_that_follow_theirs(office, owner):
    build.read(office, *lists(dock="Docking station", price="250", percent="21"))
    dock = CatalogItem.objects.get(pk=build.link_of(office, dock_of(office)).item_id)
    assert (dock.name, dock.unit_price) == ("Docking station", Decimal(250))
    assert CatalogItem.objects.get(name="Headset").unit_price == Decimal(80)
    assert CatalogItem.objects.get(name="Our hour").unit_price == Decimal(100)
    assert TaxRate.objects.get().percent == Decimal(21)


def dock_of(connection):
    return connection.links.get(remote_id="i-Dock").item


def test_what_a_refresh_changed_is_told(office, owner):
    found = wizard.prepare(office, today=build.TODAY, now=NOW, by=owner)
    assert found == []
    from accounting import references

    records = [record for record in lists(price="260") if record.kind == Kind.ITEM]
    references.store(office, Kind.ITEM, records)
    told = wizard.prepare(office, today=build.TODAY, now=NOW, by=owner)
    assert [(str(c.row), c.label, c.shown_before, c.shown_after) for c in told] == [
        ("Dock", "unit price", "240", "260")
    ]


def test_a_name_that_is_taken_here_gets_the_systems_name_behind_it(office):
    build.read(office, *lists(dock="Our hour"))
    assert dock_of(office).name == "Our hour (QuickBooks Online)"


def test_a_refresh_archives_nothing_and_brings_nothing_back(office, owner):
    dock = dock_of(office)
    catalog.archive(dock, by=owner, now=NOW)
    build.read(office, *lists(price="999"))
    dock.refresh_from_db()
    assert (dock.archived_at, dock.unit_price) == (NOW, Decimal(240))


def test_what_is_new_here_waits_for_a_decision(office, owner):
    customer = make.customer("Newcomer")
    build.read(office, *lists())
    link = build.link_of(office, customer)
    assert (link.action, link.confirmed) == ("create", False)


def test_decisions_take_effect_at_once(office, owner):
    headset = build.link_of(office, CatalogItem.objects.get(name="Headset"))
    staging.keep_price(office, [headset.pk], theirs=True, by=owner, now=NOW)
    assert CatalogItem.objects.get(name="Headset").unit_price == Decimal(85)
    staging.leave_out(office, [headset.pk], Kind.ITEM, by=owner, now=NOW)
    assert CatalogItem.objects.get(name="Headset").archived_at == NOW


def test_an_item_that_a_contract_needs_can_not_be_left_out_while_connected(office, owner):
    dock = dock_of(office)
    make.rate(make.contract("retainer"), "fee", item=dock)
    with pytest.raises(Refused) as caught:
        staging.leave_out(office, [build.link_of(office, dock).pk], Kind.ITEM, by=owner, now=NOW)
    assert caught.value.code == "needed"


# Doors --------------------------------------------------------------------------------------------


def test_the_pages_of_the_catalogue_say_who_keeps_it_and_where_to_go(office, client_as):
    text = client_as("billing").get("/catalog/").text
    assert "QuickBooks Online is connected." in text
    assert 'href="/accounting/"' in text
    assert "/catalog/new/" not in text
    assert (
        "have the percent that they have there" in client_as("billing").get("/catalog/taxes/").text
    )


def test_the_form_of_an_item_shows_what_is_kept_there_and_does_not_take_it(office, client_as):
    dock = dock_of(office)
    data = {"kind": "service", "name": "Hacked", "unit_price": "1", "unit": "period"}
    client = client_as("billing")
    assert "Kept in QuickBooks Online." in client.get(f"/catalog/{dock.pk}/").text
    client.post(f"/catalog/{dock.pk}/", data)
    dock.refresh_from_db()
    assert (dock.name, dock.unit_price, dock.unit) == ("Dock", Decimal(240), "period")


def test_rest_is_refused_with_the_way_out(office, api_as):
    client = api_as("billing")
    answer = client.post(
        "/api/v1/catalog-items/", {"kind": "product", "name": "Cable", "unit_price": "5"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "kept_elsewhere")
    answer = client.patch(f"/api/v1/catalog-items/{dock_of(office).pk}/", {"unit_price": "5"})
    assert answer.status_code == 422
    assert WAY_OUT in str(answer.json())


def test_a_contract_can_not_name_a_new_item(office, client_as):
    text = client_as("billing").get("/contracts/new/hourly/").text
    assert "new item" not in text
