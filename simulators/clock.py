"""Time as the simulated world sees it: runs with real time unless frozen, moves when told."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Whatever is about time asks this clock: tokens, limits, delays, retries."""

    def __init__(self, at: datetime | None = None, *, frozen: bool = False) -> None:
        self._changed = threading.Condition()
        self._base = at or datetime.now(UTC)
        self._mark = time.monotonic()
        self._frozen = frozen
        self._closed = False

    @property
    def frozen(self) -> bool:
        return self._frozen

    def now(self) -> datetime:
        """The simulated moment, in UTC."""
        with self._changed:
            return self._now()

    def move(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> datetime:
        """Jump forward, or back with negative figures. Who sleeps on this clock wakes when due."""
        step = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return self.set(self.now() + step)

    def set(self, at: datetime) -> datetime:
        """Jump to a moment that has a time zone."""
        if at.tzinfo is None:
            raise ValueError("The clock needs a moment with a time zone.")
        with self._changed:
            self._base, self._mark = at.astimezone(UTC), time.monotonic()
            self._changed.notify_all()
            return self._base

    def freeze(self) -> None:
        """Stand still until `run`; only `move` and `set` change the time."""
        with self._changed:
            self._base, self._frozen = self._now(), True
            self._changed.notify_all()

    def run(self) -> None:
        """Go on with real time."""
        with self._changed:
            self._base, self._mark, self._frozen = self._now(), time.monotonic(), False
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Wait until this clock shows `seconds` more: by running, or by being moved."""
        with self._changed:
            until = self._now() + timedelta(seconds=seconds)
            while not self._closed and (left := (until - self._now()).total_seconds()) > 0:
                self._changed.wait(None if self._frozen else left)

    def wait(self, seconds: float) -> None:
        """Wait for the clock to be moved, at most so many real seconds."""
        with self._changed:
            if not self._closed:
                self._changed.wait(seconds)

    def close(self) -> None:
        """Wake every sleeper for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _now(self) -> datetime:
        if self._frozen:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._mark)
