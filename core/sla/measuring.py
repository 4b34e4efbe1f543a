"""A service over any time, for reports, credits and effects (S4, S6, S8, S9)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.db import Transaction
from core.sla import sample_store
from core.sla.errors import UnknownService
from core.sla.history import Daily, Measured, daily, measured
from core.sla.keeping import OWN
from core.sla.looking import PLAIN
from core.sla.meter import Meter
from core.sla.objective import Metric, Objective
from core.sla.promises import Promises
from core.sla.sample_store import Slices, Wanted
from core.sla.series import PER_HOUR, Series, minute_of
from core.sla.windows import DAY, HOUR, MINUTE, Span

HOURS_AT_ONCE: Final = 50_000  # read by one statement: some 30 MB with their sketches


@dataclass(frozen=True, slots=True)
class Measuring:
    """One service's series over a span, and the silence that is no gap in it."""

    service: str
    series: Series
    objectives: tuple[Objective, ...]
    span: Span
    bridge: int

    def whole(self) -> Measured:
        """What was measured in the span."""
        return measured(self.series, self.span, self.bridge)

    def days(self, zone: str) -> tuple[Daily, ...]:
        """Each day of it."""
        return daily(self.series, self.span, self.bridge, zone=zone)

    def over(self, objective: Objective) -> Meter:
        """The objective read at the end of the span."""
        return Meter(self.series, objective, self.span.end)


async def service_row(tx: Transaction, service: str) -> Row[Any]:
    """The service. Raises UnknownService."""
    rows = await sample_store.load_services(tx, [service])
    if not rows:
        raise UnknownService(f"No sample of '{service[:120]}' was ever taken.", where="service")
    return rows[0]


async def measure(tx: Transaction, promised: Promises, row: Row[Any], span: Span) -> Measuring:
    """What is known of the service in the span, which ends now at the latest."""
    (found,) = await measure_all(tx, promised, [(row, span)])
    return found


async def measure_all(
    tx: Transaction, promised: Promises, wanted: Sequence[tuple[Row[Any], Span]], *, with_sketches: bool = True
) -> list[Measuring]:
    """The same of each service and span, in one statement. Without sketches nothing is known of response times."""
    spans = [_until_now(span, tx.now) for _row, span in wanted]
    slices = await sample_store.load_slices(
        tx,
        [
            _wanted(row.service, span, with_sketches=with_sketches)
            for (row, _span), span in zip(wanted, spans, strict=True)
        ],
    )
    return [
        _measuring(promised.of(row.service), row, span, found)
        for (row, _span), span, found in zip(wanted, spans, slices, strict=True)
    ]


async def measure_in_parts(
    tx: Transaction, promised: Promises, rows: Sequence[Row[Any]], span: Span, *, with_sketches: bool = True
) -> AsyncIterator[Measuring]:
    """What is known of each of these services in the span; so many at once that memory stays small."""
    at_once = max(1, HOURS_AT_ONCE // max(1, int(span.length / HOUR)))
    for first in range(0, len(rows), at_once):
        wanted = [(row, span) for row in rows[first : first + at_once]]
        for found in await measure_all(tx, promised, wanted, with_sketches=with_sketches):
            yield found


def figures(found: Measured) -> dict[str, float | int | None]:
    """The figures that plans and effects compare."""
    return {
        "operations": found.total,
        "availability": found.availability,
        "error_rate": found.error_rate,
        "response_time_p95": found.p95,
    }


def span_until(end: datetime, length: Any) -> Span:
    """So long up to there."""
    return Span(end - length, end)


def _until_now(span: Span, now: datetime) -> Span:
    end = min(span.end, now)
    return Span(min(span.start, end), end)


def _wanted(service: str, span: Span, *, with_sketches: bool) -> Wanted:
    since, until = minute_of(span.start), minute_of(span.end)
    begin = since - since % PER_HOUR
    return Wanted(
        service,
        hours=(begin - int(DAY / MINUTE), until + PER_HOUR),
        minutes=((since, begin + PER_HOUR), (until - until % PER_HOUR, until + PER_HOUR)),
        sketches_from=begin if with_sketches else None,
    )


def _measuring(objectives: tuple[Objective, ...], row: Row[Any], span: Span, found: Slices) -> Measuring:
    series = Series(found.minutes, found.hours, minute_of(row.first_at), is_asked_only=row.service == OWN)
    available = next((each for each in objectives if each.metric is Metric.AVAILABILITY), PLAIN)
    bridge = Meter(series, available, span.end).bridge
    return Measuring(row.service, series, objectives, span, bridge)
