"""What a cell says: a number, or a time. One that says neither is an error that names its column. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from core.errors import InvalidInput

NUMBER_MAX: Final = 60  # characters: with the exponents below, a sum of any of them is exact
SHOWN_MAX: Final = 40  # characters of a cell in a message
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?0*[0-9]{1,2})?")
_DAY: Final = len("2026-11-27")


class BadCell(InvalidInput):
    """This cell cannot be read."""

    code = "costs.bad_cell"


def number(fields: Mapping[str, str], column: str) -> Decimal:
    """The number in that column, as plain digits or with an exponent, as FOCUS may write it. Raises BadCell."""
    text = fields[column].strip()
    if len(text) > NUMBER_MAX or not _NUMBER.fullmatch(text):
        raise BadCell(f"'{_shown(text)}' is no number.", where=column, accepted=("12.5", "1.25E-7"))
    return Decimal(text)


def instant(fields: Mapping[str, str], column: str) -> datetime:
    """The time in that column, in UTC; a day alone is its first instant. Raises BadCell."""
    text = fields[column].strip()
    accepted = ("2026-11-27T10:00:00Z", "2026-11-27")
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None and len(text) > _DAY:
            raise BadCell(f"'{_shown(text)}' says no time zone.", where=column, accepted=accepted)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where UTC is in no year that there is
        raise BadCell(f"'{_shown(text)}' is no time.", where=column, accepted=accepted) from None


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"
