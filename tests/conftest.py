"""What every test may ask for. Data comes from tests/make.py."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="atera-invoicing-tests-"))

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from atera_invoicing.roles import Role

from . import make

NOBODY = "anonymous"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """A real SQLite file instead of one in memory, so that other processes can open it. On
    PostgreSQL a session that is left in a transaction fails a test instead of stopping the run.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        # Nobody pulls the plug on a test; kill -9 loses nothing that was written.
        options = database["OPTIONS"]
        options["init_command"] = options["init_command"].replace("=FULL", "=OFF")
    else:
        database.setdefault("OPTIONS", {})["options"] = (
            "-c lock_timeout=60s -c idle_in_transaction_session_timeout=120s"
        )


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))
