"""`manage.py export_status`: what waits for the accounting system, and what needs a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.utils import timezone

from accounting import connected, progress
from accounting.models import Connection, Export

State = Export.State


class Command(BaseCommand):
    help = "Prints how the export stands: what waits and until when, what a person has to mend."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=20, help="rejected exports to list (20)")

    def handle(self, *args: Any, rows: int, **options: Any) -> None:
        connection = Connection.objects.active().first()
        if connection is None:
            self.stdout.write("No accounting system is connected.")
            return
        for line in report(connection, rows=rows, now=timezone.now()):
            self.stdout.write(line)


def report(connection: Connection, *, rows: int, now: dt.datetime) -> Iterator[str]:
    """A line for each thing to know; times in the installation's time zone."""
    made = progress.of(connection, now=now)
    yield f"{connected.where(connection)}, {connection.company_name}"
    yield f"On the way: {made.left}. Answers looked for: {made.checking}. Done: {made.done}."
    if made.eta:
        yield f"The last one goes at about {_local(made.eta)}."
    if made.still:
        yield f"Nothing moves: {made.still}"
    later = connection.exports.filter(state__in=progress.ON_THE_WAY, run_at__gt=now)
    if first := later.order_by("run_at").first():
        yield f"Waiting for their time: {later.count()}, the next one at {_local(first.run_at)}."
    if connection.sender:
        yield f"Sent by {connection.sender} until {_local(connection.sender_until)} at the latest."
    yield f"Needs a person: {made.needs_you}."
    rejected = connection.exports.filter(state=State.REJECTED).select_related("invoice__customer")
    for export in rejected.order_by("id")[:rows]:
        yield f"  {export.pk}  {export.invoice or export.time_entry}: {export.message}"


def _local(at: dt.datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else "an unknown time"
