"""`manage.py rotate_token_keys`: seal every token with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError

from accounting import access


class Command(BaseCommand):
    help = (
        "Seals the tokens of the accounting system with the first key in TOKEN_KEYS. To replace a "
        "key: put the new one first and restart, run this, then take the old one away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        renewed, unreadable = access.rotate_keys()
        if unreadable:
            raise CommandError(
                f"{len(unreadable)} connection(s) can't be read with these keys: "
                f"{', '.join(map(str, unreadable))}. Put the key that sealed them back."
            )
        self.stdout.write(f"{renewed} connection(s) sealed with the newest key.")
