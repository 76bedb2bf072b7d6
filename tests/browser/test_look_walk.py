"""The look of documents, as a person sets it: seen while typed, kept by what was issued before."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from invoices import paper, pdf
from tests import make
from tests.invoices.papers import logo
from tests.invoices.test_lifecycle import NOW, freestyle, issued
from tests.whitelabel.test_logos import SVG
from whitelabel import looks
from whitelabel.models import Branding

GREEN, OLD = "#0f766e", "#8a1c1c"
AS_PAINTED = {GREEN: "rgb(15, 118, 110)", OLD: "rgb(138, 28, 28)"}


@pytest.fixture
def old_look() -> Branding:
    fields = {"company_name": "Northwind IT", "color": OLD, "footer": "Since 1999"}
    return looks.save(fields, by=None, now=NOW)


def picture(name: str, kind: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": content}


def expect_band(page: Page, color: str) -> None:
    band = page.locator(".sheet .band")
    expect(band).to_have_css("background-color", AS_PAINTED[color])


def open_look(page: Page) -> None:
    page.goto("/whitelabel/")
    expect(page.locator("#preview .sheet")).to_be_visible()


def test_the_preview_follows_every_change_before_it_is_saved(old_look, visit):
    draft, newer = freestyle(), issued()
    page = visit("billing")
    open_look(page)
    expect(page.locator("#preview")).to_contain_text(newer.number)
    expect_band(page, OLD)

    page.locator("#id_color").fill(GREEN)
    expect_band(page, GREEN)
    expect(page.locator("#contrast")).to_contain_text("5.5 : 1")
    page.locator("#id_color").fill("#facc15")
    expect(page.locator("#contrast")).to_contain_text("Hard to see")

    page.get_by_label("New logo").set_input_files(
        picture("logo.png", "image/png", logo(600, 200).png)
    )
    expect(page.locator("#preview img.logo")).to_be_visible()
    page.get_by_label("Footer").fill("Looked after quietly")
    expect(page.locator("#preview .foot")).to_have_text("Looked after quietly")
    page.get_by_label("Paper").select_option("Letter")
    expect(page.locator("#preview .sheet.letter")).to_be_visible()
    page.get_by_label("Number prefix").fill("NW-")
    expect(page.locator("#next-number")).to_contain_text("NW-00001")

    page.get_by_label("Shown on").select_option(str(draft.pk))
    expect(page.locator("#preview .watermark")).to_have_text("DRAFT")
    expect(page.locator("#preview img.logo")).to_be_visible()
    assert Branding.current() == old_look


@pytest.mark.skipif(bool(pdf.available()), reason=pdf.available() or "PDF")
def test_a_new_look_reaches_drafts_and_leaves_issued_invoices_as_they_are(old_look, visit):
    draft, sent = freestyle(), issued()
    before = pdf.render(paper.of(sent))
    page = visit("owner")
    open_look(page)
    page.get_by_label("New logo").set_input_files(
        picture("logo.png", "image/png", logo(600, 200).png)
    )
    page.locator("#id_color").fill(GREEN)
    page.locator("#id_company_name").fill("Northwind Care")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The look is saved.")).to_be_visible()
    expect(page.get_by_alt_text("The logo in force")).to_be_visible()
    expect(page.get_by_text("Changed logo, colour, company name")).to_be_visible()

    page.goto(f"/invoices/{draft.pk}/")
    expect_band(page, GREEN)
    expect(page.locator(".sheet img.logo")).to_be_visible()
    expect(page.locator(".sheet")).to_contain_text("Northwind Care")

    page.goto(f"/invoices/{sent.pk}/")
    expect_band(page, OLD)
    expect(page.locator(".sheet img.logo")).to_have_count(0)
    expect(page.locator(".sheet")).to_contain_text("Since 1999")
    assert page.request.get(f"/invoices/{sent.pk}/pdf/").body() == before
    assert page.request.get(f"/invoices/{draft.pk}/pdf/").body()[:5] == b"%PDF-"


def test_an_svg_is_refused_in_words_and_nothing_typed_is_lost(old_look, visit):
    page = visit("owner")
    open_look(page)
    page.get_by_label("Footer").fill("Typed before")
    page.get_by_label("New logo").set_input_files(picture("logo.svg", "image/svg+xml", SVG))
    expect(page.locator("#preview")).to_contain_text("This is an SVG drawing")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("Upload a PNG, JPEG or WebP")
    expect(page.get_by_label("Footer")).to_have_value("Typed before")
    expect(page.locator("#preview .foot")).to_have_text("Typed before")
    assert Branding.current() == old_look


def test_who_may_only_look_sees_the_sheet_and_can_change_nothing(old_look, visit):
    make.customer()
    page = visit("read-only")
    open_look(page)
    expect(page.locator("#id_company_name")).to_be_disabled()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
