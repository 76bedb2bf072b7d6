"""A POST that is sent twice happens once."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from atera_invoicing.models import IdempotentRequest
from customers.models import Customer
from tests import make

ADDRESS = "/api/v1/customers/"
KEY = {"Idempotency-Key": "month-end-1"}


@pytest.mark.django_db
def test_a_repeat_gets_the_stored_answer(api_as):
    client = api_as("billing")
    first = client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    again = client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(api_as):
    client = api_as("billing")
    client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    answer = client.post(ADDRESS, {"name": "Other"}, headers=KEY)
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"


@pytest.mark.django_db
def test_what_failed_is_tried_afresh(api_as):
    client = api_as("billing")
    taken = make.customer("Acme")
    assert client.post(ADDRESS, {"name": "Acme"}, headers=KEY).status_code == 422
    taken.delete()
    assert client.post(ADDRESS, {"name": "Acme"}, headers=KEY).status_code == 201


@pytest.mark.django_db
def test_a_running_first_request_is_waited_for_until_its_process_must_be_dead(api_as):
    client = api_as("billing")
    client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    Customer.objects.all().delete()
    IdempotentRequest.objects.update(status=None)
    answer = client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    IdempotentRequest.objects.update(created_at=timezone.now() - dt.timedelta(minutes=2))
    assert client.post(ADDRESS, {"name": "Acme"}, headers=KEY).status_code == 201


@pytest.mark.django_db
def test_keys_belong_to_their_person_and_are_kept_for_thirty_days(api_as):
    one, two = api_as("billing"), api_as("owner")
    one.post(ADDRESS, {"name": "Acme"}, headers=KEY)
    assert two.post(ADDRESS, {"name": "Beta"}, headers=KEY).status_code == 201
    IdempotentRequest.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    assert one.post(ADDRESS, {"name": "Acme"}, headers=KEY).status_code == 422
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 129, "tab\t"])
def test_a_key_is_short_printable_text(api_as, key):
    answer = api_as("billing").post(ADDRESS, {"name": "A"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400


@pytest.mark.django_db(transaction=True)
def test_r38_twenty_at_once_with_one_key_make_one_customer():
    person, codes = make.user("billing"), []

    def post() -> None:
        client = APIClient()
        client.force_authenticate(person)
        for _ in range(50):
            answer = client.post(ADDRESS, {"name": "Acme"}, headers=KEY)
            if answer.status_code not in (409, 503):
                break
        codes.append(answer.status_code)
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Customer.objects.count() == 1
    assert Counter(codes) == {201: 20}
