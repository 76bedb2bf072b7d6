"""The page of one batch: how far it is, what became of each contract, what can be done with it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from invoices import batch_work, batches, lifecycle, tasks
from invoices.choosing import Choice
from invoices.models import Batch, BatchPart, Invoice
from tests import make
from tests.invoices import examples, web

TODAY = make.day("2026-11-05")


def work(batch: Batch) -> None:
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)


def started(*contracts: Contract) -> Batch:
    day = make.day("2026-10-31")
    return batches.start(
        [Choice(contract.pk) for contract in contracts], uid=web.batch_form()["uid"],
        name="October", through=day, invoice_date=day, by=None, now=timezone.now(),
    )  # fmt: skip


def written(*contracts: Contract) -> Batch:
    batch = started(*contracts)
    work(batch)
    return Batch.objects.get(pk=batch.pk)


def page(name: str, batch: Batch) -> str:
    return reverse(f"invoices:{name}", args=[batch.pk])


def test_a_batch_is_written_issued_and_shown(client_as):
    client, batch = client_as("billing"), started(examples.acme())
    assert "<progress" in client.get(page("batch", batch)).content.decode()
    work(batch)
    words = client.get(page("batch", batch)).content.decode()
    assert "<progress" not in words
    assert "Issue 1 draft<" in words
    client.post(page("batch-issue", batch))
    work(batch)
    words = client.get(page("batch", batch)).content.decode()
    assert Invoice.objects.get().number in words
    assert "none is a draft" in words


def test_every_contract_has_its_outcome_and_a_link(client_as):
    good, empty = examples.acme(), make.hourly(name="Idle")
    uncounted = make.monitoring(start_date="2026-10-01", name="Uncounted")
    batch = written(good, empty, uncounted)
    BatchPart.objects.filter(contract=uncounted).update(state="failed", message="It broke.")
    context = client_as("billing").get(page("batch", batch)).context
    assert [part.contract for part in context["told"]] == [uncounted]
    assert [part.contract for part in context["nothing"]] == [empty]
    assert (context["parts"], context["written"], context["count"]) == (3, 1, 1)
    words = client_as("billing").get(page("batch", batch)).content.decode()
    assert "It broke." in words
    assert reverse("contracts:detail", args=[uncounted.pk]) in words
    assert "/batches/new/?through=2026-10-31" in words


def test_what_could_not_be_issued_says_why_until_it_is(client_as):
    batch = written(examples.acme())
    invoice = Invoice.objects.get()
    Invoice.objects.filter(pk=invoice.pk).update(total=-1)
    batches.issue_all(batch, by=None, now=timezone.now())
    work(batch)
    (event,) = client_as("billing").get(page("batch", batch)).context["unissued"]
    assert event.invoice == invoice
    assert "can't be negative" in event.text
    Invoice.objects.filter(pk=invoice.pk).update(total=invoice.total)
    batches.issue_all(Batch.objects.get(), by=None, now=timezone.now())
    work(batch)
    assert client_as("billing").get(page("batch", batch)).context["unissued"] == []


def test_voided_invoices_are_not_in_the_sums(client_as):
    batch = written(examples.acme(), make.retainer("800", start_date="2026-10-01"))
    for invoice in Invoice.objects.all():
        lifecycle.issue(invoice, by=None, now=timezone.now())
    retainer = Invoice.objects.get(contract__type="retainer")
    lifecycle.void(retainer, by=None, now=timezone.now(), reason="Wrong")
    sums = client_as("billing").get(page("batch", batch)).context["sums"]
    assert [f"{sums[name]:.2f}" for name in ("total", "unpaid")] == ["669.60", "669.60"]


def test_deleting_says_what_it_frees(client_as):
    batch = written(examples.acme())
    freed = client_as("billing").get(page("batch-delete", batch)).context["freed"]
    assert (freed["drafts"], freed["tickets"]) == (1, 2)
    assert [f"{freed[name]:.2f}" for name in ("total", "hours")] == ["669.60", "4.25"]


def test_a_batch_with_an_issued_invoice_is_not_deleted_and_names_it(client_as):
    batch, client = web.batch(), client_as("billing")
    invoice = web.issued()
    Invoice.objects.filter(pk=invoice.pk).update(batch=batch)
    words = client.get(page("batch-delete", batch)).content.decode()
    assert reverse("invoices:detail", args=[invoice.pk]) in words
    assert '<button class="danger">' not in words
    answer = client.post(page("batch-delete", batch), follow=True)
    assert invoice.number in answer.content.decode()
    assert Batch.objects.filter(pk=batch.pk).exists()


@pytest.mark.parametrize("state", ["writing", "issuing", "deleting"])
def test_a_batch_at_work_shows_how_far_it_is_and_offers_nothing_else(client_as, state):
    batch = web.batch(state=state, done_steps=30, total_steps=120)
    words = client_as("billing").get(page("batch", batch)).content.decode()
    assert "30 of 120" in words
    assert page("batch-delete", batch) not in words
    assert page("batch-issue", batch) not in words


def test_voided_invoices_free_nothing_twice_and_stay(client_as):
    batch, client = written(*examples.gamma()), client_as("billing")
    for invoice in batch.invoices.all():
        lifecycle.issue(invoice, by=None, now=timezone.now())
        lifecycle.void(invoice, reason="Wrong month", by=None, now=timezone.now())
    answer = client.get(page("batch-delete", batch))
    assert (answer.context["freed"]["tickets"], answer.context["freed"]["hours"]) == (0, None)
    assert "All invoices of this batch are voided." in answer.text
    client.post(page("batch-delete", batch))
    assert Batch.objects.get(pk=batch.pk).state == "ready"


def test_a_worker_that_does_not_answer_is_named(client_as):
    batch, client = web.batch(state="writing"), client_as("billing")
    cache.delete(tasks.HEARTBEAT)
    assert "does not answer" in client.get(page("batch-progress", batch)).content.decode()
    cache.set(tasks.HEARTBEAT, timezone.now().isoformat())
    assert "does not answer" not in client.get(page("batch-progress", batch)).content.decode()


def test_a_poll_after_the_end_loads_the_page_again(client_as):
    client, batch = client_as("billing"), web.batch()
    assert client.get(page("batch-progress", batch))["HX-Refresh"] == "true"
    gone = page("batch-progress", batch)
    batch.delete()
    assert client.get(gone)["HX-Redirect"] == "/batches/"


def test_an_empty_batch_says_so(client_as):
    words = client_as("billing").get(page("batch", web.batch())).content.decode()
    assert "No invoice was written" in words


def test_names_are_shown_as_text(client_as):
    batch = web.batch()
    Batch.objects.update(name="<b>{{ 7 }}</b>")
    for url in ("/batches/", page("batch", batch)):
        assert "&lt;b&gt;{{ 7 }}&lt;/b&gt;" in client_as("billing").get(url).content.decode()


def test_the_page_needs_no_more_queries_for_more_contracts(
    client_as, django_assert_max_num_queries
):
    retainers = [make.retainer(start_date="2026-10-01") for _ in range(12)]
    batch = written(*retainers, *(make.hourly() for _ in range(12)))
    client = client_as("billing")
    with django_assert_max_num_queries(28):
        client.get(page("batch", batch))
