"""What we hear from Xero and what that costs: looks, sweeps, and what is nowhere to be found."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
import time_machine

from accounting import budget, findings, refreshing, sweeping, sync, voiding, webhooks
from accounting.models import Bell, Connection, Finding, RemoteInvoice
from accounting.providers import port, registry
from accounting.providers.port import State
from invoices.models import Payment

from .test_notices import sign

pytestmark = pytest.mark.django_db(transaction=True)


def watched(office) -> tuple[port.Session, list[port.Cost]]:
    """A session, and the requests that were made with it."""
    spent: list[port.Cost] = []
    made = office.xero.connect(tenants=[office.connection.company_id])
    return port.Session(made.tenant, made.access_token, spend=spent.append), spent


def opened() -> list[str]:
    return list(Finding.objects.filter(answered_at=None).values_list("kind", flat=True))


@pytest.fixture
def paid(office):
    """An invoice with a payment of 100, and looked at."""
    invoice = office.export()
    office.look()
    office.person.receive_payment(office.remote(invoice).remote_id, "100")
    office.look()
    assert Payment.objects.live().count() == 1
    return invoice


def sweep(office) -> None:
    office.sims.clock.move(minutes=10)
    sync.sweep(office.connection, now=office.now)


def lose(office, invoice) -> dict:
    """As after an accident there: nobody knows it any more."""
    return office.xero.organisation().docs["Invoice"].pop(office.remote(invoice).remote_id)


def test_what_is_nowhere_is_named_and_takes_nothing_back(office, paid):
    lose(office, paid)
    sweep(office)
    assert Payment.objects.live().count() == 1
    assert office.remote(paid).status == "partially_paid"
    assert opened() == ["missing"]
    page = office.browser.get(f"/accounting/differences/{Finding.objects.get().pk}/").text
    assert "Xero no longer knows this invoice" in page
    assert "whether the right organisation is connected" in page
    assert "Void it here too" in page


def test_what_is_found_again_is_no_longer_missing(office, paid):
    document = lose(office, paid)
    sweep(office)
    office.xero.organisation().docs["Invoice"][document["InvoiceID"]] = document
    sweep(office)
    assert opened() == []
    assert Payment.objects.live().count() == 1


def test_what_is_lost_there_can_be_voided_here(office):
    invoice = office.export()
    office.look()
    lose(office, invoice)
    for _ in range(2):
        sweep(office)
    findings.accept(Finding.objects.get(answered_at=None), by=office.owner, now=office.now)
    invoice.refresh_from_db()
    assert invoice.voided_at
    sweep(office)
    assert opened() == []


def test_a_change_of_what_is_nowhere_needs_a_person_and_says_why(office):
    invoice = office.export()
    office.look()
    lose(office, invoice)
    voiding.void(office.remote(invoice), reason="wrong", by=office.owner, now=office.now)
    office.work()
    office.wait()
    export = office.of(invoice)
    assert (export.state, export.code) == ("rejected", "missing")
    assert "Xero no longer knows this invoice" in office.page(invoice)


def test_many_that_are_nowhere_cost_few_requests(office):
    session, spent = watched(office)
    ids = [str(uuid.uuid4()) for _ in range(60)]
    found = registry.get("xero").get(session, ids)
    assert {status.state for status in found.values()} == {State.MISSING}
    assert len(found) == 60
    assert len(spent) == 2 + 3


def test_all_that_a_lagging_list_does_not_show_are_found_all_the_same(office):
    invoices = [office.invoice() for _ in range(6)]
    office.queue(*invoices)
    office.work()
    ids = list(RemoteInvoice.objects.values_list("remote_id", flat=True))
    office.xero.switch(query_lag_seconds=3600)
    session, spent = watched(office)
    found = registry.get("xero").get(session, [str(uuid.uuid4()), *ids])
    assert [found[id].state for id in ids] == [State.OPEN] * 6
    assert len(spent) == 1 + 7


def test_a_question_by_ids_is_one_request(office):
    office.export()
    session, spent = watched(office)
    registry.get("xero").get(session, [RemoteInvoice.objects.get().remote_id])
    assert len(spent) == 1
    assert registry.get("xero").limits.look_at_once == 40


# Notices ------------------------------------------------------------------------------------------


def ring(office, id: str, *, category: str = "INVOICE", at: int = 0) -> None:
    event = {
        "resourceId": id, "eventDateUtc": str(at), "eventType": "UPDATE",
        "eventCategory": category, "tenantId": office.connection.company_id,
    }  # fmt: skip
    body = json.dumps({"events": [event]}).encode()
    webhooks.receive("xero", body, {"x-xero-signature": sign(body)}, now=office.now)


def is_rung(office) -> bool:
    return office.fresh().poll_at <= office.now + webhooks.GATHER


@pytest.fixture
def quiet(office):
    """An invoice that is there, and a look some time ago."""
    invoice = office.export()
    office.look()
    office.sims.clock.move(minutes=14)
    return invoice


def test_only_what_we_look_at_rings(office, quiet):
    ring(office, str(uuid.uuid4()), category="CONTACT")
    ring(office, str(uuid.uuid4()))  # a bill, or an invoice of somebody else
    assert not is_rung(office)
    ring(office, office.remote(quiet).remote_id)
    assert is_rung(office)


@pytest.mark.parametrize("category", ["CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"])
def test_what_may_settle_ours_rings_without_naming_one(office, quiet, category):
    ring(office, str(uuid.uuid4()), category=category)
    assert is_rung(office)


def test_a_flood_of_notices_leaves_half_of_a_day_to_what_people_want(office, quiet):
    """One each minute for the last two hours of a day, and a look whenever one is due."""
    office.sims.clock.set(office.now.replace(hour=22, minute=0))
    Connection.objects.update(spent={"day": [office.now.date().isoformat(), 400]})
    begin, looks = office.now, 0
    for minute in range(2 * 60 - 1):
        office.sims.clock.set(begin + dt.timedelta(minutes=minute))
        ring(office, office.remote(quiet).remote_id, at=minute)
        office.sims.clock.move(seconds=3)
        looks += sync.poll(office.connection.pk, now=office.now)
    assert looks > 2 * 4 * 2  # notices do bring looks forward
    assert budget.usage(office.fresh(), now=office.now).day <= 1000 // 2


def test_while_the_day_has_plenty_a_notice_is_looked_into_at_once(office, quiet):
    office.sims.clock.set(office.now.replace(hour=12, minute=0))
    for used, within in ((0, 5), (200, 5), (350, 900)):
        Connection.objects.update(
            spent={"day": [office.now.date().isoformat(), used]}, looked_at=office.now
        )
        ring(office, office.remote(quiet).remote_id, at=used)
        waits = (office.fresh().poll_at - office.now).total_seconds()
        assert waits <= within
        assert (waits > 60) == (used > 300)
        Connection.objects.update(poll_at=office.now + dt.timedelta(minutes=15))


@pytest.mark.parametrize("events", [5, "x", {"a": 1}, None, [5, None, "x"]])
def test_a_senseless_notice_is_taken_and_does_no_harm(office, events):
    body = json.dumps({"events": events}).encode()
    webhooks.receive("xero", body, {"x-xero-signature": sign(body)}, now=office.now)
    assert not Bell.objects.exists()


def test_invoices_of_others_are_not_asked_for_when_they_are_paid(office, quiet):
    other = office.person.create_invoice(office.document_contact(), "80")["InvoiceID"]
    office.look()
    office.person.receive_payment(other, "80")
    office.person.receive_payment(office.remote(quiet).remote_id, "100")
    before = len(office.xero.requests("read"))
    office.look()
    assert Payment.objects.live().get().amount == 100
    asked = office.xero.requests("read")[before:]
    assert not [each for each in asked if other in each.query.get("IDs", "") or other in each.path]


# Silence ------------------------------------------------------------------------------------------


def accounting_page(office) -> str:
    with time_machine.travel(office.now, tick=False):
        return office.browser.get("/accounting/").text


def test_a_look_that_is_refused_is_said_until_one_succeeds(office, quiet):
    office.xero.arm("unentitled", on="GET /api.xro/2.0/Payments*", times=1)
    office.sims.clock.move(minutes=6)
    with pytest.raises(port.Rejected):
        sync.poll(office.connection.pk, now=office.now)
    page = accounting_page(office)
    assert "Nothing comes back from Xero." in page
    assert "does not cover this. Connect again and allow all that is asked for" in page
    office.look()
    assert "Nothing comes back" not in accounting_page(office)


def test_a_sweep_that_is_refused_is_said_and_tried_again_later(office, quiet):
    office.xero.arm("unentitled", on="GET /api.xro/2.0/Invoices*", times=1)
    with pytest.raises(port.Rejected):
        sync.sweep(office.connection, now=office.now)
    assert office.fresh().look_refused
    assert office.connection.sweep_at > office.now
    office.look()
    assert office.fresh().look_refused == ""
    assert office.connection.swept_at


def test_a_quiet_day_costs_a_third_of_what_the_smallest_plan_allows(office, quiet):
    """Every look of a day, the night's sweep, and the lists."""
    office.sims.clock.set(office.now.replace(hour=0, minute=0) + dt.timedelta(days=1))
    begin, before = office.now, len(office.xero.requests("read"))
    for quarter in range(4 * 24):
        office.sims.clock.set(begin + dt.timedelta(minutes=15 * quarter))
        if quarter % 2 == 0:  # a token lives for half an hour, by the clock of this machine
            office.expire_access()
        if quarter == 12:
            refreshing.everything(office.fresh(), today=office.now.date(), now=office.now)
        if quarter == 13:
            sweeping.begin_nightly(office.connection, now=office.now)
        Connection.objects.update(poll_at=office.now)
        assert sync.poll(office.connection.pk, now=office.now)
    spent = len(office.xero.requests("read")) - before
    assert spent == budget.usage(office.fresh(), now=office.now).day
    assert spent == 96 * registry.get("xero").limits.look + 12 + 1  # 301
    assert spent < 1000 / 3
    assert office.connection.swept_at > begin
