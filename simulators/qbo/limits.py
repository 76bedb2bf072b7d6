"""How much a client may ask: requests per second and minute, batches, and metered reads a month."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from .switches import Switches


class Limits:
    """Counts on the simulated clock. Violations are counted even where they are let through."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.violations: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()  # metered ones, by month
        self.writes: Counter[str] = Counter()
        self._seen: defaultdict[tuple[str, ...], list[datetime]] = defaultdict(list)

    def refuses(self, realm: str, client_id: str, kind: str, *, batch: bool, now: datetime) -> bool:
        """Whether a request is one too many. A refused one is not counted into the windows."""
        windows = [
            (("minute", realm), 60, self.switches.requests_per_minute),
            (("second", realm, client_id), 1, self.switches.requests_per_second),
        ]
        if batch:
            windows.append((("batch", realm), 60, self.switches.batches_per_minute))
        over = [key[0] for key, seconds, most in windows if self._count(key, seconds, now) >= most]
        month = now.strftime("%Y-%m")
        cap = self.switches.reads_per_month
        if kind == "read" and cap and self.reads[month] >= cap:
            over.append("month")
        self.violations.update(over)
        if over and self.switches.limits == "enforced":
            return True
        for key, _, _ in windows:
            self._seen[key].append(now)
        (self.reads if kind == "read" else self.writes)[month] += 1
        return False

    def meter_queries(self, count: int, now: datetime) -> None:
        """Queries inside a batch are reads too."""
        self.reads[now.strftime("%Y-%m")] += count

    def _count(self, key: tuple[str, ...], seconds: int, now: datetime) -> int:
        """Requests in the moving window; others are forgotten, later ones too (clocks go back)."""
        edge = now - timedelta(seconds=seconds)
        self._seen[key] = [at for at in self._seen[key] if edge < at <= now]
        return len(self._seen[key])

    def clear(self) -> None:
        self.violations.clear()
        self.reads.clear()
        self.writes.clear()
        self._seen.clear()
