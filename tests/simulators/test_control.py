"""What lies below /__sim/: the control API and the pages for a person."""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest
import requests

import simulators

from . import sdk


@pytest.fixture
def control(sims):
    """`control("POST", "clock", {...})` is the answer as JSON."""

    def call(method, path, body=None, status=200):
        answer = requests.request(method, f"{sims.url}/__sim/{path}", json=body, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json()

    return call


def test_the_clock_moves_over_http(sims, control):
    control("POST", "clock", {"frozen": True})
    before = sims.clock.now()
    told = control("POST", "clock", {"move": {"days": 1, "minutes": 30}})["result"]
    assert (sims.clock.now() - before).total_seconds() == 86_400 + 1_800
    assert told == {"now": sims.clock.now().isoformat(), "frozen": True}
    control("POST", "clock", {"set": "2026-11-30T08:00:00Z"})
    assert sims.clock.now() == datetime.fromisoformat("2026-11-30T08:00:00+00:00")
    control("POST", "clock", {"set": "2026-11-30T08:00:00"}, status=400)


def test_faults_are_armed_listed_and_disarmed_over_http(qbo, control, api):
    armed = control("POST", "faults", {"app": "qbo", "fault": "server_error", "times": 2})
    assert armed["result"]["fault"] == "server_error"
    assert api.post("invoice", sdk.invoice()).status_code == 503
    listed = control("GET", "faults")["result"]
    assert listed["armed"][0]["hits"] == 1
    assert listed["known"]["qbo"]["lose_answer"]["stage"] == "answer"
    control("DELETE", "faults")
    assert api.post("invoice", sdk.invoice()).status_code == 200
    assert (
        "no fault" in control("POST", "faults", {"app": "qbo", "fault": "x"}, status=400)["error"]
    )
    assert "no app" in control("POST", "faults", {"app": "x"}, status=400)["error"]


def test_ledger_and_journal_tell_everything(qbo, control, api):
    made = api.create("Invoice", sdk.invoice(DocNumber="1"), requestid="r")
    books = control("GET", "ledger")["result"]["qbo"]
    [entry] = books["companies"][qbo.realm]["Invoice"]
    assert (entry["Id"], entry["DocNumber"], entry["TotalAmt"]) == (made["Id"], "1", 100)
    assert books["violations"] == {}
    [write] = control("GET", "journal?app=qbo&kind=write")["result"]
    assert write["query"]["requestid"] == "r"
    assert control("GET", f"journal?after={write['number']}")["result"] == []


def test_verbs_of_a_service_work_over_http(qbo, control):
    realm = control("POST", "qbo/add_company", {"scenario": "uk"})["result"]
    assert control("POST", "qbo/companies", {})["result"][realm] == "uk"
    tokens = control("POST", "qbo/connect", {"realm": realm})["result"]
    assert sorted(tokens) == ["access_token", "realm", "refresh_token"]
    control("POST", "qbo/switch", {"order_by_id": "allow"})
    assert qbo.app.switches.order_by_id == "allow"
    registered = control("POST", "qbo/register", {"redirect_uris": ["http://localhost/x"]})[
        "result"
    ]
    again = {"redirect_uris": ["http://localhost/y"], "client_id": registered["client_id"]}
    assert (
        control("POST", "qbo/register", again)["result"]["client_secret"]
        == (registered["client_secret"])
    )


def test_a_person_acts_over_http(qbo, control):
    body = {"customer": "58", "amount": 12.5}
    made = control("POST", "qbo/person/create_invoice", body)["result"]
    control("POST", "qbo/person/edit_line", {"invoice": made["Id"], "amount": "20"})
    payment = control("POST", "qbo/person/receive_payment", {"invoice": made["Id"]})["result"]
    assert payment["TotalAmt"] == 20
    realm = control("POST", "qbo/add_company", {"scenario": "uk"})["result"]
    control("POST", "qbo/person/close_books", {"realm": realm, "through": "2026-01-01"})
    closed = qbo.company(realm).preferences["AccountingInfoPrefs"]["BookCloseDate"]
    assert closed == "2026-01-01"


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("qbo/explode", {}, "no 'explode'"),
        ("qbo/person/_done", {"kind": "Invoice", "id": "1"}, "no 'person/_done'"),
        ("qbo/switch", {"colour": "red"}, "no switch"),
        ("qbo/switch", {"consent": "perhaps"}, "one of"),
        ("qbo/switch", {"batch_items": "many"}, "like 30"),
        ("qbo/add_company", {"scenario": "mars"}, "no scenario"),
        ("qbo/add_company", {}, "scenario"),
        ("qbo/person/void", {"kind": "Invoice", "id": "9"}, "610"),
        ("qbo/switch", [], "JSON object"),
    ],
)
def test_what_does_not_exist_is_refused(control, path, body, says):
    assert says in control("POST", path, body, status=400)["error"]


