"""Notices from QuickBooks and looking by ourselves: F24 and F25 of the faults of QuickBooks, 10-15
and 21 of the catalogue of reliability.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
import time_machine

from accounting import delivery, outbox, sync, webhooks
from accounting.models import Bell, Connection, Finding
from invoices.models import Invoice, Status
from tests import make
from tests.accounting.providers.backends import WEBHOOK_TOKEN, Qbo

from .office import Office

DOOR = "/accounting/webhooks/qbo/"


@pytest.fixture
def out(office, settings) -> Iterator[Invoice]:
    """An invoice of 250.00 that is there, everything before it looked at, and a subscriber."""
    settings.QBO = {**settings.QBO, "webhook_tokens": [WEBHOOK_TOKEN]}
    office.look()
    invoice = office.export()
    with Qbo(office.sims).doorbell() as rung:
        office.notices = rung
        yield invoice


def bodies(office: Office) -> list[bytes]:
    """What QuickBooks posts since the last time, rightly signed."""
    found = office.notices()
    assert all(sign(body) == headers["intuit-signature"] for body, headers in found)
    return [body for body, _ in found]


def sign(body: bytes, key: bytes = WEBHOOK_TOKEN.encode()) -> str:
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def post(office: Office, body: bytes, signature: str | None = None) -> int:
    """Ring at our door, now; the status of the answer."""
    headers = {"intuit-signature": sign(body) if signature is None else signature}
    with time_machine.travel(office.now, tick=False):
        answer = office.browser.post(DOOR, body, content_type="application/json", headers=headers)
    return answer.status_code


def event(office: Office, id: str, **fields: str) -> dict[str, str]:
    return {
        "specversion": "1.0", "id": f"event-{id}", "source": "intuit.x", "data": {},
        "type": "qbo.invoice.updated.v1", "time": "2026-11-24T10:00:00.000000000Z",
        "intuitentityid": id, "intuitaccountid": office.connection.company_id, **fields,
    }  # fmt: skip


def rung(office: Office) -> bool:
    """Whether a look is due in a moment, because of a notice."""
    return office.fresh().poll_at <= office.now + webhooks.GATHER


def status(invoice: Invoice) -> Status:
    return Invoice.objects.get(pk=invoice.pk).status(make.day("2026-11-24"))


def test_f24_r10_a_notice_rings_once_however_often_it_comes_and_only_rings(office, out):
    office.person.receive_payment(office.remote(out).remote_id)
    notices = bodies(office)
    assert not rung(office)
    for body in notices * 3:
        assert post(office, body) == 200
    assert rung(office)
    keys = list(Bell.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) > 0
    assert status(out) != Status.PAID  # nothing is believed
    office.sims.clock.move(seconds=5)
    assert sync.poll(office.connection.pk, now=office.now)
    assert status(out) == Status.PAID
    assert not sync.poll(office.connection.pk, now=office.now)
    for body in notices:  # replayed when all is over
        assert post(office, body) == 200
    assert Bell.objects.count() == len(keys)
    office.look()
    assert out.payments.count() == 1


@pytest.mark.parametrize("order", ["shuffled", "late"])
def test_r11_notices_out_of_order_end_in_what_is_so_there(office, out, order):
    id = office.remote(out).remote_id
    first = office.person.receive_payment(id, "100")
    early = bodies(office)
    office.person.remove_payment(first["Id"])
    office.person.receive_payment(id, "250")
    late = bodies(office)
    for body in (*reversed(late), *early):
        assert post(office, body) == 200
        if order == "late":
            office.sims.clock.move(seconds=1)
            sync.poll(office.connection.pk, now=office.now)
    office.look()
    assert status(out) == Status.PAID
    assert [p.amount for p in out.payments.live()] == [250]


def test_f24_r12_lost_notices_cost_time_and_nothing_else(office, out):
    office.qbo.switch(webhook_loss=1.0)
    office.person.receive_payment(office.remote(out).remote_id)
    assert bodies(office) == []
    office.sims.clock.move(minutes=10)
    assert not sync.poll(office.connection.pk, now=office.now)
    office.sims.clock.move(minutes=6)
    assert sync.poll(office.connection.pk, now=office.now)
    assert status(out) == Status.PAID


def test_f24_r13_a_forged_notice_is_refused_and_kept_nowhere(office, out):
    office.person.receive_payment(office.remote(out).remote_id)
    (body, *_) = bodies(office)
    good = sign(body)
    forged = {
        "other body": (body + b" ", good),
        "other key": (body, sign(body, b"somebody else's")),
        "cut": (body, good[:-2]),
        "none": (body, ""),
        "not base64": (body, "\u00e9\u00e9"),
    }
    for name, (sent, signature) in forged.items():
        assert post(office, sent, signature) == 401, name
    assert not Bell.objects.exists()
    assert not rung(office)


def test_f24_r13_an_oversized_or_senseless_notice_does_no_harm(office, out):
    assert post(office, b"[" + b" " * (1024 * 1024) + b"]") == 413
    for body in (b"", b"null", b"{}", b"[1, null]", b"\xff\xfe", b'{"eventNotifications": 7}'):
        assert post(office, body) in (200, 400), body
    assert not Bell.objects.exists()


def test_f24_events_that_nobody_knows_hide_no_others(office, out):
    odd = [
        event(office, "1", type="qbo.spaceship.landed.v9"),
        event(office, "2", type="nonsense"),
        event(office, office.remote(out).remote_id, surprise="field"),
    ]
    assert post(office, json.dumps(odd).encode()) == 200
    assert rung(office)


def test_f24_r14_a_flood_is_answered_at_once_and_asked_about_once(office, out):
    before = len(office.qbo.requests("read"))
    for part in range(4):
        flood = [event(office, str(part * 150 + each)) for each in range(150)]
        assert post(office, json.dumps(flood).encode()) == 200
    assert Bell.objects.count() == 600
    assert len(office.qbo.requests("read")) == before
    assert sync.poll(office.connection.pk, now=office.now + webhooks.GATHER)
    assert len(office.qbo.requests("read")) <= before + 2


def test_f24_r15_a_notice_about_another_company_rings_nobody(office, out):
    foreign = [event(office, "1", intuitaccountid="9341459999999999")]
    assert post(office, json.dumps(foreign).encode()) == 200
    assert not rung(office)
    both = [*foreign, event(office, office.remote(out).remote_id)]
    assert post(office, json.dumps(both).encode()) == 200
    assert rung(office)


def test_f24_r15_a_notice_about_a_company_that_was_disconnected_rings_nobody(office, out):
    Connection.objects.update(state="closed", sealed="")
    assert post(office, json.dumps([event(office, "1")]).encode()) == 200
    assert not rung(office)
    assert not Finding.objects.exists()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_f25_r21_clocks_that_differ_miss_nothing_and_do_nothing_twice(office, minutes):
    skew = dt.timedelta(minutes=minutes)  # of our clock

    def look() -> None:
        office.sims.clock.move(minutes=16)
        assert sync.poll(office.connection.pk, now=office.now + skew)

    Connection.objects.update(poll_at=office.now - dt.timedelta(hours=1))
    look()
    invoice = office.invoice()
    outbox.queue(office.connection, [invoice.pk], by=None, now=office.now + skew)
    office.qbo.arm("lose_answer")
    for _ in range(3):
        office.sims.clock.move(minutes=4)
        delivery.work(office.connection.pk, now=office.now + skew)
    office.assert_there_once(invoice)
    id = office.remote(invoice).remote_id
    office.person.receive_payment(id, "100")
    look()
    assert status(invoice) == Status.PARTIALLY_PAID
    office.person.receive_payment(id)
    look()
    look()
    assert status(invoice) == Status.PAID
    assert invoice.payments.count() == 2
