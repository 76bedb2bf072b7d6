"""The list of invoices, the page of one, and what can be done there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoices import batch_work, batches, lifecycle, paying
from invoices.choosing import Choice
from invoices.models import Claim, Download, Invoice, Payment
from tests import make
from tests.invoices import examples, web


def url(page: str, invoice: Invoice) -> str:
    return reverse(f"invoices:{page}", args=[invoice.pk])


def billed() -> Invoice:
    """Acme's October, written by a batch."""
    contract = examples.acme()
    batch = batches.start(
        [Choice(contract.pk)], uid=web.batch_form()["uid"], name="October",
        through=make.day("2026-10-31"), invoice_date=make.day("2026-11-01"), by=None,
        now=make.at("2026-11-05"), level="ticket",
    )  # fmt: skip
    batch_work.work(batch.pk, now=make.at("2026-11-05"), today=make.day("2026-11-05"))
    return Invoice.objects.get()


def test_an_empty_list_says_what_comes_next(client_as):
    words = client_as("billing").get("/invoices/").content.decode()
    assert "No invoices yet" in words
    assert reverse("invoices:batch-new") in words


def test_the_list_needs_no_more_queries_for_more_invoices(client_as):
    client = client_as("billing")
    web.issued()
    client.get("/invoices/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/invoices/")
    for _ in range(8):
        web.issued()
    with CaptureQueriesContext(connection) as many:
        client.get("/invoices/")
    assert len(many) <= len(few)


def test_search_and_status_narrow_the_list(client_as):
    client = client_as("bookkeeper")
    mine, other = web.issued(customer=make.customer("Bluewater")), web.draft()
    rows = client.get("/invoices/", {"q": "bluewater"}).context["rows"].items
    assert rows == [mine]
    assert client.get("/invoices/", {"status": "draft"}).context["rows"].items == [other]


@pytest.mark.parametrize(
    "query", ["status=nope", "customer=x", "total_min=abc", "q=%00", "after=x"]
)
def test_a_senseless_filter_never_fails(client_as, query):
    web.draft()
    assert client_as("billing").get(f"/invoices/?{query}").status_code == 200


def test_bulk_issue_numbers_the_drafts_only(client_as):
    old, new = web.issued(), web.draft()
    form = {"action": "issue", "selected": [old.pk, new.pk]}
    client_as("billing").post("/invoices/", form)
    new.refresh_from_db()
    assert new.number
    assert Invoice.objects.get(pk=old.pk).number == old.number


def test_bulk_delete_refuses_issued_ones_as_a_whole(client_as):
    old, new = web.issued(), web.draft()
    form = {"action": "delete", "selected": [old.pk, new.pk]}
    answer = client_as("billing").post("/invoices/", form, follow=True)
    assert "is issued" in answer.content.decode()
    assert Invoice.objects.count() == 2


def test_bulk_pdf_asks_for_a_download(client_as, monkeypatch):
    monkeypatch.setattr("invoices.pdf.available", lambda: "")
    invoice = web.issued()
    client = client_as("bookkeeper")
    answer = client.post("/invoices/", {"action": "zip", "selected": [invoice.pk]})
    made = Download.objects.get()
    assert answer.url == reverse("invoices:download", args=[made.pk])
    assert made.invoice_ids == [invoice.pk]
    assert "<progress" in client.get(answer.url).content.decode()


def test_somebody_elses_download_is_not_found(client_as):
    made = Download.objects.create(
        kind="pdf", name="x", invoice_ids=[1], created_at=timezone.now(), created_by=make.user(),
        file="downloads/x.pdf",
    )  # fmt: skip
    client = client_as("owner")
    assert client.get(reverse("invoices:download", args=[made.pk])).status_code == 404
    assert client.get(reverse("invoices:download-file", args=[made.pk])).status_code == 404


def test_the_csv_holds_what_the_list_shows(client_as):
    shown, hidden = web.issued(), web.draft(customer=make.customer("Hidden"))
    answer = client_as("bookkeeper").get("/invoices/export.csv", {"status": "issued"})
    text = b"".join(answer.streaming_content).decode()
    assert shown.number in text
    assert hidden.bill_to_name not in text


def test_the_page_shows_the_paper_and_where_each_line_comes_from(client_as):
    words = client_as("billing").get(url("detail", billed())).content.decode()
    for text in ("Reset gateway", "VPN down", "669.60", "1\xa0h 30\xa0min", "Written by batch"):
        assert text in words


def test_work_of_a_removed_line_is_shown_as_billed(client_as):
    invoice = billed()
    line = Claim.objects.exclude(time_entry=None).order_by("id").first().line
    line.delete()
    assert "line removed" in client_as("billing").get(url("detail", invoice)).content.decode()


def test_the_recipient_is_named_with_its_reason(client_as):
    customer = make.customer()
    make.contact(customer, first_name="Ana", last_name="Ruiz", email="ana@x.example", is_main=True)
    words = client_as("billing").get(url("detail", web.draft(customer=customer))).content.decode()
    assert "ana@x.example" in words
    assert "main contact Ana Ruiz" in words


def test_a_bookkeeper_may_pay_but_not_edit(client_as):
    words = client_as("bookkeeper").get(url("detail", web.issued())).content.decode()
    assert "payments/new" in words
    assert "/void/" not in words


