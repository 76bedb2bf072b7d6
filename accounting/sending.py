"""Makes calls that are written down already, and writes down their answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from django.db import InterfaceError, OperationalError

from atera_invoicing.leases import Clock

from . import answers, calling
from .models import Call, Connection
from .providers.port import Frozen, Operation, Outcome, ProviderError, Unknown

logger = logging.getLogger(__name__)
UNREADABLE = "The answer can't be read. We look whether it arrived before it is sent again."


def make(connection: Connection, call: Call, *, urgent: bool, clock: Clock) -> None:
    """Send the call as it was frozen, and wait. Whatever happens, each of its documents has a state
    after. `urgent`: a person waits for it.
    """
    began = time.monotonic()

    def answer() -> list[Outcome]:
        outcomes: list[Outcome] = calling.ask(
            connection, "send", frozen(call), urgent=urgent, now=clock.now()
        )
        return outcomes

    _receive(call, answer, began).write(clock)


class Landed(NamedTuple):
    """What came of a call, not written down yet: an outcome for each document, or one error."""

    call: Call
    seconds: float
    outcomes: Sequence[Outcome] = ()
    error: ProviderError | None = None

    def write(self, clock: Clock) -> None:
        """Write it down; each document of the call has a state after."""
        if self.error:
            answers.write_shared(self.call, self.error, seconds=self.seconds, now=clock.now())
        else:
            answers.write(self.call, self.outcomes, seconds=self.seconds, now=clock.now())


@dataclass(slots=True)
class Line:
    """A sender's line to the provider, with one call on it at a time.

    While a call is under way its sender gets the next one ready, and an answer is written down
    while that one is on its way: the provider never waits for us. `may` says whether a call that
    had to wait may still leave. What a sender that dies leaves behind, here and on the way, are
    calls without an answer, as ever.
    """

    connection: Connection
    clock: Clock
    may: Callable[[], bool]
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "line"))
    _out: tuple[Call, Callable[[], list[Outcome]], float] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown()

    def send(self, call: Call, *, urgent: bool) -> None:
        """Put this call on the line as soon as it is free, and write down the answer before it."""
        landed = self._land()
        if landed is None or self.may():
            answer = calling.send(
                self.connection, frozen(call), pool=self._pool, urgent=urgent, now=self.clock.now()
            )
            self._out = (call, answer, time.monotonic())
        else:
            answers.unsent(call)
        if landed:
            landed.write(self.clock)

    def land(self) -> bool:
        """Wait for the call that is out, and write down its answer; False when none is."""
        landed = self._land()
        if landed:
            landed.write(self.clock)
        return landed is not None

    def _land(self) -> Landed | None:
        if self._out is None:
            return None
        out, self._out = self._out, None
        return _receive(*out)


def frozen(call: Call) -> Frozen:
    """The call to the byte as it was first sent."""
    return Frozen(Operation(call.operation), bytes(call.body), call.key, tuple(call.places))


def _receive(call: Call, answer: Callable[[], list[Outcome]], began: float) -> Landed:
    try:
        outcomes = answer()
    except ProviderError as error:
        return Landed(call, time.monotonic() - began, error=error)
    except (InterfaceError, OperationalError):  # our own database is gone: nothing can be written
        raise
    except Exception:
        logger.exception("call %s: its answer can't be read", call.pk)
        odd = Unknown(UNREADABLE, code="unreadable")
        return Landed(call, time.monotonic() - began, error=odd)
    return Landed(call, time.monotonic() - began, outcomes)
