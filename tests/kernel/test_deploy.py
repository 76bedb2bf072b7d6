"""The compose file names everything that must run, and only settings that exist."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import UserSettingsHolder, global_settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import reverse

from accounting.providers import registry
from simulators.__main__ import _parser as command_line
from simulators.qbo import oauth_web

ROOT = Path(__file__).resolve().parents[2]
FOR_COMPOSE = {"POSTGRES_PASSWORD"}  # in .env, but not read by settings
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "Kq7vJx2mT9bRz4wNc8LpYd5sGf3hAe6uVi1oXk0jQrZtWyBn",
    "ALLOWED_HOSTS": "billing.example.com",
    "DATABASE_URL": "postgres://db/app",
    "REDIS_URL": "redis://redis/0",
    "BEHIND_TLS_PROXY": "1",
    "TRUSTED_PROXY_COUNT": "1",
    "PATH": "/usr/bin:/bin",
}
PRODUCTION["SECRET_KEY"] += "0123456789"


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def read_by_settings() -> set[str]:
    """The environment variables that settings.py asks for."""
    text = (ROOT / "atera_invoicing" / "settings.py").read_text()
    return set(re.findall(r'(?:environ\.get|_list)\(\s*"([A-Z_]+)"', text)) | {"DATABASE_URL"}


def sample() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.split("=")[0] for line in lines if line and not line.startswith("#")}


def test_everything_that_must_run_is_there_and_says_whether_it_is_well(compose):
    services = {name: s for name, s in compose["services"].items() if "profiles" not in s}
    assert set(services) == {"web", "worker", "beat", "setup", "postgres", "redis"}
    for name in set(services) - {"setup"}:
        assert services[name]["healthcheck"]["test"][0].startswith("CMD"), name
        assert services[name]["restart"] == "unless-stopped"


def test_nothing_starts_before_the_tables_are_there(compose):
    for name in ("web", "worker", "beat"):
        waits = compose["services"][name]["depends_on"]
        assert waits["setup"] == {"condition": "service_completed_successfully"}
        assert waits["postgres"] == waits["redis"] == {"condition": "service_healthy"}


def test_commands_name_what_exists(compose):
    services = compose["services"]
    assert "-A atera_invoicing worker" in services["worker"]["command"]
    assert "-A atera_invoicing beat" in services["beat"]["command"]
    assert "migrate" in services["setup"]["command"]
    assert "createcachetable" in services["setup"]["command"]


def test_every_variable_is_one_that_settings_know(compose):
    given = set(compose["services"]["web"]["environment"]) | sample() - FOR_COMPOSE
    assert given <= read_by_settings()
    assert {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"} <= given


def test_the_simulators_run_only_when_asked_for(compose):
    service = compose["services"]["simulators"]
    assert service["profiles"] == ["simulators"]
    assert "depends_on" not in service
    assert "!simulators" not in (ROOT / ".dockerignore").read_text()
    shell, option, command = service["command"]
    assert (shell, option) == ("sh", "-c")
    command = re.sub(r"\$\{PUBLIC_ADDRESS:-([^}]*)\}", r"\1", command)
    command = re.sub(r"\$\$([A-Z]+)_CLIENT_([A-Z]+)", r"\1-\2", command)
    words = shlex.split(command)
    assert words[:4] == ["exec", "python", "-m", "simulators"]
    options = command_line().parse_args(words[4:])
    back = [reverse("accounting:callback", args=[key]) for key in registry.KNOWN]
    assert options.redirect_uri == [f"https://billing.example.com{path}" for path in back]
    published = service["ports"][0].removesuffix(f":{options.port}")
    assert options.public_url == f"http://{published}/qbo"
    assert (options.client_id, options.client_secret) == ("QBO-ID", "QBO-SECRET")
    xero = (options.xero_client_id, options.xero_client_secret)
    assert xero == ("XERO-ID", "XERO-SECRET")


def test_the_sample_points_at_the_simulators(compose):
    text = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^# ([A-Z]+_[A-Z]+)=(\S+)$", text, re.MULTILINE))
    assert set(given) == {"QBO_ENVIRONMENT", "QBO_API", "QBO_APP", "XERO_API", "XERO_APP"}
    assert given["XERO_API"] == "http://simulators:8750/xero"
    assert given["XERO_APP"] == "http://127.0.0.1:8750/xero"
    assert given["QBO_ENVIRONMENT"] == "http://simulators:8750/qbo" + oauth_web.DISCOVERY[0]
    assert given["QBO_API"] == "http://simulators:8750/qbo"
    assert given["QBO_APP"] == "http://127.0.0.1:8750/qbo"


def test_every_variable_is_described_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in sorted(read_by_settings()) if f"`{name}`" not in readme] == []


def test_the_sample_has_every_value_that_compose_asks_for():
    asked = re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())
    assert set(asked) <= sample()


def test_nothing_runs_as_root():
    steps = (ROOT / "Dockerfile").read_text().splitlines()
    assert [step for step in steps if step.startswith("USER ")][-1] == "USER app"


@pytest.fixture
def check(monkeypatch):
    """`check(**changed)` is `manage.py check --deploy` in an environment, without its process."""

    def read_and_check(**changed: str | None) -> None:
        given = {**PRODUCTION, **changed}
        environment = {name: value for name, value in given.items() if value is not None}
        monkeypatch.setattr(os, "environ", environment)
        read = UserSettingsHolder(global_settings)
        for name, value in runpy.run_path(str(ROOT / "atera_invoicing" / "settings.py")).items():
            if name.isupper():
                setattr(read, name, value)
        monkeypatch.setattr(settings, "_wrapped", read)
        call_command("check", tags=["security", "files"], deploy=True, fail_level="WARNING")

    return read_and_check


def test_production_settings_have_no_warning(check):
    check()
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=PRODUCTION, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"SECRET_KEY": None}, "Set SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"ALLOWED_HOSTS": None}, "Set ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "'*' is refused"),
        ({"DEBUG": "1"}, "DEBUG=1 shows internals"),
        ({"DATABASE_URL": "sqlite:////tmp/never-made.sqlite3"}, "atera_invoicing.W001"),
        ({"REDIS_URL": None}, "atera_invoicing.W002"),
        ({"BEHIND_TLS_PROXY": None}, "atera_invoicing.W003"),
        ({"TRUSTED_PROXY_COUNT": None}, "atera_invoicing.W004"),
        ({"QBO_CLIENT_ID": "id", "TOKEN_KEYS": None}, "accounting.W001"),
        ({"QBO_CLIENT_ID": "id", "QBO_API": "http://sim:8750/qbo"}, "accounting.E001"),
        (
            {"XERO_CLIENT_ID": "id", "PUBLIC_ADDRESS": "https://xero.example.com"},
            "accounting.E001",
        ),
        ({"XERO_CLIENT_ID": "id", "XERO_API": "http://sim:8750/xero"}, "accounting.W002"),
        (
            {"QBO_CLIENT_ID": "id", "QBO_ENVIRONMENT": "http://sim/openid", "QBO_API": ""},
            "accounting.E001",
        ),
        (
            {
                "QBO_CLIENT_ID": "id",
                "QBO_ENVIRONMENT": "http://sim/openid",
                "QBO_API": "http://sim:8750/qbo",
            },
            "accounting.W002",
        ),
        ({"TOKEN_KEYS": "not-a-key"}, "TOKEN_KEYS holds something"),
    ],
)
def test_unsafe_production_settings_are_named(check, changed, complaint):
    with pytest.raises((SystemCheckError, ImproperlyConfigured), match=re.escape(complaint)):
        check(**changed)
