"""Webhooks, received by a real little server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from . import sdk

SECRET = "a-verifier-token"


class Subscriber:
    """Keeps what it is sent and answers with `status`."""

    def __init__(self):
        self.received = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((dict(self.headers.items()), body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def events(self):
        return [event for _, body in self.received for event in json.loads(body)]

    def types(self):
        return [event["type"] for event in self.events()]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def subscriber(qbo):
    receiver = Subscriber()
    qbo.subscribe(receiver.url, SECRET)
    yield receiver
    receiver.close()


@pytest.fixture
def api(qbo, subscriber):
    return sdk.Api(qbo)


def test_an_event_is_a_cloud_event(qbo, api, subscriber):
    """B05"""
    made = api.create("Invoice", sdk.invoice())
    qbo.deliver()
    [(headers, body)] = subscriber.received
    [event] = json.loads(body)
    assert event["specversion"] == "1.0"
    assert event["type"] == "qbo.invoice.created.v1"
    assert (event["intuitentityid"], event["intuitaccountid"]) == (made["Id"], qbo.realm)
    assert event["data"] == {}
    assert len(event["time"]) == len("2025-09-10T21:31:25.179851517Z")
    assert headers["Content-Type"] == "application/json"
    for name in ("intuit-created-time", "intuit-t-id", "intuit-notification-schema-version"):
        assert headers[name]
    assert headers["User-Agent"] == "intuit_notification_server/0.1"


def test_events_have_the_fields_of_the_sample(qbo, api, subscriber, reference_data):
    """B05"""
    sample = json.loads((reference_data / "samples" / "webhook_cloudevents.json").read_text())
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    assert subscriber.events()[0].keys() == sample[0].keys()


def test_the_signature_is_over_the_exact_bytes(qbo, api, subscriber, client):
    """B05"""
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    [(headers, body)] = subscriber.received
    expected = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    assert headers["intuit-signature"] == expected
    assert client.validate_webhook_signature(body.decode(), expected, SECRET)


def test_a_signature_can_be_wrong(qbo, api, subscriber, client):
    """F24"""
    qbo.switch(webhook_signature="wrong")
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    [(headers, body)] = subscriber.received
    assert not client.validate_webhook_signature(body.decode(), headers["intuit-signature"], SECRET)


def test_one_delivery_can_be_about_several_companies(qbo, api, subscriber):
    """B05"""
    other = sdk.Api(qbo, qbo.add_company("uk"))
    api.create("Customer", {"DisplayName": "A"})
    other.create("Customer", {"DisplayName": "A"})
    qbo.deliver()
    assert len(subscriber.received) == 1
    assert len({event["intuitaccountid"] for event in subscriber.events()}) == 2


def test_our_own_writes_echo_and_so_does_what_they_touch(qbo, api, subscriber):
    """B08"""
    made = api.create("Invoice", sdk.invoice())
    qbo.as_person.receive_payment(made["Id"])
    api.post(f"invoice/{made['Id']}/send", sendTo="a@b.example")
    qbo.as_person.void("Invoice", made["Id"])
    qbo.as_person.delete("Invoice", made["Id"])
    qbo.deliver()
    assert subscriber.types() == [
        "qbo.invoice.created.v1", "qbo.invoice.updated.v1", "qbo.payment.created.v1",
        "qbo.invoice.emailed.v1", "qbo.payment.updated.v1", "qbo.invoice.void.v1",
        "qbo.invoice.deleted.v1",
    ]  # fmt: skip


def test_a_replay_makes_no_event(qbo, api, subscriber):
    """I01"""
    for _ in range(3):
        api.create("Invoice", sdk.invoice(), requestid="one")
    api.refused("invoice", {})
    qbo.deliver()
    assert len(subscriber.events()) == 1


def test_a_merge_names_the_loser(qbo, api, subscriber):
    """B09"""
    qbo.as_person.merge_customers("59", "58")
    qbo.deliver()
    [event] = subscriber.events()
    assert event["type"] == "qbo.customer.merged.v1"
    assert (event["intuitentityid"], event["data"]) == ("58", {"deletedid": "59"})


@pytest.mark.parametrize(
    ("switches", "spelt"),
    [
        ({"webhook_void": "voided"}, "qbo.invoice.voided.v1"),
        ({"webhook_case": "capital"}, "qbo.invoice.Void.v1"),
    ],
)
def test_spellings_are_switches(qbo, api, subscriber, switches, spelt):
    """B06"""
    made = api.create("Invoice", sdk.invoice())
    qbo.deliver()
    qbo.switch(**switches)
    qbo.as_person.void("Invoice", made["Id"])
    qbo.deliver()
    assert subscriber.types()[-1] == spelt


def test_content_type_and_unknown_fields_are_switches(qbo, api, subscriber):
    """B06"""
    qbo.switch(webhook_content_type="application/cloudevents+json", webhook_extra_fields=True)
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    assert subscriber.received[0][0]["Content-Type"] == "application/cloudevents+json"
    assert "alternative_ids" in subscriber.events()[0]


def test_the_old_envelope_is_a_switch(qbo, api, subscriber, reference_data):
    """B06"""
    qbo.switch(webhook_format="legacy")
    api.create("Invoice", sdk.invoice())
    qbo.as_person.merge_customers("59", "58")
    qbo.deliver()
    sample = json.loads((reference_data / "samples" / "webhook_legacy.json").read_text())
    sent = json.loads(subscriber.received[0][1])
    entities = sent["eventNotifications"][0]["dataChangeEvent"]["entities"]
    expected = sample["eventNotifications"][0]["dataChangeEvent"]["entities"]
    assert [each.keys() for each in entities] == [each.keys() for each in expected]
    assert [each["operation"] for each in entities] == ["Create", "Merge"]


def test_a_failed_delivery_is_repeated_on_schedule_and_holds_up_its_company(
    sims, qbo, api, subscriber
):
    """B07"""
    sims.clock.freeze()
    subscriber.status = 500
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    assert len(subscriber.received) == 1
    for wait in (10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600):
        count = len(subscriber.received)
        sims.clock.move(seconds=wait - 1)
        qbo.deliver()
        assert len(subscriber.received) == count
        sims.clock.move(seconds=1)
        qbo.deliver()
        assert len(subscriber.received) == count + 1
    bodies = {body for _, body in subscriber.received}
    assert len(bodies) == 1
    subscriber.status = 200
    sims.clock.move(hours=6)
    qbo.deliver()
    assert len({event["id"] for event in subscriber.events()}) == 2


def test_other_companies_are_not_held_up(sims, qbo, api, subscriber):
    """B07"""
    sims.clock.freeze()
    other = sdk.Api(qbo, qbo.add_company("us"))
    subscriber.status = 500
    api.create("Invoice", sdk.invoice())
    qbo.deliver()
    subscriber.status = 200
    other.create("Invoice", sdk.invoice())
    qbo.deliver()
    realms = [event["intuitaccountid"] for event in subscriber.events()]
    assert realms == [qbo.realm, other.base.rpartition("/")[2]]


def test_no_answer_counts_as_failure(qbo, api, subscriber):
    """B07"""
    subscriber.close()
    api.create("Invoice", sdk.invoice())
    [delivery] = qbo.deliver()
    assert delivery["statuses"] == [0]


def test_deliveries_can_be_doubled_shuffled_and_lost(qbo, api, subscriber):
    """B07, F24"""
    qbo.switch(webhook_copies=2, webhook_order="shuffled")
    for _ in range(8):
        api.create("Invoice", sdk.invoice())
    qbo.deliver()
    assert len(subscriber.received) == 2
    assert subscriber.received[0][1] == subscriber.received[1][1]
    ids = [event["intuitentityid"] for event in json.loads(subscriber.received[0][1])]
    assert ids != sorted(ids)
    qbo.switch(webhook_loss=1.0)
    api.create("Invoice", sdk.invoice())
    assert qbo.deliver() == []


def test_a_delivery_has_at_most_a_hundred_events(qbo, api, subscriber):
    """F24"""
    for number in range(150):
        qbo.as_person.create("Term", Name=f"T{number}", DueDays=1)
    qbo.deliver()
    assert [len(json.loads(body)) for _, body in subscriber.received] == [100, 50]


def test_a_disconnected_company_is_silent(qbo, api, subscriber):
    qbo.disconnect()
    qbo.as_person.create("Term", Name="T", DueDays=1)
    assert qbo.deliver() == []


def test_anything_can_be_posted_properly_signed(qbo, api, subscriber):
    """F24: an unknown type, a company that is not ours."""
    event = [{"type": "qbo.spaceship.launched.v1", "intuitaccountid": "1"}]
    assert qbo.app.webhooks.post(json.dumps(event).encode()) == 200
    assert subscriber.types() == ["qbo.spaceship.launched.v1"]


def test_deliveries_can_be_made_in_the_background(sims, qbo, api, subscriber):
    qbo.subscribe(subscriber.url, SECRET, background=True)
    api.create("Invoice", sdk.invoice())
    deadline = time.monotonic() + 5
    while not subscriber.received and time.monotonic() < deadline:
        time.sleep(0.01)
    assert subscriber.types() == ["qbo.invoice.created.v1"]
