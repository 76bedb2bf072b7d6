"""Pages of one batch: how far it is, what it wrote, what to do with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, DetailPage, Page
from invoices import batches, tasks
from invoices.models import Batch, BatchPart, Claim, Event, Invoice

from .lists import FETCH, start_download
from .sheet import HOME

Part = BatchPart.State
TOLD = (Part.WRITTEN, Part.FAILED)  # with a message: not all of it, or none
SHOWN = 100
SLOW = dt.timedelta(minutes=1)


class BatchPage(DetailPage):
    permission = "invoices.preview_batch"
    template_name = "invoices/batch.html"
    queryset = Batch.objects.select_related("created_by")
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        batch, options = self.object, Installation.current()
        invoices = batch.invoices.with_status(timezone.localdate())
        parts = list(batch.parts.select_related("contract__customer").exclude(message=""))
        return super().context() | _count(batch) | {
            "invoices": invoices.select_related("contract").order_by("id")[:SHOWN],
            "told": [part for part in parts if part.state in TOLD],
            "nothing": [part for part in parts if part.state == Part.EMPTY],
            "unissued": _unissued(batch),
            "currency": options.currency,
            "connected_to": options.connected_to,
            "events": batch.events.select_related("by"),
            "asleep": _is_asleep(),
        }  # fmt: skip


def _count(batch: Batch) -> dict[str, Any]:
    """What the batch has become, in figures."""
    live = Q(voided_at__isnull=True)
    sums = batch.invoices.aggregate(
        count=Count("pk"),
        drafts=Count("pk", filter=live & Q(issued_at__isnull=True)),
        net=Sum("subtotal", filter=live),
        tax=Sum("tax", filter=live),
        total=Sum("total", filter=live),
        unpaid=Sum("balance", filter=live & Q(issued_at__isnull=False)),
    )
    parts = batch.parts.aggregate(
        parts=Count("pk"), written=Count("pk", filter=Q(state=Part.WRITTEN))
    )
    return {"count": sums["count"], "drafts": sums["drafts"], "sums": sums} | parts


def _unissued(batch: Batch) -> list[Event]:
    """Why drafts of the batch could not be issued, the last time it was tried."""
    tried = Event.objects.filter(code="not_issued", invoice__batch=batch)
    last = tried.filter(invoice__issued_at__isnull=True).values("invoice").annotate(Max("pk"))
    found = Event.objects.filter(pk__in=[row["pk__max"] for row in last[:SHOWN]])
    return list(found.select_related("invoice").order_by("invoice_id"))


def _is_asleep() -> bool:
    """Whether no worker has done its round for a while."""
    seen = cache.get(tasks.HEARTBEAT)
    return not seen or timezone.now() - dt.datetime.fromisoformat(seen) > SLOW


class BatchProgress(Page):
    """The bar alone; when the work is done, the whole page is loaded again."""

    permission = "invoices.preview_batch"
    template_name = "invoices/_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        batch = Batch.objects.filter(pk=self.kwargs["pk"]).first()
        if batch is None or not batch.is_busy:
            answer = HttpResponse(status=200)
            answer["HX-Refresh" if batch else "HX-Redirect"] = (
                "true" if batch else reverse("invoices:batches")
            )
            return answer
        context = {"object": batch, "asleep": _is_asleep()}
        return render(request, self.template_name, context)


class BatchAction(ActionPage):
    queryset = Batch.objects.all()

    def get_back(self) -> str:
        return reverse("invoices:batch", args=[self.object.pk])


class BatchIssue(BatchAction):
    permission = "invoices.issue_invoice"
    title = "Issue the batch"
    button = "Issue all drafts"

    def get_question(self) -> str:
        count = self.object.invoices.drafts().count()
        them = "The draft gets its number" if count == 1 else f"{count} drafts get their numbers"
        return f"{them}, in order. Issued invoices can't be changed, only voided."

    def perform(self, form: Any) -> str:
        batch = batches.issue_all(self.object, by=self.request.user, now=timezone.now())
        tasks.ring_batch(batch)
        return ""


class BatchDelete(BatchAction):
    """Says what it will free; names the issued invoices that stand in the way."""

    permission = "invoices.delete_batch"
    template_name = "invoices/batch_delete.html"
    title = "Delete the batch"
    question = "Its drafts go, blocks get back what was used, and all the work can be billed again."
    button = "Delete"
    danger = True

    def context(self) -> dict[str, Any]:
        batch = self.object
        issued = batch.invoices.filter(issued_at__isnull=False, voided_at__isnull=True)
        work = Claim.objects.filter(invoice__batch=batch)
        ticket = Coalesce("time_entry__ticket", "ticket_item__ticket")
        drafts = batch.invoices.drafts().aggregate(drafts=Count("pk"), total=Sum("total"))
        return super().context() | {
            "issued": issued.order_by("id")[:5],
            "issued_count": issued.count(),
            "freed": drafts | work.aggregate(
                hours=Sum("quantity", filter=Q(time_entry__isnull=False)),
                tickets=Count(ticket, distinct=True),
            ),
        }  # fmt: skip

    def perform(self, form: Any) -> str:
        batch = batches.delete(self.object, by=self.request.user, now=timezone.now())
        tasks.ring_batch(batch)
        return ""


class BatchDownload(BatchAction):
    """One PDF or a ZIP of all its invoices."""

    permission = FETCH

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(self.get_back())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ids = list(
            Invoice.objects.filter(batch=self.object).order_by("id").values_list("pk", flat=True)
        )
        made = start_download(request, self.kwargs["kind"], ids, name=self.object.name)
        return HttpResponseRedirect(reverse("invoices:download", args=[made.pk]))
