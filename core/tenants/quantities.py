"""Quantities as the framework writes them: "1TB", "1000 CPU hours/month", "7 years"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

# Decimal and binary units are different sizes (IEC 80000-13), and both are what people mean.
_SIZES: Final = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "PB": 10**15,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
    "PIB": 2**50,
}
_SIZE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMGTP]?I?B)", re.IGNORECASE)
_COMPUTE: Final = re.compile(
    r"(\d{1,9}(?:\.\d{1,3})?)\s*CPU[ -]hours?\s*(?:/|per)\s*(day|week|month|year)", re.IGNORECASE
)
_RETENTION: Final = re.compile(r"(\d{1,3})\s*(days?|weeks?|months?|years?)", re.IGNORECASE)
# The longest that each can be: what is kept too short is lost, what is kept a day too long is not.
_DAYS: Final = {"day": 1, "week": 7, "month": 31, "year": 366}

SIZE_EXAMPLES: Final = ("500GB", "1TB", "2TiB")
COMPUTE_EXAMPLES: Final = ("1000 CPU hours/month",)
RETENTION_EXAMPLES: Final = ("90 days", "18 months", "7 years")


def parse_size(text: object) -> int | None:
    """Bytes; None if it is not a size."""
    match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    return int(Decimal(match[1]) * _SIZES[match[2].upper()]) if match else None


def parse_compute(text: object) -> tuple[Decimal, str] | None:
    """(CPU hours, period); None if it is not a compute quota."""
    match = _COMPUTE.fullmatch(text.strip()) if isinstance(text, str) else None
    return (Decimal(match[1]), match[2].lower()) if match else None


def parse_retention_days(text: object) -> int | None:
    """Days, never fewer than the period can have (month 31, year 366); None if it is not a period above zero."""
    match = _RETENTION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        return None
    return int(match[1]) * _DAYS[match[2].lower().removesuffix("s")]