def test_reset_begins_anew(qbo, control, api):
    api.create("Invoice", sdk.invoice())
    qbo.switch(order_by_id="allow")
    qbo.arm("server_error", times=None)
    control("POST", "reset")
    assert qbo.invoices() == []
    assert qbo.app.switches.order_by_id == "refuse"
    assert api.get("preferences").status_code == 401
    assert sdk.Api(qbo).post("invoice", sdk.invoice()).status_code == 200


def test_the_plug_can_be_pulled_over_http(sims, control):
    control("POST", "unplug", {"seconds": 0.2})
    deadline = time.monotonic() + 5
    while sims.server.plugged and time.monotonic() < deadline:
        time.sleep(0.005)
    with pytest.raises(requests.ConnectionError):
        requests.get(sims.url, timeout=5)
    while not sims.server.plugged and time.monotonic() < deadline:
        time.sleep(0.005)
    control("GET", "ledger")


def test_an_unknown_control_is_refused(control):
    assert "simulated" in control("GET", "everything", status=404)["error"]


def test_no_other_site_presses_buttons(sims):
    headers = {"Origin": "http://evil.example"}
    answer = requests.post(f"{sims.url}/__sim/reset", headers=headers, timeout=5)
    assert answer.status_code == 403


class Person:
    """Reads pages and presses buttons like a browser without JavaScript."""

    def __init__(self, sims):
        self.url = sims.url

    def read(self, path, status=200):
        answer = requests.get(f"{self.url}/__sim/{path}", timeout=5)
        assert answer.status_code == status
        return answer.text

    def press(self, path, label, **typed):
        """Send the first form of a page that has this button."""
        for form in re.findall(r"<form.*?</form>", self.read(path)):
            if f">{label}</button>" in form:
                fields = dict(
                    re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
                )
                action = re.search(r'action="([^"]*)"', form)[1]
                return requests.post(f"{self.url}{action}", data={**fields, **typed}, timeout=5)
        raise AssertionError(f"no button {label} on {path}")


@pytest.fixture
def person(sims):
    return Person(sims)


@pytest.fixture
def invoice(api):
    return api.create("Invoice", sdk.invoice(sdk.line(Qty=2, UnitPrice=50), DocNumber="TK-<1>"))


def test_a_person_sees_services_companies_and_records(qbo, person, invoice):
    assert "QuickBooks Online" in person.read("")
    assert "Northwind IT" in person.read("qbo/")
    page = person.read(f"qbo/{qbo.realm}/")
    assert "TK-&lt;1&gt;" in page
    assert "Alder &amp; Finch Architects" in page
    assert "Open</span>" in page
    assert "Managed workplace" in person.read(f"qbo/{qbo.realm}/items")
    assert "Zoë&#x27;s Ferry Café" in person.read(f"qbo/{qbo.realm}/customers")
    assert "No payments yet" in person.read(f"qbo/{qbo.realm}/payments")
    person.read("qbo/12345/", status=404)
    assert "nothing here any more" in person.read(f"qbo/{qbo.realm}/invoices/9999")


def test_a_person_takes_money_in_the_page(qbo, person, invoice):
    page = f"qbo/{qbo.realm}/invoices/{invoice['Id']}"
    assert "Partly paid" in person.press(page, "Receive payment", amount="40").text
    assert qbo.invoices()[0]["Balance"] == 60
    person.press(page, "Remove")
    assert qbo.invoices()[0]["Balance"] == 100
    person.press(page, "Receive payment", amount="")
    assert qbo.invoices()[0]["Balance"] == 0
    person.press(f"qbo/{qbo.realm}/payments", "Remove")
    assert qbo.invoices()[0]["Balance"] == 100


