"""Webhooks: behaviours 54 to 56, and what goes wrong with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from . import sdk

KEY = "a-webhook-key"


class Subscriber:
    """Somebody who verifies and keeps what comes."""

    def __init__(self):
        self.kept = []
        self.status = 0  # 0: as the signature deserves
        self.extra = b""
        self.cookie = False
        self.heard = threading.Event()

    def take(self, body, signature):
        right = base64.b64encode(hmac.digest(KEY.encode(), body, hashlib.sha256)).decode()
        good = hmac.compare_digest(right, signature)
        if self.status:
            return self.status
        if good:
            self.kept.append(json.loads(body))
            self.heard.set()
        return 200 if good else 401

    @property
    def events(self):
        return [event for body in self.kept for event in body["events"]]


@pytest.fixture
def subscriber(xero):
    one = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(one.take(body, self.headers["x-xero-signature"]))
            if one.cookie:
                self.send_header("Set-Cookie", "a=b")
            self.send_header("Content-Length", str(len(one.extra)))
            self.end_headers()
            self.wfile.write(one.extra)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    xero.subscribe(f"http://127.0.0.1:{server.server_address[1]}/hook", KEY)
    yield one
    server.shutdown()
    server.server_close()


def test_b54_the_intent_to_receive(xero, subscriber):
    told = xero.validate_webhook()
    assert [each["status"] for each in told] == [200, 401, 200, 401]
    assert all(each["passed"] for each in told)
    assert subscriber.kept[0]["events"] == []
    assert (subscriber.kept[0]["firstEventSequence"], subscriber.kept[0]["lastEventSequence"]) == (
        0,
        0,
    )


@pytest.mark.parametrize("flaw", [{"status": 200}, {"extra": b"ok"}, {"cookie": True}])
def test_b54_a_receiver_that_is_not_strict_does_not_pass(xero, subscriber, api, flaw):
    vars(subscriber).update(flaw)
    assert not all(each["passed"] for each in xero.validate_webhook())
    vars(subscriber).update(status=0, extra=b"", cookie=False)
    api.create()
    assert xero.deliver() == []
    assert all(each["passed"] for each in xero.validate_webhook())
    assert len(xero.deliver()) == 1


def test_b54_the_signature_is_over_the_raw_bytes(xero, subscriber, api):
    xero.switch(webhook_signature="wrong")
    api.create()
    delivery = xero.deliver()[0]
    assert delivery["statuses"][0] == 401
    assert subscriber.kept == []


def test_b55_what_the_api_and_what_people_do(xero, subscriber, api, person):
    made = api.create()
    person.change_contact("Cascade Dental", FirstName="New")
    person.rename_invoice(made["InvoiceID"], "HAND")
    xero.deliver()
    told = [(each["eventCategory"], each["eventType"]) for each in subscriber.events]
    assert told == [("INVOICE", "CREATE"), ("CONTACT", "UPDATE"), ("INVOICE", "UPDATE")]
    first = subscriber.events[0]
    assert first["resourceId"] == made["InvoiceID"]
    assert first["tenantId"] == xero.tenant
    assert first["resourceUrl"].endswith(f"/Invoices/{made['InvoiceID']}")
    assert sorted(first) == [
        "eventCategory", "eventDateUtc", "eventType", "resourceId", "resourceUrl", "tenantId",
        "tenantType",
    ]  # fmt: skip


def test_b55_sequences_go_on_and_batches_have_a_size(xero, subscriber, api):
    api.put(*(sdk.invoice() for _ in range(101)))
    xero.deliver()
    bounds = [(each["firstEventSequence"], each["lastEventSequence"]) for each in subscriber.kept]
    first = bounds[0][0]
    assert bounds == [(first, first + 99), (first + 100, first + 100)]


def test_b55_retries_then_off_then_replayed_in_order(sims, xero, subscriber, api):
    subscriber.status = 500
    api.create(InvoiceNumber="A-1")
    assert xero.deliver()[-1]["statuses"] == [500, 500]  # at once again
    assert xero.deliver() == []
    sims.clock.move(minutes=15)
    assert xero.deliver()[-1]["statuses"] == [500, 500, 500]
    sims.clock.move(hours=24)
    xero.deliver()
    assert xero.app.webhooks.subscription.status == "DISABLED"
    subscriber.status = 0
    xero.as_person.create_invoice("Cascade Dental", 5)
    sims.clock.move(hours=1)
    assert xero.deliver() == []
    xero.validate_webhook()
    subscriber.kept.clear()
    xero.deliver()
    assert [each["resourceId"] for each in subscriber.events] == [
        each["InvoiceID"] for each in xero.invoices()
    ]
    assert xero.app.webhooks.waiting() == []


def test_b55_only_connected_organisations_and_subscribed_categories(xero, subscriber, api, person):
    xero.switch(webhook_categories="CREDITNOTE")
    made = api.create()
    person.credit(made["InvoiceID"], 5)
    xero.deliver()
    assert {each["eventCategory"] for each in subscriber.events} == {"CREDITNOTE"}
    assert subscriber.events[0]["data"] == {"Type": "ACCRECCREDIT", "Status": "AUTHORISED"}
    person.disconnect()
    person.create_invoice("Cascade Dental", 5)
    assert xero.deliver() == []


@pytest.mark.parametrize(("setting", "count"), [("none", 0), ("update", 1)])
def test_b56_whether_a_payment_tells_is_a_switch(xero, subscriber, api, setting, count):
    xero.switch(webhook_payment_events=setting)
    made = api.create()
    xero.deliver()
    subscriber.kept.clear()
    xero.as_person.receive_payment(made["InvoiceID"], 5)
    xero.deliver()
    assert len(subscriber.events) == count


def test_f21_twice_out_of_order_lost_strange_wrong_or_tampered(xero, subscriber, api):
    xero.switch(webhook_copies=2, webhook_order="shuffled")
    api.put(*(sdk.invoice() for _ in range(8)))
    xero.deliver()
    assert len(subscriber.events) == 16
    ids = [each["resourceId"] for each in subscriber.events[:8]]
    assert ids != [each["InvoiceID"] for each in xero.invoices()]
    xero.switch(webhook_copies=1, webhook_loss=1.0)
    api.create()
    assert xero.deliver() == []
    strange = {**subscriber.events[0], "tenantId": "11111111-1111-1111-1111-111111111111"}
    assert xero.send_events([strange]) == 200
    assert xero.send_events([strange], "wrong") == 401
    assert xero.send_events([strange], "tampered") == 401


def test_f22_the_event_comes_before_the_answer(xero, subscriber):
    client = sdk.Client(xero, xero.connect())
    xero.app.start_courier(xero.app.webhooks)
    xero.arm("delay_answer", seconds=1.5)
    answered = threading.Event()

    def put():
        client.put(sdk.invoice())
        answered.set()

    thread = threading.Thread(target=put)
    thread.start()
    assert subscriber.heard.wait(5)
    assert not answered.is_set()
    thread.join()
    assert answered.is_set()


def test_nobody_listens(xero, api):
    xero.subscribe("http://127.0.0.1:9/hook", KEY)
    api.create()
    assert xero.deliver()[0]["statuses"][0] == 0
