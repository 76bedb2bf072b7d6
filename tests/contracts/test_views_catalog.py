"""Pages of the catalogue: items, taxes, categories."""

from __future__ import annotations

import pytest

from contracts.models import CatalogItem, Category, TaxRate
from tests import make, pages

pytestmark = pytest.mark.django_db

VIEW, CHANGE = "contracts.view_catalog", "contracts.change_catalog"
PAGES = {
    "/catalog/": VIEW,
    "/catalog/taxes/": VIEW,
    "/catalog/new/": CHANGE,
    "/catalog/{item}/": CHANGE,
    "/catalog/{item}/archive/": CHANGE,
    "/catalog/{item}/restore/": CHANGE,
    "/catalog/taxes/new/": CHANGE,
    "/catalog/taxes/{tax}/": CHANGE,
    "/catalog/taxes/{tax}/archive/": CHANGE,
    "/catalog/taxes/{tax}/restore/": CHANGE,
    "/catalog/categories/new/": CHANGE,
    "/catalog/categories/{category}/": CHANGE,
}
ITEM = {"kind": "product", "name": "Dock", "unit_price": "180", "unit": "each"}


def listed(client, query=""):
    return [row.name for row in client.get(f"/catalog/{query}").context["rows"].items]


@pytest.mark.parametrize("role", pages.ROLES)
@pytest.mark.parametrize("address", PAGES)
def test_each_role_opens_what_the_table_says(client_as, role, address):
    item = make.item(category="Hardware")
    url = address.format(item=item.pk, tax=make.tax().pk, category=item.category_id)
    pages.check_role(client_as(role), role, url, PAGES[address])


def test_items_are_listed_by_kind(client_as):
    make.item("Standard")
    make.item("Dock", kind="product")
    make.item("Travel", kind="expense")
    client = client_as("read-only")
    assert listed(client) == ["Dock", "Standard", "Travel"]
    assert listed(client, "?kind=product") == ["Dock"]
    assert listed(client, "?q=trav") == ["Travel"]
    assert listed(client, "?kind=weapon") == []
    assert listed(client, "?q=%00") == []


def test_an_item_is_added_changed_archived_and_restored(client_as):
    client = client_as("billing")
    client.post("/catalog/new/", ITEM)
    item = CatalogItem.objects.get()
    client.post(f"/catalog/{item.pk}/", ITEM | {"unit_price": "199.5"})
    item.refresh_from_db()
    assert item.unit_price == make.Decimal("199.5")
    client.post(f"/catalog/{item.pk}/archive/")
    assert listed(client) == []
    assert listed(client, "?archived=true") == ["Dock"]
    client.post(f"/catalog/{item.pk}/restore/")
    assert listed(client) == ["Dock"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": " TAKEN "}, "An item of this kind and name already exists."),
        ({"name": "\x00"}, "Null characters are not allowed."),
        ({"unit_price": "-1"}, "negative"),
        ({"unit_price": "cheap"}, "Enter a number."),
        ({"unit_price": "1.00001"}, "no more than 4 decimal places"),
        ({"unit_price": "NaN"}, "Enter a number."),
        ({"kind": "weapon"}, "Select a valid choice."),
        ({"category": "99999"}, "Select a valid choice."),
        ({"tax_rate": "99999"}, "Select a valid choice."),
        ({"sku": "S-1"}, "Another item has this SKU."),
    ],
)
def test_a_bad_item_is_refused_beside_its_field(client_as, sent, words):
    make.item("Taken", kind="product", sku="S-1")
    pages.refused(client_as("billing").post("/catalog/new/", ITEM | sent), words)
    assert CatalogItem.objects.count() == 1


def test_text_is_kept_and_shown_as_text_only(client_as):
    client = client_as("billing")
    client.post("/catalog/new/", ITEM | {"name": pages.HOSTILE, "description": pages.HOSTILE})
    client.post("/catalog/taxes/new/", {"name": pages.HOSTILE, "percent": "8"})
    client.post("/catalog/categories/new/", {"name": pages.HOSTILE})
    item = CatalogItem.objects.get()
    assert item.name == pages.HOSTILE
    for url in ("/catalog/", f"/catalog/{item.pk}/", "/catalog/taxes/"):
        text = client.get(url).text
        assert pages.INERT in text
        assert "<script>alert" not in text


