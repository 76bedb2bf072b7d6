"""Consent, tokens and their end. Nothing else touches a secret.

A refresh token may die the moment a new one is given, and two refreshes at once may end the whole
connection. So one process at a time refreshes, under a lease, outside of any transaction, and saves
what it got before anything else happens. Whoever comes in the meantime waits for the result.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from atera_invoicing import leases
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from .models import Connection, Consent
from .providers import port, registry
from .secrets import Unreadable

log = logging.getLogger(__name__)

CONSENT_LIFE = dt.timedelta(minutes=10)
MARGIN = dt.timedelta(seconds=60)  # a token that dies sooner is renewed before it is used
LEASE = dt.timedelta(seconds=60)  # longer than a refresh can take
WAIT = 10.0  # seconds that a call waits for somebody else's refresh
POLL = 0.05
SECRET_FIELDS = [
    "state", "sealed", "generation", "access_expires_at", "refresh_expires_at", "lost_at",
    "lost_reason",
]  # fmt: skip


# Consent ------------------------------------------------------------------------------------------


def begin(
    connection: Connection, *, by: User, session_key: str, redirect_uri: str, now: dt.datetime
) -> str:
    """Where to send the browser. It must come back within ten minutes, with the same session."""
    provider = registry.get(connection.provider)
    state = secrets.token_urlsafe(32)
    try:
        url = provider.authorize_url(state=state, redirect_uri=redirect_uri)
    except port.ProviderError as error:
        raise Refused("provider_unavailable", error.message) from None
    Consent.objects.filter(created_at__lt=now - dt.timedelta(days=1)).delete()
    Consent.objects.create(
        digest=_digest(state),
        connection=connection,
        user=by,
        session_digest=_digest(session_key),
        created_at=now,
    )
    return url


def finish(
    answer: Mapping[str, str],
    *,
    provider: str,
    by: User,
    session_key: str,
    redirect_uri: str,
    now: dt.datetime,
) -> Connection:
    """Take what the browser brought back. The same answer again changes nothing and gives the same
    connection. `Refused` says in one sentence what to do.

    Afterwards `choices(connection)` is empty, or somebody must `choose` a company.
    """
    mine = Consent.objects.filter(
        digest=_digest(answer.get("state", "")),
        user=by,
        session_digest=_digest(session_key),
        connection__provider=provider,
    )
    unused = mine.filter(used_at=None, created_at__gt=now - CONSENT_LIFE)
    first = bool(unused.update(used_at=now))
    consent = mine.select_related("connection").first()
    if consent is None:
        raise Refused(
            "consent_unknown", "This sign-in was not begun here, or by somebody else. Begin again."
        )
    connection = consent.connection
    if not first:
        return _again(connection, consent)
    if connection.state not in (Connection.State.DRAFT, Connection.State.ACTIVE):
        raise Refused("connection_ended", "This set-up was ended meanwhile. Begin a new one.")
    tokens, companies = _exchange(answer, provider=provider, redirect_uri=redirect_uri)
    _settle(connection, tokens, companies, now=now)
    return connection


def choices(connection: Connection) -> list[dict[str, str]]:
    """The companies to choose from, as {"id", "name"}; empty when nothing is to be chosen."""
    found: list[dict[str, str]] = connection.reveal().get("offer", {}).get("companies", [])
    return found


def choose(connection: Connection, company_id: str, *, now: dt.datetime) -> None:
    """Take one of the companies that the last consent opened."""
    offer = connection.reveal().get("offer", {})
    if company_id not in [company["id"] for company in offer.get("companies", [])]:
        raise Refused("company_unknown", "This company can't be chosen any more. Connect again.")
    if connection.is_active and connection.company_id != company_id:
        raise Refused("other_company", "Disconnect first, then connect the other company.")
    _adopt(connection, _thaw(offer["tokens"]), company_id, now=now)


def read_company(connection: Connection, *, now: dt.datetime) -> port.Company:
    """Read the company's facts anew and keep them on the row."""
    from . import calling  # noqa: PLC0415 - it asks us for tokens

    company: port.Company = calling.ask(connection, "company", urgent=True, now=now)
    facts = {
        "company_name": company.name[:200],
        "company_url": company.url[:300],
        "country": company.country[:80],
        "currency": company.currency[:3],
        "facts": dict(company.facts),
        "takes_numbers": company.takes_numbers,
        "takes_time": company.takes_time,
        "closed_through": company.closed_through,
        "tax_modes": [mode.value for mode in company.tax_modes],
    }
    _update(connection, **facts)
    if connection.tax_mode not in company.tax_modes:
        _update(connection, tax_mode=company.tax_modes[0].value)
    return company


