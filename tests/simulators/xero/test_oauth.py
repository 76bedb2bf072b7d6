"""Who may do what in which organisation: behaviours 1 to 12."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
import requests
from xero_python.accounting import AccountingApi
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException

from . import sdk

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


def exchanged(xero, code, **form):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": sdk.CALLBACK, **form}
    return sdk.token(xero, **form)


def refreshed(xero, token, **options):
    return sdk.token(xero, grant_type="refresh_token", refresh_token=token, **options)


def connections(xero, token, **params):
    answer = requests.get(
        xero.connections_url, params=params, timeout=5, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    return answer.json()


def authorize(xero, **asked):
    asked = {
        "response_type": "code", "client_id": xero.client_id, "redirect_uri": sdk.CALLBACK,
        "scope": "openid", "state": "s", **asked,
    }  # fmt: skip
    return requests.get(xero.authorize_url, params=asked, allow_redirects=False, timeout=5)


def test_b01_consent_gives_a_code_that_works_once(xero):
    told = sdk.consent(xero)
    assert told["state"] == "a-state"
    tokens = exchanged(xero, told["code"])
    assert xero.organisation().name == connections(xero, tokens["access_token"])[0]["tenantName"]
    assert exchanged(xero, told["code"], status=400) == {"error": "invalid_grant"}


def test_b01_the_page_asks_a_person(xero):
    page = authorize(xero)
    assert page.status_code == 200
    assert xero.organisation().name in page.text
    assert 'type="checkbox"' in page.text


def test_b01_a_person_may_say_no(xero):
    assert sdk.consent(xero, tenants=[""])["error"] == "access_denied"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"client_id": "stranger"}, "unauthorized_client"),
        ({"redirect_uri": sdk.CALLBACK + "/deeper"}, "redirect_uri"),
        ({"redirect_uri": "http://elsewhere.example/"}, "redirect_uri"),
    ],
)
def test_b01_what_is_wrong_with_the_request_is_never_sent_elsewhere(xero, asked, says):
    page = authorize(xero, **asked)
    assert page.status_code == 400
    assert says in page.text
    assert "Location" not in page.headers


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "something"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_b01_other_mistakes_lead_back_with_an_error(xero, asked, error):
    page = authorize(xero, **asked)
    assert page.status_code == 302
    assert f"error={error}" in page.headers["Location"]


def test_b01_a_code_is_bound_to_address_challenge_and_time(sims, xero):
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def code():
        return sdk.consent(xero, code_challenge=challenge, code_challenge_method="S256")["code"]

    assert "access_token" in exchanged(xero, code(), code_verifier=VERIFIER)
    for wrong in ({}, {"code_verifier": VERIFIER + "x"}, {"code_verifier": "short"}):
        assert exchanged(xero, code(), status=400, **wrong) == {"error": "invalid_grant"}
    elsewhere = {"redirect_uri": "http://localhost/", "code_verifier": VERIFIER}
    assert exchanged(xero, code(), status=400, **elsewhere)["error"] == "invalid_grant"
    late = code()
    sims.clock.move(minutes=6)
    assert exchanged(xero, late, status=400, code_verifier=VERIFIER)["error"] == "invalid_grant"


def test_b02_the_secret_comes_in_the_form_or_as_basic(xero):
    tokens = xero.connect()
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    basic = (xero.client_id, xero.client_secret)
    assert "access_token" in sdk.token(xero, auth=basic, **form)
    wrong = sdk.token(xero, client_secret="wrong", status=400, **form)
    assert wrong == {"error": "invalid_client"}
    assert sdk.token(xero, auth=("x", "y"), status=400, **form) == {"error": "invalid_client"}
    assert sdk.token(xero, grant_type="password", status=400)["error"] == "unsupported_grant_type"


def test_b03_an_access_token_lives_for_half_an_hour(sims, client):
    sims.clock.move(seconds=1790)
    client.accounting.get_organisations(client.tenant)
    sims.clock.move(seconds=20)
    with pytest.raises(HTTPStatusException) as refused:
        client.accounting.get_organisations(client.tenant)
    assert refused.value.status == 401
    assert "TokenExpired" in str(refused.value.body)


def test_b04_a_refresh_spends_the_token_with_a_grace(sims, xero):
    first = xero.connect().refresh_token
    second = refreshed(xero, first)["refresh_token"]
    assert second != first
    sims.clock.move(minutes=29)
    third = refreshed(xero, first)["refresh_token"]  # the answer of the first try was lost
    assert third not in (first, second)
    sims.clock.move(minutes=2)
    assert refreshed(xero, first, status=400) == {"error": "invalid_grant"}
    assert "access_token" in refreshed(xero, third)


def test_b04_an_unused_refresh_token_dies_after_sixty_days(sims, xero):
    token, other = xero.connect().refresh_token, xero.connect().refresh_token
    sims.clock.move(days=59)
    assert "access_token" in refreshed(xero, token)
    sims.clock.move(days=2)
    assert refreshed(xero, other, status=400) == {"error": "invalid_grant"}


def test_b04_the_sdk_refreshes_and_gets_a_new_token(client):
    client.kept["expires_at"] = 1.0
    before = client.kept["refresh_token"]
    client.accounting.get_organisations(client.tenant)
    assert client.kept["refresh_token"] != before


def test_b05_the_answer_has_no_end_and_its_scope_is_text(xero):
    answer = exchanged(xero, sdk.consent(xero)["code"])
    assert sorted(answer) == [
        "access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type",
    ]  # fmt: skip
    assert (answer["expires_in"], answer["token_type"]) == (1800, "Bearer")
    assert answer["scope"] == "openid offline_access accounting.invoices accounting.contacts"
    xero.switch(token_extra_keys=True)
    assert "session_state" in refreshed(xero, answer["refresh_token"])


@pytest.mark.parametrize(
    ("scope", "generation", "fine"),
    [
        ("accounting.transactions", "granular", False),
        ("accounting.reports.read", "granular", False),
        ("accounting.invoices accounting.payments.read", "granular", True),
        ("accounting.transactions", "broad", True),
        ("accounting.invoices", "broad", False),
        ("accounting.invoices accounting.transactions", "both", True),
    ],
)
def test_b06_an_app_may_ask_for_the_scopes_of_its_generation(xero, scope, generation, fine):
    xero.switch(app_generation=generation)
    told = sdk.consent(xero, scope=f"openid {scope}")
    assert ("code" in told) is fine
    assert fine or told["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("accounting.invoices", "GET", "Invoices", 200),
        ("accounting.invoices.read", "GET", "Invoices", 200),
        ("accounting.invoices.read", "PUT", "Invoices", 401),
        ("accounting.transactions", "PUT", "Invoices", 400),
        ("accounting.contacts", "GET", "Invoices", 401),
        ("accounting.invoices", "GET", "Contacts", 401),
        ("accounting.settings.read", "GET", "Organisation", 200),
        ("accounting.settings.read", "PUT", "Items", 401),
        ("accounting.invoices", "GET", "Payments", 401),
        ("accounting.payments.read", "GET", "Payments", 200),
        ("accounting.invoices", "GET", "Items", 401),
    ],
)
def test_b06_each_address_wants_its_scope(xero, scope, method, path, status):
    api = sdk.Api(xero, scope=scope)
    answer = api.call(method, path, {} if method == "PUT" else None)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["Detail"] == "AuthorizationUnsuccessful"


def test_b06_items_with_the_scope_of_invoices_is_a_switch(xero):
    xero.switch(items_scope="either")
    assert sdk.Api(xero, scope="accounting.invoices").get("Items").status_code == 200


def test_b07_without_offline_access_there_is_no_refresh_token(xero):
    told = sdk.consent(xero, scope="openid accounting.invoices")
    assert "refresh_token" not in exchanged(xero, told["code"])


def test_b08_one_consent_covers_several_organisations(xero, client):
    other = xero.add_organisation("au")
    tokens = exchanged(xero, sdk.consent(xero, tenants=[xero.tenant, other])["code"])
    found = connections(xero, tokens["access_token"])
    assert {each["tenantId"] for each in found} == {xero.tenant, other}
    assert len(found[0]["createdDateUtc"].partition(".")[2]) == 7  # and no Z
    for tenant in (xero.tenant, other):
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "xero-tenant-id": tenant}
        answer = requests.get(
            f"{xero.api_url}/Contacts", timeout=5, headers={**headers, "Accept": "application/json"}
        )
        assert answer.status_code == 200


def test_b08_the_consent_is_told_by_its_event(xero):
    other = xero.add_organisation("gb")
    xero.connect()
    tokens = exchanged(xero, sdk.consent(xero, tenants=[other])["code"])
    claims = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    event = claims["authentication_event_id"]
    only = connections(xero, tokens["access_token"], authEventId=event)
    assert [each["tenantId"] for each in only] == [other]
    assert len(connections(xero, tokens["access_token"])) == 2


def test_b08_the_sdk_spells_the_path_with_a_capital(client, xero):
    [found] = client.identity.get_connections()
    assert found.tenant_id == xero.tenant
    assert any(each.path == "/Connections" for each in xero.requests("read"))


def test_b09_deleting_a_connection_ends_this_organisation_only(xero):
    other = xero.add_organisation("us")
    client = sdk.Client(xero, xero.connect(tenants=[xero.tenant, other]))
    gone = next(each for each in client.identity.get_connections() if each.tenant_id == other)
    client.identity.delete_connection(gone.id)
    with pytest.raises(HTTPStatusException) as refused:
        client.accounting.get_organisations(other)
    assert refused.value.status == 403
    client.accounting.get_organisations(xero.tenant)
    api = sdk.Api(xero)
    assert api.call("DELETE", f"/connections/{gone.id}").status_code == 404


def test_b10_revocation_kills_the_token_and_all_connections(xero):
    other = xero.add_organisation("us")
    tokens = xero.connect(tenants=[xero.tenant, other])
    form = {"token": tokens.refresh_token, "client_id": xero.client_id,
            "client_secret": xero.client_secret}  # fmt: skip
    answer = requests.post(xero.revoke_url, data=form, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert refreshed(xero, tokens.refresh_token, status=400) == {"error": "invalid_grant"}
    assert xero.connections() == []


def test_b10_the_sdk_revokes_too(client, xero):
    client.api_client.revoke_oauth2_token()
    assert xero.connections() == []


@pytest.mark.parametrize("tenant", ["", "11111111-1111-1111-1111-111111111111", "foreign"])
def test_b11_an_organisation_that_is_not_connected_is_forbidden(xero, api, tenant):
    if tenant == "foreign":
        tenant = xero.add_organisation("gb")
    answer = api.call("GET", "Organisation", headers={"Xero-Tenant-Id": tenant})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "AuthenticationUnsuccessful"
    assert answer.json()["title"] == "Forbidden"


def test_b11_without_a_token_nobody_gets_in(api):
    answer = api.call("GET", "Organisation", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json()["Title"] == "Unauthorized"
    assert answer.json()["Detail"] == "AuthenticationUnsuccessful"


def test_b12_removing_the_app_in_xero_forbids_the_organisation(xero, client, person):
    person.disconnect()
    with pytest.raises(HTTPStatusException) as refused:
        client.accounting.get_organisations(client.tenant)
    assert refused.value.status == 403
    assert client.identity.get_connections() == []
    assert "access_token" in refreshed(xero, client.kept["refresh_token"])


def test_b12_a_user_who_loses_rights_is_forbidden_until_they_return(client, person):
    person.lose_rights()
    with pytest.raises(HTTPStatusException) as refused:
        client.accounting.get_organisations(client.tenant)
    assert refused.value.status == 403
    person.regain_rights()
    client.accounting.get_organisations(client.tenant)


def test_a_dead_refresh_token_surfaces_in_the_sdk_as_a_bad_request(client):
    client.kept |= {"expires_at": 1.0, "refresh_token": "dead"}
    with pytest.raises(AccountingBadRequestException) as refused:
        client.accounting.get_invoices(client.tenant)
    assert refused.value.error_data == {"error": "invalid_grant"}


def test_a_tier_has_room_for_so_many_connections(xero):
    xero.switch(connections_per_app=1)
    sdk.consent(xero)
    other = xero.add_organisation("us")
    asked = {
        "response_type": "code", "client_id": xero.client_id, "redirect_uri": sdk.CALLBACK,
        "scope": "openid", "state": "s",
    }  # fmt: skip
    xero.connect()
    page = requests.post(xero.authorize_url, params=asked, data={"tenant": other}, timeout=5)
    assert page.status_code == 400
    assert "no connections left" in page.text


def test_the_sdk_is_the_real_one(client):
    assert AccountingApi.create_invoices.__module__.startswith("xero_python.")
    assert client.api_client.rest_client.__class__.__mro__[1].__module__ == "xero_python.rest"
