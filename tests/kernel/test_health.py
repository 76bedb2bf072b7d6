"""What load balancers and people who run this are told."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import include, path
from django.utils import timezone
from kombu import Connection

from atera_invoicing import health
from atera_invoicing.celery import app
from invoices.models import Batch
from invoices.tasks import HEARTBEAT

from .. import make

urlpatterns = [path("", include(health))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _nobody_was_here():
    cache.clear()


@pytest.fixture
def broker_in_memory(monkeypatch):
    monkeypatch.setattr(app, "connection_for_write", lambda **_: Connection("memory://"))


def worker_was_here(seconds_ago: int) -> None:
    seen = timezone.now() - dt.timedelta(seconds=seconds_ago)
    cache.set(HEARTBEAT, seen.isoformat())


def report(client) -> dict:
    return client.get("/readyz").json()


def test_the_process_answers_without_a_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "alive"}


def test_it_is_ready_when_every_part_is(client, broker_in_memory, monkeypatch):
    monkeypatch.setattr(health.pdf, "available", lambda: "")
    worker_was_here(seconds_ago=3)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["worker"]["seen_seconds_ago"] in range(3, 30)
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_without_a_broker_pages_go_on(client, monkeypatch):
    nobody = Connection("redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "connection_for_write", lambda **_: nobody)
    worker_was_here(seconds_ago=3)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["broker"]["ok"] is False


def test_a_worker_that_was_never_seen_is_reported(client, broker_in_memory):
    assert report(client)["worker"] == {
        "ok": False,
        "message": "No worker was seen within the last hour.",
    }


def test_a_worker_that_fell_silent_is_reported(client, broker_in_memory):
    worker_was_here(seconds_ago=90)
    assert report(client)["worker"]["ok"] is False


def test_jobs_that_wait_too_long_are_reported(client, broker_in_memory):
    now = timezone.now()
    on = make.day("2026-10-31")
    dates = {"through": on, "invoice_date": on, "created_at": now}
    Batch.objects.create(name="Not yet", run_at=now + dt.timedelta(hours=1), **dates)
    Batch.objects.create(name="Nothing to do", **dates)
    assert report(client)["jobs"] == {"ok": True, "waiting": 0, "oldest_seconds": 0}
    Batch.objects.create(name="Late", run_at=now - dt.timedelta(minutes=10), **dates)
    jobs = report(client)["jobs"]
    assert (jobs["ok"], jobs["waiting"]) == (False, 1)
    assert jobs["oldest_seconds"] >= 600


def test_missing_pdf_libraries_are_named(client, broker_in_memory, monkeypatch):
    monkeypatch.setattr(health.pdf, "available", lambda: "PDF needs Pango.")
    assert report(client)["pdf"] == {"ok": False, "message": "PDF needs Pango."}


def test_health_can_be_asked_over_plain_http_inside(client):
    with override_settings(SECURE_SSL_REDIRECT=True):
        assert client.get("/healthz").status_code == 200


def test_only_reading_is_allowed(client):
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405


def test_the_heartbeat_command_fails_without_a_heartbeat(capsys):
    with pytest.raises(CommandError, match="No worker was seen"):
        call_command("heartbeat")
    worker_was_here(seconds_ago=100)
    with pytest.raises(CommandError, match="Last seen"):
        call_command("heartbeat")
    call_command("heartbeat", within=120)
    assert "Seen 10" in capsys.readouterr().out
