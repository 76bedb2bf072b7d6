"""The worked examples, from empty tables to issued invoices, through REST alone and at each level.

The figures stand as on the invoice: quantity, price, net, tax, total.
"""

from __future__ import annotations

import pytest
import time_machine
from django.utils import timezone

from invoices import batch_work
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1/"

ACME = {
    "contract": [
        ("Labor – Standard", "3.50", "100.00", "350.00", "28.00", "378.00"),
        ("Labor – After-hours", "0.75", "150.00", "112.50", "9.00", "121.50"),
        ("Dock", "1.00", "180.00", "162.00", "8.10", "170.10"),
    ],
    "ticket": [
        ("VPN down", "1.50", "100.00", "150.00", "12.00", "162.00"),
        ("VPN down", "0.75", "150.00", "112.50", "9.00", "121.50"),
        ("New laptop", "2.00", "100.00", "200.00", "16.00", "216.00"),
        ("Dock", "1.00", "180.00", "162.00", "8.10", "170.10"),
    ],
    "entry": [
        ("Reset gateway", "1.50", "100.00", "150.00", "12.00", "162.00"),
        ("Firmware upgrade", "0.75", "150.00", "112.50", "9.00", "121.50"),
        ("Image laptop", "1.25", "100.00", "125.00", "10.00", "135.00"),
        ("Restore profile", "0.75", "100.00", "75.00", "6.00", "81.00"),
        ("Dock", "1.00", "180.00", "162.00", "8.10", "170.10"),
    ],
}
BLOCK = ("Block", "10.00", "95.00", "950.00", "0.00", "950.00")


def covered(text, hours):
    return (text, hours, "0.00", "0.00", "0.00", "0.00")


BETA = {
    "contract": [BLOCK, ("Overage", "2.00", "130.00", "260.00", "0.00", "260.00")],
    "ticket": [
        BLOCK,
        covered("T-2001", "6.00"),
        covered("T-2002", "5.00"),
        covered("T-2003", "1.00"),
        ("T-2003", "2.00", "130.00", "260.00", "0.00", "260.00"),
    ],
    "entry": [
        BLOCK,
        covered("one", "4.00"),
        covered("two", "2.00"),
        covered("three", "5.00"),
        covered("four", "1.00"),
        ("four", "0.50", "130.00", "65.00", "0.00", "65.00"),
        ("five", "1.50", "130.00", "195.00", "0.00", "195.00"),
    ],
}
FEE = ("Retainer", "1.00", "800.00", "800.00", "80.00", "880.00")
CARE = {
    "contract": [FEE],
    "ticket": [FEE, covered("T-3001", "3.00")],
    "entry": [FEE, covered("one", "2.00"), covered("two", "1.00")],
}
TRAVEL = ("Travel", "1.00", "45.00", "45.00", "0.00", "45.00")
EXTRA = {
    "contract": [
        ("Labor – Standard", "2.50", "120.00", "300.00", "30.00", "330.00"),
        ("Labor – After-hours", "1.00", "180.00", "180.00", "18.00", "198.00"),
        TRAVEL,
    ],
    "ticket": [
        ("T-3002", "2.50", "120.00", "300.00", "30.00", "330.00"),
        ("T-3003", "1.00", "180.00", "180.00", "18.00", "198.00"),
        TRAVEL,
    ],
    "entry": [
        ("one", "1.50", "120.00", "180.00", "18.00", "198.00"),
        ("two", "1.00", "120.00", "120.00", "12.00", "132.00"),
        ("three", "1.00", "180.00", "180.00", "18.00", "198.00"),
        TRAVEL,
    ],
}


class Month:
    """A program that keeps an MSP's books through the API."""

    def __init__(self, client) -> None:
        self.client = client

    def post(self, path, **body):
        answer = self.client.post(API + path, body)
        assert answer.status_code in (200, 201, 202), (path, answer.content)
        return answer.json()

    def get(self, path):
        answer = self.client.get(API + path)
        assert answer.status_code == 200, (path, answer.content)
        return answer.json()

    def tax(self, name, percent):
        return self.post("tax-rates/", name=name, percent=percent)["id"]

    def item(self, name, price, kind="service", unit="hour", **fields):
        return self.post(
            "catalog-items/", name=name, unit_price=price, kind=kind, unit=unit, **fields
        )["id"]

    def contract(self, customer, name, type, rates, **fields):
        rates = [{"role": role, "item": item} for role, item in rates]
        body = {"start_date": "2026-10-01", "customer": customer, "name": name, "type": type}
        return self.post("contracts/", rates=rates, **body, **fields)

    def ticket(self, contract, number, title, times):
        """A resolved ticket; each time is (day, minutes, description, further fields)."""
        body = {"customer": contract["customer"], "contract": contract["id"], "title": title}
        ticket = self.post("tickets/", number=number, opened_at="2026-10-02T08:00:00Z", **body)
        for day, minutes, description, fields in times:
            self.post(
                "time-entries/",
                ticket=ticket["id"],
                started_at=f"2026-10-{day:02d}T09:00:00Z",
                minutes=minutes,
                description=description,
                **fields,
            )
        return ticket["id"]

    def resolve(self, *tickets):
        for ticket in tickets:
            body = {"status": "resolved", "resolved_at": "2026-10-28T17:00:00Z"}
            answer = self.client.patch(f"{API}tickets/{ticket}/", body)
            assert answer.status_code == 200, answer.content

    def preview(self, level):
        return self.post("batches/preview/", through="2026-10-31", level=level)

    def bill(self, level):
        """Bills October, does what the worker does, and answers the drafts by their contract."""
        batch = self.post("batches/", name="October", through="2026-10-31", level=level)
        batch_work.work(batch["id"], now=timezone.now(), today=timezone.localdate())
        done = self.get(f"batches/{batch['id']}/")
        assert (done["state"], done["percent"]) == ("ready", 100), done
        rows = self.get(f"invoices/?batch={batch['id']}&ordering=id")["results"]
        return {row["contract"]: self.get(f"invoices/{row['id']}/") for row in rows}


