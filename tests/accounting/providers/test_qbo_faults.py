"""Every fault of the wire and of QuickBooks that the adapter meets, and what it makes of it.

Numbers are those of the catalogue of faults. What is decided above the adapter (retries, queues,
conflicts) is proved where it is decided.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from accounting.providers import port, qbo
from accounting.providers.port import Kind, Operation, Reason, State
from accounting.providers.qbo import client

from .backends import Qbo

KEY = "5b6ff8b0-6f0a-4d3c-9d0e-1f0c2d3e4f50"
OTHER = "5b6ff8b0-6f0a-4d3c-9d0e-1f0c2d3e4f51"


@pytest.fixture(scope="module")
def running():
    with Qbo.running() as backend:
        yield backend


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", (1.0, 0.4))


def freeze(backend, session, *documents, key=KEY, operation=Operation.CREATE):
    return backend.provider.freeze(operation, documents, key=key, facts=session.facts)


def send(backend, session, *documents, **options):
    return backend.provider.send(session, freeze(backend, session, *documents, **options))


def only(outcomes):
    (outcome,) = outcomes
    return outcome


def fault(sim, **options):
    sim.arm("fault", **options)


# The wire -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_f01_nothing_was_sent_where_no_connection_stood(backend, session, api):
    provider = qbo.provider({**backend.settings(), "api": api})
    call = freeze(backend, session, backend.document())
    with pytest.raises(port.Unavailable) as error:
        provider.send(session, call)
    assert not error.value.whole_company


def test_f02_silence_ends_and_leaves_the_outcome_unknown(backend, sim, session, impatient):
    sim.arm("hang", seconds=2)
    with pytest.raises(port.Unknown):
        send(backend, session, backend.document())
    sim.arm("hang", on="read", seconds=2)
    with pytest.raises(port.Unavailable):
        backend.provider.records(session, Kind.ITEM)


LOST = {
    "f03 closed": ("lose_answer", {}),
    "f03 reset": ("reset_answer", {}),
    "f04 500": ("error_after_commit", {"status": 500, "body": "oops"}),
    "f04 503 html": ("error_after_commit", {"status": 503, "body": "<html></html>"}),
    "f04 504 text": ("error_after_commit", {"status": 504, "body": "stream timeout"}),
    "f06 truncated": ("truncate_answer", {}),
    "f06 empty": ("empty_answer", {}),
    "f06 a fault in a 200": ("fault_in_200", {"code": "10000"}),
    "f32 redirect": ("error_after_commit", {"status": 302, "body": ""}),
    "400 without a fault": ("error_after_commit", {"status": 400, "body": "<oops/>"}),
    "200 without an object": ("error_after_commit", {"status": 200, "body": "[]"}),
    "200 of something else": ("error_after_commit", {"status": 200, "body": "{}"}),
}


@pytest.mark.parametrize("name", LOST)
def test_f03_f04_f06_a_lost_answer_is_unknown_and_the_same_call_brings_it(
    backend, sim, session, name
):
    fault, options = LOST[name]
    document = backend.document()
    sim.arm(fault, **options)
    with pytest.raises(port.Unknown):
        send(backend, session, document)
    assert len(sim.invoices()) == 1
    receipt = only(send(backend, session, document)).receipt
    assert receipt.id == sim.invoices()[0]["Id"]
    assert len(sim.invoices()) == 1


@pytest.mark.parametrize("name", LOST)
def test_a_read_without_an_answer_is_merely_unavailable(backend, sim, session, name):
    fault, options = LOST[name]
    sim.arm(fault, on="read", **options)
    with pytest.raises(port.Unavailable) as error:
        backend.provider.find(session, [backend.document()])
    assert not error.value.whole_company


def test_f05_a_retry_that_meets_the_first_try_in_flight_makes_no_second(
    backend, sim, session, impatient
):
    document = backend.document()
    sim.arm("slow_commit", seconds=1.0)
    with pytest.raises(port.Unknown):
        send(backend, session, document)
    with pytest.raises(port.Unknown):  # waits for the first, longer than we do
        send(backend, session, document)
    threading.Event().wait(1.0)
    assert only(send(backend, session, document)).receipt
    assert len(sim.invoices()) == 1


def test_f06_a_wrong_label_on_a_good_answer_does_no_harm(backend, sim, session):
    sim.arm("wrong_content_type")
    document = backend.document(message="Grüße, 請求書 🙂")
    assert only(send(backend, session, document)).receipt.content["message"] == "Grüße, 請求書 🙂"


def test_f06_an_item_that_is_missing_in_the_answer_is_unknown(backend, sim, session):
    body = json.dumps({"BatchItemResponse": [{"bId": "2", "Invoice": {}}], "time": "x"})
    sim.arm("error_after_commit", status=200, body=body)
    outcomes = send(backend, session, backend.document(), backend.document())
    assert [type(outcome.error) for outcome in outcomes] == [port.Unknown, port.Unknown]


def test_f30_an_answer_that_drips_is_given_up(backend, sim, session, monkeypatch):
    monkeypatch.setattr(client, "DEADLINE", 0.5)
    sim.arm("drip_answer", bytes_per_second=600.0)
    document = backend.document(message="x" * 900)
    with pytest.raises(port.Unknown):
        send(backend, session, document)


def test_an_answer_without_end_is_given_up(backend, sim, session, monkeypatch):
    monkeypatch.setattr(client, "LARGEST", 200)
    with pytest.raises(port.Unknown):
        send(backend, session, backend.document())


def test_f32_a_redirect_carries_the_token_nowhere(backend, sim, session):
    seen = []

    class Thief(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(dict(self.headers))

        do_GET = do_POST

    with HTTPServer(("127.0.0.1", 0), Thief) as thief:
        threading.Thread(target=thief.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{thief.server_port}/steal"
        sim.arm("redirect", on="any", headers={"Location": where}, times=2)
        with pytest.raises(port.Unknown):
            send(backend, session, backend.document())
        with pytest.raises(port.Unavailable):
            backend.provider.records(session, Kind.ITEM)
        thief.shutdown()
    assert seen == []


def test_every_write_has_its_request_id_in_the_address(backend, sim, session):
    send(backend, session, backend.document())
    backend.provider.create(session, backend.new_customer("New"), key=OTHER)
    sent = sim.requests("write")
    assert [request.query["requestid"] for request in sent] == [KEY, OTHER]
    assert {request.query["minorversion"] for request in sim.requests() if request.query} == {"75"}


def test_a_write_without_a_request_id_never_leaves(backend, sim, session):
    with client.client(backend.settings()["api"], session) as http, pytest.raises(ValueError):
        http.post(http.url("invoice"), b"{}")
    assert sim.requests("write") == []


def test_no_proxy_of_the_environment_is_used(backend, session, monkeypatch):
    tokens = backend.tokens()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert backend.provider.records(session, Kind.ITEM)
    assert backend.provider.refresh(tokens)


# What QuickBooks says -----------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["json", "xml"])
def test_f12_a_throttled_write_holds_the_whole_company(backend, sim, session, body):
    sim.arm("throttled", body=body)
    with pytest.raises(port.Unavailable) as error:
        send(backend, session, backend.document())
    assert (error.value.retry_after, error.value.whole_company) == (60.0, True)
    assert sim.invoices() == []


def test_f12_retry_after_is_believed(backend, sim, session):
    sim.arm("server_error", status=429, body="", headers={"Retry-After": "7"})
    with pytest.raises(port.Unavailable) as error:
        send(backend, session, backend.document())
    assert error.value.retry_after == 7.0


def test_f12_when_the_reads_of_a_month_are_used_up_writes_go_on(backend, sim, session):
    sim.switch(reads_per_month=1, limits="enforced")
    with pytest.raises(port.Unavailable) as error:
        backend.provider.records(session, Kind.ITEM)
    assert not error.value.whole_company
    assert only(send(backend, session, backend.document())).receipt


def test_f13_a_connection_that_was_cut_there_needs_a_new_consent(backend, sim, session):
    sim.arm("forbidden")
    with pytest.raises(port.Unauthorized) as error:
        send(backend, session, backend.document())
    assert error.value.final
    assert error.value.code == "3100"


def test_a_firewall_is_no_reason_to_ask_for_a_new_consent(backend, sim, session):
    sim.arm("server_error", status=403, body="<html>Access denied</html>")
    with pytest.raises(port.Unavailable):
        send(backend, session, backend.document())


@pytest.mark.parametrize("body", ["json", "xml"])
def test_f07_an_expired_token_is_not_final(backend, sim, session, body):
    sim.switch(unauthorized_body=body)
    sim.expire_access_tokens()
    with pytest.raises(port.Unauthorized) as error:
        send(backend, session, backend.document())
    assert not error.value.final


REASONS = {
    "120": Reason.NOT_ALLOWED,
    "610": Reason.REFERENCE,
    "2010": Reason.OTHER,
    "2050": Reason.TOO_LONG,
    "2500": Reason.REFERENCE,
    "5010": Reason.STALE,
    "5020": Reason.NOT_ALLOWED,
    "6000": Reason.OTHER,
    "6070": Reason.AMOUNT,
    "6140": Reason.NUMBER_TAKEN,
    "6190": Reason.NOT_ALLOWED,
    "6210": Reason.PERIOD_CLOSED,
    "6240": Reason.NAME_TAKEN,
    "6430": Reason.REFERENCE,
    "6540": Reason.SETTLED,
    "9999": Reason.OTHER,  # never heard of
    "new.code": Reason.OTHER,
}


@pytest.mark.parametrize("code", REASONS)
def test_each_code_has_a_reason_and_a_sentence_for_people(backend, sim, session, code):
    fault(sim, code=code, detail="Something <b>with</b> markup")
    with pytest.raises(port.Rejected) as error:
        send(backend, session, backend.document())
    assert error.value.reason is REASONS[code]
    assert error.value.code == code
    assert len(error.value.message) > 40
    assert error.value.message.endswith((".", ")", "markup"))
    assert error.value.reference  # intuit_tid, for Intuit's support


@pytest.mark.parametrize(
    "options",
    [
        {"code": "6140", "language": "fr", "detail": "N° 7: TxnType=Invoice avec TxnId=45"},
        {"code": ["9999", "6140"], "detail": "DocNumber=7 TxnType=Invoice TxnId=45"},
        {"code": "6140", "detail": "TxnType=Invoice, puis TxnId=45."},
    ],
)  # fmt: skip
def test_f17_only_code_and_tokens_are_read(backend, sim, session, options):
    fault(sim, **options)
    with pytest.raises(port.Rejected) as error:
        send(backend, session, backend.document())
    assert error.value.reason is Reason.NUMBER_TAKEN
    assert error.value.found_id == "45"


@pytest.mark.parametrize("detail", [None, "", "TxnType=CreditMemo with TxnId=45"])
def test_f17_without_the_tokens_nobody_is_named(backend, sim, session, detail):
    fault(sim, code="6140", detail=detail)
    with pytest.raises(port.Rejected) as error:
        send(backend, session, backend.document())
    assert error.value.reason is Reason.NUMBER_TAKEN
    assert error.value.found_id == ""


def test_f15_f16_a_number_of_ours_and_of_a_stranger_are_told_apart_by_the_marker(
    backend, sim, session
):
    ours = backend.document("INV-1")
    send(backend, session, ours)
    stranger = sim.as_person.create_invoice(backend.customer_id(), "125.00", number="INV-2")
    again = send(backend, session, ours, key=OTHER)
    taken = send(backend, session, backend.document("INV-2"), key=KEY[:-1] + "9")
    assert only(again).error.found_id == sim.invoices()[0]["Id"]
    assert only(taken).error.found_id == stranger["Id"]
    assert backend.provider.find(session, [ours])[0].id == only(again).error.found_id
    assert backend.provider.find(session, [backend.document("INV-2")]) == [None]


@pytest.mark.parametrize("switch", [{"requestid": "ignored"}, {"requestid_ttl_seconds": 1}])
def test_f18_a_forgotten_request_id_is_made_good_by_the_marker(backend, sim, session, switch):
    sim.switch(**switch)
    document = backend.document()
    backend.lose_answer()
    with pytest.raises(port.Unknown):
        send(backend, session, document)
    backend.sims.clock.move(minutes=5)
    assert backend.provider.find(session, [document])[0].id == sim.invoices()[0]["Id"]


@pytest.mark.parametrize("memory", ["remembered", "forgotten"])
def test_f19_a_corrected_document_goes_under_a_new_key(backend, sim, session, memory):
    sim.switch(requestid_errors=memory)
    assert only(send(backend, session, backend.bad_document())).error
    assert only(send(backend, session, backend.document(), key=OTHER)).receipt


@pytest.mark.parametrize("cents", ["0.01", "40"])
def test_f20_totals_are_theirs_and_not_ours(backend, sim, session, cents):
    sim.switch(total_drift=cents)
    receipt = only(send(backend, session, backend.document())).receipt
    assert receipt.tax == Decimal(cents)
    assert receipt.total == Decimal("125.00") + Decimal(cents)
    assert receipt.subtotal == Decimal("125.00")


@pytest.mark.parametrize("kind", ["Customer", "Item"])
def test_f21_a_record_that_became_inactive_asks_for_another_link(backend, sim, session, kind):
    document = backend.document()
    id = document.customer_id if kind == "Customer" else document.lines[0].item_id
    sim.as_person.deactivate(kind, id)
    error = only(send(backend, session, document)).error
    assert (error.reason, error.code) == (Reason.REFERENCE, "610")


def test_f21_an_inactive_record_is_no_deleted_document(backend, sim, session):
    document = backend.document()
    receipt = only(send(backend, session, document)).receipt
    sim.as_person.deactivate("Item", document.lines[0].item_id)
    fields = {name: getattr(document, name) for name in document.__dataclass_fields__}
    known = {"remote_id": receipt.id, "remote_version": receipt.version}
    new = port.Document(**{**fields, **known})
    error = only(send(backend, session, new, operation=Operation.UPDATE, key=OTHER)).error
    assert error.reason is Reason.REFERENCE


def test_f22_what_a_query_does_not_show_yet_is_not_deleted(backend, sim, session):
    sim.switch(query_lag_seconds=60)
    receipt = only(send(backend, session, backend.document())).receipt
    assert backend.provider.get(session, [receipt.id])[receipt.id].state is State.OPEN


def test_f22_find_sees_as_late_as_queries_do(backend, sim, session):
    """Which is why nobody takes its "no" for an answer before the time has passed."""
    sim.switch(query_lag_seconds=60)
    document = backend.document()
    send(backend, session, document)
    assert backend.provider.find(session, [document]) == [None]
    backend.sims.clock.move(seconds=61)
    assert backend.provider.find(session, [document]) != [None]


def test_f23_nobody_is_missed_when_pages_shift(backend, sim, session):
    backend.add_customers(1500)
    victims = [doc["Id"] for doc in sim.documents("Customer")[:5]]
    target = sim.documents("Customer")[-1]["Id"]
    pages = []

    def spend(cost):
        pages.append(cost)
        if len(pages) == 2:  # before the second page five rows of the first one vanish
            for victim in victims:
                sim.as_person.merge_customers(victim, target)
            backend.sim.as_person.create("Customer", DisplayName="Came meanwhile")

    watched = port.Session(session.company_id, session.access, session.facts, spend)
    found = {record.id for record in backend.provider.records(watched, Kind.CUSTOMER)}
    assert len(pages) == 2
    assert {doc["Id"] for doc in sim.documents("Customer")} <= found


@pytest.mark.parametrize("minutes", [-10, 10])
def test_f25_a_cursor_is_of_the_clock_over_there(backend, sim, session, minutes):
    backend.sims.clock.move(minutes=minutes)
    session = backend.session()
    cursor = backend.provider.changes(session, "", at=timezone.now()).cursor
    there = backend.sims.clock.now()
    assert dt.timedelta(0) < there - dt.datetime.fromisoformat(cursor) < dt.timedelta(minutes=6)
    receipt = only(send(backend, session, backend.document())).receipt
    changes = backend.provider.changes(session, cursor, at=timezone.now())
    assert [status.id for status in changes.statuses] == [receipt.id]


def test_f26_the_second_call_is_throttled_and_the_first_stands(backend, sim, session):
    assert only(send(backend, session, backend.document())).receipt
    sim.arm("throttled")
    with pytest.raises(port.Unavailable):
        send(backend, session, backend.document(), key=OTHER)
    assert len(sim.invoices()) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_closed_period_is_known_before_and_refused_after(backend, sim, session, language):
    sim.company().language = language
    sim.as_person.close_books("2026-11-30")
    facts = backend.session().facts
    document = backend.document()
    reasons = [problem.reason for problem in backend.provider.check(document, facts=facts)]
    assert reasons == [Reason.PERIOD_CLOSED]
    assert only(send(backend, session, document)).error.reason is Reason.PERIOD_CLOSED


def test_a_company_that_does_not_pay_can_be_read_but_not_written(backend, sim, session):
    sim.as_person.let_subscription_end()
    assert backend.provider.records(session, Kind.ITEM)
    assert only(send(backend, session, backend.document())).error.reason is Reason.NOT_ALLOWED


def test_the_name_of_an_employee_is_taken_by_nobody_who_could_be_linked(backend, sim, session):
    name = sim.documents("Employee")[0]["DisplayName"]
    with pytest.raises(port.Rejected) as error:
        backend.provider.create(session, backend.new_customer(name), key=KEY)
    assert (error.value.reason, error.value.found_id) == (Reason.NAME_TAKEN, "")


def test_odd_text_does_no_harm(backend, session):
    """NUL, right-to-left, quotes, markup, an emoji, and more than fits."""
    words = (
        "a\x00b\u202eright 'quoted' \\ <script>alert(1)</script> \N{SLICE OF PIZZA}\n" + "x" * 5000
    )
    line = backend.line("10.00", description=words)
    document = backend.document("O'Neill\\7", line, message="m" * 2000)
    receipt = only(send(backend, session, document)).receipt
    written = receipt.content["lines"][0]["description"]
    assert len(written) == 4000
    assert written.startswith("ab\u202eright 'quoted' \\ <script>")
    assert written.endswith("…")
    assert len(receipt.content["message"]) == 1000
    assert backend.provider.find(session, [document]) == [receipt]
