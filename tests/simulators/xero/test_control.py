"""The control API, the pages for a person, restarts, and whether everything has its test."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

import simulators
from simulators.running import Keeper
from simulators.xero.switches import Switches

from . import sdk

HERE = Path(__file__).parent
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def control(sims):
    def call(path, body=None, status=200):
        answer = requests.post(f"{sims.url}/__sim/xero/{path}", json=body or {}, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json().get("result", answer.json())

    return call


def test_verbs_work_over_http(xero, control):
    other = control("add_organisation", {"region": "gb"})
    assert control("organisations") == {xero.tenant: "nz", other: "gb"}
    tokens = control("connect", {"tenants": [xero.tenant, other]})
    assert tokens["tenants"] == [xero.tenant, other]
    assert len(control("connections")) == 2
    control("switch", {"refresh_grace_minutes": 5})
    assert xero.app.switches.refresh_grace_minutes == 5
    control("use_up_day", {"leave": 3})
    control("expire_access_tokens")
    control("forget_keys")
    control("disconnect", {"tenant": other})
    assert len(control("connections")) == 1
    made = control("register", {"redirect_uris": ["http://localhost/x"], "name": "Mine"})
    again = {"redirect_uris": ["http://localhost/y"], "client_id": made["client_id"]}
    assert control("register", again)["client_secret"] == made["client_secret"]
    assert control("usage")["violations"] == {}
    assert control("mails") == []


def test_a_person_acts_over_http(xero, control):
    made = control("person/create_invoice", {"contact": "Cascade Dental", "amount": 100})
    control("person/receive_payment", {"invoice": made["InvoiceNumber"], "amount": "15"})
    [read] = control("invoices")
    assert (read["AmountDue"], read["AmountPaid"]) == (100, 15)
    other = control("add_organisation", {"region": "au"})
    control("person/lock_period", {"tenant": other, "through": "2026-01-01"})
    assert xero.organisation(other).info["PeriodLockDate"] == "2026-01-01"
    assert "PeriodLockDate" not in xero.organisation().info


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("explode", {}, "no 'explode'"), ("person/_act", {}, "no 'person/_act'"),
        ("person/org", {}, "no 'person/org'"), ("connect", {"colour": 1}, "colour"),
        ("connect", {"tenant": "x"}, "no organisation"), ("switch", {"x": 1}, "no switch"),
        ("add_organisation", {"region": "fr"}, "no region"),
        ("person/void", {"invoice": "none"}, "no invoice"),
        ("switch", {"ties": "sideways"}, "one of"), ("switch", {"app_tier": 5}, "one of"),
        ("person/create_invoice", {"contact": "Cascade Dental", "amount": -5}, "negative"),
        ("person/remove_payment", {"payment": "none"}, "no such record"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_told(control, path, body, says):
    assert says in control(path, body, status=400)["error"]


def test_the_ledger_tells_what_the_books_say(sims, api):
    api.create(InvoiceNumber="A-1")
    books = requests.get(f"{sims.url}/__sim/ledger", timeout=5).json()["result"]["xero"]
    [entry] = books["organisations"][api.tokens.tenant]["Invoice"]
    assert (entry["InvoiceNumber"], entry["Total"], entry["Status"]) == ("A-1", 115, "AUTHORISED")
    assert books["violations"] == {}


def test_faults_are_armed_over_http(sims, api):
    body = {"app": "xero", "fault": "throttled", "problem": "day", "retry_after": 60}
    assert requests.post(f"{sims.url}/__sim/faults", json=body, timeout=5).status_code == 200
    answer = api.call("PUT", "Invoices", {})
    assert answer.headers["X-Rate-Limit-Problem"] == "day"


def test_the_journal_keeps_no_secrets(xero, api):
    api.get("Organisation")
    sdk.token(xero, grant_type="refresh_token", refresh_token=api.tokens.refresh_token)
    told = "".join(str(each.describe()) for each in xero.requests())
    for secret in (api.tokens.access_token, api.tokens.refresh_token, xero.client_secret):
        assert secret not in told


@pytest.fixture
def site(sims, xero):
    """Pages of the first organisation: `site("invoices")`, `site.press("void", id=...)`."""

    class Site:
        url = f"{sims.url}/__sim/xero/{xero.tenant}"

        def __call__(self, page="", status=200):
            answer = requests.get(f"{self.url}/{page}", timeout=5)
            assert answer.status_code == status
            return answer.text

        def press(self, verb, *, answered=303, **form):
            data = {"verb": verb, "back": f"/__sim/xero/{xero.tenant}/", **form}
            answer = requests.post(f"{self.url}/do", data=data, allow_redirects=False, timeout=5)
            assert answer.status_code == answered, answer.text
            return answer.text

    return Site()


def test_a_person_sees_everything(sims, xero, api, site, person):
    made = api.create(InvoiceNumber="A-1", Reference="<monthly>")
    person.receive_payment("A-1", 5)
    person.credit("A-1", 5)
    assert "A-1" in site("invoices")
    page = site(f"invoices/{made['InvoiceID']}")
    for word in ("Partly paid", "Payment of 5.00", "Credit of 5.00", "&lt;monthly&gt;", "Created"):
        assert word in page
    assert "Cascade Dental" in site("contacts")
    assert "WORKPLACE" in site("items")
    assert "A-1" in site("payments")
    assert "15% GST on Income" in site("accounts")
    assert "An app under test" in site("settings")
    assert "nothing here" in site("invoices/none")
    home = requests.get(f"{sims.url}/__sim/xero/", timeout=5).text
    assert xero.organisation().name in home
    assert "cut_in_batch" in home
    assert requests.get(f"{sims.url}/__sim/xero/none/", timeout=5).status_code == 404


def test_a_person_does_everything(xero, site, sims):
    contact = xero.documents("Contact")[0]["ContactID"]
    site.press("invoice", contact=contact, amount="100", number="A-1", status="DRAFT")
    [made] = xero.invoices()
    id = made["InvoiceID"]
    assert "Money can be received once it is approved." in site(f"invoices/{id}")
    site.press("approve", id=id)
    site.press("line", id=id, line="1", description="Other", quantity="2", price="30")
    site.press("change", id=id, field="Reference", value="PO 7")
    site.press("pay", id=id, amount="9")
    site.press("credit", id=id, amount="10")
    [now] = xero.invoices()
    assert (now["Reference"], now["AmountDue"]) == ("PO 7", 50)
    site.press("unpay", id=xero.documents("Payment")[0]["PaymentID"])
    site.press("uncredit", id=xero.documents("CreditNote")[0]["CreditNoteID"])
    site.press("void", id=id)
    assert "Voided" in site(f"invoices/{id}")
    site.press("rename", id=contact, value="Renamed")
    site.press("archive", id=contact)
    site.press("restore", id=contact)
    site.press("contact", name="Brand New", email="new@example.com")
    site.press("item", id="HOURS", value="Time")
    site.press("close_account", id="220")
    site.press("open_account", id="220")
    site.press("lock", value="2026-01-01")
    xero.connect()
    site.press("lose")
    site.press("regain")
    site.press("disconnect")
    assert xero.connections() == []
    assert "No app is connected." in site("settings")
    draft = xero.as_person.create_invoice(contact, 5, status="DRAFT")
    site.press("delete", id=draft["InvoiceID"])
    home = f"{sims.url}/__sim/xero"
    requests.post(f"{home}/add", data={"region": "us"}, timeout=5)
    assert len(xero.organisations()) == 2
    arming = {"fault": "offline", "on": "read", "times": "1"}
    page = requests.post(f"{home}/arm", data=arming, timeout=5).text
    assert "Armed: offline on read" in page


@pytest.mark.parametrize(
    ("verb", "form", "says"),
    [
        ("explode", {}, "no such action"), ("void", {"id": "none"}, "no invoice"),
        ("invoice", {"contact": "Cascade Dental", "amount": "much", "status": "DRAFT"}, "number"),
        ("pay", {}, "says no"),
    ],
)  # fmt: skip
def test_a_page_says_no_in_words(site, verb, form, says):
    assert says in site.press(verb, answered=400, **form)


def test_links_to_the_real_pages_lead_here(xero, api):
    def led(path):
        answer = requests.get(xero.app.base_url + path, allow_redirects=False, timeout=5)
        return answer.headers["Location"]

    id = api.create()["InvoiceID"]
    home = f"/__sim/xero/{xero.tenant}/"
    assert led("/app/!kowhai/invoicing") == home
    assert led(f"/app/!kowhai/invoicing/view/{id}") == f"{home}invoices/{id}"
    old = f"shortcode=!kowhai&redirecturl=/AccountsReceivable/View.aspx%3FInvoiceID={id}"
    assert led(f"/organisationlogin/default.aspx?{old}") == f"{home}invoices/{id}"
    assert led("/app/!elsewhere") == "/__sim/xero/"
    assert requests.get(f"{xero.app.base_url}/elsewhere", timeout=5).status_code == 404


def test_a_restart_keeps_everything(tmp_path):
    options = {"limits": "counted", "history": True, "organisations": ["nz", "us"]}
    with simulators.start(at=NOON, xero=options, redirect_uris=[sdk.CALLBACK]) as first:
        api = sdk.Api(first.xero)
        made = api.create(InvoiceNumber="A-1")
        first.xero.as_person.receive_payment("A-1", 15)
        key = {"Idempotency-Key": "k"}
        once = api.call("PUT", "Invoices", {"Invoices": [sdk.invoice()]}, headers=key)
        keeper = Keeper(first.world, tmp_path)
        keeper.start()
        keeper.stop()
        client_id, token = first.xero.client_id, api.tokens.access_token
    with simulators.start(at=NOON, xero={"limits": "counted"}) as second:
        Keeper(second.world, tmp_path).load()
        xero = second.xero
        assert xero.client_id == client_id
        api.xero = xero
        assert list(xero.organisations().values()) == ["nz", "us"]
        assert api.session.headers["Authorization"].endswith(token)
        assert api.invoice(made["InvoiceID"])["AmountDue"] == 100
        again = api.call("PUT", "Invoices", {"Invoices": [sdk.invoice()]}, headers=key)
        assert (again.content != b"", again.status_code) == (True, once.status_code)
        assert len(xero.invoices()) == 7
        [taken] = api.put(sdk.invoice(InvoiceNumber="a-1"))
        assert taken["StatusAttributeString"] == "ERROR"
        assert len(xero.app.organisations[xero.tenant].history) > 0
    sdk.opened.pop()()


def test_history_makes_believable_books():
    with simulators.start(at=NOON, xero={"history": True}) as running:
        states = [each["Status"] for each in running.xero.invoices()]
    assert states == ["PAID", "PAID", "AUTHORISED", "AUTHORISED", "AUTHORISED"]


def test_every_unknown_of_the_service_is_a_switch():
    """What must never be taken for a fact about Xero."""
    guesses = {
        "webhook_payment_events", "deleted_numbers", "query_lag_seconds", "concurrent_retry_after",
        "attachment_megabytes", "code_seconds", "ties", "batch_siblings", "payments_bump",
        "concurrent_refresh", "idempotency_after_cut", "day_begins", "number_in_path",
        "discount_places", "named_lines", "url_form",
    }  # fmt: skip
    assert guesses <= set(re.findall(r"(\w+) = .*\n    guess", Switches.describe()))


def _tested(pattern):
    found = set()
    for path in HERE.glob("test_*.py"):
        found |= {int(number) for number in re.findall(pattern, path.read_text())}
    return found


def test_every_behaviour_has_a_test():
    assert _tested(r"def test_b(\d\d)_") == set(range(1, 58))


def test_every_fault_has_a_test():
    assert _tested(r"def test_f(\d+)_") == set(range(1, 29))