def test_a_person_edits_in_the_page(qbo, person, invoice):
    page = f"qbo/{qbo.realm}/invoices/{invoice['Id']}"
    person.press(page, "Save line", quantity="3", price="50", amount="100", description="More")
    assert qbo.invoices()[0]["TotalAmt"] == 150
    person.press(page, "Save line", quantity="", price="", amount="99", description="Less")
    assert qbo.invoices()[0]["Line"][0]["Description"] == "Less"
    assert qbo.invoices()[0]["TotalAmt"] == 99
    person.press(page, "Save", value="2031-01-01")
    assert qbo.invoices()[0]["DueDate"] == "2031-01-01"
    person.press(page, "Void")
    assert qbo.invoices()[0]["TotalAmt"] == 0
    assert "Voided" in person.read(page)


def test_a_person_creates_and_deletes_in_the_page(qbo, person, invoice):
    page = f"qbo/{qbo.realm}/invoices"
    person.press(page, "Create", customer="60", item="2", amount="77", number="BY-HAND")
    assert qbo.invoices()[1]["DocNumber"] == "BY-HAND"
    person.press(f"{page}/{invoice['Id']}", "Delete")
    assert len(qbo.invoices()) == 1


def test_a_person_minds_lists_and_settings_in_the_page(qbo, person, client):
    person.press(f"qbo/{qbo.realm}/customers", "Rename", value="Renamed & Co")
    assert qbo.documents("Customer")[0]["DisplayName"] == "Renamed & Co"
    person.press(f"qbo/{qbo.realm}/items", "Deactivate")
    assert qbo.documents("Item")[0]["Active"] is False
    person.press(f"qbo/{qbo.realm}/items", "Reactivate")
    person.press(f"qbo/{qbo.realm}/settings", "Turn off")
    assert qbo.company().preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    person.press(f"qbo/{qbo.realm}/settings", "Save", value="2026-10-31")
    assert "2026-10-31" in person.read(f"qbo/{qbo.realm}/settings")
    person.press(f"qbo/{qbo.realm}/settings", "Let the subscription end")
    person.press(f"qbo/{qbo.realm}/settings", "Renew the subscription")
    assert qbo.company().subscribed
    person.press(f"qbo/{qbo.realm}/settings", "Disconnect the app")
    assert not qbo.app.oauth.connected(qbo.realm)


def test_a_person_is_told_why_not(qbo, person, invoice):
    page = f"qbo/{qbo.realm}/invoices/{invoice['Id']}"
    for amount in ("1000", "much"):
        answer = person.press(page, "Receive payment", amount=amount)
        assert answer.status_code == 400
        assert "QuickBooks says no" in answer.text


def test_a_person_arms_a_fault_in_the_page(qbo, person, api):
    answer = person.press("qbo/", "Arm", fault="server_error", on="write", times="1")
    assert "server_error on write" in answer.text
    assert api.post("invoice", sdk.invoice()).status_code == 503
    assert "Nothing is armed" in person.read("qbo/")
    assert "server_error" in person.read("")


def test_pages_can_not_be_framed_and_run_no_scripts(sims):
    answer = requests.get(f"{sims.url}/__sim/", timeout=5)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    style = requests.get(f"{sims.url}/__sim/style.css", timeout=5)
    assert style.headers["Content-Type"].startswith("text/css")


def test_a_bug_in_the_simulator_is_loud(monkeypatch):
    running = simulators.start()
    monkeypatch.setattr(type(running.qbo.app), "answer", lambda *_: 1 / 0)
    assert requests.get(running.qbo.discovery_url, timeout=5).status_code == 500
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        running.stop()


def test_a_fault_takes_fractions_of_a_second(control, api):
    control("POST", "faults", {"app": "qbo", "fault": "delay_answer", "seconds": 0.25})
    began = time.monotonic()
    assert api.post("invoice", sdk.invoice()).status_code == 200
    assert time.monotonic() - began > 0.25
