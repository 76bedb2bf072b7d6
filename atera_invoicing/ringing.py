"""Telling a worker that a row is due. Only a hint: beat rings again for whatever was missed."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: Any, pk: int) -> None:
    """Send a task the number of a row, once the row is committed."""
    transaction.on_commit(partial(_publish, task, pk))


def _publish(task: Any, pk: int) -> None:
    """A broker that is down must not fail a page: beat rings again within seconds of its return."""
    try:
        task.delay(pk)
    except OperationalError:
        logger.warning("no broker: %s %s waits for the next sweep", task.name, pk)
