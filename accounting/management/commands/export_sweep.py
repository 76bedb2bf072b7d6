"""`manage.py export_sweep`: send what is due now, in this process."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from accounting import auto, connected, delivery
from atera_invoicing.errors import Refused

from .export_status import report


class Command(BaseCommand):
    help = (
        "Does one sweep now, without worker and broker: queues what exports by itself, sends what "
        "is due within the provider's limits, clears up lost answers. Then prints export_status."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            connection = connected.active()
        except Refused as refused:
            raise CommandError(refused.message) from None
        auto.queue_issued(connection, now=now)
        if not delivery.work(connection.pk, now=now):
            raise CommandError("A worker is sending at this moment. It does the same.")
        connection.refresh_from_db()
        for line in report(connection, rows=20, now=timezone.now()):
            self.stdout.write(line)
