"""Keys for programs, through the door that they open."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from atera_invoicing import api_keys
from atera_invoicing.errors import Refused
from atera_invoicing.models import ApiKey
from tests import make

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/customers/"


def key_for(role="billing", scope="write", days=30, now=None):
    return api_keys.create(
        make.user(role), name="Script", scope=scope, days=days, now=now or timezone.now()
    )


def get(text, scheme="Bearer"):
    return APIClient().get(ADDRESS, headers={"Authorization": f"{scheme} {text}"})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Api-Key"])
def test_a_key_opens_the_door(scheme):
    _, text = key_for()
    assert get(text, scheme).status_code == 200


def test_only_the_hash_of_a_key_is_kept():
    key, text = key_for()
    assert text.startswith("ati_")
    assert text not in str(ApiKey.objects.values().get(pk=key.pk))


def test_wrong_keys_are_told_apart_from_ended_ones():
    key, text = key_for()
    _, old_text = key_for(days=1, now=timezone.now() - dt.timedelta(days=2))
    gone, gone_text = key_for()
    gone.user.is_active = False
    gone.user.save()
    api_keys.revoke(key, now=timezone.now())
    codes = [get(t).json()["code"] for t in (text, old_text, gone_text, "ati_x", "é", "")]
    assert codes == ["revoked_key", "expired_key", "inactive_user", *["invalid_key"] * 3]
    answer = get("ati_x")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_reading_key_reads_only():
    _, text = key_for("owner", "read")
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert client.get(ADDRESS).status_code == 200
    answer = client.post(ADDRESS, {"name": "Acme"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "read_only_key"
    preview = client.post("/api/v1/batches/preview/", {"through": "2026-10-31"})
    assert preview.status_code == 200


def test_a_key_never_does_more_than_its_person():
    _, text = key_for("read-only", "write")
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert client.post(ADDRESS, {"name": "Acme"}).json()["code"] == "permission_denied"


def test_the_last_use_is_noted_once_a_minute(django_assert_num_queries):
    key, text = key_for()
    get(text)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    get(text)
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - dt.timedelta(minutes=2))
    get(text)
    key.refresh_from_db()
    assert key.last_used_at > first - dt.timedelta(minutes=1)


@pytest.mark.parametrize("days", [0, -1, 731])
def test_a_key_lives_for_at_most_two_years(days):
    with pytest.raises(Refused) as refused:
        key_for(days=days)
    assert refused.value.field == "days"


def test_a_session_must_prove_that_the_page_is_ours():
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make.user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(ADDRESS).status_code == 200
    assert client.post(ADDRESS, {"name": "Acme"}).status_code == 403


def test_a_budget_that_is_used_up_says_when_to_come_back(settings, api_as):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "3/h"}}
    client = api_as("billing")
    codes = [client.get(ADDRESS).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    answer = client.get(ADDRESS)
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
