"""Versions of the look: saved, unchanged, refused; and its page."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.invoices.test_lifecycle import freestyle, issued
from whitelabel import logos, looks
from whitelabel.models import Branding, Logo

from .test_logos import SVG, picture, upload

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-05")
FORM = {
    "color": "#0f766e",
    "paper": "Letter",
    "company_name": "Northwind IT",
    "title": "Tax invoice",
    "date_format": "M j, Y",
    "number_prefix": "NW-",
    "number_width": "6",
}


def test_a_change_makes_a_version_with_its_author_and_keeps_the_rest():
    first = looks.save({"company_name": "Northwind", "footer": "Thanks"}, by=None, now=NOW)
    person = make.user()
    second = looks.save({"color": "#0f766e"}, by=person, now=NOW)
    first.refresh_from_db()
    assert (first.color, second.color) == ("#1f5eff", "#0f766e")
    assert (second.company_name, second.footer) == ("Northwind", "Thanks")
    assert (second.created_by, second.created_at) == (person, NOW)
    assert Branding.current() == second


def test_saving_without_a_change_makes_no_version():
    first = looks.save({"company_name": "Northwind"}, by=None, now=NOW)
    assert looks.save({"company_name": "Northwind"}, by=make.user(), now=NOW) == first


@pytest.mark.parametrize(
    "fields",
    [
        {"color": "red"},
        {"color": "#fff;}body{display:none"},
        {"company_name": ""},
        {"company_name": "x" * 121},
        {"paper": "A3"},
        {"number_width": 11},
        {"number_prefix": "<b>"},
    ],
)
def test_a_look_that_makes_no_sense_is_not_stored(fields):
    before = Branding.current()
    with pytest.raises(ValidationError):
        looks.save(fields, by=None, now=NOW)
    assert Branding.current() == before


def test_the_page_saves_a_logo_and_a_colour(client_as):
    client = client_as("billing")
    answer = client.post("/whitelabel/", {**FORM, "upload": upload(picture())})
    assert answer.status_code == 302
    look = Branding.current()
    assert (look.color, look.paper, look.title) == ("#0f766e", "Letter", "Tax invoice")
    assert look.logo is not None
    assert client.get(f"/whitelabel/{look.pk}/logo.png")["Content-Type"] == "image/png"


def test_the_logo_stays_until_it_is_removed(client_as):
    client = client_as("owner")
    client.post("/whitelabel/", {**FORM, "upload": upload(picture())})
    client.post("/whitelabel/", {**FORM, "footer": "Thanks"})
    assert Branding.current().logo is not None
    client.post("/whitelabel/", {**FORM, "remove_logo": "on"})
    assert Branding.current().logo is None


def test_a_refused_logo_keeps_what_was_typed_and_writes_nothing(client_as):
    before = Branding.current()
    svg = SimpleUploadedFile("logo.svg", SVG, content_type="image/svg+xml")
    answer = client_as("billing").post("/whitelabel/", {**FORM, "upload": svg})
    assert answer.status_code in {409, 422}
    page = answer.content.decode()
    assert "Upload a PNG, JPEG or WebP" in page
    assert "Northwind IT" in page
    assert Branding.current() == before


def test_a_preview_shows_the_unsaved_look_and_saves_nothing(client_as):
    before = Branding.current()
    answer = client_as("billing").post("/invoices/look/", {**FORM, "footer": "<b>Thanks</b>"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Tax invoice" in page
    assert "<b>Thanks</b>" not in page
    assert 'style="' not in page
    assert Branding.current() == before


def test_a_preview_shows_an_uploaded_logo_and_stores_none(client_as):
    answer = client_as("billing").post("/invoices/look/", {**FORM, "upload": upload(picture())})
    assert 'class="logo" src="data:image/png;base64,' in answer.content.decode()
    assert not Logo.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"company_email": "half@"}, "E-mail: Enter a valid email address."),
        ({"company_name": ""}, "Name: This field is required."),
        ({"upload": upload(SVG, "logo.svg")}, "This is an SVG drawing"),
    ],
)
def test_a_preview_shows_what_is_right_and_names_what_is_not(wrong, said, client_as):
    looks.save({"company_name": "In force"}, by=None, now=NOW)
    answer = client_as("billing").post("/invoices/look/", {**FORM, **wrong})
    page = answer.content.decode()
    assert said in page
    assert "Tax invoice" in page
    assert ("In force" in page) == ("company_name" in wrong)


def test_a_preview_is_of_the_invoice_that_was_chosen(client_as):
    first, newest = freestyle(), freestyle()
    for invoice, name in ((first, "Acme"), (newest, "Zenith")):
        type(invoice).objects.filter(pk=invoice.pk).update(bill_to_name=name)
    client = client_as("billing")
    assert "Zenith" in client.post("/invoices/look/", FORM).content.decode()
    assert "Acme" in client.post("/invoices/look/", {**FORM, "on": first.pk}).content.decode()
    assert "Zenith" in client.post("/invoices/look/", {**FORM, "on": "x"}).content.decode()


def test_the_form_learns_about_its_colour_and_the_next_number(client_as):
    looks.save({"number_prefix": "NW-"}, by=None, now=NOW)
    issued()
    client = client_as("billing")

    def said(**fields) -> str:
        answer = client.post("/invoices/look/", {**FORM, **fields}, headers={"HX-Request": "true"})
        return answer.content.decode()

    assert "Hard to see on white paper, 1.5 : 1" in said(color="#facc15")
    assert "5.5 : 1 on white paper" in said(color="#0f766e")
    assert "The next invoice becomes NW-00002." in said(number_width="5")
    assert "The next invoice becomes INV-1." in said(number_prefix="INV-", number_width="1")


def test_a_colour_comes_as_a_stylesheet_and_nothing_else_does(client_as):
    client = client_as("read-only")
    answer = client.get("/whitelabel/paint/0f766e.css")
    assert answer["Content-Type"].startswith("text/css")
    assert answer.content == b".sheet { --paint: #0f766e }"
    assert client.get("/whitelabel/paint/red;}.css").status_code == 404


def test_a_version_says_what_it_changed(client_as):
    looks.save({"company_name": "Northwind"}, by=None, now=NOW)
    looks.save({"color": "#0f766e", "footer": "Thanks"}, by=make.user(), now=NOW)
    page = client_as("billing").get("/whitelabel/").content.decode()
    assert "Changed colour, footer" in page


@pytest.mark.parametrize(
    ("role", "sees", "saves"),
    [("owner", 200, 302), ("billing", 200, 302), ("bookkeeper", 200, 403), ("read-only", 200, 403),
     ("technician", 403, 403)],
)  # fmt: skip
def test_who_may_see_and_who_may_change_the_look(role, sees, saves, client_as):
    client = client_as(role)
    assert client.get("/whitelabel/").status_code == sees
    assert client.post("/whitelabel/", FORM).status_code == saves


def test_a_logo_outlives_the_version_that_dropped_it():
    logo = logos.accept(upload(picture()))
    old = looks.save({"logo": logo}, by=None, now=NOW)
    looks.save({"logo": None}, by=None, now=NOW)
    old.refresh_from_db()
    assert old.logo == logo
