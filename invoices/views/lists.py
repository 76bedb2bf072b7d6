"""Lists of invoices and batches, and files of many invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.models import Installation
from atera_invoicing.pages import Bulk, ListPage, Page, keyset
from invoices import downloads, files, lifecycle, tasks
from invoices.filters import InvoiceFilter
from invoices.models import Batch, Download, Invoice, Status

VIEW, FETCH = "invoices.view_invoice", "invoices.download_invoice"
TABS = (Status.DRAFT, Status.ISSUED, Status.OVERDUE, Status.PARTIALLY_PAID, Status.PAID)


class InvoiceList(ListPage):
    permission = VIEW
    template_name = "invoices/list.html"
    title = "Invoices"
    filter_class = InvoiceFilter
    search_fields = ("number", "bill_to_name", "po_number")
    search_hint = "Search number, customer, PO"
    sortable: ClassVar = {
        "number": "number_key",
        "customer": "bill_to_name",
        "date": "invoice_date",
        "due": "due_date",
        "total": "total",
        "balance": "balance",
        "added": "id",
    }
    sort = "-added"
    onward = ""  # where a bulk action leads, if not back to the list
    bulk = (
        Bulk("issue", "Issue", "invoices.issue_invoice", icon="check"),
        Bulk("pdf", "One PDF", FETCH, icon="document-arrow-down"),
        Bulk("zip", "ZIP", FETCH, icon="archive-box-arrow-down"),
        Bulk(
            "delete", "Delete drafts", "invoices.change_invoice", icon="trash", danger=True,
            confirm="Delete these drafts? Their work can be billed again.",
        ),
    )  # fmt: skip

    def buttons(self) -> Sequence[Bulk]:
        where = Installation.current().connected_to
        if not where:
            return self.bulk
        export = Bulk("export", f"Export to {where}", "accounting.export", icon="arrow-up-tray")
        return (*self.bulk, export)

    def get_queryset(self) -> QuerySet[Invoice]:
        rows = Invoice.objects.with_status(timezone.localdate())
        return rows.select_related("batch", "contract")

    def context(self) -> dict[str, Any]:
        return super().context() | {"tabs": TABS, "status": self.request.GET.get("status", "")}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        return HttpResponseRedirect(self.onward) if self.onward else answer

    def bulk_issue(self, rows: list[Invoice]) -> str:
        ids = [row.pk for row in rows if row.is_draft]
        issued = lifecycle.issue_many(ids, by=self.request.user, now=timezone.now())
        return f"{len(issued)} invoices are issued."

    def bulk_delete(self, rows: list[Invoice]) -> str:
        ids = [row.pk for row in rows]
        gone = lifecycle.delete_drafts(ids, by=self.request.user, now=timezone.now())
        return f"{gone} drafts are deleted."

    def bulk_pdf(self, rows: list[Invoice]) -> str:
        return self._fetch("pdf", rows)

    def bulk_zip(self, rows: list[Invoice]) -> str:
        return self._fetch("zip", rows)

    def _fetch(self, kind: str, rows: list[Invoice]) -> str:
        ids = [row.pk for row in rows]
        download = start_download(self.request, kind, ids, name="Invoices")
        self.onward = reverse("invoices:download", args=[download.pk])
        return ""

    def bulk_export(self, rows: list[Invoice]) -> str:
        chosen = urlencode([("invoice", row.pk) for row in rows])
        self.onward = f"{reverse('accounting:plan')}?{chosen}"
        return ""


class InvoiceExport(InvoiceList):
    """The invoices that the list shows as CSV, a row per line."""

    permission = FETCH

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        listed = Invoice.objects.filter(pk__in=self.matching().order_by().values("pk"))
        rule, now = Installation.current().recipient_rule, timezone.now()
        content = files.export(listed, rule=rule, today=timezone.localdate(), now=now)
        answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="invoices.csv"'
        return answer


def start_download(request: Any, kind: str, ids: list[int], *, name: str) -> Download:
    """Ask for a file of many invoices, made in the background."""
    person = request.user
    made = downloads.start(kind, ids, name=name, by=person, now=timezone.now())
    tasks.ring_download(made)
    return made


class DownloadPage(Page):
    """The file in the making; it moves by itself and ends with a link."""

    permission = FETCH
    template_name = "invoices/download.html"
    title = "Download"

    def context(self) -> dict[str, Any]:
        mine = Download.objects.filter(created_by=self.request.user)
        return super().context() | {"download": get_object_or_404(mine, pk=self.kwargs["pk"])}


class DownloadFile(Page):
    permission = FETCH

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        mine = Download.objects.filter(created_by=request.user).exclude(file="")
        made = get_object_or_404(mine, pk=self.kwargs["pk"])
        if not downloads.path(made).exists():
            raise Http404
        issued = Invoice.objects.filter(pk__in=made.invoice_ids, issued_at__isnull=False)
        issued.filter(downloaded_at__isnull=True).update(downloaded_at=timezone.now())
        name = f"{made.name}.{made.kind}"
        return FileResponse(downloads.path(made).open("rb"), as_attachment=True, filename=name)


class BatchList(ListPage):
    permission = "invoices.preview_batch"
    template_name = "invoices/batches.html"
    title = "Batches"
    search_fields = ("name",)
    search_hint = "Search batches"
    sortable: ClassVar = {"name": "name", "date": "invoice_date", "added": "id"}
    sort = "-added"
    size = 25
    queryset = Batch.objects.select_related("created_by")

    def rows(self) -> keyset.Rows:
        """With `count` and `sum` of their invoices, which are added up for this page alone."""
        page = super().rows()
        invoices = Invoice.objects.filter(batch__in=[row.pk for row in page.items]).order_by()
        sums = invoices.values_list("batch").annotate(Count("pk"), Sum("total"))
        by_batch = {pk: (count, total) for pk, count, total in sums}
        for row in page.items:
            row.count, row.sum = by_batch.get(row.pk, (0, None))
        return page
