"""What is told of usage, and what makes it sound. Pure.

Usage carries an id of whoever tells it: told again it is the same, told otherwise it is a conflict. A correction is
usage of its own that names the earlier id in `corrects`, takes its place, and takes it back with a quantity of 0.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from core.costs.errors import InvalidUsage

EVENTS_MAX: Final = 10_000  # of one call
ID_MAX: Final = 300  # characters; a CloudEvent's source and id together
NAME_MAX: Final = 200  # characters of a project or agent
QUANTITY_MAX: Final = Decimal(10) ** 12
PLACES_MAX: Final = 12
EARLY_MAX: Final = timedelta(minutes=10)  # by which another's clock may be ahead
_DIGEST: Final = 32  # hexadecimal digits
LATE_MAX: Final = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Usage:
    """So much of a meter, used at an instant (aware UTC) by an agent or project; both may be unknown and empty."""

    id: str
    meter: str
    quantity: Decimal
    at: datetime
    project: str = ""
    agent: str = ""
    corrects: str = ""


def digest_of(usage: Usage, *, quantity: str, when: str) -> str:
    """What is the same for the same usage, however written: quantity as `money.plain` has it, time in ISO 8601.

    Between them stands what stands in none of them, since all are printable.
    """
    told = f"{usage.meter}\x1f{quantity}\x1f{when}\x1f{usage.project}\x1f{usage.agent}\x1f{usage.corrects}"
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGEST]


def check(usage: Usage, *, now: datetime) -> None:
    """Returns if the usage is sound. Raises InvalidUsage with the place and what would be accepted."""
    _check_text("id", usage.id, ID_MAX, may_be_empty=False)
    _check_text("project", usage.project, NAME_MAX)
    _check_text("agent", usage.agent, NAME_MAX)
    _check_quantity(usage)
    if usage.corrects == usage.id:
        raise InvalidUsage("Usage does not correct itself; give the correction an id of its own.", where="corrects")
    if usage.at > now + EARLY_MAX:
        raise InvalidUsage(f"It is told for {usage.at.isoformat()}, which has not come yet.", where="time")
    if usage.at < now - LATE_MAX:
        raise InvalidUsage(f"It is older than {LATE_MAX.days} days.", where="time")


def may_name(text: str) -> bool:
    """Whether usage can be told of a project or agent of this name."""
    return 0 < len(text) <= NAME_MAX and _is_line(text)


def _check_quantity(usage: Usage) -> None:
    quantity = usage.quantity
    accepted = ("a number above 0", f"up to {PLACES_MAX} decimal places", f"at most {QUANTITY_MAX:,}")
    if not quantity.is_finite() or not 0 <= quantity <= QUANTITY_MAX:
        raise InvalidUsage(f"'{quantity}' is no quantity.", where="quantity", accepted=accepted)
    exponent = quantity.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES_MAX:
        raise InvalidUsage(f"It has {-exponent} decimal places.", where="quantity", accepted=accepted)
    if quantity == 0 and not usage.corrects:
        raise InvalidUsage("Nothing was used.", where="quantity", accepted=accepted)


def _check_text(where: str, text: str, most: int, *, may_be_empty: bool = True) -> None:
    if len(text) > most or not _is_line(text):
        raise InvalidUsage(
            f"It is one line of at most {most} printable characters, none of them a blank at an end.", where=where
        )
    if not text and not may_be_empty:
        raise InvalidUsage("It is empty.", where=where)


def _is_line(text: str) -> bool:
    return text == text.strip() and text.isprintable()
