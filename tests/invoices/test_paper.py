"""What is printed, as text: numbers, dates, rows and who steps back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices import lifecycle, paper
from tests import make
from whitelabel import looks

from . import papers
from .test_lifecycle import NOW, freestyle, issued


def roles(sheet: paper.Paper) -> list[list[str]]:
    return [[row.role for row in line.rows] for line in sheet.lines]


@pytest.mark.parametrize(
    ("value", "at_least", "shown"),
    [
        ("1234567.5000", 2, "1,234,567.50"),
        ("0.0125", 2, "0.0125"),
        ("3.0000", 0, "3"),
        ("100", 0, "100"),
        ("-2.50", 0, "-2.5"),
        ("0.00", 2, "0.00"),
    ],
)
def test_numbers_keep_what_matters_and_lose_trailing_zeros(value, at_least, shown):
    assert paper.number(D(value), at_least=at_least) == shown


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4), st.sampled_from([0, 2]))
def test_a_printed_number_reads_back_as_the_same_number(value, at_least):
    assert D(paper.number(value, at_least=at_least).replace(",", "")) == value


def test_hours_show_two_decimals_and_pieces_none():
    sheet = papers.paper(
        papers.line(quantity="1.5"),
        papers.line(quantity="3", unit="each"),
        papers.line(quantity="250", unit="GB", price="0.0350"),
    )
    assert [line.quantity for line in sheet.lines] == ["1.50 h", "3", "250 GB"]
    assert sheet.lines[2].price == "0.035"


def test_rows_that_neighbours_share_step_back():
    sheet = papers.paper(
        papers.line("Care\n#1 VPN\nReset"),
        papers.line("Care\n#1 VPN\nTest"),
        papers.line("Dock\nGrey"),
    )
    assert roles(sheet) == [["context", "context", "lead"]] * 2 + [["lead", "detail"]]


def test_every_row_of_a_description_is_kept_and_empty_rows_are_not():
    sheet = papers.paper(papers.line("Care\n\n  #1 VPN  \nReset\n"))
    assert [row.text for row in sheet.lines[0].rows] == ["Care", "#1 VPN", "Reset"]


def test_taxes_are_summed_by_name_and_percent():
    sheet = papers.paper(
        papers.line(price="100"),
        papers.line(price="50"),
        papers.line(price="10", tax_name="Exempt 0 %", tax_percent=D(0)),
        papers.line(price="7", tax_name="", tax_percent=D(0)),
    )
    assert [(t.label, t.base, t.amount) for t in sheet.taxes] == [
        ("Sales 8 %", "150.00", "12.00"),
        ("Exempt 0 %", "10.00", "0.00"),
    ]
    assert [line.tax for line in sheet.lines] == ["8 %", "8 %", "0 %", ""]


def test_columns_that_nobody_needs_are_left_out():
    plain = papers.paper(papers.line(tax_name="", tax_percent=D(0)))
    assert (plain.has_tax, plain.has_discount) == (False, False)
    assert papers.paper(papers.line(discount_percent=D(10))).lines[0].discount == "10 %"


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("j M Y", "5 Nov 2026"),
        ("M j, Y", "Nov 5, 2026"),
        ("Y-m-d", "2026-11-05"),
        ("m/d/Y", "11/05/2026"),
    ],
)
def test_dates_follow_the_look(chosen, shown):
    assert papers.paper(look={"date_format": chosen}).facts[0].value == shown


def test_a_draft_says_so_and_has_a_due_date():
    draft = papers.paper(number="", issued_at=None, due_date=None, payment_days=14)
    assert (draft.number, draft.watermark) == ("DRAFT", "DRAFT")
    assert [fact.value for fact in draft.facts] == ["5 Nov 2026", "19 Nov 2026"]


def test_a_voided_invoice_keeps_its_number_under_a_watermark():
    void = papers.paper(voided_at=dt.datetime(2026, 11, 6, tzinfo=dt.UTC))
    assert (void.number, void.watermark) == ("INV-00001", "VOID")


def test_only_an_invoice_that_is_paid_in_full_says_so_across_the_page():
    assert papers.paper(paid=D(108), balance=D(0)).watermark == "PAID"
    assert papers.paper(paid=D(60), balance=D(48)).watermark == ""
    assert papers.paper().watermark == ""


@pytest.mark.parametrize(
    ("quantity", "price", "is_wide"),
    [("1.5", "120", False), ("99.25", "1234.5678", False), ("2", "98765.4321", True),
     ("1234567.5", "1", True), ("2000", "5000", False)],
)  # fmt: skip
def test_figures_that_are_too_long_get_wider_columns(quantity, price, is_wide):
    assert papers.paper(papers.line(quantity=quantity, price=price)).is_wide is is_wide


def test_a_word_that_no_line_could_hold_gets_places_to_break():
    address, word = "https://example.com/a-path-of-usual-length", "x" * 130
    (row, endless) = papers.paper(papers.line(f"{address}\n{word}")).lines[0].rows
    assert row.text == address
    assert endless.text.replace("\u200b", "") == word
    assert max(len(piece) for piece in endless.text.split("\u200b")) == 30


def test_payments_show_what_is_left():
    sheet = papers.paper(paid=D(60), refunded=D(10), balance=D(58))
    assert [(f.label, f.value) for f in sheet.settled] == [
        ("Paid", "-60.00"),
        ("Refunded", "10.00"),
        ("Balance due", "58.00"),
    ]
    assert papers.paper().settled == ()


@pytest.mark.parametrize(
    ("stored", "shown"), [((900, 240), (300, 80)), ((300, 300), (100, 100)), ((120, 40), (120, 40))]
)
def test_a_logo_is_fitted_into_its_box_and_never_enlarged(stored, shown):
    logo = papers.paper(look={"logo": papers.logo(*stored)}).logo
    assert logo
    assert (logo.width, logo.height) == shown


@pytest.mark.django_db
def test_an_issued_invoice_keeps_the_look_it_was_issued_with():
    looks.save({"company_name": "Before", "color": "#111111"}, by=None, now=NOW)
    invoice, draft = issued(), freestyle()
    looks.save({"company_name": "After", "color": "#222222"}, by=None, now=NOW)
    assert (paper.of(invoice).company_name, paper.of(invoice).color) == ("Before", "#111111")
    assert paper.of(draft).company_name == "After"


@pytest.mark.django_db
def test_many_papers_take_as_many_queries_as_two(django_assert_max_num_queries):
    invoices = [issued() for _ in range(6)] + [freestyle()]
    wanted = [invoice.pk for invoice in reversed(invoices)]
    with django_assert_max_num_queries(4):
        found = paper.of_many([*wanted, 999_999])
    assert [sheet.number for sheet in found] == [i.number or "DRAFT" for i in reversed(invoices)]
    assert found[0] == paper.of(invoices[-1])


@pytest.mark.django_db
def test_the_paper_follows_a_void():
    invoice = issued()
    lifecycle.void(invoice, reason="Wrong customer", by=make.user(), now=NOW)
    invoice.refresh_from_db()
    assert paper.of(invoice).watermark == "VOID"
