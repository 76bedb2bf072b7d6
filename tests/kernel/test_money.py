"""Rounding is half-up and mirrored, and parts always add up to their whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atera_invoicing import money

quantities = st.decimals("-99999", "99999", places=4)
prices = st.decimals("0", "99999", places=4)
percents = st.decimals("0", "100", places=4)
amounts = st.decimals("-99999", "99999", places=2)
taxed_lines = st.lists(
    st.tuples(amounts, st.sampled_from([Decimal(p) for p in ("0", "5", "8.875", "20")])),
    max_size=30,
)
HALF_A_CENT = Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),  # half-even would give 0.02
        ("-0.025", "-0.03"),
        ("0.0249999", "0.02"),
        ("-0.004", "0.00"),
    ],
)
def test_cents_round_half_away_from_zero(amount, expected):
    rounded = money.cents(Decimal(amount))
    assert rounded == Decimal(expected)
    assert str(rounded) == expected  # no -0.00


@given(quantities, prices, percents)
def test_a_line_is_rounded_once_and_half_up(quantity, price, discount):
    net = money.line_net(quantity, price, discount)
    exact = quantity * price * (100 - discount) / 100
    assert net == net.quantize(Decimal("0.01"))
    assert abs(net - exact) <= HALF_A_CENT
    if abs(net - exact) == HALF_A_CENT:
        assert abs(net) > abs(exact)


@given(quantities, prices, percents)
def test_a_credit_mirrors_its_line(quantity, price, discount):
    assert money.line_net(-quantity, price, discount) == -money.line_net(quantity, price, discount)


@example([(Decimal("0.10"), Decimal(5))] * 3, money.PER_RATE)  # equal remainders, one cent too few
@given(taxed_lines, st.sampled_from([money.PER_LINE, money.PER_RATE]))
def test_the_taxes_of_a_credit_mirror_those_of_its_invoice(lines, method):
    mirrored = money.taxes([(-net, percent) for net, percent in lines], method)
    assert mirrored == [-tax for tax in money.taxes(lines, method)]


@given(taxed_lines)
def test_taxes_per_rate_add_up_to_the_tax_of_each_rate(lines):
    taxes = money.taxes(lines, money.PER_RATE)
    for rate in {percent for _, percent in lines}:
        net = sum((n for n, percent in lines if percent == rate), Decimal(0))
        parts = [tax for tax, (_, p) in zip(taxes, lines, strict=True) if p == rate]
        assert sum(parts) == money.line_tax(net, rate)


@given(taxed_lines)
def test_a_share_of_a_tax_is_less_than_a_cent_from_its_exact_value(lines):
    for tax, (net, percent) in zip(money.taxes(lines, money.PER_RATE), lines, strict=True):
        assert abs(tax - net * percent / 100) < money.CENT


@given(taxed_lines)
def test_taxes_per_line_are_rounded_one_by_one(lines):
    for tax, (net, percent) in zip(money.taxes(lines, money.PER_LINE), lines, strict=True):
        assert tax == money.cents(net * percent / 100)


def test_the_two_tax_methods_differ_where_quickbooks_and_xero_differ():
    lines = [(Decimal("0.10"), Decimal(5))] * 4  # 0.005 each, 0.02 together
    assert money.taxes(lines, money.PER_LINE) == [Decimal("0.01")] * 4
    assert money.total(money.taxes(lines, money.PER_RATE)) == Decimal("0.02")


def test_an_unknown_tax_method_is_a_mistake():
    with pytest.raises(ValueError, match="per_moon"):
        money.taxes([(Decimal(1), Decimal(1))], "per_moon")


def test_nothing_adds_up_to_zero():
    assert str(money.total([])) == "0.00"
    assert money.taxes([], money.PER_RATE) == []
