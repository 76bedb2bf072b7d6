"""Other processes on the test's own database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]


def database_url() -> str:
    """The test database as other processes know it."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    host = (settings["HOST"] or "").replace("/", "%2F")
    login = settings["USER"] + (f":{settings['PASSWORD']}" if settings["PASSWORD"] else "")
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    return f"postgres://{login}@{host}{port}/{settings['NAME']}"


@pytest.fixture
def elsewhere(transactional_db, tmp_path) -> Iterator:
    """`elsewhere(*command, **environment)` starts a Python process on the test database; all end
    with the test.
    """
    running: list[subprocess.Popen] = []

    def start(*command: str, **environment: str) -> subprocess.Popen:
        env = os.environ | {
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(tmp_path),
            "LOG_LEVEL": "ERROR",
        }
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env | environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.communicate()
