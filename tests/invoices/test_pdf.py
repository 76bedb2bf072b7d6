"""PDFs: what they show, that they repeat, that no document holds up the next."""

from __future__ import annotations

import io
from decimal import Decimal as D
from pathlib import Path

import pytest
from pypdf import PdfReader

from atera_invoicing.errors import Refused
from invoices import pdf
from invoices.press import client

from . import papers
from .papers import full_look, line, paper, ten_lines, texts

pytestmark = papers.needs_press
LOOK = {"size": "A4", "color": "#1f5eff", "logo": "none"}


@pytest.fixture(scope="module")
def own():
    """Presses beside the process's own: the last one made stays until it is broken."""
    made: list[client.Press] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_KEY", "canary-secret")
        yield made
    for one in made:
        one.close()


@pytest.fixture
def press(own):
    """A press of one's own, to break."""
    if not (own and own[-1].is_usable):
        own.append(client.Press(*pdf.pool().setup))
    return own[-1]


@pytest.mark.parametrize(("size", "width"), [("A4", 595), ("Letter", 612)])
def test_a_normal_invoice_is_one_page_with_every_figure_on_it(size, width):
    lines = ten_lines()[: 10 if size == "A4" else 8]
    sheet = paper(*lines, look=full_look(paper=size), po_number="PO-7781")
    content = pdf.render(sheet)
    (text,) = texts(content)
    wanted = ["INV-00001", "Acme Manufacturing", "PO-7781", "5 Nov 2026", "#T-1000 – VPN down",
              sheet.subtotal, sheet.total, "Account 0042 1337 90", "Page 1 of 1"]  # fmt: skip
    assert [missing for missing in wanted if missing not in text] == []
    assert int(PdfReader(io.BytesIO(content)).pages[0].mediabox.width) == width
    assert text.count("Reset the gateway") == len(lines)


def test_a_long_invoice_repeats_its_head_and_breaks_between_lines():
    lines = [line(f"Care\n#{i} VPN down\nEntry-{i:03}", "0.5") for i in range(80)]
    pages = texts(pdf.render(paper(*lines)))
    assert len(pages) >= 3
    assert all("Description Quantity Price Tax Amount" in page for page in pages)
    assert all("Invoice INV-00001 Acme Manufacturing" in page for page in pages[1:])
    assert f"Page 2 of {len(pages)}" in pages[1]
    for i in range(80):
        assert sum(f"#{i} VPN down Entry-{i:03} 0.50 h" in page for page in pages) == 1, i
    assert sum("Subtotal" in page and "Total USD" in page for page in pages) == 1


def test_totals_and_terms_never_stand_alone_on_a_page():
    look = {"terms": "Payment within 30 days.", "payment_instructions": "Harbour Bank"}
    for count in (13, 14, 15, 16, 17):
        lines = [line(f"Care\n#{i} VPN down\nReset") for i in range(count)]
        last = texts(pdf.render(paper(*lines, look=look)))[-1]
        assert [part in last for part in ("VPN down", "Total USD", "Payment within")] == [True] * 3


def test_words_and_figures_without_a_break_stay_in_their_column():
    sheet = paper(line("z" * 300, "1234567.5", "98765.4321"), bill_to_name="W" * 100)
    content = pdf.render(sheet)
    assert "z" * 100 not in texts(content)[0]
    assert texts(content)[0].count("z") == 300
    places = []
    PdfReader(io.BytesIO(content)).pages[0].extract_text(
        visitor_text=lambda text, cm, tm, *_: places.append(tm[4] * cm[0] + cm[4])
    )
    assert max(places) < 560


def test_drafts_and_voided_invoices_say_so_across_the_page():
    assert "VOID" in texts(pdf.render(paper(voided_at="2026-11-06")))[0]
    (draft,) = texts(pdf.render(paper(number="", issued_at=None)))
    assert draft.startswith("DRAFT ")
    assert "InvoiceDRAFT" in draft.replace(" ", "")


def test_the_same_paper_gives_the_same_bytes_in_any_process(press):
    """A press that has printed a lot, one that has not, and again."""
    sheet, other = paper(*ten_lines(), look=full_look()), paper(look={"color": "#0f766e"})
    pdf.render(other)
    here = pdf.render(sheet)
    assert press.render(*pdf.order(sheet)) == here
    assert press.render(*pdf.order(other)) == pdf.render(other)
    assert pdf.render(sheet) == here


