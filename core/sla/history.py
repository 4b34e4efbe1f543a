"""What a service did day by day and hour by hour. Pure (S4, S8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.sla import sketch
from core.sla.objective import PERCENTILE
from core.sla.series import PER_HOUR, Series, instant_of, minute_of
from core.sla.windows import DAY, Span, Unit, calendar_span

DAYS_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in some time. Figures are None where nothing was."""

    start: datetime
    total: int
    failed: int
    availability: float | None
    minutes_down: float
    p95: float | None  # seconds, from sketches

    @property
    def error_rate(self) -> float | None:
        """Of the operations."""
        return self.failed / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Daily:
    """A whole day in the tenant's time zone."""

    day: date
    measured: Measured


def measured(series: Series, span: Span, bridge: int) -> Measured:
    """What was measured in the span; hours that it cuts count by their minutes, where these are loaded."""
    since, until = minute_of(span.start), minute_of(span.end)
    counts = series.counts(since, until)
    up = series.uptime(since, until, bridge)
    return Measured(
        start=span.start,
        total=counts.total,
        failed=counts.failed,
        availability=up.share,
        minutes_down=up.minutes - up.up,
        p95=sketch.percentile(series.sketch(since, until), PERCENTILE),
    )


def daily(series: Series, span: Span, bridge: int, *, zone: str) -> tuple[Daily, ...]:
    """Each day of the span that has begun, as days begin in the time zone, from that of the first sample on."""
    found: list[Daily] = []
    at = span.start
    while at < span.end and len(found) < DAYS_MAX:
        day = calendar_span(Unit.DAY, zone, at)
        cut = Span(max(day.start, span.start), min(day.end, span.end))
        if series.first is not None and minute_of(cut.end) > series.first:
            found.append(Daily(cut.start.astimezone(ZoneInfo(zone)).date(), measured(series, cut, bridge)))
        at = day.end
    return tuple(found)


def hourly(series: Series, span: Span) -> Iterator[Measured]:
    """Each whole hour of the span that has samples."""
    for hour in range(minute_of(span.start) // PER_HOUR * PER_HOUR, minute_of(span.end), PER_HOUR):
        counts = series.counts(hour, hour + PER_HOUR)
        if counts.total:
            p95 = sketch.percentile(series.sketch(hour, hour + PER_HOUR), PERCENTILE)
            yield Measured(instant_of(hour), counts.total, counts.failed, None, 0.0, p95)


def last_days(days: int, now: datetime) -> Span:
    """From the hour so many days ago to now."""
    start = now - days * DAY
    return Span(start.replace(minute=0, second=0, microsecond=0), now)