def _again(connection: Connection, consent: Consent) -> Connection:
    """The browser asked twice. The first request may still be at work."""
    if consent.used_at is None:
        raise Refused("consent_expired", "The sign-in took more than ten minutes. Begin again.")
    end = time.monotonic() + WAIT
    while not connection.sealed or connection.lost_at:
        if time.monotonic() > end:
            raise Refused("consent_used", "This sign-in was used already. Begin again.")
        time.sleep(POLL)
        connection.refresh_from_db(fields=SECRET_FIELDS)
    connection.refresh_from_db()
    return connection


def _exchange(
    answer: Mapping[str, str], *, provider: str, redirect_uri: str
) -> tuple[port.Tokens, list[port.Company]]:
    _outside_transactions()
    try:
        return registry.get(provider).exchange(answer, redirect_uri=redirect_uri)
    except (port.Rejected, port.Unauthorized) as error:
        raise Refused("consent_refused", error.message) from None
    except port.ProviderError:
        name = registry.name(provider)
        raise Refused("provider_unavailable", f"{name} did not answer. Begin again.") from None


def _settle(
    connection: Connection, tokens: port.Tokens, companies: list[port.Company], *, now: dt.datetime
) -> None:
    """Adopt the company if there is no question which, else offer them."""
    ids = [company.id for company in companies]
    if connection.company_id in ids:
        return _adopt(connection, tokens, connection.company_id, now=now)
    if len(ids) == 1 and not connection.company_id:
        return _adopt(connection, tokens, ids[0], now=now)
    if not ids:
        raise Refused("no_company", "The consent opened no company. Begin again and choose one.")
    if connection.is_active:
        _end_quietly(connection.provider, tokens, ids[0])
        raise Refused(
            "other_company",
            f"You signed in to another company than {connection.company_name}. Begin again and "
            "choose that one; to change the company, disconnect first.",
        )
    named = [_name(connection, company, tokens) for company in companies]
    offer = {"tokens": _freeze(tokens), "companies": named}
    connection.keep({**connection.reveal(), "offer": offer})
    _update(connection, sealed=connection.sealed)
    return None


def _name(connection: Connection, company: port.Company, tokens: port.Tokens) -> dict[str, str]:
    """An offer says what the company is called, even when the consent did not."""
    name = company.name
    if not name:
        try:
            session = port.Session(company.id, tokens.access)
            name = registry.get(connection.provider).company(session).name
        except port.ProviderError:
            name = company.id
    return {"id": company.id, "name": name}


def _adopt(
    connection: Connection, tokens: port.Tokens, company_id: str, *, now: dt.datetime
) -> None:
    """Tokens and company belong together and are saved together."""
    connection.keep(_freeze(tokens))
    _update(
        connection,
        sealed=connection.sealed,
        company_id=company_id,
        generation=F("generation") + 1,
        refresh_owner="",
        refresh_until=None,
        access_expires_at=tokens.access_expires_at,
        refresh_expires_at=tokens.refresh_expires_at,
        lost_at=None,
        lost_reason="",
        held_until=None,
        held_reason="",
    )
    try:
        read_company(connection, now=now)
    except port.ProviderError as error:  # the next refresh of the lists reads it
        log.warning("Company of connection %s not read: %s", connection.pk, error.message)


# Sessions -----------------------------------------------------------------------------------------


def session(
    connection: Connection, *, now: dt.datetime, refused: int | None = None
) -> port.Session:
    """What a call needs, with a token that lives for a minute at least. `refused` is the generation
    whose token the provider would not take: it is renewed whatever its age.

    `Unauthorized(final=True)` when only a new consent helps; the connection is marked as lost then.
    `Unavailable` when the provider can't be asked for a token now.
    """
    began = time.monotonic()
    while True:
        connection.refresh_from_db(fields=SECRET_FIELDS)
        waited = time.monotonic() - began
        moment = now + dt.timedelta(seconds=waited)
        _check_live(connection)
        expires = connection.access_expires_at
        usable = bool(expires and expires > moment) and connection.generation != refused
        if usable and expires and expires > moment + MARGIN:
            return _session(connection)
        owner = _lease(connection, now=moment)
        if owner:
            _renew(connection, owner, now=moment)
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
    """Note that the provider no longer lets us in. False when that is known already, or when the
    token of this generation was replaced meanwhile.
    """
    rows = Connection.objects.filter(pk=connection.pk, lost_at=None)
    if generation is not None:
        rows = rows.filter(generation=generation)
    lost = rows.update(lost_at=now, lost_reason=reason[:300], refresh_owner="", refresh_until=None)
    connection.refresh_from_db(fields=SECRET_FIELDS)
    return bool(lost)


