"""Starting, stopping, and what survives a restart."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import requests

import simulators
from simulators.clock import Clock
from simulators.qbo.switches import Switches
from simulators.running import Keeper

from . import sdk
from .reference import ROOT

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_running_clock_runs_and_a_frozen_one_stands():
    clock = Clock(NOON, frozen=True)
    assert clock.now() == NOON
    clock.move(days=1, hours=-2)
    assert clock.now() == datetime(2026, 11, 21, 10, tzinfo=UTC)
    clock.run()
    first = clock.now()
    time.sleep(0.002)
    assert clock.now() > first
    clock.freeze()
    assert clock.now() == clock.now()
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2026, 1, 1))


def test_who_sleeps_on_the_clock_wakes_when_it_is_moved():
    clock = Clock(NOON, frozen=True)
    woken = []
    sleeper = threading.Thread(target=lambda: woken.append(clock.sleep(60)))
    sleeper.start()
    clock.move(seconds=59)
    sleeper.join(0.03)
    assert not woken
    clock.move(seconds=1)
    sleeper.join(5)
    assert woken


def test_stopping_wakes_every_sleeper():
    clock = Clock(NOON, frozen=True)
    sleeper = threading.Thread(target=clock.sleep, args=(60,))
    sleeper.start()
    clock.close()
    sleeper.join(5)
    assert not sleeper.is_alive()


def test_simulators_live_as_long_as_their_block():
    with simulators.start(at=NOON, frozen=True, scenarios=["uk"], batch_items=10) as running:
        assert running.clock.now() == NOON
        assert running.qbo.company().country == "GB"
        assert running.qbo.app.switches.batch_items == 10
        url = running.url
        assert requests.get(f"{url}/__sim/", timeout=5).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/__sim/", timeout=5)


def test_two_simulators_know_nothing_of_each_other():
    with simulators.start() as one, simulators.start() as two:
        sdk.Api(one.qbo).create("Invoice", sdk.invoice())
        assert (len(one.qbo.invoices()), len(two.qbo.invoices())) == (1, 0)
        assert one.qbo.client_secret != two.qbo.client_secret


def test_a_wrong_switch_does_not_start():
    with pytest.raises(ValueError, match="no switch"):
        simulators.start(colour="red")


def test_everything_survives_a_restart(tmp_path):
    keys = {"client_id": "app", "client_secret": "secret"}
    with simulators.start(**keys) as first:
        api = sdk.Api(first.qbo)
        made = api.create("Invoice", sdk.invoice(DocNumber="1"), requestid="r")
        first.qbo.as_person.receive_payment(made["Id"], 30)
        token = api.session.headers["Authorization"]
        before = first.ledger()
        keeper = Keeper(first.world, tmp_path)
        keeper.start()
        keeper.stop()
    assert (tmp_path / "qbo.json").stat().st_mode & 0o777 == 0o600
    with simulators.start(**keys) as second:
        Keeper(second.world, tmp_path).load()
        assert second.ledger() == before
        api = sdk.Api(second.qbo)
        api.session.headers["Authorization"] = token
        assert api.create("Invoice", sdk.invoice(DocNumber="1"), requestid="r")["Id"] == made["Id"]
        assert api.refused("invoice", sdk.invoice(DocNumber="1"))["code"] == "6140"
        assert api.create("Invoice", sdk.invoice())["Id"] == "147"
        assert api.read("Customer", "58")["Balance"] == 170


def test_an_app_that_was_made_up_stays_the_same_one(tmp_path):
    with simulators.start(redirect_uris=[sdk.CALLBACK]) as first:
        Keeper(first.world, tmp_path).save()
    with simulators.start() as second:
        Keeper(second.world, tmp_path).load()
        assert second.qbo.client_secret == first.qbo.client_secret
        assert sdk.consent(second.qbo, sdk.auth_client(second.qbo))["code"]


def test_an_app_that_was_named_has_the_secret_it_was_given(tmp_path):
    with simulators.start(client_id="app", client_secret="old") as first:
        Keeper(first.world, tmp_path).save()
    with simulators.start(client_id="app", client_secret="new") as second:
        Keeper(second.world, tmp_path).load()
        assert second.quickbooks.oauth.authenticate("app", "new").client_id == "app"


def test_changes_are_kept_while_it_runs(tmp_path):
    with simulators.start() as running:
        keeper = Keeper(running.world, tmp_path)
        keeper.start()
        sdk.Api(running.qbo).create("Invoice", sdk.invoice(PrivateNote="kept at once"))
        deadline = time.monotonic() + 5
        path = tmp_path / "qbo.json"
        while time.monotonic() < deadline and not path.exists():
            time.sleep(0.01)
        assert "kept at once" in path.read_text()
        keeper.stop()


def test_nothing_is_kept_at_first(tmp_path):
    with simulators.start() as running:
        Keeper(running.world, tmp_path).load()
        assert running.qbo.invoices() == []


def test_the_command_serves_and_ends_politely(tmp_path):
    command = [
        sys.executable, "-m", "simulators", "--port", "0", "--company", "us", "--company", "uk",
        "--data", str(tmp_path), "--client-id", "me", "--switch", "batch_items=7",
        "--switch", "retry_after=yes", "--redirect-uri", sdk.CALLBACK,
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(6)]
        url = re.search(r"http://127\.0\.0\.1:\d+", lines[0])[0]
        call = requests.post(f"{url}/__sim/qbo/companies", json={}, timeout=5).json()
        books = requests.get(f"{url}/__sim/ledger", timeout=5).json()["result"]["qbo"]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(10) == 0
    assert list(call["result"].values()) == ["us", "uk"]
    assert all(len(each["Invoice"]) == 5 for each in books["companies"].values())
    assert "Client id    me" in "".join(lines)
    assert rest == ""
    assert (tmp_path / "qbo.json").exists()


def test_the_command_lists_every_switch():
    command = [sys.executable, "-m", "simulators", "--switches"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"QuickBooks Online\n{Switches.describe()}\n" in shown
    assert "requestid_other_body = replay  (replay | execute | fault)" in shown


def test_every_unknown_of_the_service_is_a_switch():
    """7.9 of the notes on QuickBooks: what must never be taken for a fact."""
    guesses = {
        "requestid_ttl_seconds", "requestid_errors", "requestid_other_body", "requestid_in_flight",
        "refresh_grace_hours", "code_reuse_revokes", "webhook_void", "webhook_content_type",
        "order_by_id", "unknown_property", "too_many_results", "line_without_item",
        "several_emails", "batches_per_minute", "cdc_time_activity", "throttle_body",
        "class_tracking_off", "tax_inclusive", "us_charset",
    }  # fmt: skip
    marked = set(re.findall(r"(\w+) = .*\n    guess", Switches.describe()))
    assert guesses <= marked
