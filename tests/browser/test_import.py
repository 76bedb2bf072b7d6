"""A file of customers, from its first wrong row to what it made."""

from __future__ import annotations

from playwright.sync_api import expect

from atera_invoicing.models import Upload
from customers.models import Customer
from tests import make


def a_file(name: str, *rows: str) -> dict[str, object]:
    text = "\n".join(["name,reference,payment_days", *rows])
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def test_a_bad_row_stops_the_file_and_the_corrected_one_goes_in_whole(visit):
    make.customer("Acme", reference="C-1")
    page = visit("billing")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Import").click()
    page.get_by_label("CSV file").set_input_files(
        a_file("clients.csv", "Acme,C-1,14", "Bluewater,C-2,soon", "Cedar,C-3,30")
    )
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("Some rows can’t be imported.")).to_be_visible()
    bad = page.locator(".card", has_text="Bad rows").locator("tbody tr")
    expect(bad.get_by_role("cell").first).to_have_text("3")
    expect(bad).to_contain_text("whole number")
    expect(page.get_by_role("button", name="Import")).to_have_count(0)
    assert [c.name for c in Customer.objects.all()] == ["Acme"]
    assert Customer.objects.get().payment_days is None

    page.get_by_role("link", name="Choose another file").click()
    page.get_by_label("CSV file").set_input_files(
        a_file("clients.csv", "Acme,C-1,14", "Bluewater,C-2,21", "Cedar,C-3,30")
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Nothing is written yet.")).to_be_visible()
    page.get_by_role("button", name="Import 3 rows").click()

    expect(page.locator(".stat b")).to_have_text(["2", "1", "0"])  # created, changed, unchanged
    page.get_by_role("link", name="Look at them").click()
    expect(page.get_by_role("link", name="Cedar")).to_be_visible()
    assert list(Customer.objects.values_list("name", "payment_days")) == [
        ("Acme", 14), ("Bluewater", 21), ("Cedar", 30),
    ]  # fmt: skip
    assert Upload.objects.filter(imported_at__isnull=False).count() == 1
