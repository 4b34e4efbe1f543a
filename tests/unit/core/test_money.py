"""Money is exact, however many digits it has."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.money import Money, in_full, plain, to_cents

LONG = Decimal("123456789012345678901234567890.123456789012345678")  # 48 digits; Python's own arithmetic keeps 28


@pytest.mark.row("C3")
def test_an_amount_of_many_digits_is_added_written_and_shown_to_the_cent_without_loss():
    found = Money(LONG, "USD") + Money(Decimal("0.000000000000000001"), "USD")
    assert found.text == "123456789012345678901234567890.123456789012345679"
    assert found.words == "123,456,789,012,345,678,901,234,567,890.12 USD"


@pytest.mark.row("C3")
@pytest.mark.parametrize(
    ("amount", "written"), [("1E-7", "0.0000001"), ("1E+3", "1000.00"), ("-2.50", "-2.50"), ("0.100", "0.10")]
)
def test_an_amount_is_written_in_full_without_an_exponent_or_idle_zeros(amount, written):
    assert plain(Decimal(amount)) == written


@pytest.mark.row("C3", "C10")
@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("2026.212660", "2,026.21266"),
        ("1E+3", "1,000"),
        ("0.00", "0"),
        ("-12345678901234567890.123456789012345678900", "-12,345,678,901,234,567,890.1234567890123456789"),
    ],
)
def test_a_number_is_written_to_its_last_digit_however_many_there_are(number, written):
    assert in_full(Decimal(number)) == written


@pytest.mark.row("C3")
@pytest.mark.parametrize(("amount", "cents"), [("0.005", "0.00"), ("0.015", "0.02"), ("-0.025", "-0.02")])
def test_halves_of_a_cent_go_to_the_even_one(amount, cents):
    assert to_cents(Decimal(amount)) == Decimal(cents)
