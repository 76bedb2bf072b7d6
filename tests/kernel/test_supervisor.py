"""The demo runs everything, survives what dies, leaves nothing behind and keeps its data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from atera_invoicing.demo import programs
from atera_invoicing.demo.supervisor import die_with_parent

pytestmark = [
    pytest.mark.worker,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
ROOT = Path(__file__).resolve().parents[2]


class Demo:
    """A running `manage.py demo` with a data folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL")
        }
        env |= {"DATA_DIR": str(folder), "ENVIRONMENT": "development", "PYTHONUNBUFFERED": "1"}
        self.output = folder.parent / f"output-{port}"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", f"--port={port}"],
                cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads here
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        eventually(lambda: self.report().get("status") == "ready", self.output.read_text)

    def report(self) -> dict:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return {}

    def processes(self) -> dict[int, str]:
        """Every living process with this demo's data folder in its environment, but the first.

        The broker writes its title over its environment; it has the folder in that.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                mine = f"DATA_DIR={self.folder}\0".encode() in (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                mine = mine or f"{self.folder}/broker.sock" in command
                if mine and command and int(folder.name) != self.process.pid:
                    found[int(folder.name)] = command
        return found

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(120)


def read(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError):
        return b""


def eventually(condition, explain=lambda: "", seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A data folder that stays: the first demo on it loads the month, later ones find it."""
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def start():
    """Starts demos; whatever still runs at the end is killed."""
    started = []

    def _start(folder: Path) -> Demo:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started.append(Demo(folder, port))
        return started[-1]

    yield _start
    for demo in started:
        for pid in [demo.process.pid, *demo.processes()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        demo.process.wait()


def count(folder: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_it_serves_pages_and_does_jobs_starts_again_what_dies_and_stops_completely(start, folder):
    demo = start(folder)
    demo.wait_until_ready()  # includes a worker that ran a task
    with urllib.request.urlopen(f"{demo.address}/accounts/login/", timeout=20) as page:
        assert b"<form" in page.read()
    eventually(lambda: "Stop with Ctrl-C" in demo.output.read_text(), demo.output.read_text)
    said = demo.output.read_text()
    assert re.search(r"owner@demo\.example", said)
    assert f"{demo.address}/" in said
    simulators = re.search(r"http://127\.0\.0\.1:\d+/__sim/", said)[0]
    eventually(lambda: b"QuickBooks Online" in read(simulators))

    worker = next(pid for pid, command in sorted(demo.processes().items()) if " worker " in command)
    broker = next(pid for pid, command in demo.processes().items() if "valkey" in command)
    os.kill(worker, signal.SIGKILL)
    os.kill(broker, signal.SIGKILL)
    eventually(lambda: "Worker stopped; again in 1 s" in demo.output.read_text())
    eventually(lambda: {worker, broker}.isdisjoint(demo.processes()) and len(demo.processes()) >= 9)
    eventually(lambda: demo.report()["worker"].get("seen_seconds_ago", 99) < 5)

    demo.stop()
    assert demo.processes() == {}
    assert demo.process.returncode == 0
    assert count(folder, "invoices_invoice") > 100


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_one_keeps_its_data(start, folder):
    demo = start(folder)
    demo.wait_until_ready()
    invoices = count(folder, "invoices_invoice")
    demo.stop(signal.SIGKILL)
    eventually(lambda: demo.processes() == {}, lambda: str(demo.processes()), seconds=60)

    again = start(folder)
    again.wait_until_ready()
    assert count(folder, "invoices_invoice") == invoices > 100
    assert (folder / "simulators" / "qbo.json").exists()
    again.stop(signal.SIGINT)
    assert again.processes() == {}
    assert again.process.returncode == 0


def test_two_demos_do_not_share_a_data_folder(start, tmp_path):
    first = start(tmp_path / "data")
    eventually((first.folder / "demo.lock").exists)
    second = start(first.folder)
    assert second.process.wait(120) != 0
    assert "already runs" in second.output.read_text()


def test_a_port_that_is_taken_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert programs.free_port(taken.getsockname()[1]) is None
    assert programs.free_port(None) in range(8000, 8100)


def test_a_long_path_does_not_stop_the_broker(tmp_path):
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    assert len(bytes(programs._socket_path(deep))) <= programs.LONGEST_SOCKET_PATH
