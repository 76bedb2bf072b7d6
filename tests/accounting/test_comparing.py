"""Whether a document there is the one that we wrote."""

from __future__ import annotations

import copy

import pytest

from accounting import comparing

LINE = {
    "description": "Work in October\nAna", "quantity": "2.5000", "unit_price": "100.0000",
    "net": "250.00", "item_id": "7",
}  # fmt: skip
OURS = {
    "customer_id": "5", "number": "INV-1", "date": "2026-11-20", "due_date": "2026-12-20",
    "email": "ana@example.com", "message": "Thank you", "lines": [LINE],
}  # fmt: skip
THEIRS = OURS | {
    "lines": [LINE | {"quantity": "2.5", "unit_price": "100", "tax_id": "TAX"}], "total": "250.00",
}  # fmt: skip


def theirs(**fields):
    return copy.deepcopy(THEIRS) | fields


def line(**fields):
    return theirs(lines=[THEIRS["lines"][0] | fields])


@pytest.mark.parametrize(
    "there",
    [
        theirs(),
        theirs(total="250.01"),  # the sums are theirs
        line(net="250.000"),
        line(description="Work in October\nAna\n10% off 100"),  # what a provider adds
        line(description="Work in October\r\nAna"),
    ],
)
def test_what_we_wrote_is_recognised_whatever_the_provider_adds(there):
    assert comparing.shows(OURS, there)


@pytest.mark.parametrize(
    "there",
    [
        theirs(email=""),
        theirs(due_date="2026-12-21"),
        theirs(number="INV-2"),
        theirs(message=""),
        theirs(message="Thank them"),
        theirs(lines=[]),
        theirs(lines=[*THEIRS["lines"], *THEIRS["lines"]]),
        line(description="Work in September\nAna"),
        line(description=""),
        line(net="249.99"),
        line(item_id="8"),
    ],
)
def test_what_somebody_changed_is_not_ours(there):
    assert not comparing.shows(OURS, there)


def test_a_line_without_an_amount_is_text_and_has_no_item_there():
    free = LINE | {"net": "0.00"}
    assert comparing.shows(OURS | {"lines": [free]}, line(net="0.00", item_id=""))
