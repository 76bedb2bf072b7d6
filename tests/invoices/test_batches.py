"""Batches: written in chunks, once, whatever happens in between."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from atera_invoicing.errors import Refused
from contracts import blocks
from contracts.models import Contract
from invoices import batch_work, batches, lifecycle
from invoices.choosing import Choice
from invoices.models import Batch, Claim, Invoice
from tests import make

from . import examples

pytestmark = pytest.mark.django_db
TODAY = make.day("2026-11-05")


def start(*contracts: Contract, **kwargs) -> Batch:
    choices = kwargs.pop("choices", None) or [Choice(c.pk) for c in contracts]
    kwargs.setdefault("uid", uuid.uuid4())
    return batches.start(
        choices,
        name="October",
        through=TODAY,
        invoice_date=TODAY,
        by=None,
        now=timezone.now(),
        **kwargs,
    )


def run(batch: Batch) -> None:
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)


def bill(*contracts: Contract, **kwargs) -> Batch:
    batch = start(*contracts, **kwargs)
    run(batch)
    batch.refresh_from_db()
    return batch


def test_a_batch_writes_what_the_preview_showed():
    contract = examples.acme()
    batch = bill(contract, level="entry")
    invoice = batch.invoices.get()
    assert (batch.state, str(invoice.total), invoice.lines.count()) == ("ready", "669.60", 5)
    assert invoice.claims.filter(time_entry__isnull=False).count() == 4
    assert invoice.is_draft
    assert invoice.email == ""


def test_the_same_batch_asked_for_twice_is_one_batch():
    contract, uid = examples.acme(), uuid.uuid4()
    assert start(contract, uid=uid) == start(contract, uid=uid)


def test_working_on_a_batch_twice_writes_it_once():
    contract = examples.acme()
    batch = bill(contract)
    Batch.objects.update(state="writing", run_at=timezone.now())
    batch.parts.update(state="pending")
    run(batch)
    assert Invoice.objects.count() == 1
    assert batch.parts.get().state == "empty"


def test_a_block_carries_its_balance_into_the_next_period():
    contract = make.block_hours("10", rollover=True, start_date="2026-09-01")
    ticket = make.ticket(contract, resolved="2026-09-20")
    make.entry(ticket, 180, started="2026-09-12")
    batch = bill(contract)
    assert batch.invoices.count() == 2
    assert blocks.balance(contract) == 17


def test_deleting_a_batch_frees_its_work_and_its_blocks():
    contract = examples.beta()
    batch = bill(contract)
    batches.delete(batch, by=None, now=timezone.now())
    run(batch)
    assert not Batch.objects.exists()
    assert not Claim.objects.exists()
    assert blocks.balance(contract) == 2
    assert str(bill(contract).invoices.get().total) == "1210.00"


def test_a_batch_with_an_issued_invoice_is_not_deleted():
    batch = bill(examples.acme())
    lifecycle.issue(batch.invoices.get(), by=None, now=timezone.now())
    with pytest.raises(Refused, match="INV-00001"):
        batches.delete(batch, by=None, now=timezone.now())


def test_a_batch_of_voided_invoices_stays_and_says_so():
    batch = bill(*examples.gamma())
    for invoice in batch.invoices.all():
        lifecycle.issue(invoice, by=None, now=timezone.now())
        lifecycle.void(invoice, reason="Wrong month", by=None, now=timezone.now())
    with pytest.raises(Refused, match="keep their numbers"):
        batches.delete(batch, by=None, now=timezone.now())
    batch.refresh_from_db()
    assert batch.state == "ready"


def test_deleting_a_batch_with_drafts_and_a_voided_invoice_keeps_that_one():
    batch = bill(*examples.gamma())
    voided = batch.invoices.earliest("id")
    lifecycle.issue(voided, by=None, now=timezone.now())
    lifecycle.void(voided, reason="Wrong month", by=None, now=timezone.now())
    batches.delete(batch, by=None, now=timezone.now())
    run(batch)
    assert list(batch.invoices.all()) == [voided]
    batch.refresh_from_db()
    assert batch.state == "ready"


def test_issuing_a_batch_numbers_it_without_gaps():
    care, extra = examples.gamma()
    batch = bill(care, extra)
    batches.issue_all(batch, by=None, now=timezone.now())
    run(batch)
    assert list(batch.invoices.order_by("id").values_list("number", flat=True)) == [
        "INV-00001",
        "INV-00002",
    ]


def watched(batch: Batch, *columns: str) -> list[tuple]:
    """These columns of the batch after each update that its worker makes."""
    seen: list[tuple] = []

    def look(execute, sql, *args):
        result = execute(sql, *args)
        if sql.startswith("UPDATE"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {', '.join(columns)} FROM invoices_batch")
                seen.extend(cursor.fetchall())
        return result

    with connection.execute_wrapper(look):
        run(batch)
    return seen


def test_a_batch_is_never_ready_while_somebody_still_holds_it():
    """Else giving it back would forget what was asked for in between."""
    seen = watched(start(examples.acme()), "state", "owner")
    assert seen[-1] == ("ready", "")
    assert [owner for state, owner in seen if state == "ready" and owner] == []


@pytest.mark.parametrize("verb", [batches.issue_all, batches.delete])
def test_a_lease_is_kept_for_as_long_as_the_work_lasts(monkeypatch, verb):
    monkeypatch.setattr(batch_work, "CHUNK", 1)
    batch = bill(*examples.gamma())
    verb(batch, by=None, now=timezone.now())
    ends = {str(end) for (end,) in watched(batch, "lease_until") if end}
    assert len(ends) == 3  # claimed, then kept after each of two chunks


def test_one_bad_contract_does_not_stop_the_rest():
    good, bad = make.retainer(start_date="2026-10-01"), make.monitoring(start_date="2026-10-01")
    batch = bill(good, bad)
    parts = {part.contract_id: part for part in batch.parts.all()}
    assert parts[good.pk].state == "written"
    assert parts[bad.pk].state == "empty"
    assert "Servers" in parts[bad.pk].message


def test_an_open_period_is_billed_early_only_with_a_reason():
    contract = make.retainer(start_date="2026-11-01")
    assert bill(contract).invoices.count() == 0
    choice = Choice(contract.pk, early_reason="Customer asked for it")
    batch = bill(choices=[choice])
    assert batch.invoices.count() == 1
    assert batch.events.filter(code="billed_early").exists()


def test_a_block_is_billed_in_order():
    contract = make.block_hours(start_date="2026-09-01")
    batch = bill(choices=[Choice(contract.pk, periods=(make.day("2026-10-01"),))])
    assert batch.invoices.count() == 0
    assert "1 Sep 2026" in batch.parts.get().message
