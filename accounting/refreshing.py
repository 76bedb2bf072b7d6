"""Reading all lists of a company anew, part by part, so that a page can show how far it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from atera_invoicing.models import User

from . import connected, connecting, references, wizard
from .changes import Change
from .models import Connection
from .providers.port import Kind
from .references import Read

COMPANY = "company"


@dataclass(frozen=True)
class Result:
    """What all parts brought, and what changed here because of it."""

    reads: tuple[Read, ...]
    changes: tuple[Change, ...]


def parts(connection: Connection) -> list[str]:
    """The parts to read, in order. People only where their time can be pushed."""
    kinds = [kind for kind in Kind if kind != Kind.PERSON or connection.takes_time]
    return [COMPANY, *kinds]


def label(connection: Connection, part: str) -> str:
    """What people there call a part."""
    words = connected.words(connection)
    return (words.company if part == COMPANY else words.many(Kind(part))).capitalize()


def read(
    connection: Connection, part: str, *, urgent: bool = True, now: dt.datetime
) -> Read | None:
    """Read one part, for a person unless told otherwise. Errors of the port go to the caller; what
    was read before stays.
    """
    if part == COMPANY:
        connecting.read_company(connection, urgent=urgent, now=now)
        return None
    return references.read(connection, Kind(part), urgent=urgent, now=now)


def finish(
    connection: Connection, *, today: dt.date, now: dt.datetime, by: User | None
) -> list[Change]:
    """After the last part: suggest, and follow prices while connected; what changed here."""
    references.finish(connection, now=now)
    return wizard.prepare(connection, today=today, now=now, by=by)


def everything(
    connection: Connection, *, today: dt.date, now: dt.datetime, by: User | None = None
) -> Result:
    """All of it in one go. What nobody asked for leaves alone what is kept for people."""
    urgent = by is not None
    read(connection, COMPANY, urgent=urgent, now=now)  # it says which further parts there are
    reads = [read(connection, part, urgent=urgent, now=now) for part in parts(connection)[1:]]
    found = finish(connection, today=today, now=now, by=by)
    return Result(tuple(r for r in reads if r), tuple(found))
