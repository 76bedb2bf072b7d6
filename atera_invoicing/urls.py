"""Addresses of the whole product. Each app brings its own `urls.py`."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

from . import profile

urlpatterns = [
    path("theme/", profile.theme, name="theme"),
    path("profile/", profile.ProfilePage.as_view(), name="profile"),
    path("accounts/", include("allauth.urls")),
]
for _prefix, _module in [
    ("", "atera_invoicing.health"),
    ("api/v1/", "atera_invoicing.api"),
    ("customers/", "customers.urls"),
    ("", "contracts.urls"),
    ("", "invoices.urls"),
    ("whitelabel/", "whitelabel.urls"),
]:
    if find_spec(_module):
        urlpatterns.append(path(_prefix, include(_module)))
