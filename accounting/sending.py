"""Makes one call that is written down already, and writes down the answer."""

from __future__ import annotations

import time

from atera_invoicing.leases import Clock

from . import answers, calling
from .models import Call, Connection
from .providers.port import Frozen, Operation, ProviderError


def make(connection: Connection, call: Call, *, urgent: bool, clock: Clock) -> None:
    """Send the call as it was frozen. Whatever happens, each of its documents has a state after.
    `urgent`: a person waits for it.
    """
    began = time.monotonic()
    try:
        outcomes = calling.ask(connection, "send", frozen(call), urgent=urgent, now=clock.now())
    except ProviderError as error:
        answers.write_shared(call, error, seconds=time.monotonic() - began, now=clock.now())
    else:
        answers.write(call, outcomes, seconds=time.monotonic() - began, now=clock.now())


def frozen(call: Call) -> Frozen:
    """The call to the byte as it was first sent."""
    return Frozen(Operation(call.operation), bytes(call.body), call.key, tuple(call.places))
