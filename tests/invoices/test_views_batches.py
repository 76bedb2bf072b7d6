"""The page of a new batch and the pages of batches."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from invoices import batch_work
from invoices.models import Batch, Invoice
from tests import make
from tests.invoices import examples, web

NEW, PANEL = "/batches/new/", "/batches/new/panel/"
TODAY = make.day("2026-11-05")


def work(batch: Batch) -> None:
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)


def test_the_page_shows_what_each_contract_owes(client_as):
    examples.acme()
    page = client_as("billing").get(NEW, {"through": "2026-10-31"})
    assert "Acme Hourly" in page.content.decode()
    assert page.context["panel"].total.to_eng_string() == "669.60"


def test_nothing_to_bill_says_so(client_as):
    assert "Nothing to bill" in client_as("billing").get(NEW).content.decode()


def test_leaving_an_entry_out_changes_the_panel(client_as):
    contract = examples.acme()
    client = client_as("billing")
    entries = {e.description: e.pk for t in contract.tickets.all() for e in t.entries.all()}
    shown = [f"{contract.pk}/entry:{pk}" for pk in entries.values()]
    left = f"{contract.pk}/entry:{entries['Reset gateway']}"
    form = web.batch_form(contract, shown=shown, take=[s for s in shown if s != left])
    panel = client.post(PANEL, form).context["panel"]
    assert (str(panel.billable), str(panel.total)) == ("474.50", "507.60")


def test_an_unticked_contract_leaves_the_panel(client_as):
    examples.acme()
    panel = client_as("billing").post(PANEL, web.batch_form()).context["panel"]
    assert panel.invoices == 0


def test_without_javascript_recalculate_shows_the_page_again(client_as):
    contract = examples.acme()
    page = client_as("billing").post(NEW, web.batch_form(contract, recalculate="1"))
    assert page.status_code == 200
    assert page.context["panel"].invoices == 1
    assert not Batch.objects.exists()


def test_saving_twice_makes_one_batch(client_as):
    contract = examples.acme()
    client, form = client_as("billing"), web.batch_form(contract, save="1")
    first, second = client.post(NEW, form), client.post(NEW, form)
    assert first.url == second.url
    assert Batch.objects.count() == 1


def test_what_was_left_out_stays_unbilled(client_as):
    contract = examples.acme()
    item = contract.tickets.get(number="T-1002").items.get()
    source = f"{contract.pk}/item:{item.pk}"
    client_as("billing").post(NEW, web.batch_form(contract, shown=[source], save="1"))
    work(Batch.objects.get())
    assert str(Invoice.objects.get().subtotal) == "462.50"
    assert not item.claims.exists()


def test_a_lock_opens_with_a_reason_only(client_as):
    contract = make.retainer("800", start_date=dt.date.today().replace(day=1).isoformat())
    client, through = client_as("billing"), dt.date.today().isoformat()
    form = web.batch_form(contract, through=through)
    assert client.post(PANEL, form).context["panel"].invoices == 0
    form[f"early-{contract.pk}"] = "The customer leaves"
    assert client.post(PANEL, form).context["panel"].invoices == 1


def test_the_preview_is_what_will_be_written(client_as):
    contract = examples.acme()
    page = client_as("billing").post(f"/batches/new/{contract.pk}/", web.batch_form(contract))
    words = page.content.decode()
    assert "VPN down" in words
    assert "669.60" in words


def test_the_preview_fills_the_dialog(client_as):
    contract = examples.acme()
    url, form = f"/batches/new/{contract.pk}/", web.batch_form(contract)
    words = client_as("billing").post(url, form, headers={"hx-request": "true"}).content.decode()
    assert "VPN down" in words
    assert "<html" not in words


def test_the_single_items_are_listed_with_a_tick_each(client_as):
    contract = examples.acme()
    words = client_as("billing").get(f"/batches/new/{contract.pk}/work/?through=2026-10-31")
    assert words.content.decode().count('type="checkbox"') == 5


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "\0"},
        {"through": "yesterday"},
        {"invoice_date": "2026-02-30"},
        {"level": "<script>"},
        {"uid": "1"},
        {"contract": []},
        {"contract": ["x", "-1"]},
        {"contract": ["99999999999999999999999"]},
        {"contract": ["987654"]},
    ],
)
def test_a_bad_batch_is_refused_and_nothing_is_written(client_as, bad):
    contract = examples.acme()
    answer = client_as("billing").post(NEW, web.batch_form(contract, save="1") | bad)
    assert answer.status_code == 422
    assert not Batch.objects.exists()


def test_bad_sources_are_passed_over(client_as):
    contract = examples.acme()
    shown = ["", "/", "x/entry:1", f"{contract.pk}/entry:-1", f"{contract.pk}/period:1", "😀\0"]
    answer = client_as("billing").post(PANEL, web.batch_form(contract, shown=shown))
    assert answer.context["panel"].invoices == 1


def test_names_are_shown_as_text(client_as):
    web.batch()
    Batch.objects.update(name="<b>{{ 7 }}</b>")
    words = client_as("billing").get("/batches/").content.decode()
    assert "&lt;b&gt;{{ 7 }}&lt;/b&gt;" in words


def test_the_page_needs_no_more_queries_for_more_contracts(
    client_as, django_assert_max_num_queries
):
    client = client_as("billing")
    for _ in range(12):
        make.entry(make.ticket(make.hourly()))
    with django_assert_max_num_queries(40):
        client.get(NEW, {"through": "2026-10-31"})


def test_a_written_batch_is_issued_and_shown(client_as):
    contract = examples.acme()
    client = client_as("billing")
    client.post(NEW, web.batch_form(contract, save="1"))
    batch = Batch.objects.get()
    assert "<progress" in client.get(reverse("invoices:batch", args=[batch.pk])).content.decode()
    work(batch)
    client.post(reverse("invoices:batch-issue", args=[batch.pk]))
    work(batch)
    page = client.get(reverse("invoices:batch", args=[batch.pk]))
    assert Invoice.objects.get().number in page.content.decode()


def test_a_batch_with_an_issued_invoice_is_not_deleted_and_names_it(client_as):
    batch = web.batch()
    invoice = web.issued()
    Invoice.objects.filter(pk=invoice.pk).update(batch=batch)
    url = reverse("invoices:batch-delete", args=[batch.pk])
    answer = client_as("billing").post(url, follow=True)
    assert invoice.number in answer.content.decode()
    assert Batch.objects.filter(pk=batch.pk).exists()


def test_a_poll_after_the_end_loads_the_page_again(client_as):
    batch = web.batch()
    answer = client_as("billing").get(reverse("invoices:batch-progress", args=[batch.pk]))
    assert answer["HX-Refresh"] == "true"


def test_unknown_filters_show_everything_or_nothing_but_never_fail(client_as):
    examples.acme()
    bad = {"customer": "x", "type": "<i>", "taxable": "\0", "state": "9", "through": "soon"}
    assert client_as("billing").get(NEW, bad).status_code == 200


def test_uid_must_be_fresh_per_page(client_as):
    client = client_as("billing")
    uids = {client.get(NEW).context["form"].initial["uid"] for _ in range(2)}
    assert len(uids) == 2
    assert all(isinstance(uid, uuid.UUID) for uid in uids)


def test_what_is_left_out_stays_left_out_after_recalculating(client_as):
    contract = make.hourly("100", start_date="2026-01-01")
    ticket = make.ticket(contract, resolved="2026-10-20")
    kept, left = make.entry(ticket, 60), make.entry(ticket, 120)
    shown = [f"{contract.pk}/entry:{entry.pk}" for entry in (kept, left)]
    data = {
        "name": "October", "through": "2026-10-31", "invoice_date": "2026-10-31", "level": "",
        "uid": str(uuid.uuid4()),
        "contract": str(contract.pk), "shown": shown, "take": shown[:1], "recalculate": "1",
    }  # fmt: skip
    page = client_as("billing").post(reverse("invoices:batch-new"), data).content.decode()
    assert f'name="shown" value="{shown[1]}"' in page
    assert f'name="shown" value="{shown[0]}"' not in page
