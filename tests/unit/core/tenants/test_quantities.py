"""Quantities of the tenant's YAML (T11)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tenants.quantities import parse_compute, parse_retention_days, parse_size


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("1TB", 10**12),
        ("1 TB", 10**12),
        ("1tb", 10**12),
        ("1TiB", 2**40),
        ("1.5GB", 1_500_000_000),
        ("512 MiB", 536_870_912),
        ("0B", 0),
    ],
)
def test_decimal_and_binary_sizes_are_both_understood(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@given(st.integers(0, 999_999_999), st.sampled_from(("KB", "MB", "GB", "TB", "PB")))
def test_a_decimal_size_is_its_number_times_its_unit(count: int, unit: str) -> None:
    assert parse_size(f"{count}{unit}") == count * 1000 ** ("KB", "MB", "GB", "TB", "PB").index(unit) * 1000


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("1000 CPU hours/month", (Decimal(1000), "month")),
        ("1000 cpu-hours per month", (Decimal(1000), "month")),
        ("2.5 CPU hours / day", (Decimal("2.5"), "day")),
    ],
)
def test_a_compute_quota_has_an_amount_and_a_period(text: str, quota: tuple[Decimal, str]) -> None:
    assert parse_compute(text) == quota


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("text", "days"), [("90 days", 90), ("2 weeks", 14), ("1 month", 31), ("18 months", 558), ("7 years", 2562)]
)
def test_a_retention_period_is_never_shorter_than_the_calendar_makes_it(text: str, days: int) -> None:
    assert parse_retention_days(text) == days


@pytest.mark.parametrize("text", ["", "much", "1XB", "TB", "-1TB", "1 GBit", "7 yrs", "0 days", 7, None, True])
def test_anything_else_is_not_a_quantity(text: object) -> None:
    assert (parse_size(text), parse_compute(text), parse_retention_days(text)) == (None, None, None)
