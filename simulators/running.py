"""Starts the simulators: in a thread for tests, and for `python -m simulators`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from .clock import Clock
from .journal import Journal
from .qbo.app import QuickBooks
from .qbo.handle import Handle
from .server import Server
from .world import World
from .xero.app import Xero
from .xero.handle import Handle as XeroHandle

SAVE_SECONDS = 0.5
SHARE = 10  # saving takes a tenth of the time at most


class Simulators:
    """Running simulators. Use it as a context manager, or call `stop`."""

    def __init__(
        self, world: World, server: Server, quickbooks: QuickBooks, simulated_xero: Xero
    ) -> None:
        self.world = world
        self.server = server
        self.quickbooks = quickbooks
        self.simulated_xero = simulated_xero
        for app in (quickbooks, simulated_xero):
            app.base_url = f"{server.url}/{app.name}"

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def qbo(self) -> Handle:
        """QuickBooks Online as a test holds it."""
        return self.quickbooks.handle

    @property
    def xero(self) -> XeroHandle:
        """Xero as a test holds it."""
        return self.simulated_xero.handle

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def journal(self) -> Journal:
        return self.world.journal

    def unplug(self) -> None:
        """Refuse connections until `plug`."""
        self.server.unplug()

    def plug(self) -> None:
        self.server.plug()

    def reset(self) -> None:
        """Everything as it was at the start, except the clock."""
        self.server.plug()
        self.world.reset()

    def ledger(self) -> dict[str, Any]:
        return {name: app.ledger() for name, app in self.world.apps.items()}

    def stop(self) -> None:
        """End. Raises when the simulator itself had a bug on the way."""
        self.world.faults.disarm()
        self.clock.close()
        for app in self.world.apps.values():
            app.close()
        self.server.unplug()
        if self.world.errors:
            raise RuntimeError("A bug in the simulators:\n" + "\n".join(self.world.errors))

    def __enter__(self) -> Simulators:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    at: datetime | None = None,
    frozen: bool = False,
    scenarios: Iterable[str] = ("us",),
    redirect_uris: Iterable[str] = (),
    xero: Mapping[str, Any] | None = None,
    **options: Any,
) -> Simulators:
    """Serve in a thread, on a free port unless one is given. `at` and `frozen` set the clock;
    `options` are those of QuickBooks: switches (`limits="counted"`), client_id, client_secret,
    history, public_url. Those of Xero are in `xero`: its switches, organisations, client_id,
    client_secret, history. Both may lead back to `redirect_uris`.
    """
    clock = Clock(at, frozen=frozen)
    world = World(clock)
    quickbooks = QuickBooks(clock, scenarios=scenarios, redirect_uris=redirect_uris, **options)
    other = Xero(clock, **{"redirect_uris": redirect_uris, **(xero or {})})
    world.add(quickbooks)
    world.add(other)
    return Simulators(world, Server(world, host=host, port=port), quickbooks, other)


class Keeper:
    """Keeps what the services hold in a folder, and brings it back."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self._saved = world.changes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def load(self) -> None:
        for name, app in self.world.apps.items():
            path = self.folder / f"{name}.json"
            if path.exists():
                app.load(path.read_bytes())

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Save a last time."""
        self._stopped.set()
        self._thread.join()
        self.save()

    def save(self) -> None:
        """Write aside, then swap: a crash leaves the old file or the new one."""
        self._saved = self.world.changes
        for name, app in self.world.apps.items():
            path = self.folder / f"{name}.json"
            aside = path.with_suffix(".new")
            aside.touch(mode=0o600)
            aside.write_bytes(app.dump())
            aside.replace(path)

    def _run(self) -> None:
        pause = SAVE_SECONDS
        while not self._stopped.wait(pause):
            if self.world.changes != self._saved:
                began = time.monotonic()
                self.save()
                pause = max(SAVE_SECONDS, (time.monotonic() - began) * SHARE)
