"""How far an export is, and when it will be done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, QuerySet
from django.utils.timezone import localtime

from invoices.wording import day

from . import budget
from .models import Connection, Export
from .providers import registry
from .providers.port import Cost

LONG = 600.0  # seconds of waiting for a limit that are worth a word
State = Export.State
ON_THE_WAY = (State.QUEUED, State.SENDING, State.WAITING, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a connection has to do. `eta` is when the last one will be sent; None when nothing is on
    the way or it stands still.
    """

    left: int
    done: int
    checking: int
    needs_you: int
    eta: dt.datetime | None
    still: str

    @property
    def total(self) -> int:
        return self.left + self.done


def of(connection: Connection, *, now: dt.datetime) -> Progress:
    """The progress of everything that was queued since the outbox was last empty."""
    counts = dict(
        connection.exports.filter(state__in=[*ON_THE_WAY, State.REJECTED])
        .order_by()
        .values_list("state")
        .annotate(Count("id"))
    )
    left = sum(counts.get(state, 0) for state in ON_THE_WAY)
    done = _done(connection).count() if left else 0
    still = _still(connection, now)
    eta = budget.eta(connection, left, now=now) if left and not still else None
    return Progress(
        left=left,
        done=done,
        checking=counts.get(State.UNKNOWN, 0),
        needs_you=counts.get(State.REJECTED, 0),
        eta=eta,
        still=still if left else "",
    )


def _done(connection: Connection) -> QuerySet[Export]:
    """What was sent since the outbox was last empty. Orders overlap, so it goes back from the
    oldest that is open to the oldest of what was still open when that came, and so on.
    """
    since = _oldest(connection.exports.filter(state__in=ON_THE_WAY))
    while True:
        done = connection.exports.filter(state=State.SENT, settled_at__gte=since)
        earlier = _oldest(done)
        if earlier is None or since is None or earlier >= since:
            return done
        since = earlier


def _oldest(exports: QuerySet[Export]) -> dt.datetime | None:
    return exports.aggregate(oldest=Min("queued_at"))["oldest"]


def _still(connection: Connection, now: dt.datetime) -> str:
    """Why nothing moves, in a sentence; "" when it does."""
    if connection.is_lost:
        return f"{connection.lost_reason} Nothing is lost: it goes on after that."
    if connection.paused_at:
        return "Paused. Nothing new is sent until you let it go on."
    return on_hold(connection, now=now)


def on_hold(connection: Connection, *, now: dt.datetime) -> str:
    """Why the provider is not asked now, and until when; "" when it is."""
    if connection.held_until and connection.held_until > now:
        return f"{connection.held_reason} It goes on {_at(connection.held_until)}."
    seconds = budget.wait(connection, Cost.CALL, now=now)
    if seconds > LONG:
        name, at = registry.name(connection.provider), _at(now + dt.timedelta(seconds=seconds))
        return f"The requests that {name} allows are used up. It goes on by itself {at}."
    return ""


def spoken(moment: dt.datetime) -> str:
    """Day and time, within a sentence."""
    local = localtime(moment)
    return f"{day(local.date())} at {local:%H:%M}"


def _at(moment: dt.datetime) -> str:
    """A little later than the moment itself, so that it is kept."""
    return spoken(moment + dt.timedelta(minutes=1))
