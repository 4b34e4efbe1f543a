"""Which days a report is about. Days are UTC's, spans half-open. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core.finance.errors import InvalidReport

DAYS_MAX: Final = 800
DEFAULT_DAYS: Final = 30
FIRST_YEAR, LAST_YEAR = 2000, 2199
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """[since, until)."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.until - self.since).days

    @property
    def before(self) -> Span:
        """As many days, ending where this begins."""
        return Span(self.since - timedelta(days=self.days), self.since)

    def __str__(self) -> str:
        return f"{self.since.isoformat()} to {(self.until - timedelta(days=1)).isoformat()}"


def month(text: str, *, now: datetime) -> Span:
    """The month, written 2026-11; without a text the last whole one. Raises InvalidReport."""
    if not text:
        last = now.date().replace(day=1) - timedelta(days=1)
        return _month(last.year, last.month)
    found = _MONTH.fullmatch(text)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise InvalidReport(f"'{text[:20]}' is no month.", where="period", accepted=("2026-11",))
    return _month(int(found[1]), int(found[2]))


def span(since: date | None, until: date | None, *, now: datetime) -> Span:
    """The days; by default the last thirty, today included. Raises InvalidReport."""
    until = until or now.date() + timedelta(days=1)
    since = since or until - timedelta(days=DEFAULT_DAYS)
    if since.year < FIRST_YEAR or until.year > LAST_YEAR + 1:
        raise InvalidReport("Name days of this century.", where="since")
    if since >= until:
        raise InvalidReport("It must end after it begins.", where="until")
    if (until - since).days > DAYS_MAX:
        raise InvalidReport(f"A report is about {DAYS_MAX} days at most.", where="since")
    return Span(since, until)


def name_of(found: Span) -> str:
    """2026-11 for a whole month, else its first and last day."""
    return f"{found.since:%Y-%m}" if found == _month(found.since.year, found.since.month) else str(found)


def _month(year: int, number: int) -> Span:
    first = date(year, number, 1)
    return Span(first, (first + timedelta(days=31)).replace(day=1))
