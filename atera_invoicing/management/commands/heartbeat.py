"""`manage.py heartbeat`: whether beat, broker and a worker together did their round lately."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atera_invoicing.health import heartbeat_age


class Command(BaseCommand):
    help = "Fails when no worker swept for due work within --within seconds (60)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--within", type=int, default=60)

    def handle(self, *args: Any, within: int, **options: Any) -> None:
        age = heartbeat_age(timezone.now())
        if age is None or age.total_seconds() > within:
            raise CommandError("No worker was seen." if age is None else f"Last seen {age} ago.")
        self.stdout.write(f"Seen {age.total_seconds():.0f} s ago.")
