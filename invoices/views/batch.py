"""Pages of one batch: how far it is, what it wrote, what to do with it."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.pages import ActionPage, DetailPage
from invoices import batches, tasks
from invoices.models import Batch, BatchPart, Invoice

from .lists import FETCH, start_download
from .sheet import HOME


class BatchPage(DetailPage):
    permission = "invoices.preview_batch"
    template_name = "invoices/batch.html"
    queryset = Batch.objects.select_related("created_by")
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        invoices = self.object.invoices.with_status(timezone.localdate())
        told = self.object.parts.exclude(message="").select_related("contract__customer")
        return super().context() | {
            "invoices": invoices.select_related("contract").order_by("id")[:500],
            "sums": self.object.invoices.aggregate(
                total=Sum("total"), tax=Sum("tax"), net=Sum("subtotal")
            ),
            "count": self.object.invoices.count(),
            "drafts": self.object.invoices.drafts().count(),
            "told": told.exclude(state=BatchPart.State.PENDING)[:200],
            "events": self.object.events.select_related("by"),
        }


class BatchProgress(BatchPage):
    """The bar alone; when the work is done, the whole page is loaded again."""

    template_name = "invoices/_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        batch = Batch.objects.filter(pk=self.kwargs["pk"]).first()
        if batch is None or not batch.is_busy:
            answer = HttpResponse(status=200)
            answer["HX-Refresh" if batch else "HX-Redirect"] = (
                "true" if batch else reverse("invoices:batches")
            )
            return answer
        return self.render()


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
        return f"{count} drafts get their numbers. Issued invoices can't be changed, only voided."

    def perform(self, form: Any) -> str:
        batch = batches.issue_all(self.object, by=self.request.user, now=timezone.now())
        tasks.ring_batch(batch)
        return ""


class BatchDelete(BatchAction):
    permission = "invoices.delete_batch"
    title = "Delete the batch"
    button = "Delete"
    danger = True

    def get_question(self) -> str:
        count = self.object.invoices.drafts().count()
        return f"{count} drafts are deleted and their work can be billed again."

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
