"""Makes one call that is written down already, and writes down the answer."""

from __future__ import annotations

import logging
import time

from django.db import InterfaceError, OperationalError

from atera_invoicing.leases import Clock

from . import answers, calling
from .models import Call, Connection
from .providers.port import Frozen, Operation, ProviderError, Unknown

logger = logging.getLogger(__name__)
UNREADABLE = "The answer can't be read. We look whether it arrived before it is sent again."


def make(connection: Connection, call: Call, *, urgent: bool, clock: Clock) -> None:
    """Send the call as it was frozen. Whatever happens, each of its documents has a state after.
    `urgent`: a person waits for it.
    """
    began = time.monotonic()
    try:
        outcomes = calling.ask(connection, "send", frozen(call), urgent=urgent, now=clock.now())
    except ProviderError as error:
        answers.write_shared(call, error, seconds=time.monotonic() - began, now=clock.now())
    except (InterfaceError, OperationalError):  # our own database is gone: nothing can be written
        raise
    except Exception:
        logger.exception("call %s: its answer can't be read", call.pk)
        odd = Unknown(UNREADABLE, code="unreadable")
        answers.write_shared(call, odd, seconds=time.monotonic() - began, now=clock.now())
    else:
        answers.write(call, outcomes, seconds=time.monotonic() - began, now=clock.now())


def frozen(call: Call) -> Frozen:
    """The call to the byte as it was first sent."""
    return Frozen(Operation(call.operation), bytes(call.body), call.key, tuple(call.places))
