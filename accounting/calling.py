"""Every question to a provider goes through here: within the budget, with a token that works, and
never inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

from atera_invoicing.leases import Clock

from . import access, budget
from .models import Connection
from .providers import port, registry
from .providers.port import Cost

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
    _respect_pause(connection, now=now)
    method = getattr(registry.get(connection.provider), name)
    try:
        try:
            return method(_session(connection, clock, urgent=urgent), *args, **named)
        except port.Unauthorized as error:
            if error.final:
                raise
            refused = connection.generation
        session = _session(connection, clock, urgent=urgent, refused=refused)
        return method(session, *args, **named)
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


def hold(connection: Connection, reason: str, *, seconds: float, now: dt.datetime) -> None:
    """Let nobody ask before this time is over."""
    until = now + dt.timedelta(seconds=seconds)
    rows = Connection.objects.filter(pk=connection.pk)
    rows.exclude(held_until__gte=until).update(held_until=until, held_reason=reason[:300])


def _respect_pause(connection: Connection, *, now: dt.datetime) -> None:
    held = Connection.objects.values_list("held_until", "held_reason")
    until, reason = held.get(pk=connection.pk)
    if until and until > now:
        seconds = (until - now).total_seconds()
        raise port.Unavailable(reason, retry_after=seconds, whole_company=True, code="held")


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
