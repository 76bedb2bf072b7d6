"""`manage.py demo`: the whole product with a believable month in it, on this machine."""

from __future__ import annotations

import fcntl
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connections
from django.utils import timezone

from atera_invoicing.demo import loading, programs
from atera_invoicing.demo.people import LOGINS
from atera_invoicing.demo.supervisor import Supervisor
from atera_invoicing.models import User


class Command(BaseCommand):
    help = "Loads a believable month into an empty database and runs everything that belongs to it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="Default: the first free one from 8000 on.")
        parser.add_argument("--no-start", action="store_true", help="Load the data and stop there.")

    def handle(self, *args: Any, port: int | None, no_start: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development: set ENVIRONMENT=development.")
        folder = settings.DATA_DIR
        folder.mkdir(parents=True, exist_ok=True)
        with _OnlyOne(folder):
            password = self._prepare(folder)
            if no_start:
                self._print_logins(password)
            else:
                self._run(folder, port, password)

    def _prepare(self, folder: Path) -> str:
        """Migrate and fill an empty database. The demo people's password, "" without them."""
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        password = _password(folder)
        if loading.is_empty():
            self.stdout.write("Loading a month of Northwind IT ...")
            began = time.monotonic()
            now = timezone.now()
            loading.load(now=now, password=password)
            self.stdout.write(f"Loaded in {time.monotonic() - began:.0f} s.")
        connections.close_all()  # nothing of ours may be shared with the programs
        return password if User.objects.filter(email=LOGINS[0].email).exists() else ""

    def _run(self, folder: Path, wanted: int | None, password: str) -> None:
        port = programs.free_port(wanted)
        if port is None:
            raise CommandError(
                f"Port {wanted or '8000 to 8099'} is taken. Try another: --port 9000."
            )
        simulator_port = programs.free_port(None, programs.SIMULATOR_PORTS)
        if simulator_port is None:
            raise CommandError("Ports 8750 to 8849 are taken; the simulators need one of them.")
        address = f"http://127.0.0.1:{port}"
        everything = programs.programs(folder, port=port, simulator_port=simulator_port)
        supervisor = Supervisor(everything, say=self._say)
        self._say("Starting ...")

        def announce() -> bool:
            if not _answers(f"{address}/healthz"):
                return False
            self._say(f"\n  Atera Invoicing runs at  {address}/\n")
            self._say(
                f"  Stand-ins for QuickBooks and Xero are at  http://127.0.0.1:{simulator_port}/__sim/\n"
            )
            self._print_logins(password)
            self._say(f"  Data and logs are in {folder}. Stop with Ctrl-C; the data stays.\n")
            return True

        supervisor.run(when_started=announce)

    def _print_logins(self, password: str) -> None:
        if not password:
            self._say("  This database had people in it, so no demo data was loaded.\n")
            return
        for login in LOGINS:
            self._say(f"  {login.role:<12} {login.email}")
        self._say(f"  password     {password}\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


class _OnlyOne:
    """Holds the data folder; the system lets go of it when we end, however we end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "demo.lock"
        self.file: IO[str] | None = None

    def __enter__(self) -> None:
        self.file = self.path.open("w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"A demo already runs on {self.path.parent}. "
                "Stop it, or set DATA_DIR to another folder."
            ) from None

    def __exit__(self, *exception: object) -> None:
        if self.file:
            self.file.close()


def _password(folder: Path) -> str:
    """Made once, kept readable by its owner only."""
    path = folder / "demo_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"northwind-{secrets.token_hex(4)}")
    return path.read_text()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False
