"""`manage.py look_at_books`: read back now how our invoices stand in the accounting system."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounting import connected, refreshing, sync
from accounting.models import Finding
from accounting.providers.port import ProviderError
from atera_invoicing.errors import Refused


class Command(BaseCommand):
    help = "Looks at every exported invoice there, whatever was told before: payments, changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lists", action="store_true", help="read customers, items, taxes anew as well"
        )

    def handle(self, *args: Any, lists: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            connection = connected.active()
            looked = sync.sweep(connection, now=now)
            if lists:
                found = refreshing.everything(connection, today=timezone.localdate(), now=now)
        except (Refused, ProviderError) as error:
            raise CommandError(error.message) from None
        opened = Finding.objects.filter(connection=connection, answered_at=None).count()
        self.stdout.write(f"{looked} invoices looked at. {opened} differences wait for an answer.")
        if connection.sweep_at:
            self.stdout.write("No more can be asked for now: workers look at the others later.")
        if lists:
            self.stdout.write(f"Lists read anew. {len(found.changes)} values changed here:")
            for change in found.changes:
                self.stdout.write(f"  {change}")