def test_the_page_of_a_long_invoice_needs_no_more_queries(client_as):
    client, invoice = client_as("billing"), billed()
    with CaptureQueriesContext(connection) as queries:
        client.get(url("detail", invoice))
    assert len(queries) < 30


def test_issue_gives_the_number(client_as):
    invoice = web.draft()
    client_as("billing").post(url("issue", invoice))
    invoice.refresh_from_db()
    assert invoice.number


def test_issuing_an_empty_draft_is_refused_with_the_reason(client_as):
    invoice = web.draft()
    invoice.lines.all().delete()
    answer = client_as("billing").post(url("issue", invoice), follow=True)
    assert "no lines" in answer.content.decode()


@pytest.mark.parametrize(
    ("number", "reason", "said"),
    [("", "why", "required"), ("2026/1", "", "required"), ("x" * 41, "why", "at most"),
     ("<b>", "why", "Use 1 to 21"), ("é", "why", "Use 1 to 21"), ("A\0", "why", "Null")],
)  # fmt: skip
def test_a_bad_number_is_refused(client_as, number, reason, said):
    invoice = web.issued()
    form = {"number": number, "reason": reason}
    answer = client_as("billing").post(url("renumber", invoice), form, follow=True)
    assert said in answer.content.decode()
    assert Invoice.objects.get().number == invoice.number


def test_a_new_number_goes_into_the_history_with_its_reason(client_as):
    invoice = web.issued()
    client = client_as("billing")
    client.post(url("renumber", invoice), {"number": "X-77", "reason": "Ordered so"})
    words = client.get(url("detail", invoice)).content.decode()
    assert f"Number changed from {invoice.number} to X-77: Ordered so" in words


def test_voiding_asks_why_and_frees_the_work(client_as):
    invoice = lifecycle.issue(billed(), by=None, now=timezone.now())
    client = client_as("billing")
    assert "can then be billed again" in client.get(url("void", invoice)).content.decode()
    assert client.post(url("void", invoice), {"reason": ""}).status_code == 422
    client.post(url("void", invoice), {"reason": "Wrong month"})
    assert not Claim.objects.filter(released_at=None).exists()


def test_deleting_a_draft_frees_its_work(client_as):
    answer = client_as("billing").post(url("delete", billed()))
    assert answer.url == "/invoices/"
    assert not Claim.objects.exists()


@pytest.mark.parametrize("email", ["nobody", "a b@c.example", "x" * 260, "a@b.example\0"])
def test_a_bad_address_is_refused_beside_the_field(client_as, email):
    invoice = web.issued()
    answer = client_as("billing").post(url("email", invoice), {"email": email})
    assert answer.status_code == 422
    assert Invoice.objects.get().email == ""


def test_an_address_by_hand_works_on_a_batch_invoice(client_as):
    invoice = billed()
    client_as("billing").post(url("email", invoice), {"email": "pay@acme.example"})
    invoice.refresh_from_db()
    assert invoice.email == "pay@acme.example"


@pytest.mark.parametrize("amount", ["0", "-5", "100.01", "1e9", "abc", "0.001", "", "NaN"])
def test_a_bad_payment_is_refused(client_as, amount):
    form = {"kind": "payment", "amount": amount, "received_on": "2026-11-05", "method": "bank"}
    answer = client_as("bookkeeper").post(url("payment-new", web.issued()), form)
    assert answer.status_code == 422
    assert not Payment.objects.exists()


def test_a_payment_is_recorded_and_removed_with_a_reason(client_as):
    invoice, client = web.issued(), client_as("bookkeeper")
    form = {"kind": "payment", "amount": "40", "received_on": "2026-11-05", "method": "bank"}
    client.post(url("payment-new", invoice), form)
    invoice.refresh_from_db()
    assert str(invoice.balance) == "60.00"
    remove = reverse("invoices:payment-remove", args=[Payment.objects.get().pk])
    assert client.post(remove, {"reason": ""}).status_code == 422
    client.post(remove, {"reason": "Bounced"})
    invoice.refresh_from_db()
    assert str(invoice.balance) == "100.00"
    assert "Bounced" in client.get(url("detail", invoice)).content.decode()


def test_more_than_was_paid_is_not_refunded(client_as):
    invoice = web.issued()
    paying.record(
        invoice, amount=invoice.total, received_on=make.day("2026-11-05"), by=None,
        now=timezone.now(),
    )  # fmt: skip
    form = {"kind": "refund", "amount": "101", "received_on": "2026-11-06", "method": "bank"}
    assert client_as("billing").post(url("payment-new", invoice), form).status_code == 422


def test_a_pdf_that_cannot_be_made_says_what_to_install(client_as, monkeypatch):
    monkeypatch.setattr("invoices.pdf.available", lambda: "PDF needs Pango on the server.")
    answer = client_as("bookkeeper").get(url("pdf", web.issued()))
    assert answer.status_code == 503
    assert "PDF needs Pango" in answer.content.decode()


def test_a_downloaded_pdf_is_noted(client_as):
    invoice = web.issued()
    answer = client_as("bookkeeper").get(url("pdf", invoice) + "?download")
    assert answer.content.startswith(b"%PDF")
    assert Invoice.objects.get().downloaded_at
