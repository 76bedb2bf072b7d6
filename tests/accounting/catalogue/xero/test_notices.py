"""Webhooks: F21 of the faults of Xero, and the proof that somebody listens."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence

import pytest
import time_machine
from django.urls import reverse

from accounting import sync
from accounting.models import Bell

KEY = "signing-key"
OTHER = "00000000-0000-4000-8000-000000000001"


def rung(
    tenant: str, *ids: str, at: str = "2026-11-24T10:00:00.000", key: str = KEY
) -> tuple[bytes, dict[str, str]]:
    """A delivery of Xero about these invoices, and its headers."""
    events = [
        {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{id}", "resourceId": id,
            "eventDateUtc": at, "eventType": "UPDATE", "eventCategory": "INVOICE",
            "tenantId": tenant, "tenantType": "ORGANISATION",
        }
        for id in ids
    ]  # fmt: skip
    body = json.dumps({"events": events, "firstEventSequence": 1, "entropy": "X"}).encode()
    return body, {"x-xero-signature": sign(body, key)}


def sign(body: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


@pytest.fixture
def post(client):
    def send(body: bytes, signature: str):
        return client.post(
            reverse("accounting:webhook", args=["xero"]), body, content_type="application/json",
            headers={"x-xero-signature": signature},
        )  # fmt: skip

    return send


def told(bells: Sequence[Bell]) -> set[str]:
    return {bell.remote_id for bell in bells}


def test_xero_f21_the_same_notice_twice_late_and_out_of_order_is_kept_once(office, post):
    tenant = office.connection.company_id
    first, _ = rung(tenant, "a", at="2026-11-24T10:00:00.000")
    second, _ = rung(tenant, "b", at="2026-11-24T09:00:00.000")
    for body in (first, second, first, second, first):
        assert post(body, sign(body)).status_code == 200
    assert told(Bell.objects.all()) == {"a", "b"}
    assert Bell.objects.count() == 2


@pytest.mark.parametrize("how", ["another key", "a tampered byte", "none"])
def test_xero_f21_a_notice_of_somebody_else_is_refused(office, post, how):
    body, _ = rung(office.connection.company_id, "a")
    signature = {"another key": sign(body, "other"), "none": ""}.get(how, sign(body))
    sent = body.replace(b'"a"', b'"b"') if how == "a tampered byte" else body
    assert post(sent, signature).status_code == 401
    assert not Bell.objects.exists()


def test_xero_f21_a_notice_of_another_organisation_is_taken_and_looks_at_nothing(office, post):
    before = office.fresh().poll_at
    body, _ = rung(OTHER, "a")
    assert post(body, sign(body)).status_code == 200
    assert office.fresh().poll_at == before


def test_the_intent_to_receive_is_answered_as_xero_wants_it(office, post):
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S"}'
    right, wrong = post(body, sign(body)), post(body, sign(body, "other"))
    assert (right.status_code, wrong.status_code) == (200, 401)
    for answer in (right, wrong):
        assert answer.content == b""
        assert not answer.cookies


def test_xero_itself_is_satisfied_with_the_answers(office, live_server, settings):
    settings.XERO = {**settings.XERO, "webhook_keys": ["old", KEY]}
    url = live_server.url + reverse("accounting:webhook", args=["xero"])
    office.xero.subscribe(url, KEY)
    assert all(each["passed"] for each in office.xero.validate_webhook())
    office.export()
    office.xero.deliver()
    assert Bell.objects.filter(kind="invoice").count() == 1


def test_a_credit_note_rings_and_comes_with_the_look_that_it_brings_forward(
    office, live_server, settings
):
    """Although nothing of it shows on its invoice."""
    url = live_server.url + reverse("accounting:webhook", args=["xero"])
    office.xero.subscribe(url, KEY)
    invoice = office.export()
    office.look()
    office.look()
    office.xero.switch(payments_bump=False)
    office.person.credit(office.remote(invoice).remote_id, "100")
    before = office.fresh().poll_at
    with time_machine.travel(office.now, tick=False):
        office.xero.deliver()
    assert Bell.objects.filter(kind="credit note").exists()
    assert office.fresh().poll_at < before
    office.sims.clock.move(minutes=6)
    assert sync.poll(office.connection.pk, now=office.now)
    assert office.remote(invoice).status == "partially_paid"
    assert [payment.method for payment in invoice.payments.live()] == ["credit"]
