"""What simulated services have in common: a lock, a world, and a courier for webhooks."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from .clock import Clock
from .world import World

BEAT = 0.2  # seconds between two looks of the courier


class Deliverer(Protocol):
    """Webhooks of a service."""

    def deliver(self) -> Any:
        """Send everything that is due."""


class Service:
    """Base of a simulated service. Everything shared is changed under `lock`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.world: World | None = None
        self.base_url = ""
        self._closed = threading.Event()
        self._courier: threading.Thread | None = None

    def join(self, world: World) -> None:
        """The world that it lives in from now on."""
        self.world = world

    def start_courier(self, webhooks: Deliverer) -> None:
        """Deliver webhooks in the background from now on."""
        if self._courier is None:
            self._courier = threading.Thread(
                target=self._carry, args=(webhooks,), name="courier", daemon=True
            )
            self._courier.start()

    def close(self) -> None:
        """End what runs in the background."""
        self._closed.set()

    def _carry(self, webhooks: Deliverer) -> None:
        while not self._closed.is_set():
            webhooks.deliver()
            self.clock.wait(BEAT)
