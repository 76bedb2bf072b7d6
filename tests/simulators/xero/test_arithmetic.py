"""What lines come to, checked against 79 invoices that Xero itself has totalled."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulators.xero.arithmetic import line_amount, line_tax, totals

from ..reference import folder
from . import judge, sdk

RECORDING = "test_invoice_attachment_upload_and_download.yaml"
GST = Decimal(15)
ZERO_RATED = ("NONE", "ZERORATED", "")


def cents(amount):
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def recorded():
    if not judge.available():
        pytest.skip(judge.wanted())
    text = (folder("xero") / "recordings" / RECORDING).read_text()
    body = yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"]
    return json.loads(body, parse_float=Decimal)["Invoices"]


def rate(line):
    return Decimal(0) if line["TaxType"] in ZERO_RATED else GST


def test_b30_the_recorded_invoices_to_the_cent(recorded):
    assert len(recorded) == 79
    lines = 0
    for each in recorded:
        types = each["LineAmountTypes"]
        pairs = []
        for line in each["LineItems"]:
            amount = line_amount(line["Quantity"], line["UnitAmount"], cents=cents)
            tax = line_tax(amount, rate(line), types=types, cents=cents)
            assert (amount, tax) == (line["LineAmount"], line["TaxAmount"]), each["InvoiceNumber"]
            pairs.append((amount, tax))
            lines += 1
        sums = totals(pairs, types=types)
        assert (sums.subtotal, sums.tax, sums.total) == (
            each["SubTotal"], each["TotalTax"], each["Total"],
        )  # fmt: skip
    assert lines == 92


def test_b30_tax_on_the_whole_document_would_be_wrong(recorded):
    """Four of them tell the difference, so the test above means something."""
    different = []
    for each in recorded:
        whole = sum((line["LineAmount"] for line in each["LineItems"] if rate(line)), Decimal(0))
        tax = line_tax(whole, GST, types=each["LineAmountTypes"], cents=cents)
        if tax != each["TotalTax"]:
            different.append(each["InvoiceNumber"])
    assert sorted(different) == ["720-2", "INV-0004", "INV-0019", "INV-0024"]


def test_b30_the_recorded_invoices_through_the_simulator(recorded, xero, person):
    """Sent as they were recorded, the simulator answers with the totals of Xero."""
    xero.switch(calls_per_minute=1000)
    api = sdk.Api(xero)
    codes = {line["AccountCode"] for each in recorded for line in each["LineItems"]}
    for code in sorted(codes):
        if xero.organisation().account(code) is None:
            body = {"Code": code, "Name": f"Account {code}", "Type": "REVENUE"}
            assert api.call("PUT", "Accounts", body).status_code == 200
    sent = [_again(each, number) for number, each in enumerate(recorded)]
    made = api.put(*sent)
    assert [each["StatusAttributeString"] for each in made] == ["OK"] * 79
    for theirs, ours in zip(recorded, made, strict=True):
        for name in ("SubTotal", "TotalTax", "Total"):
            assert Decimal(str(ours[name])) == theirs[name], theirs["InvoiceNumber"]


def _again(each, number):
    """A recorded invoice as a draft of ours; taxes of expenses are those of income here."""
    lines = [
        {
            "Description": line["Description"], "Quantity": float(line["Quantity"]),
            "UnitAmount": float(line["UnitAmount"]), "AccountCode": line["AccountCode"],
            "TaxType": "OUTPUT2" if rate(line) else "NONE",
        }
        for line in each["LineItems"]
    ]  # fmt: skip
    return {
        "Type": "ACCREC", "Contact": {"Name": each["Contact"]["Name"]}, "LineItems": lines,
        "InvoiceNumber": f"R-{number}", "LineAmountTypes": each["LineAmountTypes"],
    }  # fmt: skip


MONEY = st.decimals("0", "99999", places=2)
RATES = st.sampled_from([Decimal(r) for r in ("0", "5", "8.875", "10", "10.35", "15", "20")])


@given(
    lines=st.lists(st.tuples(MONEY, RATES), min_size=1, max_size=20),
    types=st.sampled_from(["Exclusive", "Inclusive", "NoTax"]),
)
def test_totals_always_agree(lines, types):
    pairs = [(amount, line_tax(amount, rate, types=types, cents=cents)) for amount, rate in lines]
    sums = totals(pairs, types=types)
    assert sums.subtotal + sums.tax == sums.total
    assert sums.tax == sum((tax for _, tax in pairs), Decimal(0))
    gross = sum((amount for amount, _ in lines), Decimal(0))
    assert (sums.total if types == "Inclusive" else sums.subtotal) == gross
    assert types != "NoTax" or sums.tax == 0
