"""Addresses of invoices, payments, downloads and batches."""

from django.urls import path, re_path

from .views import batch, billing, editing, invoice, lists, look, preview

app_name = "invoices"
urlpatterns = [
    path("invoices/", lists.InvoiceList.as_view(), name="list"),
    path("invoices/export.csv", lists.InvoiceExport.as_view(), name="export"),
    path("invoices/look/", look.LookPreview.as_view(), name="look-preview"),
    path("invoices/new/", editing.InvoiceNew.as_view(), name="new"),
    path("invoices/new/totals/", editing.NewTotals.as_view(), name="new-totals"),
    path("invoices/<int:pk>/", invoice.InvoicePage.as_view(), name="detail"),
    path("invoices/<int:pk>/edit/", editing.InvoiceEdit.as_view(), name="edit"),
    path("invoices/<int:pk>/edit/totals/", editing.EditTotals.as_view(), name="edit-totals"),
    path("invoices/<int:pk>/pdf/", invoice.InvoicePdf.as_view(), name="pdf"),
    path("invoices/<int:pk>/issue/", invoice.InvoiceIssue.as_view(), name="issue"),
    path("invoices/<int:pk>/renumber/", invoice.InvoiceRenumber.as_view(), name="renumber"),
    path("invoices/<int:pk>/void/", invoice.InvoiceVoid.as_view(), name="void"),
    path("invoices/<int:pk>/delete/", invoice.InvoiceDelete.as_view(), name="delete"),
    path("invoices/<int:pk>/email/", invoice.InvoiceEmail.as_view(), name="email"),
    path("invoices/<int:pk>/payments/new/", invoice.PaymentNew.as_view(), name="payment-new"),
    path("payments/<int:pk>/remove/", invoice.PaymentRemove.as_view(), name="payment-remove"),
    path("downloads/<int:pk>/", lists.DownloadPage.as_view(), name="download"),
    path("downloads/<int:pk>/file/", lists.DownloadFile.as_view(), name="download-file"),
    path("batches/", lists.BatchList.as_view(), name="batches"),
    path("batches/new/", billing.NewBatch.as_view(), name="batch-new"),
    path("batches/new/panel/", billing.BatchPanel.as_view(), name="batch-panel"),
    path("batches/new/<int:pk>/", preview.BatchPreview.as_view(), name="batch-preview"),
    path("batches/new/<int:pk>/row/", billing.BatchRow.as_view(), name="batch-row"),
    path("batches/<int:pk>/", batch.BatchPage.as_view(), name="batch"),
    path("batches/<int:pk>/progress/", batch.BatchProgress.as_view(), name="batch-progress"),
    path("batches/<int:pk>/issue/", batch.BatchIssue.as_view(), name="batch-issue"),
    path("batches/<int:pk>/delete/", batch.BatchDelete.as_view(), name="batch-delete"),
    re_path(
        r"^batches/(?P<pk>\d+)/(?P<kind>pdf|zip)/$",
        batch.BatchDownload.as_view(),
        name="batch-download",
    ),
]
