"""Canaries: what must never be read anywhere is looked for everywhere."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

from accounting import calling, connecting
from accounting.models import Connection
from accounting.providers import port, registry
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.masking import MaskingFormatter, mask

from .making import connect, draft, expire
from .providers.backends import REDIRECT

pytestmark = pytest.mark.django_db

BROWSER = "canary-session-key"


def everything_stored():
    """All text in the tables of accounting."""
    found = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            if table.startswith("accounting_"):
                cursor.execute(f'SELECT * FROM "{table}"')
                found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def live_secrets(qbo):
    oauth = qbo.sim.app.oauth
    tokens = {value for grant in oauth.grants for value in [grant.refresh, *grant.access]}
    tokens |= {value for grant in oauth.grants for value in grant.superseded}
    return {*tokens, *oauth.codes, qbo.sim.client_secret, "canary-webhook-token"}


def walk(qbo, owner):
    """A connection's life with everything that goes wrong; what was said about it."""
    said = []
    connection = draft(owner)
    begin = {"session_key": BROWSER, "redirect_uri": REDIRECT, "now": timezone.now()}
    answer = qbo.consent(connecting.begin(connection, by=owner, **begin))
    connecting.finish(answer, provider="qbo", by=owner, **begin)
    try:
        connecting.finish({**answer, "state": "x"}, provider="qbo", by=owner, **begin)
    except Refused as error:
        said.append(repr(error))
    connection.refresh_from_db()
    qbo.sim.switch(refresh_rotation="always")
    for fault in ("drop_request", "lose_answer", "truncate_answer", "server_error", ""):
        if fault:
            qbo.sim.arm(fault, on="token")
        expire(connection)
        try:
            calling.ask(connection, "records", Kind.ITEM, now=timezone.now())
        except port.ProviderError as error:
            said += [repr(error), str(error), str(vars(error))]
    said += [repr(connection), str(vars(connection)), repr(registry.get("qbo"))]
    return answer, said


def test_tokens_codes_and_states_are_in_no_log_error_or_row(qbo, owner, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests_oauthlib", "oauthlib", "intuitlib", "accounting"):
        logging.getLogger(name).debug("listening")
    answer, said = walk(qbo, owner)
    secrets = {*live_secrets(qbo), answer["code"], answer["state"], BROWSER}
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "urllib3" in logged
    for secret in secrets:
        assert secret not in logged
        assert secret not in "\n".join(said)
        assert secret not in everything_stored()
    assert len(secrets) > 6


def test_the_loggers_of_the_libraries_stay_quiet(qbo):
    registry.get("qbo")
    for name in ("requests_oauthlib", "oauthlib", "intuitlib"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize(
    "line",
    [
        "GET /accounting/callback?code=SIMCODEabcdefghijklmnop&realmId=1 200",
        "GET /accounting/callback?realmId=1&state=abcdefghijklmnopqrstuvwxyz HTTP/1.1",
        "{'Authorization': 'Bearer eyJhbGciOi.abcdef.ghijkl'}",
        "Authorization: Basic QUJDREVGR0hJSktMTU5PUA==",
        '{"access_token": "abcdefghijklmnopqr", "expires_in": 3600}',
        "refresh_token=abcdefghijklmnopqrst&grant_type=refresh_token",
        "client_secret = abcdefghijklmnopqrst",
        "row gAAAAABlabcdefghijklmnopqrstuvwxyz0123456789==",
    ],
)
def test_a_log_line_loses_its_secrets_and_nothing_else(line):
    masked = mask(line)
    for secret in ("SIMCODE", "abcdef", "eyJhb", "QUJD", "ghijkl"):
        assert secret not in masked
    for kept in ("realmId=1", "expires_in", "grant_type", "HTTP/1.1"):
        assert (kept in masked) == (kept in line)


@pytest.mark.parametrize("line", ["code=6140 found", "state=draft", "Bearer of news", "token: 7"])
def test_ordinary_lines_are_left_alone(line):
    assert mask(line) == line


def test_tracebacks_are_masked_too(settings):
    try:
        raise ValueError("Bearer abcdefghijklmnopqrstuvwxyz")
    except ValueError as error:
        problem = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "x", logging.ERROR, "", 0, "Failed %s", ("code=" + "z" * 30,), problem
    )
    text = MaskingFormatter().format(record)
    assert "abcdefgh" not in text
    assert "zzzz" not in text
    assert "ValueError" in text
    formatter = settings.LOGGING["formatters"]["line"]["()"]
    assert formatter == "atera_invoicing.masking.MaskingFormatter"


# Keys ---------------------------------------------------------------------------------------------


def test_keys_are_rotated_by_command(qbo, owner, settings, capsys):
    connection = connect(qbo, by=owner)
    old = settings.TOKEN_KEYS
    before = Connection.objects.get().sealed
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_token_keys")
    assert "1 connection(s)" in capsys.readouterr().out
    assert Connection.objects.get().sealed != before
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]  # the old one is gone
    assert connecting.session(connection, now=timezone.now())


def test_rotation_names_what_it_can_not_read(qbo, owner, settings):
    connection = connect(qbo, by=owner)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=str(connection.pk)):
        call_command("rotate_token_keys")


def test_without_a_key_nobody_is_sent_to_the_provider(qbo, owner, settings):
    settings.TOKEN_KEYS = []
    with pytest.raises(Refused) as refused:
        connecting.begin(
            draft(owner), by=owner, session_key=BROWSER, redirect_uri=REDIRECT, now=timezone.now()
        )
    assert refused.value.code == "no_token_keys"


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"environment": "production", "api": ""}, True),
        ({"environment": "sandbox", "api": ""}, True),
        ({"environment": "production", "api": "http://elsewhere.example"}, False),
        ({"environment": "http://127.0.0.1:1/discovery", "api": ""}, False),
        ({"environment": "http://127.0.0.1:1/discovery", "api": "http://127.0.0.1:1/qbo"}, True),
    ],
)
def test_real_tokens_go_over_https_only(qbo, settings, changes, fits):
    settings.QBO = {**settings.QBO, **changes}
    if fits:
        assert registry.get("qbo").name == "QuickBooks Online"
    else:
        with pytest.raises(ValueError):
            registry.get("qbo")
