"""Addresses below /accounting/."""

from __future__ import annotations

from django.urls import path

from .views import doorbell, exports, findings, time

app_name = "accounting"
urlpatterns = [
    path("export/", exports.ExportList.as_view(), name="exports"),
    path("export/progress/", exports.ExportProgress.as_view(), name="export-progress"),
    path("export/plan/", exports.PlanPage.as_view(), name="plan"),
    path("export/<int:pk>/", exports.ExportPage.as_view(), name="export"),
    path("export/<int:pk>/retry/", exports.ExportRetry.as_view(), name="export-retry"),
    path("export/<int:pk>/cancel/", exports.ExportCancel.as_view(), name="export-cancel"),
    path("<int:pk>/pause/", exports.Pause.as_view(), name="pause"),
    path("<int:pk>/resume/", exports.Resume.as_view(), name="resume"),
    path("differences/", findings.FindingList.as_view(), name="findings"),
    path("differences/<int:pk>/", findings.FindingPage.as_view(), name="finding"),
    path("differences/<int:pk>/accept/", findings.FindingAccept.as_view(), name="finding-accept"),
    path("differences/<int:pk>/push/", findings.FindingPush.as_view(), name="finding-push"),
    path("differences/<int:pk>/ignore/", findings.FindingIgnore.as_view(), name="finding-ignore"),
    path("time/", time.TimePage.as_view(), name="time"),
    path("webhooks/<str:provider>/", doorbell.webhook, name="webhook"),
]
