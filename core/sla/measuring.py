"""A service over any time, for reports, credits and effects (S4, S6, S8, S9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
from core.sla.series import PER_HOUR, Series, minute_of
from core.sla.windows import DAY, MINUTE, Span


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
    objectives = promised.of(row.service)
    end = min(span.end, tx.now)
    span = Span(min(span.start, end), end)
    since, until = minute_of(span.start), minute_of(span.end)
    begin = since - since % PER_HOUR
    hours = await sample_store.load_hours(
        tx, [row.service], since=begin - int(DAY / MINUTE), until=until + PER_HOUR, sketches_from=begin
    )
    spans = [(since, begin + PER_HOUR), (until - until % PER_HOUR, until + PER_HOUR)]
    minutes = await sample_store.load_minutes(tx, [row.service], spans, with_sketches=True)
    first, is_ours = minute_of(row.first_at), row.service == OWN
    series = Series(minutes[row.service], hours[row.service], first, is_asked_only=is_ours)
    available = next((each for each in objectives if each.metric is Metric.AVAILABILITY), PLAIN)
    bridge = Meter(series, available, span.end).bridge
    return Measuring(row.service, series, objectives, span, bridge)


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
