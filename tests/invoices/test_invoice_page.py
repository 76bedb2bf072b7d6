"""The page of an invoice: what it offers in each state, how its figures are explained, history."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts import agreements
from invoices import explain, lifecycle, paying
from invoices.drafting import LineInput
from invoices.models import Invoice, Payment
from tests import make
from tests.invoices import web

from .test_batches import bill

pytestmark = pytest.mark.django_db


def url(page: str, invoice: Invoice) -> str:
    return reverse(f"invoices:{page}", args=[invoice.pk])


def pay(invoice: Invoice, amount: str, **fields) -> Payment:
    return paying.record(
        invoice, amount=D(amount), received_on=make.day("2026-11-05"), by=None,
        now=timezone.now(), **fields,
    )  # fmt: skip


def state(name: str) -> Invoice:
    """A freestyle invoice of 100.00 in that state, due long ago only when it is overdue."""
    if name == "draft":
        return web.draft()
    today = timezone.localdate()
    invoice = web.issued()
    due = today - dt.timedelta(days=12) if name == "overdue" else today
    Invoice.objects.filter(pk=invoice.pk).update(due_date=due)
    if name in ("partially_paid", "paid", "refunded"):
        pay(invoice, "40" if name == "partially_paid" else "100")
    if name == "refunded":
        pay(invoice, "100", kind="refund")
    if name == "voided":
        by = make.user(first_name="Sam", last_name="Lee")
        lifecycle.void(invoice, reason="Wrong month", by=by, now=timezone.now())
    return Invoice.objects.get(pk=invoice.pk)


LINKS = {
    "draft": {"edit", "issue", "delete", "pdf"},
    "issued": {"payments/new", "renumber", "void", "pdf"},
    "overdue": {"payments/new", "renumber", "void", "pdf"},
    "partially_paid": {"payments/new", "renumber", "void", "pdf"},
    "paid": {"payments/new", "renumber", "void", "pdf"},
    "refunded": {"renumber", "void", "pdf"},
    "voided": {"pdf"},
}


@pytest.mark.parametrize("name", LINKS)
def test_each_state_offers_what_can_be_done_and_nothing_else(client_as, name):
    invoice = state(name)
    answer = client_as("billing").get(url("detail", invoice))
    links = set(re.findall(rf'<a[^>]* href="/invoices/{invoice.pk}/([a-z/]+)/', answer.text))
    assert answer.context["status"] == name
    assert links == LINKS[name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("overdue", ["$100.00 has been due since", "12 days ago"]),
        ("partially_paid", ["$60.00 open", 'value="40.00"', 'max="100.00"']),
        ("paid", ["· paid", "payments/new/?kind=refund"]),
        ("refunded", ["What was paid went back"]),
        ("voided", ["by Sam Lee: Wrong month"]),
    ],
)
def test_a_state_says_what_it_means(client_as, name, said):
    text = client_as("billing").get(url("detail", state(name))).text
    for words in said:
        assert words in text


def test_an_empty_draft_says_what_it_needs_and_leads_there(client_as):
    invoice = web.draft()
    invoice.lines.all().delete()
    text = client_as("billing").get(url("detail", invoice)).text
    assert "Not ready to be issued." in text
    assert "Add at least one" in text


# Where it comes from -----------------------------------------------------------------------------


def test_a_line_is_explained_from_entries_over_rounding_and_rate_to_tax(client_as):
    contract = make.hourly(
        "100", start_date="2026-10-01", rounding_increment=15, rounding_scope="ticket",
        tax_rate=make.tax("Sales", "8"),
    )  # fmt: skip
    ticket = make.ticket(contract, title="Slow mail", number="T-77")
    make.entry(ticket, 20, description="Looked")
    make.entry(ticket, 30, "2026-10-13", description="Mended")
    invoice = bill(contract, level="ticket").invoices.get()
    (story,), dropped = explain.of(invoice)
    assert (story.worked, story.counted, dropped) == (50, D("1.00"), [])
    assert [(source.text, source.worked) for source in story.sources] == [
        ("Looked", 20),
        ("Mended", 30),
    ]
    assert story.why == "The contract rounds time up to 15 minutes each ticket."
    text = client_as("billing").get(url("detail", invoice)).text
    for way_back in (
        url_of("contracts:ticket", ticket.pk),
        url_of("contracts:detail", contract.pk),
    ):
        assert f'href="{way_back}"' in text
    for figure in ("50\xa0min", "1.00\xa0h", "× 100.00", "= 100.00", "+ 8.00", "= 108.00"):
        assert figure in text
    assert "Sales 8\xa0%" in text


def url_of(name: str, pk: int) -> str:
    return reverse(name, args=[pk])


def test_a_bookkeeper_sees_what_a_line_comes_to_and_no_ticket_behind_it(client_as):
    contract = make.hourly("100", start_date="2026-10-01")
    make.entry(make.ticket(contract, number="T-77"), 60, description="Reset gateway")
    address = url("detail", bill(contract, level="contract").invoices.get())
    text = client_as("bookkeeper").get(address).text
    assert "= 100.00" in text
    assert "1.00\xa0h" in text
    assert "T-77" not in text
    assert "Reset gateway" not in text
    assert "Reset gateway" in client_as("billing").get(address).text


def test_a_line_is_explained_by_the_rounding_that_made_it(client_as):
    contract = make.hourly("100", start_date="2026-10-01", rounding_increment=15)
    make.entry(make.ticket(contract), 20)
    invoice = bill(contract).invoices.get()
    contract.rounding_increment = 30
    agreements.change(contract, by=None)
    (story,), _ = explain.of(invoice)
    assert story.why == "The contract rounds time up to 15 minutes each time entry."


def test_an_entry_split_by_a_block_and_a_quantity_changed_by_hand_are_said():
    contract = make.block_hours("1", start_date="2026-10-01")
    make.entry(make.ticket(contract), 90)
    stories, _ = explain.of(bill(contract, level="entry").invoices.get())
    whys = [story.why for story in stories if story.worked]
    assert len(whys) == 2
    assert all("split" in why for why in whys)
    assert stories[0].price == "fee of the contract"

    plain = make.hourly("100", start_date="2026-10-01")
    make.entry(make.ticket(plain), 60)
    invoice = bill(plain).invoices.get()
    line = invoice.lines.get()
    given = LineInput(line.description, D("0.5"), line.unit_price, item=line.item, id=line.pk)
    lifecycle.edit(invoice, version=1, lines=[given], by=None, now=timezone.now())
    (story,), _ = explain.of(invoice)
    assert story.why == "The quantity was changed by hand."


def test_more_work_needs_no_more_queries(client_as):
    client, counts = client_as("billing"), []
    for size in (2, 12):
        contract = make.hourly("100", start_date="2026-10-01")
        for _ in range(size):
            ticket = make.ticket(contract)
            make.entry(ticket, 50)
            make.used(ticket)
        invoice = bill(contract, level="entry").invoices.get()
        client.get(url("detail", invoice))
        with CaptureQueriesContext(connection) as queries:
            client.get(url("detail", invoice))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 18


# History -----------------------------------------------------------------------------------------


def test_the_history_shows_old_and_new_values(client_as):
    invoice = web.draft()
    line = invoice.lines.get()
    lines = [LineInput("Workshop", D(3), D("99.50"), id=line.pk), LineInput("<b>Extra</b>")]
    lifecycle.edit(
        invoice, version=1, header={"po_number": "PO-7"}, lines=lines, by=None, now=timezone.now()
    )
    lifecycle.set_email(invoice, email="pay@acme.example", by=None, now=timezone.now())
    text = client_as("read-only").get(url("detail", invoice)).text
    for change in ("<ins>PO-7</ins>", "<del>1</del> <ins>3</ins>", "<del>100</del> <ins>99.5</ins>",
                   "<del>100.00</del> <ins>298.50</ins>", "Line “&lt;b&gt;Extra&lt;/b&gt;”",
                   "<ins>pay@acme.example</ins>"):  # fmt: skip
        assert change in text


def test_a_long_change_is_folded(client_as):
    invoice = web.draft()
    lines = [LineInput(f"Line {i}") for i in range(20)]
    lifecycle.edit(invoice, version=1, lines=lines, by=None, now=timezone.now())
    text = client_as("billing").get(url("detail", invoice)).text
    assert "14 more" in text  # 20 came, one went, and the total


# Payments ----------------------------------------------------------------------------------------


def test_a_payment_begins_with_what_is_owed_and_a_refund_with_what_was_paid(client_as):
    invoice, client = state("partially_paid"), client_as("bookkeeper")
    form = client.get(url("payment-new", invoice)).context["form"]
    assert (form["amount"].value(), form["kind"].value()) == (D("60.00"), "payment")
    assert form["received_on"].value() == timezone.localdate()
    form = client.get(url("payment-new", invoice) + "?kind=refund").context["form"]
    assert (form["amount"].value(), form["kind"].value()) == (D("40.00"), "refund")


def test_the_dialog_is_the_form_alone(client_as):
    answer = client_as("bookkeeper").get(
        url("payment-new", web.issued()), headers={"HX-Request": "true"}
    )
    assert "<html" not in answer.text
    assert "$100.00 of $100.00 is owed" in answer.text


def test_more_than_is_owed_is_refused_beside_the_amount_with_what_was_typed_kept(client_as):
    invoice = web.issued()
    form = {"kind": "payment", "amount": "250", "received_on": "2026-11-05", "method": "card",
            "reference": "Card 7"}  # fmt: skip
    answer = client_as("bookkeeper").post(url("payment-new", invoice), form)
    assert answer.status_code == 422
    assert "Only 100.00 USD is owed" in answer.context["form"].errors["amount"][0]
    assert "Card 7" in answer.text
    assert not Payment.objects.exists()


def test_a_refused_refund_stays_a_refund(client_as):
    form = {"kind": "refund", "amount": "500", "received_on": "2026-11-05", "method": "bank"}
    answer = client_as("billing").post(url("payment-new", state("paid")), form)
    assert answer.status_code == 422
    assert "Record a refund" in answer.text


def test_the_address_is_changed_in_place(client_as):
    client, invoice = client_as("billing"), web.draft()
    assert f'action="{url("email", invoice)}"' in client.get(url("detail", invoice)).text
    answer = client.post(url("email", invoice), {"email": "pay@acme.example"}, follow=True)
    assert "address written on this invoice" in answer.text
