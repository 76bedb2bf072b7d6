"""Every question to a provider goes through here: within the budget, with a token that works, and
never inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any, TypeVar

from django.db import connections

from atera_invoicing.leases import Clock

from . import access, budget
from .models import Connection
from .providers import port, registry
from .providers.port import Cost

Answer = TypeVar("Answer")
PATIENCE = 1.5  # seconds that a call waits for its turn; longer waits are the caller's business
REFUSED_FOR = 300.0  # seconds until a provider that refuses fresh tokens is asked again


def ask(
    connection: Connection,
    name: str,
    *args: Any,
    urgent: bool = False,
    now: dt.datetime,
    **named: Any,
) -> Any:
    """What the provider's method `name` answers; its errors come out as they are.

    `urgent`: a person waits, so the reserve may be used. A refused token is renewed once. When the
    provider asks for a pause or the budget is spent, `Unavailable` says for how long; when only a
    new consent helps, the connection is marked as lost and `Unauthorized` is final.
    """
    clock = Clock(now)
    _respect_pause(connection, urgent=urgent, now=now)
    method = getattr(registry.get(connection.provider), name)

    def put(refused: int | None = None) -> Any:
        session = _session(connection, clock, urgent=urgent, refused=refused)
        return method(session, *args, **named)

    return _answer(connection, put, clock)


def send(
    connection: Connection, call: port.Frozen, *, pool: Executor, urgent: bool, now: dt.datetime
) -> Callable[[], list[port.Outcome]]:
    """Begin to send a call in a thread of `pool`, and wait for nothing. What is returned gives the
    outcomes or raises, as `ask` would, in the caller's thread.

    Token and budget are seen to here: over there only the provider is asked.
    """
    clock = Clock(now)
    provider = registry.get(connection.provider)
    first: Future[list[port.Outcome]] = Future()
    try:
        _respect_pause(connection, urgent=urgent, now=now)
    except port.Unavailable as error:
        first.set_exception(error)
        return first.result
    try:
        session = _paid(_session(connection, clock, urgent=urgent))
        first = pool.submit(_apart, provider.send, session, call)
    except port.ProviderError as error:
        first.set_exception(error)

    def put(refused: int | None = None) -> list[port.Outcome]:
        if refused is None:
            return first.result()
        return provider.send(_session(connection, clock, urgent=urgent, refused=refused), call)

    return lambda: _answer(connection, put, clock)


def hold(connection: Connection, reason: str, *, seconds: float, now: dt.datetime) -> None:
    """Let nobody ask before this time is over."""
    until = now + dt.timedelta(seconds=seconds)
    rows = Connection.objects.filter(pk=connection.pk)
    rows.exclude(held_until__gte=until).update(held_until=until, held_reason=reason[:300])


def _respect_pause(connection: Connection, *, urgent: bool, now: dt.datetime) -> None:
    """Whether anything may be asked at all, before a token is renewed for it."""
    rows = Connection.objects.only("provider", "held_until", "held_reason", "spent")
    row = rows.get(pk=connection.pk)
    if row.held_until and row.held_until > now:
        reason, seconds = row.held_reason, (row.held_until - now).total_seconds()
        raise port.Unavailable(reason, retry_after=seconds, whole_company=True, code="held")
    budget.refuse_spent(row, urgent=urgent, now=now)


def _answer(connection: Connection, put: Callable[..., Answer], clock: Clock) -> Answer:
    """What comes of putting a question, with a new token the second time. What an error says about
    the connection is noted on it.
    """
    try:
        try:
            return put()
        except port.Unauthorized as error:
            if error.final:
                raise
            refused = connection.generation
        return put(refused)
    except port.Unauthorized as error:
        if not error.final:
            raise _doubt(connection, error, now=clock.now()) from None
        reason, generation = error.message, connection.generation
        access.lose(connection, reason, now=clock.now(), generation=generation)
        raise
    except port.Unavailable as error:
        if error.whole_company:
            hold(connection, error.message, seconds=error.retry_after or 60.0, now=clock.now())
        raise


def _paid(session: port.Session) -> port.Session:
    """The session with the first call counted already."""
    session.spend(Cost.CALL)
    paid = [Cost.CALL]

    def spend(cost: Cost) -> None:
        if cost in paid:
            paid.remove(cost)
        else:
            session.spend(cost)

    return replace(session, spend=spend)


def _apart(method: Callable[..., Answer], *args: Any) -> Answer:
    """Run in another thread, which leaves no database connection behind."""
    try:
        return method(*args)
    finally:
        connections.close_all()


def _session(
    connection: Connection, clock: Clock, *, urgent: bool, refused: int | None = None
) -> port.Session:
    def spend(cost: Cost) -> None:
        while True:
            try:
                return budget.take(connection, cost, urgent=urgent, now=clock.now())
            except port.Unavailable as error:
                if (error.retry_after or 0) > PATIENCE:
                    raise
                time.sleep(error.retry_after or 0)

    session = access.session(connection, now=clock.now(), refused=refused)
    return replace(session, spend=spend)


def _doubt(
    connection: Connection, error: port.Unauthorized, *, now: dt.datetime
) -> port.Unavailable:
    """A token that was just given is refused, yet it was given: not the consent is at fault. Asking
    on would be a loop, so everything waits.
    """
    name = registry.get(connection.provider).name
    doubt = port.Unavailable(
        f"{name} refuses the access that it has just given. It is asked again in some minutes.",
        retry_after=REFUSED_FOR,
        whole_company=True,
        code=error.code,
        reference=error.reference,
    )
    hold(connection, doubt.message, seconds=REFUSED_FOR, now=now)
    return doubt
