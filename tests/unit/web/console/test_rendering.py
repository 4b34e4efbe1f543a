"""Sums as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from web.console.rendering import brief, grouped, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567.5", "1,234,567.50"),
        ("0", "0.00"),
        ("-0.5", "-0.50"),
        ("-1234", "-1,234.00"),
        ("8.1234567", '<span title="8.1234567">8.12</span>'),
        ("0.00002134", '<span title="0.00002134">0.0000213</span>'),
        ("0.00002", "0.00002"),
    ],
)
def test_thousands_stand_apart(value, text):
    assert grouped(Decimal(value)) == text


@pytest.mark.row("C7")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("98765432109.75", "98,765,432,109.75"),
        ("100", "100"),
        ("12.500", "12.5"),
        ("12.34567", '<span title="12.34567">12.35</span>'),
        ("-0.333333333333", '<span title="-0.333333333333">-0.333</span>'),
        ("0.000999996", '<span title="0.000999996">0.001</span>'),
        ("0", "0"),
    ],
)
def test_a_quantity_is_brief_and_says_every_digit_where_one_looks(value, text):
    assert brief(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("-0.001", "0.00"), ("0.001", "0.00"), ("0", "0.00"), ("-0.01", "-0.01"), ("1234.5", "+1,234.50")],
)
def test_a_difference_of_less_than_half_a_cent_has_no_sign(value, text):
    assert signed(Decimal(value)) == signed(float(value)) == text
