"""The CSV export: what is in it, that no spreadsheet runs it, and that it needs little memory."""

import csv
import gc
import io
import tracemalloc

import pytest

from atera_invoicing.roles import TABLE, Role
from invoices import files
from invoices.models import Claim, Invoice, InvoiceLine
from tests import make
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-02")


def invoice(customer, **fields):
    return Invoice.objects.create(
        customer=customer, currency="USD", bill_to_name=customer.name,
        invoice_date=make.day("2026-10-31"), created_at=NOW, **fields,
    )  # fmt: skip


def issued(customer, number, **fields):
    return invoice(
        customer, number=number, number_key=number, issued_at=NOW, branding=Branding.current(),
        due_date=make.day("2026-11-30"), total="10.00", balance="10.00", **fields,
    )  # fmt: skip


def add_line(invoice, position=1, description="Work", **fields):
    values = {
        "quantity": "1",
        "unit_price": "100",
        "net": "100",
        "tax": "8",
        "total": "108",
    } | fields
    values = {
        name: make.Decimal(value)
        if name in ("quantity", "unit_price", "net", "tax", "total")
        else value
        for name, value in values.items()
    }
    return InvoiceLine.objects.create(
        invoice=invoice, position=position, description=description, **values
    )


def exported(invoices=None, rule="main_contact"):
    content = b"".join(
        files.export(
            Invoice.objects.all() if invoices is None else invoices,
            rule=rule, today=make.day("2026-11-02"), now=NOW,
        )
    )  # fmt: skip
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_each_line_is_a_row_with_its_invoice_and_its_work():
    contract = make.hourly(customer=make.customer("Acme"), name="Acme Hourly")
    make.contact(contract.customer, email="ana@acme.example", is_main=True)
    ticket = make.ticket(contract, number="T-7")
    person = make.user("technician", first_name="Sam", last_name="Lee")
    entry = make.entry(ticket, minutes=90, started="2026-10-12", technician=person)
    bill = issued(contract.customer, "INV-1", contract=contract, period_start="2026-10-01")
    item = contract.rates.get().item
    line = add_line(
        bill, description="Reset", quantity="1.5", kind="labour", ticket=ticket, item=item
    )
    Claim.objects.create(invoice=bill, line=line, time_entry=entry, quantity="1.5")
    (row,) = exported()
    assert list(row) == files.HEADER
    assert row["InvoiceNumber"] == "INV-1"
    assert row["Customer"] == "Acme"
    assert row["Contract"] == "Acme Hourly"
    assert row["PeriodStart"] == "2026-10-01"
    assert row["Status"] == "Issued"
    assert row["Product"] == item.name
    assert row["Quantity"] == "1.5000"
    assert row["Subtotal"] == "100.00"
    assert row["Email"] == "ana@acme.example"
    assert (row["TicketNumber"], row["Technician"], row["WorkDate"]) == (
        "T-7",
        "Sam Lee",
        "2026-10-12",
    )


def test_a_line_of_many_days_names_its_people_and_no_day():
    contract = make.hourly()
    ticket = make.ticket(contract)
    bill = invoice(contract.customer)
    line = add_line(bill)
    for name, day in (("Zoe", "2026-10-12"), ("Ana", "2026-10-13"), ("Zoe", "2026-10-13")):
        entry = make.entry(
            ticket, started=day, technician=make.user(first_name=name, last_name="Lee")
        )
        Claim.objects.create(invoice=bill, line=line, time_entry=entry, quantity=1)
    (row,) = exported()
    assert (row["Technician"], row["WorkDate"]) == ("Ana Lee; Zoe Lee", "")


def test_negative_numbers_stay_numbers_and_text_cannot_run():
    bill = invoice(make.customer("=cmd|' /C calc'!A0"), email="+boss@acme.example")
    add_line(
        bill, description="-5 discount\n@SUM(A1)", unit_price="-5", net="-5", total="-5", tax="0"
    )
    (row,) = exported()
    assert (row["Rate"], row["Subtotal"], row["Total"]) == ("-5.0000", "-5.00", "-5.00")
    assert row["Customer"] == "'=cmd|' /C calc'!A0"
    assert row["Description"] == "'-5 discount\n'@SUM(A1)"
    assert row["Email"] == "'+boss@acme.example"


def test_markup_and_template_code_are_plain_text():
    text = '<script>alert(1)</script>{{ 7|add:7 }} "quoted"\x85😀'
    add_line(invoice(make.customer()), description=text)
    assert exported()[0]["Description"] == text


def test_every_line_is_there_once_whatever_the_size_of_a_page(monkeypatch):
    monkeypatch.setattr(files, "INVOICES_AT_ONCE", 3)
    monkeypatch.setattr(files, "LINES_AT_ONCE", 4)
    customer = make.customer()
    expected = []
    for count in (0, 1, 4, 9, 2, 4, 0, 3):
        bill = invoice(customer, po_number=str(count))
        for position in range(1, count + 1):
            add_line(bill, position, f"{bill.pk}/{position}")
            expected.append(f"{bill.pk}/{position}")
    assert [row["Description"] for row in exported()] == expected


def test_only_the_chosen_invoices_are_exported_and_noted_once():
    customer = make.customer()
    first, second, draft = issued(customer, "A-1"), issued(customer, "A-2"), invoice(customer)
    for bill in (first, second, draft):
        add_line(bill)
    assert len(exported(Invoice.objects.exclude(pk=second.pk))) == 2
    noted = dict(Invoice.objects.values_list("pk", "downloaded_at"))
    assert noted == {first.pk: NOW, second.pk: None, draft.pk: None}


def test_memory_stays_flat_while_streaming():
    contract = make.hourly()

    def fill(rows):
        bills = [
            Invoice(
                customer=contract.customer, currency="USD", bill_to_name="Acme",
                invoice_date=make.day("2026-10-31"), due_date=make.day("2026-11-30"),
                created_at=NOW,
            )
            for _ in range(rows // 10)
        ]  # fmt: skip
        lines = [
            InvoiceLine(
                invoice=bill, position=position, description=f"{position} {'x' * 200}",
                quantity=1, unit_price=1, net=1, tax=0, total=1,
            )
            for bill in Invoice.objects.bulk_create(bills)
            for position in range(1, 11)
        ]  # fmt: skip
        InvoiceLine.objects.bulk_create(lines, batch_size=2000)

    def peak():
        gc.collect()
        tracemalloc.start()
        for _ in files.export(
            Invoice.objects.all(), rule="none", today=make.day("2026-11-02"), now=NOW
        ):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    fill(2000)
    peak()
    small = peak()
    fill(18_000)
    assert peak() < 2 * small


@pytest.mark.parametrize("role", [*Role.values, "anonymous"])
def test_who_may_download_invoices_gets_the_file(client_as, role):
    add_line(issued(make.customer("Acme"), "INV-1"))
    add_line(issued(make.customer("Beta"), "INV-2"))
    answer = client_as(role).get("/invoices/export.csv", {"q": "Acme"})
    if role in TABLE["invoices.download_invoice"]:
        content = b"".join(answer.streaming_content).decode()
        assert "INV-1" in content
        assert "INV-2" not in content
    else:
        assert answer.status_code == (302 if role == "anonymous" else 403)
