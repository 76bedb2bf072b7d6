"""What every answer carries, and what becomes of a refusal that no page caught."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import include, path

from atera_invoicing.errors import Refused
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def refuse(request):
    raise Refused("full", "The box is full of <b>bold</b> things.")


def cached(request):
    return HttpResponse("kept", headers={"Cache-Control": "private, max-age=60"})


def broken(request):
    raise RuntimeError("secret detail")


urlpatterns = [
    path("refuse/", refuse),
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
