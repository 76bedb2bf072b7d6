"""Consent: how a connection gets its tokens. The rest of their life is in `access`, whose verbs are
to be had here too. Nothing else touches a secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
import time
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import access, calling, connected
from .access import detach, lose, revoke, session
from .models import Connection, Consent
from .providers import port, registry
from .secrets import Unreadable

__all__ = [
    "begin", "choices", "choose", "detach", "finish", "lose", "read_company", "revoke", "session",
]  # fmt: skip

log = logging.getLogger(__name__)

CONSENT_LIFE = dt.timedelta(minutes=10)


def begin(
    connection: Connection, *, by: User, session_key: str, redirect_uri: str, now: dt.datetime
) -> str:
    """Where to send the browser. It must come back within ten minutes, with the same session."""
    if not settings.TOKEN_KEYS:
        raise Refused(
            "no_token_keys",
            "This installation has no key to keep the access safe. Whoever runs it must set "
            "TOKEN_KEYS.",
        )
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
    consent = mine.select_related("connection").first()
    if consent is None:
        raise Refused(
            "consent_unknown", "This sign-in was not begun here, or by somebody else. Begin again."
        )
    connection = consent.connection
    if not _use(consent, now=now):
        return _again(connection, consent)
    if connection.state not in access.LIVE:
        raise _ended()
    tokens, companies = _exchange(connection, answer, redirect_uri=redirect_uri)
    _settle(connection, tokens, companies, now=now)
    return connection


def choices(connection: Connection) -> list[dict[str, str]]:
    """The companies to choose from, as {"id", "name"}; empty when nothing is to be chosen."""
    try:
        secret = connection.reveal()
    except Unreadable:  # then a new consent is needed anyway
        return []
    found: list[dict[str, str]] = secret.get("offer", {}).get("companies", [])
    return found


def choose(connection: Connection, company_id: str, *, now: dt.datetime) -> None:
    """Take one of the companies that the last consent opened."""
    offer = connection.reveal().get("offer", {})
    one = connected.words(connection).company
    if company_id not in [company["id"] for company in offer.get("companies", [])]:
        raise Refused("company_unknown", f"This {one} can't be chosen any more. Connect again.")
    if connection.is_active and connection.company_id != company_id:
        raise Refused("other_company", f"Disconnect first, then connect the other {one}.")
    _adopt(connection, access.thaw(offer["tokens"]), company_id, now=now)


def read_company(connection: Connection, *, urgent: bool = True, now: dt.datetime) -> port.Company:
    """Read the company's facts anew and keep them on the row."""
    company: port.Company = calling.ask(connection, "company", urgent=urgent, now=now)
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
    if connection.is_draft and not connection.untaxed_id:
        facts["untaxed_id"] = _untaxed(connection, company)
    access.update(connection, **facts)
    if connection.tax_mode not in company.tax_modes:
        access.update(connection, tax_mode=company.tax_modes[0].value)
    return company


def _untaxed(connection: Connection, company: port.Company) -> str:
    """What is chosen for lines without tax until somebody chooses: as it was for the same company
    before, else what the company has for them.
    """
    earlier = Connection.objects.filter(
        provider=connection.provider, company_id=company.id, state=Connection.State.CLOSED
    ).order_by("-id")
    before: str = earlier.values_list("untaxed_id", flat=True).first() or ""
    return before or company.untaxed_id


def _use(consent: Consent, *, now: dt.datetime) -> bool:
    """True for the first within time, and for nobody else."""
    unused = Consent.objects.filter(pk=consent.pk, used_at=None, created_at__gt=now - CONSENT_LIFE)
    used = bool(unused.update(used_at=now))
    consent.refresh_from_db(fields=["used_at"])
    return used


def _again(connection: Connection, consent: Consent) -> Connection:
    """The browser asked twice. The first request may still be at work."""
    if consent.used_at is None:
        raise Refused("consent_expired", "The sign-in took more than ten minutes. Begin again.")
    end = time.monotonic() + access.WAIT
    while not connection.sealed or connection.lost_at:
        if time.monotonic() > end:
            raise Refused("consent_used", "This sign-in was used already. Begin again.")
        time.sleep(access.POLL)
        connection.refresh_from_db(fields=access.FIELDS)
    connection.refresh_from_db()
    return connection


def _exchange(
    connection: Connection, answer: Mapping[str, str], *, redirect_uri: str
) -> tuple[port.Tokens, list[port.Company]]:
    access.outside_transactions()
    try:
        return registry.get(connection.provider).exchange(answer, redirect_uri=redirect_uri)
    except (port.Rejected, port.Unauthorized) as error:
        if isinstance(error, port.Insufficient):
            _give_back(connection, error.tokens, error.companies)
        raise Refused("consent_refused", error.message) from None
    except port.ProviderError:
        name = registry.name(connection.provider)
        raise Refused("provider_unavailable", f"{name} did not answer. Begin again.") from None


def _give_back(
    connection: Connection, tokens: port.Tokens, companies: Sequence[port.Company]
) -> None:
    """What a consent opened that is of no use. The company that the connection is at stays open."""
    for company in companies:
        if company.id != connection.company_id:
            access.revoke(connection, tokens, company_id=company.id)


def _settle(
    connection: Connection, tokens: port.Tokens, companies: list[port.Company], *, now: dt.datetime
) -> None:
    """Adopt the company if there is no question which, else offer them: whoever sets up may have
    come back for another one.
    """
    ids = [company.id for company in companies]
    one = connected.words(connection).company
    if connection.company_id in ids and (connection.is_active or len(ids) == 1):
        return _adopt(connection, tokens, connection.company_id, now=now)
    if len(ids) == 1 and not connection.company_id:
        return _adopt(connection, tokens, ids[0], now=now)
    if not ids:
        access.end_quietly(connection.provider, tokens, "")
        raise Refused("no_company", f"The consent opened no {one}. Begin again and choose one.")
    if connection.is_active:
        for id in ids:
            access.end_quietly(connection.provider, tokens, id)
        raise Refused(
            "other_company",
            f"You signed in to another {one} than {connection.company_name}. Begin again and "
            f"choose that one; to change the {one}, disconnect first.",
        )
    named = [_name(connection, company, tokens) for company in companies]
    offer = {"tokens": access.freeze(tokens), "companies": named}
    with transaction.atomic(durable=True):  # a refresh may save at the same time
        row = _held(connection)
        if row:
            row.keep({**row.reveal(), "offer": offer})
            access.update(row, sealed=row.sealed)
    connection.refresh_from_db()
    if row is None:
        _give_back(connection, tokens, companies)
        raise _ended()
    return None


def _held(connection: Connection) -> Connection | None:
    """The row, held until the transaction ends; none when the connection was ended meanwhile."""
    rows = Connection.objects.live().select_for_update(no_key=True)
    return rows.filter(pk=connection.pk).first()


def _ended() -> Refused:
    return Refused("connection_ended", "This set-up was ended meanwhile. Begin a new one.")


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
    with transaction.atomic(durable=True):
        live = _held(connection) is not None
        if live:
            access.put(
                connection,
                access.freeze(tokens),
                tokens,
                company_id=company_id,
                lost_at=None,
                lost_reason="",
                held_until=None,
                held_reason="",
            )
    if not live:
        access.revoke(connection, tokens, company_id=company_id)
        raise _ended()
    try:
        read_company(connection, now=now)
    except port.ProviderError as error:  # the next refresh of the lists reads it
        log.warning("Company of connection %s not read: %s", connection.pk, error.message)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
