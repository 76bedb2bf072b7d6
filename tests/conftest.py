"""What every test may ask for. Data comes from tests/make.py."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="atera-invoicing-tests-"))

import hypothesis
import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from atera_invoicing.roles import Role

from . import make
from .database import (  # noqa: F401 - fixtures
    _migrated,
    django_db_keepdb,
    django_db_modify_db_settings,
    django_db_setup,
)

# How fast values are made says nothing about the code; machines that run tests are often busy.
hypothesis.settings.register_profile(
    "here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("here")

NOBODY = "anonymous"
LONG = ("browser", "worker")


@pytest.fixture(autouse=True)
def _quick_start(settings):
    """Passwords are hashed quickly, and a client starts without reading every static file: each is
    looked up when it is asked for.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def owner(db):
    return make.user(role=Role.OWNER)


@pytest.fixture
def client_as(db):
    """`client_as("billing")` is a browser logged in with that role; `client_as("anonymous")` is not
    logged in.
    """

    def log_in(role: str) -> Client:
        client = Client()
        if role != NOBODY:
            client.force_login(
                make.user(role=role), backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        return client

    return log_in


@pytest.fixture
def api_as(db):
    """As `client_as`, for REST."""

    def log_in(role: str) -> APIClient:
        client = APIClient()
        if role != NOBODY:
            client.force_authenticate(make.user(role=role))
        return client

    return log_in


def pytest_xdist_auto_num_workers():
    """One more than there are cores, since some tests wait for other processes."""
    return min(os.cpu_count() or 1, 7) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Modules that drive browsers, workers or whole demos come first: at the end of the run nothing
    long is left that a single process would have to finish while the others have nothing to do.
    """
    long = {item.path for item in items if any(map(item.get_closest_marker, LONG))}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))
