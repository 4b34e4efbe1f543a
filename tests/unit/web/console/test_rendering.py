"""Sums as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from web.console.rendering import grouped, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567.5", "1,234,567.50"),
        ("0", "0.00"),
        ("-0.5", "-0.50"),
        ("-1234", "-1,234.00"),
        ("0.123456789", "0.123456789"),
    ],
)
def test_thousands_stand_apart(value, text):
    assert grouped(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("-0.001", "0.00"), ("0.001", "0.00"), ("0", "0.00"), ("-0.01", "-0.01"), ("1234.5", "+1,234.50")],
)
def test_a_difference_of_less_than_half_a_cent_has_no_sign(value, text):
    assert signed(Decimal(value)) == signed(float(value)) == text
