"""A connection's tokens: kept fresh, lost, and taken away.

A refresh token may die the moment a new one is given, and two refreshes at once may end the whole
connection. So one process at a time refreshes, under a lease, outside of any transaction, and saves
what it got before anything else happens. Whoever comes in the meantime waits for the result.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from atera_invoicing import leases

from . import secrets
from .models import Connection
from .providers import port, registry
from .secrets import Unreadable

log = logging.getLogger(__name__)

MARGIN = dt.timedelta(seconds=60)  # a token that dies sooner is renewed before it is used
LEASE = dt.timedelta(seconds=60)  # longer than a refresh can take
WAIT = 10.0  # seconds that a call waits for somebody else's refresh
POLL = 0.05
LIVE = (Connection.State.DRAFT, Connection.State.ACTIVE)
FIELDS = [
    "state", "company_id", "facts", "options", "sealed", "generation", "access_expires_at",
    "refresh_expires_at", "lost_at", "lost_reason",
]  # fmt: skip


def session(
    connection: Connection, *, now: dt.datetime, refused: int | None = None
) -> port.Session:
    """What a call needs, with a token that lives for a minute at least. `refused` is the generation
    whose token the provider would not take: it is renewed whatever its age.

    `Unauthorized(final=True)` when only a new consent helps; the connection is marked as lost then.
    `Unavailable` when the provider can't be asked for a token now.
    """
    began = time.monotonic()
    renewed = False
    while True:
        connection.refresh_from_db(fields=FIELDS)
        waited = time.monotonic() - began
        moment = now + dt.timedelta(seconds=waited)
        _check_live(connection)
        expires = connection.access_expires_at
        usable = bool(expires and expires > moment) and connection.generation != refused
        lasting = usable and expires and expires > moment + MARGIN
        if lasting or renewed:  # what was just given is used, however short it lives
            return _session(connection)
        owner = _lease(connection, now=moment)
        if owner:
            _renew(connection, owner, now=moment)
            renewed = True
        elif usable:
            return _session(connection)  # somebody is renewing it; it lives long enough for us
        elif waited > WAIT:
            raise port.Unavailable(
                "Somebody else is renewing the access. It is tried again by itself.",
                retry_after=5.0,
                code="refreshing",
            )
        else:
            time.sleep(POLL)


def lose(
    connection: Connection, reason: str, *, now: dt.datetime, generation: int | None = None
) -> bool:
    """Note that the provider no longer lets us in. False when that is known already, when the
    connection was ended, or when the token of this generation was replaced meanwhile.
    """
    rows = Connection.objects.live().filter(pk=connection.pk, lost_at=None)
    if generation is not None:
        rows = rows.filter(generation=generation)
    lost = rows.update(lost_at=now, lost_reason=reason[:300], refresh_owner="", refresh_until=None)
    connection.refresh_from_db(fields=FIELDS)
    return bool(lost)


def _check_live(connection: Connection) -> None:
    if connection.state not in LIVE:
        raise port.Unauthorized("This connection was ended.", final=True, code="ended")
    if connection.lost_at:
        raise port.Unauthorized(connection.lost_reason, final=True, code="lost")
    if not connection.sealed or not connection.generation:
        raise port.Unauthorized("Nobody has connected yet.", final=True, code="not_connected")


def _session(connection: Connection) -> port.Session:
    access = _reveal(connection)["access"]
    return port.Session(connection.company_id, access, connection.known)


def _lease(connection: Connection, *, now: dt.datetime) -> str:
    """The right to refresh this very token, or "". Like every request, outside of transactions."""
    outside_transactions()
    owner = leases.me()
    free = Q(refresh_owner="") | Q(refresh_until__isnull=True) | Q(refresh_until__lt=now)
    rows = Connection.objects.filter(
        free, pk=connection.pk, generation=connection.generation, lost_at=None
    )
    return owner if rows.update(refresh_owner=owner, refresh_until=now + LEASE) else ""


def _renew(connection: Connection, owner: str, *, now: dt.datetime) -> None:
    """Get a new token and save it before anything else. If it was replaced meanwhile, whoever did
    that has the newer one; if the connection was ended meanwhile, the new one is given back.
    """
    mine = Connection.objects.filter(pk=connection.pk, refresh_owner=owner)
    try:
        tokens = _refreshed(connection)
    except port.Unauthorized as error:
        lose(connection, error.message, now=now, generation=connection.generation)
        return
    except port.ProviderError as error:
        mine.update(refresh_owner="", refresh_until=None)
        raise port.Unavailable(
            error.message, retry_after=30.0, code=error.code, reference=error.reference
        ) from None
    with transaction.atomic(durable=True):
        rows = Connection.objects.select_for_update(no_key=True)
        row = rows.get(pk=connection.pk)
        ended = row.state not in LIVE
        if not ended and row.generation == connection.generation:
            old = _reveal(row)
            put(row, {**old, **freeze(tokens), "previous": old["refresh"]}, tokens)
    if ended:
        revoke(row, tokens)


def _refreshed(connection: Connection) -> port.Tokens:
    """By the token that we have; by the one before it when that is said to be dead."""
    provider = registry.get(connection.provider)
    secret = _reveal(connection)
    try:
        return provider.refresh(thaw(secret))
    except port.Unauthorized:
        if not secret.get("previous"):
            raise
        return provider.refresh(thaw({**secret, "refresh": secret["previous"]}))


def rotate_keys() -> tuple[int, list[int]]:
    """Seal everything with the newest key. How many there were, and those that no key opens."""
    renewed, unreadable = 0, []
    for pk, sealed in Connection.objects.exclude(sealed="").values_list("pk", "sealed"):
        try:
            fresh = secrets.renew(sealed)
        except Unreadable:
            unreadable.append(pk)
            continue
        # One that changed meanwhile was sealed with the newest key already.
        Connection.objects.filter(pk=pk, sealed=sealed).update(sealed=fresh)
        renewed += 1
    return renewed, unreadable


def detach(connection: Connection) -> port.Tokens | None:
    """Take the tokens off the row, for whoever ends the connection in a transaction; afterwards
    `revoke` them.
    """
    try:
        secret = connection.reveal()
    except Unreadable:  # whoever lost the key must still be able to end the connection
        secret = {}
    held = secret if "refresh" in secret else secret.get("offer", {}).get("tokens")
    connection.keep({})
    update(
        connection,
        sealed="",
        refresh_owner="",
        refresh_until=None,
        access_expires_at=None,
        refresh_expires_at=None,
    )
    return thaw(held) if held else None


def revoke(
    connection: Connection, tokens: port.Tokens | None, *, company_id: str | None = None
) -> bool:
    """End our access at the provider as well. False when that could not be done: then it ends there
    by itself, or by hand. Another connection to the same company keeps its access. `company_id`:
    where it is not the connection's own yet.
    """
    company = connection.company_id if company_id is None else company_id
    others = Connection.objects.live().exclude(pk=connection.pk)
    if tokens is None or others.filter(provider=connection.provider, company_id=company).exists():
        return True
    return end_quietly(connection.provider, tokens, company)


def end_quietly(provider: str, tokens: port.Tokens, company_id: str) -> bool:
    outside_transactions()
    try:
        registry.get(provider).revoke(tokens, company_id=company_id)
    except port.ProviderError as error:
        log.warning("Access to company %s was not revoked: %s", company_id, error.message)
        return False
    return True


def outside_transactions() -> None:
    with transaction.atomic(durable=True):
        """Raises inside of another one."""


def update(connection: Connection, **fields: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**fields)
    connection.refresh_from_db(fields=list(fields))


def put(connection: Connection, secret: dict[str, Any], tokens: port.Tokens, **fields: Any) -> None:
    """Save new tokens, and that they are the newest."""
    connection.keep(secret)
    update(
        connection,
        sealed=connection.sealed,
        generation=F("generation") + 1,
        refresh_owner="",
        refresh_until=None,
        access_expires_at=tokens.access_expires_at,
        refresh_expires_at=tokens.refresh_expires_at,
        **fields,
    )


def _reveal(connection: Connection) -> dict[str, Any]:
    try:
        return connection.reveal()
    except Unreadable as error:
        raise port.Unavailable(
            f"{error} Whoever runs this installation must put the key back.", code="keys"
        ) from None


def freeze(tokens: port.Tokens) -> dict[str, Any]:
    expires = tokens.refresh_expires_at
    return {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "access_expires_at": tokens.access_expires_at.isoformat(),
        "refresh_expires_at": expires.isoformat() if expires else None,
    }


def thaw(secret: Mapping[str, Any]) -> port.Tokens:
    expires = secret["refresh_expires_at"]
    return port.Tokens(
        access=secret["access"],
        refresh=secret["refresh"],
        access_expires_at=dt.datetime.fromisoformat(secret["access_expires_at"]),
        refresh_expires_at=dt.datetime.fromisoformat(expires) if expires else None,
    )