def additional(contract):
    """The id of the contract's after-hours rate."""
    return next(rate["id"] for rate in contract["rates"] if rate["role"] == "additional")


@pytest.fixture
def month(api_as):
    with time_machine.travel("2026-11-05T10:00:00Z", tick=True):
        yield Month(api_as("billing"))


@pytest.fixture
def acme(month):
    sales, five = month.tax("Sales", "8"), month.tax("Hardware tax", "5")
    customer = month.post("customers/", name="Acme")["id"]
    standard, after = month.item("Standard", "100"), month.item("After-hours", "150")
    hardware = month.post("categories/", name="Hardware", tax_rate=five)["id"]
    dock = month.item("Dock", "180", "product", "each", category=hardware)
    rates = [("primary", standard), ("additional", after)]
    contract = month.contract(customer, "Acme Hourly", "hourly", rates, tax_rate=sales)
    late = {"rate": additional(contract)}
    vpn = month.ticket(
        contract,
        "T-1001",
        "VPN down",
        [
            (12, 90, "Reset gateway", {}),
            (13, 45, "Firmware upgrade", late),
            (14, 30, "Apology call", {"billable": False}),
        ],
    )
    times = [(15, 75, "Image laptop", {}), (16, 45, "Restore profile", {})]
    laptop = month.ticket(contract, "T-1002", "New laptop", times)
    used = {"item": dock, "used_on": "2026-10-16", "discount_percent": "10"}
    month.post("ticket-items/", ticket=laptop, **used)
    month.resolve(vpn, laptop)
    return contract["id"]


@pytest.fixture
def beta(month):
    customer = month.post("customers/", name="Beta")["id"]
    rates = [
        ("block", month.item("Block hour", "95")),
        ("overage", month.item("Overage hour", "130")),
    ]
    block = {"included": "10", "rollover": True}
    contract = month.contract(customer, "Beta Block 10", "block_hours", rates, **block)
    month.post(
        "block-movements/",
        contract=contract["id"],
        kind="adjustment",
        period_start="2026-09-30",
        quantity="2",
        note="Carried in",
    )
    month.resolve(
        month.ticket(contract, "T-2001", "Server", [(5, 240, "one", {}), (6, 120, "two", {})]),
        month.ticket(contract, "T-2002", "Server", [(7, 300, "three", {})]),
        month.ticket(contract, "T-2003", "Server", [(9, 90, "four", {}), (10, 90, "five", {})]),
    )
    return contract["id"]


@pytest.fixture
def gamma(month):
    gst = month.tax("GST", "10")
    customer = month.post("customers/", name="Gamma")["id"]
    fee = month.item("Retainer", "800", unit="period")
    care = month.contract(customer, "Gamma Care", "retainer", [("fee", fee)], tax_rate=gst)
    rates = [
        ("primary", month.item("Standard extra", "120")),
        ("additional", month.item("After-hours extra", "180")),
    ]
    extra = month.contract(customer, "Gamma Extra", "hourly", rates, tax_rate=gst)
    exempt = month.post("categories/", name="Travel", tax_rate=month.tax("Exempt", "0"))["id"]
    travel = month.item("Travel", "45", "expense", "each", category=exempt)
    late = {"rate": additional(extra)}
    times = [(12, 120, "one", {}), (13, 60, "two", {})]
    tickets = [month.ticket(care, "T-3001", "Care", times)]
    times = [(14, 90, "one", {}), (15, 60, "two", {})]
    tickets.append(month.ticket(extra, "T-3002", "Extra", times))
    tickets.append(month.ticket(extra, "T-3003", "Night", [(16, 60, "three", late)]))
    month.post("ticket-items/", ticket=tickets[-1], item=travel, used_on="2026-10-16")
    month.resolve(*tickets)
    return care["id"], extra["id"]


