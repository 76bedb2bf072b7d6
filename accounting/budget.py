"""How many requests a connection may make now, counted on its row for all processes together.

Every request is written down before it is sent, so counts err on the safe side. A share of each
limit is kept for calls that a person waits for.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from .models import Connection
from .providers import registry
from .providers.port import Cost, Limits, Provider, Unavailable

WINDOW = 61.0  # seconds: a minute, and what a slow network adds between two requests
SECOND = 1.05
KEPT = 20  # one of so many requests is kept for people
READS_KEPT = 5  # and one of so many of the month's reads
DAY = 86_400.0  # seconds
AT_WILL = 0.1  # of what a day has for looks may be used ahead of time
PACE = 1.0  # seconds from one call to the next, until it is measured
STEADY = 5.0  # a longer pause between two calls is no pace
SPENT = "The requests that {name} allows are used up for now. It goes on by itself."


@dataclass(frozen=True)
class Usage:
    """Requests of the running minute, calls among them, requests of the day, reads of the month."""

    minute: int
    calls: int
    day: int
    reads: int


def take(connection: Connection, cost: Cost, *, urgent: bool = False, now: dt.datetime) -> None:
    """Count a request that is about to be sent. `Unavailable` with the time to wait when the limit
    is reached, and then nothing is counted.

    Its transaction refuses to be part of another one: a request inside a transaction would hold
    locks for as long as the provider takes.
    """
    provider = registry.get(connection.provider)
    with transaction.atomic(durable=True):
        rows = Connection.objects.select_for_update(no_key=True).only("spent")
        ledger = _Ledger(rows.get(pk=connection.pk).spent, provider.limits, now)
        wait = ledger.wait(cost, urgent=urgent)
        if not wait:
            ledger.add(cost)
            Connection.objects.filter(pk=connection.pk).update(spent=ledger.kept())
    if wait:
        raise _spent(provider, wait)


def refuse_spent(connection: Connection, *, urgent: bool, now: dt.datetime) -> None:
    """`Unavailable` when the day's requests are used up, as of the row that was read: nothing can
    be asked then, and no token is needed to find that out.
    """
    provider = registry.get(connection.provider)
    wait = _Ledger(connection.spent, provider.limits, now).wait_day(urgent=urgent)
    if wait:
        raise _spent(provider, wait)


def wait(connection: Connection, cost: Cost, *, urgent: bool = False, now: dt.datetime) -> float:
    """Seconds until a request of this kind may be sent, 0.0 for now; nothing is counted."""
    spent = Connection.objects.values_list("spent", flat=True).get(pk=connection.pk)
    ledger = _Ledger(spent, registry.get(connection.provider).limits, now)
    return ledger.wait(cost, urgent=urgent)


def usage(connection: Connection, *, now: dt.datetime) -> Usage:
    """What was used, as of the row that was read."""
    ledger = _Ledger(connection.spent, registry.get(connection.provider).limits, now)
    minute = sum(requests for _, requests, _ in ledger.seconds)
    return Usage(minute, len(ledger.call_times()), ledger.day, ledger.reads)


def spare(connection: Connection, *, now: dt.datetime) -> int | None:
    """Requests of this day that looks may still use that nobody waits for: half of each day is kept
    for what people want to happen. None where days have no limit.
    """
    limits = registry.get(connection.provider).limits
    if not limits.per_day:
        return None
    spent = Connection.objects.values_list("spent", flat=True).get(pk=connection.pk)
    return max(0, limits.per_day // 2 - _Ledger(spent, limits, now).day)


def pause(connection: Connection, *, now: dt.datetime) -> float:
    """Seconds from one look for changes to the next, so that the spare requests last for the day;
    0.0 where days have no limit, and while little was used for the time of day.
    """
    limits = registry.get(connection.provider).limits
    left = spare(connection, now=now)
    if left is None:
        return 0.0
    rest = (next_day(now) - now).total_seconds()
    if left < limits.look:
        return DAY
    if left >= limits.per_day // 2 * (1 - AT_WILL) * rest / DAY + 10 * limits.look:
        return 0.0
    return rest / (left // limits.look)


def next_day(now: dt.datetime) -> dt.datetime:
    """When the limit of the day begins anew."""
    day = now.astimezone(dt.UTC).date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def eta(connection: Connection, documents: int, *, now: dt.datetime) -> dt.datetime:
    """When so many documents will have been sent, at the measured pace and within the limits."""
    limits = registry.get(connection.provider).limits
    ledger = _Ledger(connection.spent, limits, now)
    most = _allowed(limits.calls_per_minute, urgent=False)
    sent = deque(ledger.call_times())
    begin = max(now, connection.held_until or now)
    at = begin.timestamp()
    used = ledger.day if begin.date() == now.date() else 0
    today = _allowed(limits.per_day, urgent=False) - used
    for _ in range(-(-documents // limits.batch)):
        if limits.per_day and today <= 0:
            at = next_day(dt.datetime.fromtimestamp(at, dt.UTC)).timestamp()
            today = _allowed(limits.per_day, urgent=False)
        today -= 1
        while sent and sent[0] <= at - WINDOW:
            sent.popleft()
        if len(sent) >= most:
            at = sent.popleft() + WINDOW
        sent.append(at)
        at += ledger.pace
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _spent(provider: Provider, seconds: float) -> Unavailable:
    return Unavailable(SPENT.format(name=provider.name), retry_after=seconds, code="budget")


class _Ledger:
    """The JSON on the row: requests and calls by second, and the sums of day and month."""

    def __init__(self, spent: dict[str, Any], limits: Limits, now: dt.datetime) -> None:
        self.limits = limits
        self.now = now
        self.at = now.timestamp()
        # Other processes' clocks may be ahead. What lies far ahead is of a clock that was set back.
        self.seconds = sorted(
            [second, requests, calls]
            for second, requests, calls in spent.get("seconds", [])
            if self.at - WINDOW < second + 1 and second < self.at + WINDOW
        )
        self.recent = sorted(at for at in spent.get("recent", []) if abs(self.at - at) < SECOND)
        self.today, self.month = now.date().isoformat(), now.date().isoformat()[:7]
        day, month = spent.get("day", ["", 0]), spent.get("month", ["", 0])
        self.day: int = day[1] if day[0] == self.today else 0
        self.reads: int = month[1] if month[0] == self.month else 0
        self.guessed = "pace" not in spent
        self.pace: float = spent.get("pace", PACE)
        self.last_call: float = spent.get("last_call", 0.0)

    def wait(self, cost: Cost, *, urgent: bool) -> float:
        """Seconds until this may be sent; 0 for now."""
        limits = self.limits
        waits = [
            self._wait_second(),
            self._wait_minute(1, limits.per_minute, urgent=urgent),
            self.wait_day(urgent=urgent),
        ]
        if cost is Cost.CALL:
            waits.append(self._wait_minute(2, limits.calls_per_minute, urgent=urgent))
        reads = limits.reads_per_month
        metered = cost is Cost.READ and bool(reads)
        if metered and self.reads >= _allowed(reads, urgent=urgent, share=READS_KEPT):
            next_month = (self.now.date().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
            waits.append(self._until(next_month))
        return max(waits)

    def wait_day(self, *, urgent: bool) -> float:
        """Until the requests of a day allow one of any kind."""
        most = self.limits.per_day
        if not most or self.day < _allowed(most, urgent=urgent):
            return 0.0
        return self._until(self.now.date() + dt.timedelta(days=1))

    def add(self, cost: Cost) -> None:
        row = next((row for row in self.seconds if row[0] == int(self.at)), None)
        if row is None:
            row = [int(self.at), 0, 0]
            self.seconds.append(row)
        row[1] += 1
        self.recent.append(round(self.at, 3))
        self.day += 1
        self.reads += cost is Cost.READ
        if cost is Cost.CALL:
            self._measure()
            row[2] += 1

    def kept(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "recent": self.recent,
            "day": [self.today, self.day],
            "month": [self.month, self.reads],
            "last_call": round(self.last_call, 3),
        } | ({} if self.guessed else {"pace": round(self.pace, 3)})

    def call_times(self) -> list[float]:
        """A moment for each call of the window, none too early."""
        return [second + 1.0 for second, _, calls in self.seconds for _ in range(calls)]

    def _measure(self) -> None:
        """From call to call, as long as nothing but the work itself held them apart."""
        pause, self.last_call = self.at - self.last_call, self.at
        if 0 < pause < STEADY:
            self.pace = pause if self.guessed else self.pace + (pause - self.pace) / 4
            self.guessed = False

    def _wait_second(self) -> float:
        most = self.limits.per_second
        if not most or len(self.recent) < most:
            return 0.0
        return max(0.0, self.recent[-most] + SECOND - self.at) or 0.001

    def _wait_minute(self, column: int, most: int, *, urgent: bool) -> float:
        """Until enough of the window has passed."""
        over = sum(row[column] for row in self.seconds) - _allowed(most, urgent=urgent) + 1
        if over <= 0:
            return 0.0
        for row in self.seconds:
            over -= row[column]
            if over <= 0:
                return float(row[0] + 1 + WINDOW - self.at)
        return WINDOW

    def _until(self, day: dt.date) -> float:
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        return (midnight - self.now).total_seconds()


def _allowed(most: int, *, urgent: bool, share: int = KEPT) -> int:
    """How much of a limit this request may use."""
    return most if urgent else most - -(-most // share)
