"""What every answer carries, and what becomes of a refusal that no page caught."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import include, path

from atera_invoicing import urls
from atera_invoicing.errors import Refused
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
handler403, handler404, handler500 = urls.handler403, urls.handler404, urls.handler500
HTMX = {"HX-Request": "true"}


def refuse(request):
    raise Refused("full", "The box is full of <b>bold</b> things.")


def refuse_billed(request):
    raise Refused("billed", "It is billed.", invoice_id=7)


def cached(request):
    return HttpResponse("kept", headers={"Cache-Control": "private, max-age=60"})


def broken(request):
    raise RuntimeError("secret detail")


urlpatterns = [
    path("refuse/", refuse),
    path("billed/", refuse_billed),
    path("cached/", cached),
    path("broken/", broken),
    path("", include("atera_invoicing.urls")),
]


def test_a_refusal_becomes_a_page_with_the_message(client_as):
    response = client_as("owner").get("/refuse/")
    assert response.status_code == 409
    assert "The box is full of &lt;b&gt;bold&lt;/b&gt; things." in response.text


def test_a_refusal_reaches_htmx_as_a_message(client_as):
    response = client_as("owner").get("/refuse/", headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert response.headers["HX-Retarget"] == "#messages"
    assert "<html" not in response.text
    assert "full of" in response.text


def test_a_refusal_has_the_button_to_what_stands_in_the_way(client_as):
    client = client_as("billing")
    assert 'href="/invoices/7/">Open the invoice</a>' in client.get("/billed/").text
    assert 'href="/invoices/7/">Open the invoice</a>' in client.get("/billed/", headers=HTMX).text


def test_who_may_not_take_the_way_out_is_told_who_can(client_as):
    text = client_as("technician").get("/billed/").text
    assert "It is billed. The role Owner or Billing can do that." in text
    assert "/invoices/7/" not in text


def test_a_refusal_leads_back_to_where_one_came_from(client_as):
    client = client_as("owner")
    here = {"Referer": "http://testserver/tickets/4/"}
    assert 'href="http://testserver/tickets/4/"' in client.get("/refuse/", headers=here).text
    there = {"Referer": "https://evil.example/"}
    assert "evil.example" not in client.get("/refuse/", headers=there).text


def test_a_page_that_is_not_for_a_role_names_who_can_help(client_as):
    make.user("billing", first_name="Tomás", last_name="Herrera")
    make.user("owner", first_name="Gone", last_name="Away", is_active=False)
    text = client_as("technician").get("/contracts/new/").text
    assert "You are Technician; this takes Owner or Billing." in text
    assert "<b>Tomás Herrera</b> can do it for you." in text
    assert "Gone Away" not in text


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [("/team/", 403, "it takes Owner"), ("/customers/99/", 404, "no longer there"),
     ("/broken/", 500, "nothing was saved")],
)  # fmt: skip
def test_htmx_gets_an_error_as_a_message(client_as, address, status, words):
    client = client_as("technician")
    client.raise_request_exception = False
    response = client.get(address, headers=HTMX)
    assert response.status_code == status
    assert response.headers["HX-Retarget"] == "#messages"
    assert words in response.text
    assert "<html" not in response.text


@pytest.mark.parametrize("address", ["/", "/team/", "/accounts/login/", "/refuse/", "/nowhere/"])
def test_no_cache_keeps_a_page(client_as, address):
    response = client_as("owner").get(address)
    assert "no-store" in response.headers["Cache-Control"]


def test_a_view_may_allow_a_cache(client_as):
    assert client_as("owner").get("/cached/").headers["Cache-Control"] == "private, max-age=60"


@pytest.mark.parametrize("role", ["anonymous", "owner"])
@pytest.mark.parametrize(
    "address", ["/", "/team/", "/keys/", "/accounts/login/", "/accounts/2fa/", "/nowhere/"]
)
def test_every_answer_carries_the_security_headers(client_as, role, address):
    headers = client_as(role).get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "base-uri 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_nonce_of_the_policy_is_on_our_tags_and_new_each_time(client_as):
    client = client_as("owner")
    nonces = set()
    for _ in range(2):
        response = client.get("/")
        policy = response.headers["Content-Security-Policy"]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert f'<style nonce="{nonce}">' in response.text
        nonces.add(nonce)
    assert len(nonces) == 2


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(client):
    make.user(email="ana@msp.example", password="correct horse battery")
    client.get("/accounts/login/")
    client.post(
        "/accounts/login/", {"login": "ana@msp.example", "password": "correct horse battery"}
    )
    for name in ("session", "csrf"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_a_broken_page_tells_no_detail(client_as):
    client = client_as("owner")
    client.raise_request_exception = False
    response = client.get("/broken/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.text
    assert "secret detail" not in response.text


def test_a_form_without_its_token_is_refused_with_an_explanation(owner):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/options/", {"currency": "EUR"})
    assert response.status_code == 403
    assert "The form has expired" in response.text
