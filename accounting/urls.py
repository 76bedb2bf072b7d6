"""Addresses of the accounting connection."""

from django.urls import path, re_path

from .views import choosing, consent, doorbell, exports, findings, home, linking, setup, steps, time

KIND = r"(?P<kind>customers|items|taxes|people)"
app_name = "accounting"
urlpatterns = [
    path("", home.AccountingPage.as_view(), name="home"),
    path("settings/", home.SettingsPage.as_view(), name="settings"),
    path("disconnect/", home.DisconnectPage.as_view(), name="disconnect"),
    path("leave/", consent.LeavePage.as_view(), name="leave"),
    path("read/", consent.ReadPage.as_view(), name="read"),
    path("done/", steps.DonePage.as_view(), name="done"),
    path("connect/<slug:provider>/", setup.WelcomePage.as_view(), name="welcome"),
    path("connect/<slug:provider>/back/", consent.CallbackPage.as_view(), name="callback"),
    path("setup/", setup.SetupStart.as_view(), name="setup"),
    path("setup/connect/", setup.ConnectPage.as_view(), name="setup-connect"),
    path("setup/taxes-and-accounts/", steps.TaxesPage.as_view(), name="setup-taxes"),
    path("setup/history/", steps.HistoryPage.as_view(), name="setup-history"),
    path("setup/review/", steps.ReviewPage.as_view(), name="setup-review"),
    path("setup/review/all.csv", steps.ReviewFile.as_view(), name="setup-review-file"),
    path("setup/cancel/", setup.CancelPage.as_view(), name="setup-cancel"),
    path("setup/take-over/", setup.TakeOverPage.as_view(), name="setup-take-over"),
    re_path(rf"^setup/{KIND}/$", linking.SetupLinks.as_view(), name="setup-links"),
    re_path(rf"^setup/{KIND}/only-there/$", linking.SetupOnlyThere.as_view(), name="setup-only"),
    path("links/<int:pk>/", choosing.LinkChoose.as_view(), name="link"),
    re_path(rf"^{KIND}/$", linking.LinkList.as_view(), name="links"),
    re_path(rf"^{KIND}/only-there/$", linking.OnlyThere.as_view(), name="only"),
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
    path("webhooks/<slug:provider>/", doorbell.webhook, name="webhook"),
]