def _check_live(connection: Connection) -> None:
    if connection.state not in (Connection.State.DRAFT, Connection.State.ACTIVE):
        raise port.Unauthorized("This connection was ended.", final=True, code="ended")
    if connection.lost_at:
        raise port.Unauthorized(connection.lost_reason, final=True, code="lost")
    if not connection.sealed or not connection.generation:
        raise port.Unauthorized("Nobody has connected yet.", final=True, code="not_connected")


def _session(connection: Connection) -> port.Session:
    secret = _reveal(connection)
    row = Connection.objects.values_list("company_id", "facts").get(pk=connection.pk)
    return port.Session(company_id=row[0], access=secret["access"], facts=row[1])


def _lease(connection: Connection, *, now: dt.datetime) -> str:
    """The right to refresh this very token, or "". Like every request, outside of transactions."""
    _outside_transactions()
    owner = leases.me()
    free = Q(refresh_owner="") | Q(refresh_until__isnull=True) | Q(refresh_until__lt=now)
    rows = Connection.objects.filter(
        free, pk=connection.pk, generation=connection.generation, lost_at=None
    )
    return owner if rows.update(refresh_owner=owner, refresh_until=now + LEASE) else ""


def _renew(connection: Connection, owner: str, *, now: dt.datetime) -> None:
    """Get a new token and save it before anything else. If it was replaced meanwhile, whoever did
    that has the newer one.
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
    previous = _reveal(connection)["refresh"]
    connection.keep({**_freeze(tokens), "previous": previous})
    Connection.objects.filter(pk=connection.pk, generation=connection.generation).update(
        sealed=connection.sealed,
        generation=F("generation") + 1,
        access_expires_at=tokens.access_expires_at,
        refresh_expires_at=tokens.refresh_expires_at,
        refresh_owner="",
        refresh_until=None,
    )


def _refreshed(connection: Connection) -> port.Tokens:
    """By the token that we have; by the one before it when that is said to be dead."""
    provider = registry.get(connection.provider)
    secret = _reveal(connection)
    try:
        return provider.refresh(_thaw(secret))
    except port.Unauthorized:
        if not secret.get("previous"):
            raise
        return provider.refresh(_thaw({**secret, "refresh": secret["previous"]}))


# The end ------------------------------------------------------------------------------------------


def detach(connection: Connection) -> port.Tokens | None:
    """Take the tokens off the row, for whoever ends the connection in a transaction; afterwards
    `revoke` them.
    """
    secret = connection.reveal() if connection.sealed else {}
    held = secret if "refresh" in secret else secret.get("offer", {}).get("tokens")
    connection.keep({})
    _update(
        connection,
        sealed="",
        refresh_owner="",
        refresh_until=None,
        access_expires_at=None,
        refresh_expires_at=None,
    )
    return _thaw(held) if held else None


def revoke(connection: Connection, tokens: port.Tokens | None) -> bool:
    """End our access at the provider as well. False when that could not be done: then it ends there
    by itself, or by hand. Another connection to the same company keeps its access.
    """
    others = Connection.objects.live().exclude(pk=connection.pk)
    same = others.filter(provider=connection.provider, company_id=connection.company_id)
    if tokens is None or same.exists():
        return True
    return _end_quietly(connection.provider, tokens, connection.company_id)


def _end_quietly(provider: str, tokens: port.Tokens, company_id: str) -> bool:
    _outside_transactions()
    try:
        registry.get(provider).revoke(tokens, company_id=company_id)
    except port.ProviderError as error:
        log.warning("Access to company %s was not revoked: %s", company_id, error.message)
        return False
    return True


# Helpers ------------------------------------------------------------------------------------------


def _outside_transactions() -> None:
    with transaction.atomic(durable=True):
        """Raises inside of another one."""


def _update(connection: Connection, **fields: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**fields)
    connection.refresh_from_db(fields=list(fields))


def _reveal(connection: Connection) -> dict[str, Any]:
    try:
        return connection.reveal()
    except Unreadable as error:
        raise port.Unavailable(
            f"{error} Whoever runs this installation must put the key back.", code="keys"
        ) from None


def _freeze(tokens: port.Tokens) -> dict[str, Any]:
    expires = tokens.refresh_expires_at
    return {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "access_expires_at": tokens.access_expires_at.isoformat(),
        "refresh_expires_at": expires.isoformat() if expires else None,
    }


def _thaw(secret: Mapping[str, Any]) -> port.Tokens:
    expires = secret["refresh_expires_at"]
    return port.Tokens(
        access=secret["access"],
        refresh=secret["refresh"],
        access_expires_at=dt.datetime.fromisoformat(secret["access_expires_at"]),
        refresh_expires_at=dt.datetime.fromisoformat(expires) if expires else None,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
