"""F24: webhooks as Intuit sends them, sent them, or never would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random

import pytest

from accounting.providers import qbo
from accounting.providers.port import Operation, Unauthorized

from .backends import WEBHOOK_TOKEN, Qbo

NEXT = "canary-next-token"


def provider(tokens=(WEBHOOK_TOKEN, NEXT)):
    return qbo.provider(
        {
            "client_id": "id", "client_secret": "secret", "environment": "sandbox", "api": "",
            "app": "", "webhook_tokens": list(tokens),
        }
    )  # fmt: skip


def sign(body, token=WEBHOOK_TOKEN):
    digest = hmac.new(token.encode(), body, hashlib.sha256).digest()
    return {"intuit-signature": base64.b64encode(digest).decode()}


def ring(sent, token=WEBHOOK_TOKEN):
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return provider().doorbells(body, sign(body, token))


def event(**fields):
    return {
        "specversion": "1.0", "id": "7f3f3bb0", "source": "intuit.abc",
        "type": "qbo.invoice.updated.v1", "time": "2026-11-20T17:15:02.417359333Z",
        "intuitentityid": "145", "intuitaccountid": "9341450000000001", "data": {}, **fields,
    }  # fmt: skip


LEGACY = {
    "eventNotifications": [
        {
            "realmId": "9341450000000001",
            "dataChangeEvent": {
                "entities": [
                    {"name": "Invoice", "id": "145", "operation": "Update", "lastUpdated": "T1"},
                    {"name": "Payment", "id": "9", "operation": "Delete", "lastUpdated": "T2"},
                ]
            },
        },
        {
            "realmId": "9341450000000002",
            "dataChangeEvent": {"entities": [{"name": "Item", "id": "3", "operation": "Void"}]},
        },
    ]
}


def test_an_event_says_company_kind_record_and_what_happened():
    (bell,) = ring([event()])
    assert (bell.company_id, bell.kind, bell.id, bell.event, bell.key) == (
        "9341450000000001", "invoice", "145", "updated", "7f3f3bb0",
    )  # fmt: skip


@pytest.mark.parametrize("spelt", ["void", "voided", "Voided", "VOID"])
def test_events_are_read_in_any_case_and_spelling(spelt):
    (bell,) = ring([event(type=f"QBO.Invoice.{spelt}.v1")])
    assert (bell.kind, bell.event) == ("invoice", spelt.lower())


def test_one_delivery_may_be_about_several_companies():
    bells = ring([event(intuitaccountid="1", id="a"), event(intuitaccountid="2", id="b")])
    assert [bell.company_id for bell in bells] == ["1", "2"]


def test_the_envelope_of_earlier_years_is_still_read():
    bells = ring(LEGACY)
    assert [(bell.kind, bell.id, bell.event) for bell in bells] == [
        ("invoice", "145", "update"), ("payment", "9", "delete"), ("item", "3", "void"),
    ]  # fmt: skip
    assert len({bell.key for bell in bells}) == 3
    assert bells == ring(LEGACY)


@pytest.mark.parametrize("token", [WEBHOOK_TOKEN, NEXT])
def test_two_tokens_are_good_while_one_replaces_the_other(token):
    assert ring([event()], token)
    body = json.dumps([event()]).encode()
    with pytest.raises(Unauthorized):
        provider(tokens=["another"]).doorbells(body, sign(body, token))


def test_without_a_token_nothing_is_believed():
    body = json.dumps([event()]).encode()
    with pytest.raises(Unauthorized):
        provider(tokens=[]).doorbells(body, sign(body, ""))


ODD = [
    {}, {"type": None}, {"type": 7, "id": {}}, "event", None, 12, [],
    event(type="qbo.unheardof.created.v1"), event(type="qbo"), event(intuitaccountid=""),
    event(intuitentityid=None), event(type="qbo.invoice.updated.v1", intuitaccountid=["1"]),
]  # fmt: skip


def test_odd_events_do_not_hide_the_others():
    assert len(ring([*ODD, event(), *ODD])) == 1


@pytest.mark.parametrize(
    "sent", [b"", b"{}", b"[]", b"null", b"7", b"\xff\xfe", b"{", {"eventNotifications": None}]
)
def test_a_signed_body_that_says_nothing_rings_nobody(sent):
    assert ring(sent) == []


def test_a_long_or_missing_id_still_makes_a_short_key_of_its_own():
    long, other = ring([event(id="x" * 500), event(id="x" * 499 + "y")])
    assert len(long.key) <= 120
    assert long.key != other.key
    nameless = ring([event(id=None), event(id=None, intuitentityid="146")])
    assert len({bell.key for bell in nameless}) == 2


def test_f24_a_flood_of_150_events_is_read_whole():
    assert len(ring([event(id=str(number)) for number in range(150)])) == 150


def test_r13_no_mutation_of_body_or_signature_is_believed():
    dice = random.Random(24)
    body = json.dumps([event()]).encode()
    headers = sign(body)
    for _ in range(2000):
        position = dice.randrange(len(body))
        other = bytes([(body[position] + dice.randrange(1, 256)) % 256])
        mutated = body[:position] + other + body[position + 1 :]
        with pytest.raises(Unauthorized):
            provider().doorbells(mutated, headers)
        signature = list(headers["intuit-signature"])
        signature[dice.randrange(len(signature))] = dice.choice("é\n*")
        with pytest.raises(Unauthorized):
            provider().doorbells(body, {"intuit-signature": "".join(signature)})


@pytest.mark.parametrize(
    "switches",
    [
        {"webhook_format": "legacy"},
        {"webhook_case": "capital", "webhook_void": "voided"},
        {"webhook_content_type": "application/cloudevents+json", "webhook_extra_fields": True},
        {"webhook_order": "shuffled", "webhook_copies": 3},
    ],
)
def test_every_way_in_which_intuit_may_send_is_understood(switches):
    with Qbo.running() as backend, backend.doorbell() as rung:
        backend.sim.switch(**switches)
        session = backend.session()
        call = backend.provider.freeze(
            Operation.CREATE, [backend.document()], key="k", facts=session.facts
        )
        backend.provider.send(session, call)
        backend.void(backend.invoices()[0]["Id"])
        heard = [bell for ring in rung() for bell in backend.provider.doorbells(*ring)]
        assert {"create" in bell.event or "void" in bell.event for bell in heard} == {True}
        assert any("void" in bell.event for bell in heard)
        assert {bell.id for bell in heard if bell.kind == "invoice"} == {
            backend.invoices()[0]["Id"]
        }
