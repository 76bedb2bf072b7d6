"""Addresses of the whole product. Each app brings its own `urls.py`."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView, TemplateView

from . import keys, options, overview, profile, team

handler403 = "atera_invoicing.refusals.forbidden"
handler404 = "atera_invoicing.refusals.missing"
handler500 = "atera_invoicing.refusals.broken"

urlpatterns = [
    path("", overview.OverviewPage.as_view(), name="overview"),
    path("running/", overview.RunningPage.as_view(), name="running"),
    path("team/", team.TeamPage.as_view(), name="team"),
    path("team/new/", team.PersonPage.as_view(), name="person_new"),
    path("team/<int:pk>/", team.PersonPage.as_view(), name="person"),
    path("team/<int:pk>/link/", team.InvitePage.as_view(), name="invite"),
    path("team/<int:pk>/deactivate/", team.DeactivatePage.as_view(), name="person_deactivate"),
    path("team/<int:pk>/activate/", team.ActivatePage.as_view(), name="person_activate"),
    path("keys/", keys.KeysPage.as_view(), name="keys"),
    path("keys/new/", keys.NewKeyPage.as_view(), name="key_new"),
    path("keys/<int:pk>/revoke/", keys.RevokePage.as_view(), name="key_revoke"),
    path("options/", options.OptionsPage.as_view(), name="options"),
    path("theme/", profile.theme, name="theme"),
    path("profile/", profile.ProfilePage.as_view(), name="profile"),
    # No mail is sent to get in, and addresses are an owner's to change: these pages say so instead.
    path(
        "accounts/password/reset/",
        TemplateView.as_view(template_name="account/password_reset.html"),
    ),
    path("accounts/email/", RedirectView.as_view(pattern_name="profile")),
    path("accounts/confirm-email/", RedirectView.as_view(pattern_name="profile")),
    path("accounts/", include("allauth.urls")),
    path("", include("atera_invoicing.health")),
    path("api/v1/", include("atera_invoicing.api")),
    path("import/", include("atera_invoicing.import_urls")),
    path("customers/", include("customers.urls")),
    path("", include("contracts.urls")),
    path("", include("invoices.urls")),
    path("whitelabel/", include("whitelabel.urls")),
]
