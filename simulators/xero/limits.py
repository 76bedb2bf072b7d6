"""How much a client may ask: per minute, per day, at once, for one organisation and altogether."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .switches import Switches

DAILY = {"starter": 1_000}
DEFAULT_DAILY = 5_000
MINUTE, DAY = 60, 86_400


@dataclass(frozen=True)
class Problem:
    """Which limit was hit, and the seconds until it is over, if that is told."""

    name: str
    retry_after: int | None


@dataclass
class _Window:
    """A fixed window: counted from its beginning to its end, then anew."""

    ends: datetime
    count: int = 0


class Limits:
    """Counts on the simulated clock. Violations are counted even where they are let through."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.violations: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()  # by tenant
        self._windows: dict[tuple[str, ...], _Window] = {}
        self._running: defaultdict[tuple[str, str], int] = defaultdict(int)

    @property
    def daily(self) -> int:
        switches = self.switches
        return switches.calls_per_day or DAILY.get(switches.app_tier, DEFAULT_DAILY)

    def enter(self, tenant: str, client_id: str, *, now: datetime) -> Problem | None:
        """Count a request in, or say which limit is in the way. Follow with `leave` if counted."""
        problem = self._problem(tenant, client_id, now)
        if problem is not None:
            self.violations[problem.name] += 1
            if self.switches.limits == "enforced":
                return problem
        for key in self._keys(tenant, client_id):
            self._window(key, now).count += 1
        self.calls[tenant] += 1
        self._running[tenant, client_id] += 1
        return None

    def leave(self, tenant: str, client_id: str) -> None:
        self._running[tenant, client_id] -= 1

    def headers(self, tenant: str, client_id: str, *, now: datetime) -> dict[str, str]:
        """What is left, as every answer tells."""
        minute, day, app = (self._window(key, now) for key in self._keys(tenant, client_id))
        left = (
            ("X-DayLimit-Remaining", self.daily - day.count),
            ("X-MinLimit-Remaining", self.switches.calls_per_minute - minute.count),
            ("X-AppMinLimit-Remaining", self.switches.app_calls_per_minute - app.count),
        )
        return {name: str(max(0, count)) for name, count in left}

    def use_up(self, tenant: str, client_id: str, *, leave: int, now: datetime) -> None:
        """As if nearly all calls of the day had been made."""
        key = ("day", tenant, client_id)
        self._window(key, now).count = max(0, self.daily - leave)

    def clear(self) -> None:
        self.violations.clear()
        self.calls.clear()
        self._windows.clear()

    def _keys(self, tenant: str, client_id: str) -> tuple[tuple[str, ...], ...]:
        return ("minute", tenant, client_id), ("day", tenant, client_id), ("app", client_id)

    def _problem(self, tenant: str, client_id: str, now: datetime) -> Problem | None:
        minute, day, app = (self._window(key, now) for key in self._keys(tenant, client_id))
        if day.count >= self.daily:
            return Problem("day", _seconds(day, now))
        if app.count >= self.switches.app_calls_per_minute:
            return Problem("appminute", _seconds(app, now))
        if minute.count >= self.switches.calls_per_minute:
            return Problem("minute", _seconds(minute, now))
        if self._running[tenant, client_id] >= self.switches.calls_at_once:
            return Problem("concurrent", 1 if self.switches.concurrent_retry_after else None)
        return None

    def _window(self, key: tuple[str, ...], now: datetime) -> _Window:
        window = self._windows.get(key)
        length = timedelta(seconds=DAY if key[0] == "day" else MINUTE)
        if window is None or not window.ends - length <= now < window.ends:
            window = self._windows[key] = _Window(self._end(key[0], now, length))
        return window

    def _end(self, name: str, now: datetime, length: timedelta) -> datetime:
        if name == "day" and self.switches.day_begins == "utc":
            return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + length
        return now + length


def _seconds(window: _Window, now: datetime) -> int:
    return max(1, int((window.ends - now).total_seconds()) + 1)
