"""The database of a test run: migrated once for all processes, and quickly made empty again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from atera_invoicing import trigrams


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """A real SQLite file instead of one in memory, so that other processes can open it. On
    PostgreSQL a session that is left in a transaction fails a test instead of stopping the run.
    """
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        # Nobody pulls the plug on a test; kill -9 loses nothing that was written.
        options = database["OPTIONS"]
        options["init_command"] = options["init_command"].replace("=FULL", "=OFF")
    else:
        database.setdefault("OPTIONS", {})["options"] = (
            "-c lock_timeout=60s -c idle_in_transaction_session_timeout=120s"
        )


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """On SQLite the tables that are there already stay; `migrate` adds what they lack."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_setup(_migrated, django_db_setup, django_db_blocker):
    """On SQLite, what the first process has migrated is what all others, later runs, and each test
    that commits begin with.
    """
    if _migrated is None:
        yield
        return
    path, lock = _migrated
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(part)])
        part.rename(path)
    lock.close()

    def as_migrated(case: TransactionTestCase) -> None:
        """The whole file at once, instead of emptying a hundred tables one by one."""
        connection.ensure_connection()
        with closing(sqlite3.connect(path)) as source:
            source.backup(connection.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", as_migrated)
        yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(scope="session")
def _migrated(request, tmp_path_factory, django_db_modify_db_settings):
    """The migrated file, which may not be there yet, and the lock of whoever looks for it. None on
    PostgreSQL.
    """
    if connection.vendor != "sqlite":
        return None
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("migrated") if cache else tmp_path_factory.mktemp("migrated")
    path = folder / f"{_migrations()}.sqlite3"
    lock = path.with_suffix(".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    if path.exists():
        shutil.copy(path, settings.DATABASES["default"]["TEST"]["NAME"])
    return path, lock


@contextmanager
def shared(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows made in this block are there for all tests of a module; what a test does to them is
    undone after it, and they are gone after the last.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def _migrations() -> str:
    """A digest of all that migrations do."""
    digest = hashlib.sha256(django.__version__.encode())
    digest.update(Path(trigrams.__file__).read_bytes())  # they call it
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
