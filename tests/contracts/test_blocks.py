"""The ledger of a block: what comes in, goes out and is taken back."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from atera_invoicing.errors import Refused
from contracts import blocks
from contracts.models import BlockMovement
from contracts.terms.base import Movement

from .. import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-02")
OCTOBER, NOVEMBER = make.day("2026-10-01"), make.day("2026-11-01")
BILLED = (
    Movement("included", Decimal(10), "10 h included in the period"),
    Movement("used", Decimal(-7), "7 h used"),
    Movement("expired", Decimal(-3), "3 h not used, no rollover"),
)


@pytest.fixture
def block():
    return make.block_hours("10")


def bill(contract, start=OCTOBER, movements=BILLED, by=None) -> uuid.UUID:
    """The ledger rows of a bill; the uid of the invoice."""
    uid = uuid.uuid4()
    blocks.write_many(
        [(contract.pk, start, movement, uid) for movement in movements], by=by, now=NOW
    )
    return uid


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


def top_up(contract, quantity="4", note="", by=None):
    return blocks.top_up(contract, Decimal(quantity), note, on=OCTOBER, by=by, now=NOW)


def adjust(contract, quantity, note="Counted wrong"):
    return blocks.adjust(contract, Decimal(quantity), note, on=OCTOBER, by=None, now=NOW)


def test_the_balance_is_the_exact_sum_of_the_movements(block):
    for quantity in ("0.1", "0.2", "-0.3"):
        make.movement(block, quantity)

    assert blocks.balance(block) == 0


def test_the_balance_before_a_day_leaves_that_day_out(block):
    make.movement(block, "2", period_start="2026-09-30")
    make.movement(block, "5", period_start="2026-10-01")

    assert blocks.balance(block, before=OCTOBER) == 2
    assert blocks.balance(block) == 7


def test_a_block_without_movements_holds_nothing(block):
    assert blocks.balance(block) == 0
    assert blocks.ledger(block) == []


def test_every_row_of_the_ledger_has_a_balance_and_words(owner, block):
    invoice = make.claim(block, number="INV-00012").invoice
    blocks.write_many(
        [(block.pk, OCTOBER, movement, invoice.uid) for movement in BILLED[:2]], by=owner, now=NOW
    )
    blocks.adjust(block, Decimal(-1), "Counted wrong", on=NOVEMBER, by=owner, now=NOW)

    assert [(row.balance, row.text) for row in blocks.ledger(block)] == [
        (10, "10 h included in the period, on invoice INV-00012"),
        (3, "7 h used, on invoice INV-00012"),
        (2, f"Adjustment by {owner}: Counted wrong"),
    ]


def test_the_ledger_tells_drafts_and_deleted_drafts(block):
    draft = make.claim(block).invoice
    blocks.write_many([(block.pk, OCTOBER, BILLED[0], draft.uid)], by=None, now=NOW)
    bill(block, NOVEMBER, BILLED[1:2])

    texts = [row.text for row in blocks.ledger(block)]

    assert texts == [
        "10 h included in the period, on a draft invoice",
        "7 h used, on a draft that was deleted",
    ]


def test_the_ledger_takes_the_same_queries_however_long_it_is(block, django_assert_num_queries):
    for _ in range(3):
        bill(block)

    with django_assert_num_queries(2):
        assert len(blocks.ledger(block)) == 9


def test_a_top_up_adds_to_the_balance_and_says_by_whom(owner, block):
    movement = top_up(block, "4.5", by=owner)

    assert (movement.kind, movement.created_by, movement.created_at) == ("top_up", owner, NOW)
    assert blocks.balance(block) == Decimal("4.5")
    assert blocks.ledger(block)[0].text == f"Top-up by {owner}"


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_top_up_adds_something(block, quantity):
    assert refusal(top_up, block, quantity).field == "quantity"


def test_an_adjustment_needs_a_reason(block):
    assert refusal(adjust, block, "1", note="  ").field == "note"
    assert refusal(adjust, block, "0").field == "quantity"
    assert not block.movements.exists()


def test_an_adjustment_can_empty_a_block_but_not_overdraw_it(block):
    make.movement(block, "3")

    assert refusal(adjust, block, "-3.01").code == "below_zero"
    adjust(block, "-3")
    assert blocks.balance(block) == 0


@pytest.mark.parametrize("verb", [top_up, lambda contract: adjust(contract, "1")])
def test_only_blocks_have_a_ledger(verb):
    assert refusal(verb, make.hourly()).code == "not_a_block"


def test_a_quantity_that_no_column_holds_is_an_error(block):
    with pytest.raises(ValidationError):
        top_up(block, "99999999999")


def test_a_bill_is_taken_back_once_however_often_that_is_asked(block):
    uid = bill(block)
    make.movement(block, "2")

    blocks.reverse(uid, by=None, now=NOW)
    blocks.reverse(uid, by=None, now=NOW)

    assert blocks.balance(block) == 2
    assert block.movements.filter(reverses__isnull=False).count() == 3
    assert blocks.ledger(block)[-1].balance == 2


def test_taking_back_one_bill_leaves_the_others(block):
    first = bill(block, OCTOBER, BILLED[:2])
    bill(block, NOVEMBER, BILLED[:2])

    blocks.reverse_many([first], by=None, now=NOW)

    assert blocks.balance(block) == 3
    undone = block.movements.filter(reverses__isnull=False)
    assert {m.period_start for m in undone} == {OCTOBER}


def test_a_movement_is_never_changed_or_deleted(block):
    movement = make.movement(block, "2")

    with pytest.raises(TypeError, match="never changed"):
        movement.save()
    with pytest.raises(TypeError, match="never deleted"):
        movement.delete()
    assert BlockMovement.objects.get().quantity == 2
