"""Connecting, with the real intuit-oauth."""

from __future__ import annotations

import threading

import pytest
import requests
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from . import sdk


@pytest.fixture
def auth(qbo):
    return sdk.auth_client(qbo)


@pytest.fixture
def connected(qbo, auth):
    """A client that went through consent and holds tokens."""
    told = sdk.consent(qbo, auth)
    auth.get_bearer_token(told["code"], told["realmId"])
    return auth


def denied(call, *arguments, **named):
    with pytest.raises(AuthClientError) as caught:
        call(*arguments, **named)
    return caught.value.status_code, caught.value.content


def works(qbo, token, realm=""):
    answer = requests.get(
        f"{qbo.api_url}/company/{realm or qbo.realm}/companyinfo/1",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=5,
    )
    return answer.status_code == 200


def test_the_discovery_document_leads_to_this_server(qbo, auth):
    """O01"""
    assert auth.auth_endpoint == qbo.authorize_url
    assert auth.token_endpoint == qbo.token_url
    assert auth.revoke_endpoint == qbo.revoke_url
    document = requests.get(qbo.discovery_url + "/", timeout=5).json()
    assert document["response_types_supported"] == ["code"]
    assert all(address.startswith(qbo.app.base_url) for address in (
        document["issuer"], document["jwks_uri"], document["userinfo_endpoint"],
    ))  # fmt: skip


def test_discovery_has_the_keys_of_intuits_own(qbo, reference_data):
    import json

    sample = (reference_data / "oauth" / "discovery.json").read_text("utf-8-sig")
    assert requests.get(qbo.discovery_url, timeout=5).json().keys() == json.loads(sample).keys()


def test_consent_shows_the_companies_and_leads_back_with_a_code(qbo, auth):
    """O02"""
    second = qbo.add_company("uk")
    page = requests.get(auth.get_authorization_url([Scopes.ACCOUNTING]), timeout=5)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "Northwind IT" in page.text
    assert "Thames Valley Support" in page.text
    told = sdk.consent(qbo, auth, realm=second)
    assert told["realmId"] == second
    assert told["state"] == "a-state"
    assert 0 < len(told["code"]) <= 512


def test_consent_can_be_given_without_asking(qbo, auth):
    qbo.switch(consent="grant")
    page = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s")
    answer = requests.get(page, allow_redirects=False, timeout=5)
    assert "code=" in answer.headers["Location"]
    qbo.switch(consent="deny")
    answer = requests.get(page, allow_redirects=False, timeout=5)
    assert "error=access_denied" in answer.headers["Location"]


def test_a_refusal_leads_back_with_the_reason(qbo, auth):
    """O03"""
    assert sdk.consent(qbo, auth, realm=None) == {"error": "access_denied", "state": "a-state"}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"client_id": "somebody"}, 400),
        ({"redirect_uri": sdk.CALLBACK + "/"}, 400),
        ({"state": ""}, 400),
        ({"scope": "openid com.intuit.quickbooks.accounting"}, 501),
    ],
)
def test_a_wrong_request_is_told_to_the_person_and_leads_nowhere(qbo, wrong, status):
    """O02"""
    asked = {
        "client_id": qbo.client_id, "redirect_uri": sdk.CALLBACK, "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting", "state": "s", **wrong,
    }  # fmt: skip
    answer = requests.get(qbo.authorize_url, params=asked, allow_redirects=False, timeout=5)
    assert answer.status_code == status
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scope": "com.intuit.everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_bad_wish_is_told_to_the_app(qbo, wrong, error):
    """O02"""
    asked = {
        "client_id": qbo.client_id, "redirect_uri": sdk.CALLBACK, "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting", "state": "s", **wrong,
    }  # fmt: skip
    answer = requests.get(qbo.authorize_url, params=asked, allow_redirects=False, timeout=5)
    assert f"error={error}" in answer.headers["Location"]


def test_a_code_brings_tokens_of_the_known_shape(qbo, connected):
    assert connected.expires_in == 3600
    assert connected.x_refresh_token_expires_in == 8_726_400
    assert works(qbo, connected.access_token)


