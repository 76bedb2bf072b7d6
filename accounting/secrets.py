"""Tokens at rest: encrypted with keys that are not in the database.

`TOKEN_KEYS` holds Fernet keys, newest first; all of them open, the first one seals. The owner's id
is inside the sealed text, so that a row's secret is worthless in another row.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """A secret that no key opens, or that belongs to another row."""


def seal(value: dict[str, Any], *, owner: str) -> str:
    """Encrypt JSON-ready values for one owner."""
    return _fernet().encrypt(json.dumps([owner, value]).encode()).decode()


def unseal(text: str, *, owner: str) -> dict[str, Any]:
    """What `seal` took; `Unreadable` when keys were lost or the text is another owner's."""
    try:
        sealed_for, value = json.loads(_fernet().decrypt(text.encode()))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("No key in TOKEN_KEYS opens this secret.") from error
    if sealed_for != owner:
        raise Unreadable("This secret belongs to another row.")
    return value


def renew(text: str) -> str:
    """The same secret, sealed with the newest key."""
    try:
        return _fernet().rotate(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("No key in TOKEN_KEYS opens this secret.") from error


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])
