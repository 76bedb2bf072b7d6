"""The PDF of an invoice and the look of documents, over REST."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from invoices import pdf
from tests import make
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
LOGO = "/api/v1/branding/logo/"


@pytest.fixture
def invoice(api_as):
    body = {
        "customer": make.customer().pk,
        "lines": [{"description": "Work", "unit_price": "10"}],
    }
    return api_as("owner").post("/api/v1/invoices/", body).json()


def test_a_program_gets_the_pdf(api_as, invoice):
    if missing := pdf.available():
        pytest.skip(missing)
    address = f"/api/v1/invoices/{invoice['id']}/pdf/"
    answer = api_as("bookkeeper").get(address, headers={"Accept": "application/pdf"})
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_without_the_libraries_the_answer_says_what_to_install(api_as, invoice, monkeypatch):
    monkeypatch.setattr(pdf, "LIBRARIES", {"Pango": ("libnothing.so", "nothing")})
    answer = api_as("owner").get(f"/api/v1/invoices/{invoice['id']}/pdf/")
    assert (answer.status_code, answer.json()["code"]) == (503, "pdf_unavailable")
    assert "apt-get install" in answer.json()["detail"]


def test_a_missing_invoice_is_a_problem_also_for_who_asks_for_a_pdf(api_as):
    answer = api_as("owner").get("/api/v1/invoices/9/pdf/", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_change_of_the_look_is_a_new_version(api_as):
    client = api_as("owner")
    before = client.get("/api/v1/branding/").json()
    after = client.patch("/api/v1/branding/", {"color": "#ff0000", "footer": "Thanks"}).json()
    assert after["version"] > before["version"]
    assert (after["color"], after["footer"]) == ("#ff0000", "Thanks")


@pytest.mark.parametrize(
    ("field", "bad"),
    [("color", "red"), ("paper", "A0"), ("number_width", "x"), ("company_email", "x"), ("logo", 1)],
)
def test_a_bad_look_is_pointed_at_and_not_kept(api_as, field, bad):
    client, versions = api_as("owner"), Branding.objects.count()
    answer = client.patch("/api/v1/branding/", {field: bad})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"
    assert Branding.objects.count() <= versions + 1  # at most the first, with its defaults


def test_a_logo_is_sent_as_the_body_and_taken_away(api_as):
    client, file = api_as("owner"), io.BytesIO()
    Image.new("RGB", (30, 10), "red").save(file, "PNG")
    assert client.put(LOGO, file.getvalue(), content_type="image/png").json()["has_logo"] is True
    assert client.delete(LOGO).json()["has_logo"] is False


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\x89PNG\r\n", b"x" * 3_000_000])
def test_what_is_not_a_picture_is_refused(api_as, body):
    answer = api_as("owner").put(LOGO, body, content_type="image/png")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/logo"
