"""PDFs: what they show, that they repeat, that no document reaches out or holds up the next."""

from __future__ import annotations

import http.server
import io
import threading
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from pypdf import PdfReader

from atera_invoicing.errors import Refused
from invoices import pdf
from invoices.press import client

from . import papers
from .papers import line, paper, texts

pytestmark = papers.needs_press
LOOK = {"size": "A4", "color": "#1f5eff", "logo": "none"}


@pytest.fixture(scope="module")
def own():
    """Presses beside the process's own: the last one made stays until it is broken."""
    made: list[client.Press] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def press(own):
    """A press of one's own, to break."""
    if not (own and own[-1].is_usable):
        own.append(client.Press(*pdf._pool().setup))
    return own[-1]


@pytest.fixture
def canary():
    """A local server that counts its visitors."""
    visits: list[str] = []

    class Visitors(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            visits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visitors)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", visits
    server.shutdown()
    thread.join()
    server.server_close()


def ten_lines() -> list:
    text = "Care, October 2026\n#T-100{} – VPN down\nReset the gateway and checked the tunnel"
    return [line(text.format(i // 2), "1.5") for i in range(10)]


def full_look(**more) -> dict:
    return {
        "company_address": "14 Harbour Street\nPortland, ME 04101\nUnited States",
        "company_email": "billing@msp.example",
        "company_phone": "+1 207 555 0134",
        "tax_number": "EIN 12-3456789",
        "payment_instructions": "Harbour Bank\nAccount 0042 1337 90",
        "terms": "Payment within 30 days.",
        "footer": "Northwind IT LLC",
        "logo": papers.logo(900, 300),
        **more,
    }


@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_a_normal_invoice_is_one_page_with_every_figure_on_it(size):
    lines = ten_lines() if size == "A4" else ten_lines()[:8]
    sheet = paper(*lines, look=full_look(paper=size), po_number="PO-7781")
    (text,) = texts(pdf.render(sheet))
    wanted = ["INV-00001", "Acme Manufacturing", "PO-7781", "5 Nov 2026", "#T-1000 – VPN down",
              sheet.subtotal, sheet.total, "Account 0042 1337 90", "Page 1 of 1"]  # fmt: skip
    assert [missing for missing in wanted if missing not in text] == []
    assert text.count("Reset the gateway") == len(lines)


@pytest.mark.parametrize(("size", "width"), [("A4", 595), ("Letter", 612)])
def test_the_page_has_the_size_that_was_chosen(size, width):
    page = PdfReader(io.BytesIO(pdf.render(paper(look={"paper": size})))).pages[0]
    assert int(page.mediabox.width) == width


def test_three_hundred_lines_repeat_their_head_and_break_between_lines():
    lines = [line(f"Care\n#{i} VPN down\nEntry-{i:03}", "0.5") for i in range(300)]
    pages = texts(pdf.render(paper(*lines)))
    assert len(pages) > 5
    assert all("Description Quantity Price Tax Amount" in page for page in pages)
    assert all("Invoice INV-00001 Acme Manufacturing" in page for page in pages[1:])
    assert f"Page 2 of {len(pages)}" in pages[1]
    for i in range(300):
        assert sum(f"#{i} VPN down Entry-{i:03} 0.50 h" in page for page in pages) == 1, i
    assert sum("Subtotal" in page and "Total USD" in page for page in pages) == 1


def test_drafts_and_voided_invoices_say_so_across_the_page():
    assert "VOID" in texts(pdf.render(paper(voided_at="2026-11-06")))[0]
    (draft,) = texts(pdf.render(paper(number="", issued_at=None)))
    assert draft.startswith("DRAFT ")
    assert "InvoiceDRAFT" in draft.replace(" ", "")


def test_the_same_paper_gives_the_same_bytes_in_any_process(press):
    sheet = paper(*ten_lines(), look=full_look())
    pdf.render(paper(line("Something else before")))
    here = pdf.render(sheet)
    html = render_to_string("invoices/paper.html", pdf._context(sheet))
    request = {**LOOK, "html": html, "logo": sheet.logo.name}
    assert press.render(request, sheet.logo.png) == here
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


TRICKS = [
    '<img src="{url}">',
    '<link rel="stylesheet" href="{url}">',
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">x</a>',
    "<style>@import url({url}); body {{ background: url({url}) }}</style>",
    "<style>@font-face {{ font-family: Evil; src: url({url}) }} p {{ font-family: Evil }}</style>",
    '<object data="{url}"></object><embed src="{url}"><iframe src="{url}"></iframe>',
    '<svg><image href="{url}" width="9" height="9"/><use href="{url}#a"/></svg>',
    "<img src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E"
    "%3Cimage href='{url}'/%3E%3C/svg%3E\">",
    '<base href="{url}"><img src="x.png">',
]


@pytest.mark.parametrize("trick", TRICKS)
def test_crafted_markup_reaches_neither_files_nor_the_network(trick, press, canary, tmp_path):
    url, visits = canary
    secret = tmp_path / "secret.txt"
    secret.write_text("CANARY-4711")
    for target in (f"{url}/hit", secret.as_uri(), "file:///etc/passwd"):
        html = f"<p>Before {trick.format(url=target)}</p>"
        content = press.render({**LOOK, "html": html}, b"")
        assert b"/EmbeddedFile" not in content
        assert b"CANARY-4711" not in content
        assert "root:x:0" not in " ".join(texts(content))
    assert visits == []


def test_an_svg_in_the_place_of_the_logo_reaches_nothing(press, canary):
    url, visits = canary
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/logo"/></svg>'.encode()
    press.render({**LOOK, "logo": "x", "html": '<img src="asset:x">'}, svg)
    assert visits == []


def test_a_document_that_eats_time_is_ended_and_the_next_one_prints(monkeypatch):
    monkeypatch.setattr(client, "DOCUMENT_SECONDS", 2)
    pool = client.Pool(1, css=pdf._pool().setup[0], font=pdf._pool().setup[1])
    bomb = "<table><tr>" + '<td colspan="1000000">x</td>' * 20 + "</tr></table>"
    with pytest.raises(client.PressFailed, match=r"too long|limits|Error"):
        pool.render({**LOOK, "html": bomb}, b"")
    monkeypatch.setattr(client, "DOCUMENT_SECONDS", 30)
    assert pool.render({**LOOK, "html": "<p>next</p>"}, b"").startswith(b"%PDF")
    for left in pool._warm:
        left.close()


def test_a_document_that_nests_too_deep_is_refused_in_words(press):
    with pytest.raises(client.PressFailed):
        press.render({**LOOK, "html": "<div>" * 1500}, b"")
    assert not press.is_usable


@pytest.mark.parametrize("look", [{"size": "A4} body{color:red"}, {"color": "red;}"}])
def test_the_look_can_not_smuggle_css(look, press):
    with pytest.raises(client.PressFailed, match="unknown paper size or colour"):
        press.render({**LOOK, **look, "html": "<p>x</p>"}, b"")


def test_a_press_that_was_killed_is_replaced():
    pdf.render(paper())
    for warm in pdf._pool()._warm:
        warm.process.kill()
        warm.process.wait()
    assert pdf.render(paper()).startswith(b"%PDF")


def test_the_press_has_no_secrets_and_no_django(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary-secret")
    made = client.Press(*pdf._pool().setup)
    about = Path(f"/proc/{made.process.pid}")
    environment, libraries = (about / "environ").read_bytes(), (about / "maps").read_text()
    made.close()
    assert b"canary-secret" not in environment
    assert "psycopg" not in libraries
    assert "_sqlite3" not in libraries


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