def test_many_papers_come_back_in_order():
    sheets = [paper(number=f"INV-{i:05}") for i in range(7)]
    found = [texts(content)[0] for content in pdf.render_many(sheets)]
    assert all(f"INV-{i:05}" in text for i, text in enumerate(found))


@pytest.mark.parametrize(
    "text",
    [
        '<script>alert(1)</script><img src="file:///etc/passwd">',
        "{{ settings.SECRET_KEY }} {% load static %}",
        "file:///etc/passwd",
        "&lt;b&gt; & \" '",
    ],
)
def test_hostile_text_is_printed_as_it_was_written(text):
    sheet = paper(
        line(text), bill_to_name=text[:100], message=text, look={"terms": text, "footer": text}
    )
    (page,) = texts(pdf.render(sheet))
    assert page.replace(" ", "").count(text.replace(" ", "")) >= 4


@pytest.mark.parametrize(
    "text", ["NUL \x00 bell \x07", "emoji 😀🏳️‍🌈", "漢字 العربية", "\ud83d lone", "x" * 8000]
)
def test_odd_characters_never_stop_a_document(text):
    assert pdf.render(paper(line(text), line("After"))).startswith(b"%PDF")


def test_the_press_has_no_secrets_and_no_django(press):
    about = Path(f"/proc/{press.process.pid}")
    environment, libraries = (about / "environ").read_bytes(), (about / "maps").read_text()
    assert b"canary-secret" not in environment
    assert "psycopg" not in libraries
    assert "_sqlite3" not in libraries


def test_r36_documents_that_eat_time_or_nest_too_deep_are_ended_and_the_next_one_prints(
    press, own, monkeypatch
):
    pool = client.Pool(1, css=pdf.pool().setup[0], font=pdf.pool().setup[1])
    pool._warm.append(press)
    with pytest.raises(client.PressFailed):
        pool.render({**LOOK, "markup": "<div>" * 1500 + "</div>" * 1500}, b"")
    assert not press.is_usable
    assert pool.render({**LOOK, "markup": "<p>next</p>"}, b"").startswith(b"%PDF")
    monkeypatch.setattr(client, "DOCUMENT_SECONDS", 2)
    bomb = f"<table>{'<tr><td>x</td></tr>' * 100_000}</table>"
    with pytest.raises(client.PressFailed, match=r"too long|limits|Error"):
        pool.render({**LOOK, "markup": bomb}, b"")
    assert not pool._warm


def test_a_press_that_was_killed_is_replaced_and_a_closed_pool_starts_again():
    pdf.render(paper())
    for warm in pdf.pool()._warm:
        warm.process.kill()
        warm.process.wait()
    assert pdf.render(paper()).startswith(b"%PDF")
    presses = list(pdf.pool()._warm)
    pdf.pool().close()
    assert presses
    assert not any(press.is_usable for press in presses)
    assert pdf.render(paper()).startswith(b"%PDF")


def test_more_lines_than_a_pdf_holds_are_refused_with_the_way_out():
    with pytest.raises(Refused, match="coarser level") as refusal:
        pdf.render(paper(*[line()] * (pdf.MOST_LINES + 1)))
    assert refusal.value.code == "pdf_too_long"


def test_missing_libraries_are_named_with_the_command(monkeypatch):
    monkeypatch.setattr(pdf, "LIBRARIES", {"Pango": ("libno-such-thing.so.9", "no-such-thing")})
    assert "apt-get install" in pdf.available()
    with pytest.raises(Refused, match="Pango") as refusal:
        pdf.render(paper(line(discount_percent=D(10))))
    assert refusal.value.code == "pdf_unavailable"


def test_a_library_that_is_listed_but_gone_counts_as_missing(monkeypatch):
    """As after a file was removed and the system's list of libraries was not made anew."""
    monkeypatch.setattr(pdf.util, "find_library", lambda name: f"lib{name}-gone.so.0")
    monkeypatch.setattr(pdf, "LIBRARIES", {"Pango": ("libno-such-thing.so.9", "no-such-thing")})
    assert "PDF needs Pango on the server" in pdf.available()
