"""Figures of an invoice at Xero that contradict each other are not followed but told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounting.providers.port import State
from accounting.providers.xero import following


def read(**changed: Any) -> Any:
    """What is said of an invoice of 115.00 of which 15.00 was paid and 50.00 credited."""
    payment = {"PaymentID": "p", "Amount": Decimal("15.00"), "Date": "/Date(1764547200000+0000)/"}
    credit = {
        "CreditNoteID": "c", "AppliedAmount": Decimal("50.00"),
        "Date": "/Date(1764547200000+0000)/",
    }  # fmt: skip
    doc = {
        "InvoiceID": "i", "InvoiceNumber": "N-1", "Type": "ACCREC", "Status": "AUTHORISED",
        "LineItems": [], "DateString": "2026-11-20T00:00:00",
        "SubTotal": Decimal("100.00"), "TotalTax": Decimal("15.00"),
        "Total": Decimal("115.00"), "AmountDue": Decimal("50.00"), "AmountPaid": Decimal("15.00"),
        "AmountCredited": Decimal("50.00"), "Payments": [payment], "CreditNotes": [credit],
        **changed,
    }  # fmt: skip
    (status,) = following.statuses([doc], url=lambda id: f"https://books.example/{id}")
    return status


def test_sums_that_agree_are_followed():
    status = read()
    assert status.state is State.PARTIALLY_PAID
    assert [part.amount for part in status.settlements] == [Decimal(15), Decimal(50)]


@pytest.mark.parametrize(
    "changed",
    [
        {"AmountDue": Decimal("40.00")},
        {"AmountPaid": Decimal("0.00")},
        {"AmountCredited": Decimal("50.02")},
        {"Total": Decimal("114.98")},
        {"AmountDue": Decimal("100.00"), "AmountPaid": None},  # less settled than was paid
        {"AmountDue": Decimal("65.00"), "AmountCredited": Decimal(0), "AmountPaid": Decimal(50)},
    ],
)
def test_sums_that_contradict_each_other_are_not_followed(changed):
    assert read(**changed).state is State.UNREADABLE


@pytest.mark.parametrize(
    "changed",
    [
        {"AmountDue": Decimal("50.01")},
        {"AmountDue": Decimal("49.95"), "RoundingAmount": Decimal("0.05")},
        {"AmountPaid": None},
        {"Status": "VOIDED", "Payments": [], "CreditNotes": [], "AmountPaid": Decimal(0)},
        {"AmountDue": Decimal("30.00"), "AmountCredited": Decimal("70.00")},  # a prepayment
    ],
)
def test_a_cent_a_rounding_what_is_not_said_and_what_is_void_contradict_nothing(changed):
    assert read(**changed).state is not State.UNREADABLE
