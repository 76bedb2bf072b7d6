"""Canaries: what must never be read anywhere is looked for everywhere."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

from accounting import calling, connecting, webhooks
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


def all_secrets(backend, answer):
    """Of the other end, of the way there and back, and of PKCE."""
    sent = b"&".join(each.request_body for each in backend.exchanges()).decode()
    verifiers = parse_qs(sent).get("code_verifier", [])
    return {*backend.secrets(), answer["code"], answer["state"], *verifiers}


def walk(backend, owner):
    """A connection's life with everything that goes wrong; what was said about it."""
    said = []
    connection = draft(owner, provider=backend.key)
    begin = {"session_key": BROWSER, "redirect_uri": REDIRECT, "now": timezone.now()}
    answer = backend.consent(connecting.begin(connection, by=owner, **begin))
    connecting.finish(answer, provider=backend.key, by=owner, **begin)
    try:
        connecting.finish({**answer, "state": "x"}, provider=backend.key, by=owner, **begin)
    except Refused as error:
        said.append(repr(error))
    connection.refresh_from_db()
    backend.rotate(grace=True)
    for fault in ("drop_request", "lose_answer", "truncate_answer", "server_error", ""):
        if fault:
            backend.sim.arm(fault, on="token")
        expire(connection)
        try:
            calling.ask(connection, "records", Kind.ITEM, now=timezone.now())
        except port.ProviderError as error:
            said += [repr(error), str(error), str(vars(error))]
    try:
        webhooks.receive(backend.key, b"{}", {}, now=timezone.now())
    except port.Unauthorized as error:
        said += [repr(error), str(error), str(vars(error))]
    said += [repr(connection), str(vars(connection)), repr(backend.provider)]
    return answer, said


def test_tokens_codes_and_states_are_in_no_log_error_or_row(backend, owner, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests_oauthlib", "oauthlib", "intuitlib", "accounting"):
        logging.getLogger(name).debug("listening")
    answer, said = walk(backend, owner)
    secrets = {*all_secrets(backend, answer), BROWSER}
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "urllib3" in logged
    for secret in secrets:
        assert secret not in logged
        assert secret not in "\n".join(said)
        assert secret not in everything_stored()
    assert len(secrets) > 6


PAGES = (
    "", "setup/connect/", "setup/customers/", "setup/items/",
    "setup/taxes-and-accounts/", "setup/history/", "setup/review/",
)  # fmt: skip


def test_tokens_codes_and_states_are_on_no_page_and_in_no_answer_of_rest(
    backend, owner, client_as, api_as
):
    answer, _ = walk(backend, owner)
    (connection,) = Connection.objects.all()
    pages, api = client_as("owner"), api_as("owner")
    Connection.objects.update(held_by=pages.session["_auth_user_id"])
    url = "/api/v1/accounting/connections/"
    shown = [pages.get(f"/accounting/{page}") for page in PAGES]
    told = [
        api.get(url),
        api.get(f"{url}{connection.pk}/"),
        api.get(f"{url}{connection.pk}/companies/"),
    ]
    assert [each.status_code for each in shown] == [200] * len(PAGES)
    assert {each.status_code for each in told} == {200}
    text = "".join(each.text + str(each.headers) for each in [*shown, *told])
    assert "Connect" in text
    for secret in all_secrets(backend, answer):
        assert secret not in text


@pytest.mark.parametrize("running", ["qbo"], indirect=True)  # we use none of Xero's
def test_the_loggers_of_the_libraries_stay_quiet(backend):
    registry.get(backend.key)
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


def test_keys_are_rotated_by_command(backend, owner, settings, capsys):
    connection = connect(backend, by=owner)
    old = settings.TOKEN_KEYS
    before = Connection.objects.get().sealed
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_token_keys")
    assert "1 connection(s)" in capsys.readouterr().out
    assert Connection.objects.get().sealed != before
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]  # the old one is gone
    assert connecting.session(connection, now=timezone.now())


def test_rotation_names_what_it_can_not_read(backend, owner, settings):
    connection = connect(backend, by=owner)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=str(connection.pk)):
        call_command("rotate_token_keys")


def test_without_a_key_nobody_is_sent_to_the_provider(backend, owner, settings):
    settings.TOKEN_KEYS = []
    with pytest.raises(Refused) as refused:
        connecting.begin(
            draft(owner, provider=backend.key),
            by=owner,
            session_key=BROWSER,
            redirect_uri=REDIRECT,
            now=timezone.now(),
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
def test_real_tokens_go_over_https_only(settings, changes, fits):
    settings.QBO = {**settings.QBO, **changes}
    if fits:
        assert registry.get("qbo").name == "QuickBooks Online"
    else:
        with pytest.raises(ValueError):
            registry.get("qbo")
