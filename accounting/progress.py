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
class Standstill:
    """Why nothing moves, in a sentence, "" when it does; and when it goes on by itself, if that is
    known.
    """

    why: str = ""
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a connection has to do. `eta` is when the last one will be sent; None when nothing is on
    the way or it stands still. Then `still` says why, and `resumes_at`, if it is known, until when.
    """

    left: int
    done: int
    checking: int
    needs_you: int
    eta: dt.datetime | None
    still: str
    resumes_at: dt.datetime | None

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
    still = standstill(connection, now=now) if left else Standstill()
    eta = budget.eta(connection, left, now=now) if left and not still.why else None
    return Progress(
        left=left,
        done=done,
        checking=counts.get(State.UNKNOWN, 0),
        needs_you=counts.get(State.REJECTED, 0),
        eta=eta,
        still=still.why,
        resumes_at=still.until,
    )


def standstill(connection: Connection, *, urgent: bool = False, now: dt.datetime) -> Standstill:
    """What keeps everything that is queued where it is, or, with `urgent`, what a person waits
    for.
    """
    if connection.is_lost:
        return Standstill(f"{connection.lost_reason} Nothing is lost: it goes on after that.")
    if connection.paused_at:
        return Standstill("Paused. Nothing new is sent until you let it go on.")
    return on_hold(connection, urgent=urgent, now=now)


def standstill_of(export: Export, *, now: dt.datetime) -> Standstill:
    """What keeps this one from being sent, as far as it is not its own fault."""
    if export.state not in Export.READY or not export.connection.is_active:
        return Standstill()
    urgent = export.priority == Export.Priority.URGENT
    return standstill(export.connection, urgent=urgent, now=now)


def on_hold(connection: Connection, *, urgent: bool = False, now: dt.datetime) -> Standstill:
    """Why the provider is not asked now, and until when."""
    if connection.held_until and connection.held_until > now:
        until = connection.held_until
        return Standstill(f"{connection.held_reason} It goes on {_at(until)}.", until)
    seconds = budget.wait(connection, Cost.CALL, urgent=urgent, now=now)
    if seconds <= LONG:
        return Standstill()
    name, until = registry.name(connection.provider), now + dt.timedelta(seconds=seconds)
    why = f"The requests that {name} allows are used up. It goes on by itself {_at(until)}."
    return Standstill(why, until)


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


def spoken(moment: dt.datetime) -> str:
    """Day and time, within a sentence."""
    local = localtime(moment)
    return f"{day(local.date())} at {local:%H:%M}"


def _at(moment: dt.datetime) -> str:
    """A little later than the moment itself, so that it is kept."""
    return spoken(moment + dt.timedelta(minutes=1))