def test_an_item_in_use_is_not_archived(client_as):
    rate = make.hourly().rates.get()
    response = client_as("billing").post(f"/catalog/{rate.item_id}/archive/", follow=True)
    assert "is a rate of the active contract" in response.text
    assert CatalogItem.objects.active().count() == 1


def test_a_new_default_tax_takes_the_place_of_the_old_one(client_as):
    old = make.tax(is_default=True)
    sent = {"name": "GST", "percent": "10", "is_default": "on"}
    assert client_as("billing").post("/catalog/taxes/new/", sent).status_code == 302
    old.refresh_from_db()
    assert not old.is_default
    assert TaxRate.objects.get(is_default=True).name == "GST"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": " gst "}, "A tax with this name already exists."),
        ({"name": "\x00"}, "Null characters are not allowed."),
        ({"percent": "-1"}, "between 0 and 100"),
        ({"percent": "100.5"}, "between 0 and 100"),
        ({"percent": "much"}, "Enter a number."),
    ],
)
def test_a_bad_tax_is_refused_beside_its_field(client_as, sent, words):
    make.tax("GST")
    good = {"name": "VAT", "percent": "20"}
    pages.refused(client_as("billing").post("/catalog/taxes/new/", good | sent), words)
    assert TaxRate.objects.count() == 1


def test_an_archived_tax_is_not_offered_until_it_is_back(client_as):
    tax, client = make.tax("Old tax"), client_as("billing")
    client.post(f"/catalog/taxes/{tax.pk}/archive/")
    assert tax not in client.get("/catalog/new/").context["form"].fields["tax_rate"].queryset
    assert client.post("/catalog/new/", ITEM | {"tax_rate": tax.pk}).status_code == 422
    client.post(f"/catalog/taxes/{tax.pk}/restore/")
    assert tax in client.get("/catalog/new/").context["form"].fields["tax_rate"].queryset


def test_a_tax_in_use_is_not_archived(client_as):
    tax = make.tax()
    make.hourly(tax_rate=tax)
    response = client_as("billing").post(f"/catalog/taxes/{tax.pk}/archive/", follow=True)
    assert "Choose another tax there first." in response.text
    tax.refresh_from_db()
    assert tax.archived_at is None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "HARDWARE"}, "A category with this name already exists."),
        ({"tax_rate": "99999"}, "Select a valid choice."),
    ],
)
def test_a_bad_category_is_refused_beside_its_field(client_as, sent, words):
    Category.objects.create(name="Hardware")
    url = "/catalog/categories/new/"
    pages.refused(client_as("billing").post(url, {"name": "Travel"} | sent), words)
    assert Category.objects.count() == 1


@pytest.mark.parametrize("many", [2, 30])
def test_the_list_costs_the_same_for_any_number_of_rows(client_as, django_assert_num_queries, many):
    for number in range(many):
        make.item(category=f"Category {number}", tax_rate=make.tax())
    client = client_as("billing")
    client.get("/catalog/")
    with django_assert_num_queries(7):
        client.get("/catalog/")


def test_an_item_says_which_contracts_follow_its_price(client_as):
    item = make.item("Standard", "100")
    for name in ("Zeta", "Acme"):
        make.rate(make.contract(customer=make.customer(name)), "primary", item=item)
    make.rate(make.contract(customer=make.customer("Apart")), "primary", item=item, unit_price=90)
    make.rate(make.contract(customer=make.customer("Over"), is_active=False), "primary", item=item)
    page = client_as("billing").get(f"/catalog/{item.pk}/")
    followers = [rate.contract.customer.name for rate in page.context["followers"]]
    assert followers == ["Acme", "Zeta"]
    assert "1 active contract with a price of its own is not affected" in page.text
    assert "Contracts that use it" not in client_as("billing").get("/catalog/new/").text
