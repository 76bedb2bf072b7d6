"""Whether we still hear what happens to our invoices there, in a sentence for people."""

from __future__ import annotations

import datetime as dt

from .connected import where
from .models import Connection
from .progress import spoken

LONG = dt.timedelta(hours=6)  # without an answer, though questions are put every few minutes


def silence(connection: Connection, *, now: dt.datetime) -> str:
    """Why nothing comes back from there, since when, and who can mend it; "" while we hear."""
    since = connection.polled_at or connection.committed_at
    if connection.is_lost or since is None:
        return ""
    heard = f"Payments and changes in {where(connection)} were last read on {spoken(since)}."
    if connection.look_refused:
        return f"{heard} {connection.look_refused}"
    if now - since < LONG:
        return ""
    return (
        f"{heard} It is asked again every few minutes. If this stays, whoever runs this program"
        " should see whether its workers run and reach it; their log says what went wrong."
    )