def check(invoice, lines, subtotal, tax, total):
    """The invoice has exactly these lines and sums, to the cent."""
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (subtotal, tax, total)
    found = [
        (f"{line['quantity'][:-2]}", line["unit_price"][:-2], line["net"], line["tax"],
         line["total"])
        for line in invoice["lines"]
    ]  # fmt: skip
    assert found == [line[1:] for line in lines]
    for line, (text, *_) in zip(invoice["lines"], lines, strict=True):
        assert text.lower() in line["description"].lower()
        assert "Apology" not in line["description"]
        assert {line["quantity"][-2:], line["unit_price"][-2:]} == {"00"}


LEVELS = ("contract", "ticket", "entry")


@pytest.mark.parametrize("level", LEVELS)
def test_an_hourly_month_with_two_rates_and_a_product(month, acme, level):
    panel = month.preview(level)["panel"]
    assert panel == {
        "invoices": 1,
        "tickets": 2,
        "hours": "4.25",
        "billable": "624.50",
        "tax": "45.10",
        "total": "669.60",
    }
    invoice = month.bill(level)[acme]
    check(invoice, ACME[level], "624.50", "45.10", "669.60")
    issued = month.post(f"invoices/{invoice['id']}/issue/")
    assert issued["number"]
    assert issued["status"] == "issued"


def test_a_ticket_that_is_left_out_stays_for_the_next_bill(month, acme):
    names = ("Image laptop", "Restore profile")
    rows = month.get("time-entries/")["results"]
    out = [f"entry:{row['id']}" for row in rows if row["description"] in names]
    out += [f"item:{row['id']}" for row in month.get("ticket-items/")["results"]]
    choice = {"contract": acme, "left_out": out}
    batch = {"through": "2026-10-31", "level": "ticket", "contracts": [choice]}
    panel = month.post("batches/preview/", **batch)["panel"]
    assert (panel["billable"], panel["tax"], panel["total"]) == ("262.50", "21.00", "283.50")


@pytest.mark.parametrize("level", LEVELS)
def test_a_block_of_hours_with_rollover_and_overage(month, beta, level):
    invoice = month.bill(level)[beta]
    check(invoice, BETA[level], "1210.00", "0.00", "1210.00")
    ledger = month.get(f"contracts/{beta}/ledger/")
    assert float(ledger[-1]["balance"]) == 0


@pytest.mark.parametrize("level", LEVELS)
def test_a_retainer_beside_an_hourly_contract(month, gamma, level):
    panel = month.preview(level)["panel"]
    assert (panel["invoices"], panel["tickets"], panel["hours"]) == (2, 3, "6.50")
    assert (panel["billable"], panel["tax"], panel["total"]) == ("1325.00", "128.00", "1453.00")
    invoices = month.bill(level)
    care, extra = gamma
    check(invoices[care], CARE[level], "800.00", "80.00", "880.00")
    check(invoices[extra], EXTRA[level], "525.00", "48.00", "573.00")


@pytest.mark.parametrize("level", LEVELS)
def test_the_preview_shows_exactly_what_is_written(month, acme, beta, gamma, level):
    planned = {
        row["contract"]: bill
        for row in month.preview(level)["rows"]
        for bill in row["bills"]
        if bill["selected"]
    }
    written = month.bill(level)
    assert set(planned) == set(written)
    same = ("kind", "description", "quantity", "unit_price", "net", "tax", "total")
    for contract, invoice in written.items():
        shown = [[line[name] for name in same] for line in planned[contract]["lines"]]
        assert shown == [[line[name] for name in same] for line in invoice["lines"]]
        assert planned[contract]["total"] == invoice["total"]


def test_a_voided_invoice_frees_its_work_for_the_next_bill(month, acme):
    first = month.bill("ticket")[acme]
    assert month.preview("ticket")["panel"]["invoices"] == 0
    ticket = first["lines"][0]["ticket"]
    assert month.client.post(f"{API}tickets/{ticket}/reopen/").status_code == 409
    month.post(f"invoices/{first['id']}/issue/")
    month.post(f"invoices/{first['id']}/void/", reason="Wrong month")
    again = month.bill("ticket")[acme]
    assert again["id"] != first["id"]
    assert again["total"] == first["total"]
    events = [event["code"] for event in month.get(f"invoices/{first['id']}/events/")]
    assert events[:2] == ["voided", "issued"]


def test_a_stale_edit_is_refused_and_a_fresh_one_is_not(month):
    line = {"description": "Work", "unit_price": "10", "quantity": "2"}
    draft = month.post("invoices/", customer=make.customer().pk, lines=[line])
    address, kept = f"{API}invoices/{draft['id']}/", {**line, "id": draft["lines"][0]["id"]}
    tag = month.client.get(address).headers["ETag"]
    body = {"lines": [{**kept, "quantity": "3"}], "version": draft["version"]}
    changed = month.client.patch(address, body, headers={"If-Match": tag})
    assert changed.json()["total"] == "30.00"
    assert month.client.patch(address, body).json()["code"] == "stale"
    old = month.client.patch(address, {"message": "Hi"}, headers={"If-Match": tag})
    assert (old.status_code, old.json()["code"]) == (412, "stale")