def test_the_token_answer_has_only_known_fields(qbo, auth):
    told = sdk.consent(qbo, auth)
    form = {"grant_type": "authorization_code", "code": told["code"], "redirect_uri": sdk.CALLBACK}
    keys = (qbo.client_id, qbo.client_secret)
    answer = requests.post(qbo.token_url, form, auth=keys, timeout=5)
    assert sorted(answer.json()) == [
        "access_token", "expires_in", "refresh_token", "token_type", "x_refresh_token_expires_in",
    ]  # fmt: skip


def test_a_wrong_secret_is_no_client(qbo, connected):
    """O04"""
    connected.client_secret = "guessed"
    status, body = denied(connected.refresh)
    assert (status, body) == (401, b'{"error":"invalid_client"}')


@pytest.mark.parametrize("header", ["", "Basic !!!", "Bearer abc", "Basic c29tZWJvZHk="])
def test_the_token_endpoint_needs_basic(qbo, header):
    """O04"""
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = requests.post(qbo.token_url, form, headers={"Authorization": header}, timeout=5)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "nothing"}, "invalid_grant"),
    ],
)
def test_nonsense_at_the_token_endpoint_is_refused(qbo, form, error):
    keys = (qbo.client_id, qbo.client_secret)
    answer = requests.post(qbo.token_url, form, auth=keys, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert requests.get(qbo.token_url, auth=keys, timeout=5).status_code == 405


def test_a_code_works_once(qbo, auth, connected):
    """O05"""
    told = sdk.consent(qbo, auth)
    auth.get_bearer_token(told["code"])
    status, body = denied(auth.get_bearer_token, told["code"])
    assert status == 400
    assert b"invalid_grant" in body
    assert works(qbo, auth.access_token)


def test_a_code_used_twice_may_kill_what_it_brought(qbo, auth):
    """O05"""
    qbo.switch(code_reuse_revokes=True)
    told = sdk.consent(qbo, auth)
    auth.get_bearer_token(told["code"])
    denied(auth.get_bearer_token, told["code"])
    assert not works(qbo, auth.access_token)


def test_a_code_dies_after_ten_minutes(sims, qbo, auth):
    """O05"""
    told = sdk.consent(qbo, auth)
    sims.clock.move(minutes=10)
    assert denied(auth.get_bearer_token, told["code"])[0] == 400


def test_a_code_is_bound_to_its_address_and_its_app(qbo, auth):
    """O05"""
    told = sdk.consent(qbo, auth)
    auth.redirect_uri = "http://localhost:8000/elsewhere"
    assert denied(auth.get_bearer_token, told["code"])[0] == 400
    auth.redirect_uri = sdk.CALLBACK
    other = qbo.register([sdk.CALLBACK])
    auth.client_id, auth.client_secret = other["client_id"], other["client_secret"]
    assert denied(auth.get_bearer_token, told["code"])[0] == 400


def test_an_access_token_lives_an_hour(sims, qbo, connected):
    """O06"""
    sims.clock.move(seconds=3590)
    assert works(qbo, connected.access_token)
    sims.clock.move(seconds=11)
    assert not works(qbo, connected.access_token)


def test_a_refresh_keeps_the_refresh_token_for_a_day(sims, qbo, connected):
    """O07"""
    first, access = connected.refresh_token, connected.access_token
    sims.clock.move(hours=23)
    connected.refresh()
    assert connected.refresh_token == first
    assert connected.access_token != access
    sims.clock.move(hours=2)
    connected.refresh()
    assert connected.refresh_token != first
    assert works(qbo, connected.access_token)


def test_a_refresh_may_rotate_each_time(qbo, connected):
    """O07"""
    qbo.switch(refresh_rotation="always")
    first = connected.refresh_token
    connected.refresh()
    assert connected.refresh_token != first


@pytest.mark.parametrize(("grace", "alive"), [(0, False), (24, True)])
def test_a_superseded_token_lives_as_long_as_its_grace(sims, qbo, connected, grace, alive):
    """O08"""
    qbo.switch(refresh_rotation="always", refresh_grace_hours=grace)
    old = connected.refresh_token
    connected.refresh()
    if alive:
        connected.refresh(refresh_token=old)
        sims.clock.move(hours=25)
    assert denied(connected.refresh, refresh_token=old)[0] == 400


def test_reuse_of_a_dead_token_may_end_the_connection(qbo, connected):
    """O08"""
    qbo.switch(refresh_rotation="always", refresh_reuse_revokes=True)
    old = connected.refresh_token
    connected.refresh()
    denied(connected.refresh, refresh_token=old)
    assert denied(connected.refresh)[0] == 400


def test_a_connection_that_is_not_used_dies_after_101_days(sims, connected):
    """O09"""
    sims.clock.move(days=100)
    connected.refresh()
    sims.clock.move(days=101)
    status, body = denied(connected.refresh)
    assert status == 400
    assert b"Incorrect or invalid refresh token" in body


def test_no_connection_outlives_five_years(sims, qbo, auth):
    """O10"""
    auth.headers["x-include-refresh-token-hard-expires-in"] = "true"
    auth.get_bearer_token(sdk.consent(qbo, auth)["code"])
    assert auth.x_refresh_token_hard_expires_in == 5 * 365 * 86_400
    for _ in range(18):
        sims.clock.move(days=100)
        auth.refresh()
    assert auth.x_refresh_token_hard_expires_in < 26 * 86_400
    sims.clock.move(days=26)
    assert denied(auth.refresh)[0] == 400


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_revoking_ends_the_connection(qbo, connected, name):
    """O11"""
    assert connected.revoke(getattr(connected, name))
    assert denied(connected.refresh)[0] == 400
    assert not works(qbo, connected.access_token)
    assert denied(connected.revoke)[0] == 400


def test_revoking_takes_a_form_too(qbo, connected):
    """O11"""
    keys = (qbo.client_id, qbo.client_secret)
    answer = requests.post(qbo.revoke_url, {"token": connected.refresh_token}, auth=keys, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert not works(qbo, connected.access_token)
    assert requests.post(qbo.revoke_url, "[]", auth=keys, timeout=5).status_code == 400


def test_a_person_disconnects_without_a_word(qbo, connected):
    """O12"""
    qbo.as_person.disconnect()
    assert not works(qbo, connected.access_token)
    assert denied(connected.refresh)[0] == 400


def test_a_token_of_one_company_is_nothing_in_another(qbo, connected):
    """O13"""
    other = qbo.add_company("us")
    answer = requests.get(
        f"{qbo.api_url}/company/{other}/companyinfo/1",
        headers={
            "Authorization": f"Bearer {connected.access_token}", "Accept": "application/json",
        },
        timeout=5,
    )  # fmt: skip
    assert answer.status_code == 403
    assert answer.json()["fault"]["error"][0]["code"] == "3100"


def test_a_token_for_payments_only_is_no_use_for_accounting(qbo, auth):
    """O13"""
    told = sdk.consent(qbo, auth, scopes=(Scopes.PAYMENT,))
    auth.get_bearer_token(told["code"])
    assert not works(qbo, auth.access_token)


def test_of_two_refreshes_at_once_the_second_may_lose(sims, qbo, connected):
    """O14"""
    qbo.switch(concurrent_refresh="refuse")
    sims.clock.freeze()
    qbo.arm("slow_commit", on="token", seconds=60)
    first = threading.Thread(target=connected.refresh)
    first.start()
    while not qbo.app.oauth.refreshing:
        pass
    other = sdk.auth_client(qbo, refresh_token=connected.refresh_token)
    assert denied(other.refresh)[0] == 400
    sims.clock.move(seconds=60)
    first.join(5)
    assert works(qbo, connected.access_token)


def test_secrets_are_new_each_time_and_in_no_log(sims, qbo, auth):
    """O15"""
    code = sdk.consent(qbo, auth)["code"]
    auth.get_bearer_token(code)
    auth.refresh()
    assert works(qbo, auth.access_token)
    auth.revoke()
    secrets = [code, auth.access_token, auth.refresh_token, qbo.client_secret]
    assert qbo.connect().access_token != qbo.connect().access_token
    kept = repr([each.describe() for each in sims.journal])
    assert qbo.client_id in kept
    assert not [secret for secret in secrets if secret in kept]
